"""Resources: what a person can attach to a conversation, an overview or a table's description."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Sequence
from typing import Any
from urllib.parse import quote

import mcp_types
from fastmcp import FastMCP
from fastmcp.exceptions import ResourceError
from fastmcp.resources.base import Resource, ResourceContent, ResourceResult
from fastmcp.resources.template import ResourceTemplate
from fastmcp.server.middleware import CallNext, Middleware, MiddlewareContext
from pydantic import AnyUrl, PrivateAttr

from trunkline_server.errors import TrunklineError
from trunkline_server.serving.app.asker import asker
from trunkline_server.serving.app.calls import Calls
from trunkline_server.serving.app.unnoted import Unnoted
from trunkline_server.serving.source import Source, Sources
from trunkline_server.serving.tools.overview import DATABASE_OVERVIEW
from trunkline_server.serving.tools.schema import DESCRIBE_TABLE, LIST_TABLES
from trunkline_server.serving.tools.tool import Arguments, Tool

JSON = "application/json"
OVERVIEW = "trunkline://{database}/overview"
TABLE = "trunkline://{database}/tables/{schema}/{table}"
MAX_LISTED = 100  # tables of one database; the template reaches the others
PATIENCE_S = 3.0  # a client asks for the list when it starts, and a database may be down


def add_to(server: FastMCP[Any], sources: Sources, calls: Calls) -> None:
    """Offer the resources of ``sources``; each reading is told to ``calls``."""
    overview = _template(OVERVIEW, "overview", "Overview of a database", ("database",))
    table = _template(TABLE, "table", "Description of a table", ("database", "schema", "table"))
    overview._answering = calls, DATABASE_OVERVIEW
    table._answering = calls, DESCRIBE_TABLE
    server.add_template(overview)
    server.add_template(table)
    server.add_middleware(_Listing(sources))


class _Template(Unnoted, ResourceTemplate):
    """A template whose text is what one of our tools answers."""

    _answering: tuple[Calls, Tool] = PrivateAttr()

    async def _read(self, uri: str, params: dict[str, Any]) -> ResourceResult:
        calls, tool = self._answering
        asked = await calls.answered(tool, _arguments(params), label="resource", statement=uri)
        if asked.failure is not None:
            # It is recorded as a call; a traceback in the log would say nothing more.
            raise ResourceError(str(asked.failure), log_level=logging.DEBUG)
        return ResourceResult([ResourceContent(asked.answer.text, mime_type=JSON)])


def _template(uri: str, name: str, title: str, names: Sequence[str]) -> _Template:
    properties = {each: {"type": "string"} for each in names}
    return _Template(
        uri_template=uri,
        name=name,
        title=title,
        mime_type=JSON,
        parameters={"type": "object", "properties": properties, "required": list(names)},
        annotations=mcp_types.Annotations(audience=["user", "assistant"]),
        security=None,  # the names of tables are no paths: "..", "/" and "*" are fine in them
    )


def _arguments(params: dict[str, Any]) -> Arguments:
    given: Arguments = {"database": params["database"]}
    if "table" in params:
        given["table"] = f"{_quoted(params['schema'])}.{_quoted(params['table'])}"
    return given


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


class _Listing(Middleware):
    """Lists an overview of each database, and its first tables when it can be asked in time.

    An access key that may not call the tool behind a resource does not see it here either.
    """

    def __init__(self, sources: Sources) -> None:
        self._sources = sources

    async def on_list_resources(
        self,
        context: MiddlewareContext[mcp_types.ListResourcesRequest],
        call_next: CallNext[mcp_types.ListResourcesRequest, Sequence[Resource]],
    ) -> Sequence[Resource]:
        """Return what can be attached without knowing a name."""
        others = await call_next(context)
        who = asker()
        open_to_caller = self._sources.only(who.profiles)
        listed = await asyncio.gather(*(_listed(source, who.tools) for source in open_to_caller))
        return [*others, *(resource for found in listed for resource in found)]


async def _listed(source: Source, tools: frozenset[str] | None) -> list[Resource]:
    found: list[Resource] = []
    if tools is None or DATABASE_OVERVIEW.name in tools:
        found.append(_overview(source))
    if tools is None or LIST_TABLES.name in tools:
        found.extend(_table(source, table) for table in await _tables(source))
    return found


def _overview(source: Source) -> Resource:
    profile = source.profile
    uri = OVERVIEW.format(database=profile.id)
    return _resource(uri, "overview", f"{profile.name}: overview", profile.description)


async def _tables(source: Source) -> list[dict[str, Any]]:
    try:
        async with asyncio.timeout(PATIENCE_S):
            with source.asked():
                answer = await LIST_TABLES.run(source, {})
    except (TimeoutError, TrunklineError):
        return []  # the list is a convenience: a tool tells why the database cannot be asked
    tables: list[dict[str, Any]] = json.loads(answer.text)["tables"]
    return tables[:MAX_LISTED]


def _table(source: Source, table: dict[str, Any]) -> Resource:
    from trunkline_server.profiles.profile import parts_of

    schema, name = parts_of(table["name"])
    uri = TABLE.format(
        database=source.profile.id, schema=quote(schema, safe=""), table=quote(name, safe="")
    )
    return _resource(
        uri, table["name"], f"{source.profile.name}: {table['name']}", table.get("comment", "")
    )


class _Listed(Unnoted, Resource):
    """A resource that is only listed: its address belongs to a template."""


def _resource(uri: str, name: str, title: str, description: str) -> Resource:
    return _Listed(
        uri=AnyUrl(uri),
        name=name,
        title=title,
        description=description or None,
        mime_type=JSON,
    )
