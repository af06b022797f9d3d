"""Completions: databases, schemas, tables and columns, as a person types."""

from __future__ import annotations

import asyncio
from typing import Any

import mcp_types
from fastmcp import FastMCP
from fastmcp.server.completions import CompletionReference

from trunkline_server.errors import TrunklineError
from trunkline_server.serving.app.asker import asker
from trunkline_server.serving.source import Source, Sources
from trunkline_server.serving.tools.schema import DESCRIBE_TABLE, LIST_TABLES

PATIENCE_S = 3.0  # nobody waits longer for a suggestion

_NONE: list[str] = []


def add_to(server: FastMCP[Any], sources: Sources) -> None:
    """Answer ``completion/complete`` for our prompts and templates."""

    async def complete(
        reference: CompletionReference,
        argument: mcp_types.CompletionArgument,
        context: mcp_types.CompletionContext | None,
    ) -> list[str]:
        known = dict(context.arguments or {}) if context is not None else {}
        is_part = isinstance(reference, mcp_types.ResourceTemplateReference)
        try:
            async with asyncio.timeout(PATIENCE_S):
                return await _completed(
                    sources, argument.name, argument.value, known, is_part=is_part
                )
        except (TimeoutError, TrunklineError):
            return _NONE  # a suggestion that cannot be had is none

    server.add_completion_handler(complete)


async def _completed(
    sources: Sources, name: str, typed: str, known: dict[str, str], *, is_part: bool
) -> list[str]:
    who = asker()
    if name == "database":
        ids = [source.profile.id for source in sources.only(who.profiles)]
        return [i for i in ids if i.lower().startswith(typed.lower())]
    source = sources.of(known.get("database"), who.profiles)
    # A suggestion tells what this tool would.
    who.require_tool((DESCRIBE_TABLE if name == "column" else LIST_TABLES).name)
    with source.asked():
        return await _in(source, name, typed, known, is_part=is_part)


async def _in(
    source: Source, name: str, typed: str, known: dict[str, str], *, is_part: bool
) -> list[str]:
    from trunkline_server.postgres import catalog  # with asyncpg; see ``source``

    database = await source.database()
    if name == "schema":
        return await catalog.complete_schema(database, typed)
    if name == "table":
        # A template has the schema in a part of its own; a prompt takes both in one word.
        schema = known.get("schema") if is_part else None
        return await catalog.complete_table(database, typed, schema=schema)
    if name == "column":
        return await catalog.complete_column(database, known.get("table", ""), typed)
    return _NONE
