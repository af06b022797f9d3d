"""``execute_query``: one statement that reads."""

from __future__ import annotations

from typing import Any

from trunkline_server.serving.source import Source
from trunkline_server.serving.tools.tool import Answer, Arguments, Tool, compact

_HINT = "Not all of it fits. Ask for fewer rows or columns, aggregate, or shorten long values."


async def _execute_query(source: Source, arguments: Arguments) -> Answer:
    database = await source.database()
    profile = source.profile
    rows = await database.read(
        arguments["query"],
        arguments.get("params", []),
        max_rows=min(arguments.get("limit", profile.max_rows), profile.max_rows),
        max_bytes=profile.max_bytes,
    )
    return _fitted(rows.as_json(), profile.max_bytes)


def _fitted(reply: dict[str, Any], max_bytes: int) -> Answer:
    """Return the reply with as many rows as fit into ``max_bytes``, the frame included."""
    text = compact(reply)
    while len(text.encode()) > max_bytes and reply["rows"]:
        spare = len(text.encode()) - max_bytes
        kept = reply["rows"]
        while kept and spare > 0:
            spare -= len(compact(kept.pop()).encode()) + 1
        reply = {**reply, "rows": kept, "row_count": len(kept), "truncated": True}
        reply["hint"] = reply.get("hint") or _HINT
        text = compact(reply)
    return Answer(text, len(reply["rows"]))


EXECUTE_QUERY = Tool(
    name="execute_query",
    title="Run a query",
    description=(
        "Run one read-only SQL statement (SELECT, WITH, VALUES, TABLE, EXPLAIN, SHOW) in "
        "PostgreSQL. Answers JSON: columns, types, rows, row_count, truncated. Nothing can be "
        "changed. Prefer aggregates and LIMIT to many rows."
    ),
    properties={
        "query": {"type": "string", "description": "One SQL statement; $1, $2 … for params."},
        "params": {"type": "array", "items": {}, "description": "Values for $1, $2 …"},
        "limit": {"type": "integer", "minimum": 1, "description": "Rows at most."},
    },
    required=("query",),
    run=_execute_query,
)
