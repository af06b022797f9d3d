"""The yardsticks over HTTP: one tool on FastMCP, that returns a constant or asks PostgreSQL.

``python one_tool_http.py PORT [DSN]``. Nothing else is in it: no token, no limit, no guard, no log.
"""

import os
import sys

os.environ["FASTMCP_CHECK_FOR_UPDATES"] = "off"
os.environ["FASTMCP_LOG_LEVEL"] = "ERROR"

import asyncpg
from fastmcp import FastMCP

PORT, DSN = int(sys.argv[1]), "".join(sys.argv[2:])
app = FastMCP("one-tool")
pools: list[asyncpg.Pool] = []


def answer() -> str:
    """Return the answer."""
    return "[[1]]"


async def select() -> str:
    """Ask PostgreSQL."""
    if not pools:
        pools.append(await asyncpg.create_pool(DSN, min_size=1, max_size=8))
    return f"[[{await pools[0].fetchval('SELECT 1')}]]"


app.tool(select if DSN else answer, name="answer", output_schema=None)

if __name__ == "__main__":
    uvicorn = {"access_log": False, "log_level": "error"}
    app.run("http", port=PORT, show_banner=False, uvicorn_config=uvicorn)
