"""An AI app of one question after another: ``python -m tests.journeys.ask http URL`` or ``stdio``.

The token (http) or the entry of a settings file (stdio) is the first line of standard input, each
further line is a statement; each answer is one line of JSON: the first cell, or the error.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
from collections.abc import AsyncIterator
from typing import Any

from fastmcp import Client
from fastmcp.client.transports import StdioTransport

BARE = ("HOME", "LOGNAME", "PATH", "SHELL", "TERM", "USER")


async def main(kind: str, address: str = "") -> None:
    """Connect once, then answer line by line until the input ends."""
    lines = _lines()
    async with _client(kind, address, await anext(lines)) as client:
        async for statement in lines:
            result = await client.call_tool(
                "execute_query", {"query": statement}, raise_on_error=False
            )
            text = result.content[0].text
            answer = (
                {"error": text} if result.is_error else {"cell": json.loads(text)["rows"][0][0]}
            )
            sys.stdout.write(json.dumps(answer) + "\n")
            sys.stdout.flush()


def _client(kind: str, address: str, secret: str) -> Client[Any]:
    if kind == "http":
        return Client(address, auth=secret)
    entry = json.loads(secret)
    env = {name: os.environ[name] for name in BARE if name in os.environ}
    return Client(StdioTransport(entry["command"], entry["args"], env | entry.get("env", {})))


async def _lines() -> AsyncIterator[str]:
    while line := await asyncio.to_thread(sys.stdin.readline):
        yield line.strip()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
