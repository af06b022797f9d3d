"""``list_tables``, ``describe_table`` and ``search_schema``: what there is to ask about."""

from __future__ import annotations

from trunkline_server.serving.source import Source
from trunkline_server.serving.tools.tool import Answer, Arguments, Tool, compact


async def _list_tables(source: Source, arguments: Arguments) -> Answer:
    from trunkline_server.postgres import catalog  # with asyncpg; see ``source``

    reply = await catalog.list_tables(
        await source.database(),
        schema=arguments.get("schema"),
        cursor=arguments.get("cursor"),
        max_bytes=source.profile.max_bytes,
    )
    return Answer(compact(reply), len(reply["tables"]))


async def _describe_table(source: Source, arguments: Arguments) -> Answer:
    from trunkline_server.postgres import catalog  # with asyncpg; see ``source``

    reply = await catalog.describe_table(
        await source.database(), arguments["table"], max_bytes=source.profile.max_bytes
    )
    return Answer(compact(reply), len(reply["columns"]))


async def _search_schema(source: Source, arguments: Arguments) -> Answer:
    from trunkline_server.postgres import catalog  # with asyncpg; see ``source``

    reply = await catalog.search_schema(
        await source.database(),
        arguments["query"],
        schema=arguments.get("schema"),
        cursor=arguments.get("cursor"),
        max_bytes=source.profile.max_bytes,
    )
    return Answer(compact(reply), len(reply["matches"]))


_SCHEMA = {"type": "string", "description": "Only this schema."}
_CURSOR = {"type": "string", "description": "next_cursor of the page before."}

LIST_TABLES = Tool(
    name="list_tables",
    title="List tables",
    description=(
        "List tables and views that can be read, most useful first: rows, size, foreign keys, "
        "comment. Partitions are counted with their table."
    ),
    properties={"schema": _SCHEMA, "cursor": _CURSOR},
    run=_list_tables,
)

DESCRIBE_TABLE = Tool(
    name="describe_table",
    title="Describe a table",
    description=(
        "Show a table or view: columns (nullable unless said), values they can have, keys to and "
        "from it, checks, indexes. Call it before writing a query."
    ),
    properties={"table": {"type": "string", "description": "Name, with schema if not unique."}},
    required=("table",),
    run=_describe_table,
)

SEARCH_SCHEMA = Tool(
    name="search_schema",
    title="Search tables and columns",
    description=(
        "Find tables by words in names of tables and columns, comments and enum values; best "
        "match first, spelling and plural do not matter."
    ),
    properties={
        "query": {"type": "string", "description": "Words, such as “customer email”."},
        "schema": _SCHEMA,
        "cursor": _CURSOR,
    },
    required=("query",),
    run=_search_schema,
)
