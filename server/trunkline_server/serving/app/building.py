"""The server of one or several databases, put together."""

from __future__ import annotations

from collections.abc import Iterator
from importlib.metadata import version as version_of

from trunkline_server.profiles.profile import Profile
from trunkline_server.serving.app import completions, prompts, resources
from trunkline_server.serving.app.calls import Calls, Record
from trunkline_server.serving.app.following import Following
from trunkline_server.serving.app.introductions import Introductions, OnClient
from trunkline_server.serving.app.offered import offered
from trunkline_server.serving.app.permitted import Permitted
from trunkline_server.serving.app.server import Server
from trunkline_server.serving.app.sessions import rehearse
from trunkline_server.serving.source import Sources
from trunkline_server.serving.tools.dba import (
    DATABASE_HEALTH,
    LIST_LOCKS,
    SUGGEST_INDEXES,
    TOP_QUERIES,
)
from trunkline_server.serving.tools.explain import EXPLAIN_QUERY
from trunkline_server.serving.tools.overview import DATABASE_OVERVIEW
from trunkline_server.serving.tools.query import EXECUTE_QUERY
from trunkline_server.serving.tools.schema import DESCRIBE_TABLE, LIST_TABLES, SEARCH_SCHEMA
from trunkline_server.serving.tools.tool import Tool

TOOLS: tuple[Tool, ...] = (
    DATABASE_OVERVIEW,
    LIST_TABLES,
    SEARCH_SCHEMA,
    DESCRIBE_TABLE,
    EXECUTE_QUERY,
    EXPLAIN_QUERY,
    DATABASE_HEALTH,
    TOP_QUERIES,
    SUGGEST_INDEXES,
    LIST_LOCKS,
)

MAX_NOTES = 4000  # letters of all notes together: a model reads them in every conversation

_RULES_OF_ONE = (
    "Reads the PostgreSQL database “{name}”; nothing in it can be changed. Start with "
    "database_overview, then describe_table, then execute_query."
)
_RULES_OF_MANY = (
    "Reads several PostgreSQL databases; nothing in them can be changed. Every tool takes one of "
    "them as `database`. Start with database_overview, then describe_table, then execute_query."
)


def build(sources: Sources, record: Record) -> Server:
    """Return the server of some databases; ``record`` gets every call and must return at once."""

    def instructions(allowed: frozenset[str] | None) -> str:
        return "\n\n".join(_instructions([source.profile for source in sources.only(allowed)]))

    server = Server(
        "Trunkline",
        version=version_of("trunkline"),
        instructions=instructions(None),
        mask_error_details=True,
    )
    calls = Calls(sources, record)
    for tool in TOOLS:
        server.offer(offered(tool, calls))
    server.follow(Following(sources))
    server.add_middleware(Permitted(sources, instructions))
    resources.add_to(server, sources, calls)
    prompts.add_to(server, sources)
    completions.add_to(server, sources)
    return server


async def ready(sources: Sources, record: Record, on_client: OnClient) -> Server:
    """Return :func:`build`'s server, warm; ``on_client`` is told who connects from now on."""
    server = build(sources, record)
    await rehearse(server)
    server.introduce_to(Introductions(on_client))
    return server


def _instructions(profiles: list[Profile]) -> Iterator[str]:
    if not profiles:
        return
    if len(profiles) == 1:
        yield _RULES_OF_ONE.format(name=profiles[0].name)
        yield from filter(None, (profiles[0].description,))
    else:
        yield _RULES_OF_MANY
        yield "\n".join(f"{p.id}: {p.name}. {p.description}".rstrip() for p in profiles)
    if notes := "\n".join(_notes(profiles)):
        yield notes if len(notes) <= MAX_NOTES else notes[: MAX_NOTES - 1] + "…"


def _notes(profiles: list[Profile]) -> Iterator[str]:
    for profile in profiles:
        prefix = f"{profile.id}: " if len(profiles) > 1 else ""
        yield from (f"{prefix}{note}" for note in profile.notes)
