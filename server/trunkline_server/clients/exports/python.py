"""A program in Python that asks the database through FastMCP's client. Pure."""

from __future__ import annotations

import json
from typing import Any

from trunkline_server.clients.target import Target

_CLASSES = {"stdio": "StdioTransport", "http": "StreamableHttpTransport", "sse": "SSETransport"}


def snippet(target: Target, name: str, variable: str) -> str:
    """Return the program for the database called ``name``.

    The token of an address is read from the environment variable ``variable``.
    """
    kind = _CLASSES[target.transport]
    needs = "" if target.transport == "stdio" else f"; set {variable} to the access token"
    imports = "import asyncio\n" if target.transport == "stdio" else "import asyncio\nimport os\n"
    return (
        f"# Asks “{_plain(name)}” through Trunkline. First: pip install fastmcp{needs}\n"
        f"{imports}\n"
        "from fastmcp import Client\n"
        f"from fastmcp.client.transports import {kind}\n\n"
        f"trunkline = {kind}({_arguments(target, variable)})\n\n\n"
        "async def main():\n"
        "    async with Client(trunkline) as client:\n"
        "        for tool in await client.list_tools():\n"
        "            print(tool.name)\n"
        '        answer = await client.call_tool("execute_query", {"query": "SELECT 6 * 7"})\n'
        "        print(answer.content[0].text)\n\n\n"
        "asyncio.run(main())\n"
    )


def _arguments(target: Target, variable: str) -> str:
    if target.transport != "stdio":
        return f'{_literal(target.url)}, auth=os.environ["{variable}"]'
    command = target.command
    more = f", env={_literal(dict(command.environment))}" if command.environment else ""
    return f"{_literal(command.program)}, {_literal(list(command.arguments))}{more}"


def _literal(value: Any) -> str:
    """Return text, or texts in a list or dict, as Python reads it: the way JSON does."""
    return json.dumps(value, ensure_ascii=False)


def _plain(name: str) -> str:
    """Return a name that stays on its line."""
    return " ".join(name.split())
