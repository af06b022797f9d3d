"""``explain_query``: how PostgreSQL runs a statement, and what makes it slow."""

from __future__ import annotations

from typing import Any

from trunkline_server.serving.source import Source
from trunkline_server.serving.tools.tool import Answer, Arguments, Tool, compact


async def _explain_query(source: Source, arguments: Arguments) -> Answer:
    from trunkline_server.postgres.explain import explaining  # with asyncpg; see ``source``

    reply = await explaining.explained(
        await source.database(),
        arguments["query"],
        arguments.get("params", []),
        analyze=arguments.get("analyze", False),
    )
    return Answer(_fitted(reply, source.profile.max_bytes))


def _fitted(reply: dict[str, Any], max_bytes: int) -> str:
    """Return the reply as JSON; lines of the tree go first when it is too long."""
    text = compact(reply)
    while len(text.encode()) > max_bytes and (reply["plan"] or reply["reading"]):
        if lines := reply["plan"].splitlines():
            kept = lines[: len(lines) * max_bytes // (len(text.encode()) + 200)]
            reply = {**reply, "plan": "\n".join(kept), "truncated": True}
        else:
            reply = {**reply, "reading": reply["reading"][:-1]}
        text = compact(reply)
    return text


EXPLAIN_QUERY = Tool(
    name="explain_query",
    title="Explain a query",
    description=(
        "Show how PostgreSQL runs one SELECT and, in plain words, what makes it slow and what "
        "would help. analyze really runs it and measures."
    ),
    properties={
        "query": {"type": "string", "description": "One SELECT, without EXPLAIN."},
        "params": {"type": "array", "items": {}},
        "analyze": {"type": "boolean"},
    },
    required=("query",),
    run=_explain_query,
)
