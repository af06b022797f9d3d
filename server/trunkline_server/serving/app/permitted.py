"""Lists and greetings show a caller what is open to it, and nothing else."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeVar, cast

import mcp_types
from fastmcp.server.middleware import CallNext, Middleware, MiddlewareContext
from fastmcp.tools.base import Tool as FastTool
from mcp.shared.exceptions import MCPError

from trunkline_server.serving.app.asker import asker
from trunkline_server.serving.app.offered import OfferedTool
from trunkline_server.serving.source import Sources

MAX_GREETING = 16 * 1024  # letters of what a client says of itself; a session keeps it

_Reply = TypeVar(
    "_Reply", mcp_types.InitializeResult | None, mcp_types.DiscoverResult | dict[str, Any]
)
Instructions = Callable[[frozenset[str] | None], str]


class Permitted(Middleware):
    """Leaves out the tools a caller may not call; a call of one is refused elsewhere.

    Args:
        sources: the databases.
        instructions: returns what a caller is told who may ask these databases alone.
    """

    def __init__(self, sources: Sources, instructions: Instructions) -> None:
        self._sources = sources
        self._instructions = instructions

    async def on_initialize(
        self,
        context: MiddlewareContext[mcp_types.InitializeRequest],
        call_next: CallNext[mcp_types.InitializeRequest, mcp_types.InitializeResult | None],
    ) -> mcp_types.InitializeResult | None:
        """Greet a caller with the databases open to it.

        Raises:
            MCPError: the client says too much of itself.
        """
        # There is no message when its parameters are none of the protocol's: refused further in.
        said = context.message.model_dump_json() if context.message is not None else ""
        if len(said) > MAX_GREETING:
            raise MCPError(
                mcp_types.INVALID_PARAMS,
                f"The client says more than {MAX_GREETING} letters of itself.",
            )
        return self._greeted(await call_next(context))

    async def on_discover(
        self,
        context: MiddlewareContext[mcp_types.DiscoverRequest],
        call_next: CallNext[mcp_types.DiscoverRequest, mcp_types.DiscoverResult | dict[str, Any]],
    ) -> mcp_types.DiscoverResult | dict[str, Any]:
        """Tell a caller of the databases open to it."""
        return self._greeted(await call_next(context))

    async def on_list_tools(
        self,
        context: MiddlewareContext[mcp_types.ListToolsRequest],
        call_next: CallNext[mcp_types.ListToolsRequest, Sequence[FastTool]],
    ) -> Sequence[FastTool]:
        """Return the tools that are left."""
        tools, who = await call_next(context), asker()
        groups = self._sources.groups(who.profiles)
        return [
            tool
            for tool in tools
            if (who.tools is None or tool.name in who.tools)
            and (not isinstance(tool, OfferedTool) or tool.group in groups)
        ]

    def _greeted(self, reply: _Reply) -> _Reply:
        if reply is None:
            return reply
        words = self._instructions(asker().profiles)
        changed: Any = (
            {**reply, "instructions": words}
            if isinstance(reply, dict)
            else reply.model_copy(update={"instructions": words})
        )
        return cast("_Reply", changed)
