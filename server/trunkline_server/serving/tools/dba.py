"""The group ``dba``: how the database is, what takes its time, what would help, who waits."""

from __future__ import annotations

from typing import Any

from trunkline_server.serving.source import Source
from trunkline_server.serving.tools.tool import Answer, Arguments, Tool, compact

GROUP = "dba"

_CUT = "Not all of it fits."


async def _database_health(source: Source, _arguments: Arguments) -> Answer:
    from trunkline_server.postgres.dba.health import health  # with asyncpg; see ``source``

    reply = await health(await source.database())
    return _fitted(reply, ("fine", "not_seen", "findings"), source.profile.max_bytes)


async def _top_queries(source: Source, arguments: Arguments) -> Answer:
    from trunkline_server.postgres.dba import statements  # with asyncpg; see ``source``

    reply = await statements.top(
        await source.database(),
        by=arguments.get("by", "total"),
        limit=arguments.get("limit", 10),
    )
    return _fitted(reply, ("queries",), source.profile.max_bytes)


async def _suggest_indexes(source: Source, arguments: Arguments) -> Answer:
    from trunkline_server.postgres.dba import indexes  # with asyncpg; see ``source``

    queries = [str(query) for query in arguments.get("queries", [])]
    reply = await indexes.suggest(await source.database(), queries)
    return _fitted(reply, ("skipped", "suggestions"), source.profile.max_bytes)


async def _list_locks(source: Source, _arguments: Arguments) -> Answer:
    from trunkline_server.postgres.dba import locks  # with asyncpg; see ``source``

    reply = await locks.locks(await source.database())
    return _fitted(reply, ("blockers",), source.profile.max_bytes)


def _fitted(reply: dict[str, Any], lists: tuple[str, ...], max_bytes: int) -> Answer:
    """Return the reply without the last entries of ``lists``, in this order, until it fits."""
    text = compact(reply)
    for name in lists:
        while len(text.encode()) > max_bytes and reply.get(name):
            reply = {**reply, name: reply[name][:-1], "truncated": _CUT}
            text = compact(reply)
    return Answer(text, len(reply.get(lists[-1], ())))


DATABASE_HEALTH = Tool(
    name="database_health",
    title="Check health",
    description="How the database is, worst first, each with a next step: connections, locks, "
    "vacuum, indexes, replication, settings.",
    properties={},
    run=_database_health,
    group=GROUP,
)

TOP_QUERIES = Tool(
    name="top_queries",
    title="Find slow queries",
    description="The statements that cost most, from pg_stat_statements; values are masked.",
    properties={
        "by": {"type": "string", "enum": ["total", "mean", "calls", "rows", "disk"]},
        "limit": {"type": "integer", "minimum": 1},
    },
    run=_top_queries,
    group=GROUP,
)

SUGGEST_INDEXES = Tool(
    name="suggest_indexes",
    title="Suggest indexes",
    description="Indexes that would speed up the given or the costliest queries, measured with "
    "HypoPG when installed. Creates none.",
    properties={
        "queries": {"type": "array", "items": {"type": "string"}, "description": "SELECTs."},
    },
    run=_suggest_indexes,
    group=GROUP,
)

LIST_LOCKS = Tool(
    name="list_locks",
    title="List locks",
    description="Who blocks whom, for how long and on which table.",
    properties={},
    run=_list_locks,
    group=GROUP,
)

TOOLS = (DATABASE_HEALTH, TOP_QUERIES, SUGGEST_INDEXES, LIST_LOCKS)
