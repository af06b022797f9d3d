"""``list_tables`` and ``describe_table``: what there is to ask about."""

from __future__ import annotations

from trunkline_server.serving.source import Source
from trunkline_server.serving.tools.tool import Answer, Arguments, Tool, compact


async def _list_tables(source: Source, arguments: Arguments) -> Answer:
    from trunkline_server.postgres import catalog  # with asyncpg; see ``source``

    reply = await catalog.list_tables(
        await source.database(),
        schema=arguments.get("schema"),
        offset=arguments.get("offset", 0),
        max_bytes=source.profile.max_bytes,
    )
    return Answer(compact(reply), len(reply["tables"]))


async def _describe_table(source: Source, arguments: Arguments) -> Answer:
    from trunkline_server.postgres import catalog  # with asyncpg; see ``source``

    reply = await catalog.describe_table(
        await source.database(), arguments["table"], max_bytes=source.profile.max_bytes
    )
    return Answer(compact(reply), len(reply["columns"]))


LIST_TABLES = Tool(
    name="list_tables",
    title="List tables",
    description=(
        "List the tables and views that can be read: name with schema, kind, approximate rows, "
        "comment. Start here."
    ),
    properties={
        "schema": {"type": "string", "description": "Only this schema."},
        "offset": {"type": "integer", "minimum": 0, "description": "Skip this many."},
    },
    run=_list_tables,
)

DESCRIBE_TABLE = Tool(
    name="describe_table",
    title="Describe a table",
    description=(
        "Show a table or view: columns (type, nullable, default, comment), primary key, foreign "
        "keys from and to it, indexes, values of enums. Call it before writing a query."
    ),
    properties={"table": {"type": "string", "description": "Name, with schema if not unique."}},
    required=("table",),
    run=_describe_table,
)
