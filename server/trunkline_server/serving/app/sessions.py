"""One MCP session on a pair of line streams: standard input and output, or the private link."""

from __future__ import annotations

from typing import Any

from fastmcp import FastMCP
from fastmcp.server.context import reset_transport, set_transport
from mcp.server.stdio import stdio_server

from trunkline_server.serving.lines import Balance, Inbox, Outbox

_FIRST_SESSION = (
    (
        b'{"jsonrpc":"2.0","id":1,"method":"initialize","params":{"protocolVersion":"2025-06-18",'
        b'"capabilities":{},"clientInfo":{"name":"trunkline","version":"1"}}}'
    ),
    b'{"jsonrpc":"2.0","method":"notifications/initialized"}',
    b'{"jsonrpc":"2.0","id":2,"method":"tools/list"}',
)


async def converse(server: FastMCP[Any], inbox: Inbox, outbox: Outbox) -> None:
    """Serve one client on a pair of line streams until it closes its end."""
    token = set_transport("stdio")
    try:
        # The streams only need to be iterated, written and flushed.
        async with stdio_server(stdin=inbox, stdout=outbox) as (read, write):  # type: ignore[arg-type]
            low_level = server._mcp_server
            await low_level.run(read, write, low_level.create_initialization_options())
    finally:
        reset_transport(token)


async def rehearse(server: FastMCP[Any]) -> None:
    """Hold a first session of our own, which nobody hears: later ones start faster."""
    lines = iter([*_FIRST_SESSION, b""])
    balance = Balance()
    outbox = Outbox(lambda _: None, balance)
    await converse(server, Inbox(lambda: next(lines), balance), outbox)
    await outbox.close()
