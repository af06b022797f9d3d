"""The ASGI app of ``/mcp`` or ``/sse``: MCP over HTTP, behind the check of Host and Origin."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

from fastmcp import FastMCP
from starlette.types import ASGIApp

from trunkline_server.serving.app.hanging_up import HangingUp
from trunkline_server.serving.app.remembering import Remembering

PATHS = {"http": "/mcp", "sse": "/sse"}


def http_app(
    server: FastMCP[Any],
    transport: Literal["http", "sse"],
    hosts: Sequence[str],
    *,
    is_stateless: bool = False,
) -> ASGIApp:
    """Return the app; who may call is the gate's business, before it.

    ``hosts`` are further names a client may use in its Host header. Without state, every request
    stands alone, and any of several processes may answer it.
    """
    # Unless told, the library lists all tools before each call of the protocol of 2026, to see
    # whether one wants arguments in headers too. None of ours does.
    server._mcp_server.get_tool_input_schema = lambda _: None
    app: ASGIApp = server.http_app(
        transport=transport,
        path=PATHS[transport],
        stateless_http=is_stateless if transport == "http" else None,
        # One event in a stream would cost half as much again, and bring nothing.
        json_response=True if transport == "http" else None,
        host_origin_protection=True,
        allowed_hosts=list(hosts),
    )
    if transport == "sse":
        return app
    return HangingUp(Remembering(app) if is_stateless else app)
