"""Who connects: told at the handshake, or by the first message of a client without one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import mcp_types
from fastmcp import FastMCP
from fastmcp.server.context import Context
from fastmcp.server.middleware import CallNext, Middleware, MiddlewareContext
from mcp.server.session import ServerSession

from trunkline_server.serving.app.asker import transport_of

LONGEST = 100  # letters of a name, or of a version
MOST = 1000  # clients that are remembered

_Key = TypeVar("_Key", bound=tuple[str, ...])
OnClient = Callable[[str, str, str], None]


class Introductions(Middleware):
    """Tells each client's name, version and transport; at a handshake always, else once."""

    def __init__(self, on_client: OnClient) -> None:
        self._on_client = on_client
        self._seen: set[tuple[str, str, str]] = set()
        self._met: set[tuple[str, str]] = set()

    async def on_initialize(
        self,
        context: MiddlewareContext[mcp_types.InitializeRequest],
        call_next: CallNext[mcp_types.InitializeRequest, mcp_types.InitializeResult | None],
    ) -> mcp_types.InitializeResult | None:
        """Tell at the handshake of 2025."""
        reply = await call_next(context)
        if context.message is not None and context.message.params is not None:
            self._tell(context.message.params.client_info, context.fastmcp_context)
        return reply

    async def on_message(
        self, context: MiddlewareContext[Any], call_next: CallNext[Any, Any]
    ) -> Any:
        """Tell at ``server/discover``, or at whatever comes first."""
        reply = await call_next(context)
        where = context.fastmcp_context
        if context.method != "initialize" and where is not None and where.request_context:
            params = where.session.client_params
            if params is not None and params.client_info is not None:
                again = context.method == "server/discover"
                self._tell(params.client_info, where, again=again)
        return reply

    async def meet(self, server: FastMCP[Any], session: ServerSession) -> None:
        """Tell of a client whose first message is a call of a tool; the server shortens its way."""
        params = session.client_params
        who = params.client_info if params is not None else None
        if who is not None and _remembered(self._met, _named(who)):
            async with Context(fastmcp=server, session=session) as context:
                self._tell(who, context, again=False)

    def _tell(
        self, who: mcp_types.Implementation, context: Context | None, *, again: bool = True
    ) -> None:
        key = (*_named(who), transport_of(context))
        is_new = _remembered(self._seen, key)
        if again or is_new:
            self._on_client(*key)


def _named(who: mcp_types.Implementation) -> tuple[str, str]:
    return who.name[:LONGEST], who.version[:LONGEST]


def _remembered(known: set[_Key], key: _Key) -> bool:
    """Return whether ``key`` is new, and keep it; a client may call itself anything, each time."""
    if key in known:
        return False
    if len(known) >= MOST:
        known.clear()
    known.add(key)
    return True
