"""Each message is answered as the databases are then, and a client is told to list them anew."""

from __future__ import annotations

from typing import Any

from fastmcp.server.middleware import CallNext, Middleware, MiddlewareContext
from mcp.server.session import ServerSession

from trunkline_server.serving.source import Sources

_VERSION = "trunkline/version"  # what of the databases a connection has been told


class Following(Middleware):
    """Takes over what was changed in the list of databases, before anything else."""

    def __init__(self, sources: Sources) -> None:
        self._sources = sources

    async def on_message(
        self, context: MiddlewareContext[Any], call_next: CallNext[Any, Any]
    ) -> Any:
        """Catch up, then answer."""
        where = context.fastmcp_context
        has_session = where is not None and where.request_context is not None
        await self.catch_up(where.session if where is not None and has_session else None)
        return await call_next(context)

    async def catch_up(self, session: ServerSession | None) -> None:
        """Serve what is saved now; tell the client of ``session`` once what to list again."""
        self._sources.refresh()
        if session is None:
            return
        # As FastMCP does it: a session is one message's, the connection stays.
        told = session._connection.state
        if told.setdefault(_VERSION, self._sources.version) != self._sources.version:
            told[_VERSION] = self._sources.version
            await session.send_tool_list_changed()
            await session.send_resource_list_changed()
