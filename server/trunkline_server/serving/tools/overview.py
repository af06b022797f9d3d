"""``database_overview``: what a model should know of a database before it asks anything."""

from __future__ import annotations

from trunkline_server.serving.source import Source
from trunkline_server.serving.tools.tool import Answer, Arguments, Tool, compact


async def _database_overview(source: Source, arguments: Arguments) -> Answer:
    from trunkline_server.postgres import catalog  # with asyncpg; see ``source``

    reply = await catalog.database_overview(
        await source.database(), max_bytes=source.profile.max_bytes
    )
    return Answer(compact(reply), len(reply["main_tables"]))


DATABASE_OVERVIEW = Tool(
    name="database_overview",
    title="Get an overview",
    description=(
        "Tell what this database is about: description, schemas, main tables with rows and keys, "
        "extensions, version, time zone. Start here."
    ),
    properties={},
    run=_database_overview,
)
