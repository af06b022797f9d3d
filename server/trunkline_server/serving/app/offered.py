"""A tool as FastMCP wants it: recorded, and told in plain words when it fails."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import mcp_types
from fastmcp.exceptions import ToolError
from fastmcp.tools.base import Tool as FastTool
from fastmcp.tools.base import ToolResult
from pydantic import PrivateAttr

from trunkline_server.errors import Failure, TrunklineError, explain, fail
from trunkline_server.serving.activity import Call, Outcome
from trunkline_server.serving.app.asker import Asker, asker
from trunkline_server.serving.source import Source, Sources
from trunkline_server.serving.tools.tool import DATABASE, Answer, Arguments, Tool, compact

Record = Callable[[Call], None]

_REFUSED = ("guard.", "query.write_refused", "access.")
_LOG = logging.getLogger("trunkline")
_NOTHING = Answer("")


@dataclass(slots=True)
class _Asked:
    """What is known of one call so far."""

    who: Asker
    profile_id: str = ""
    answer: Answer = _NOTHING
    failure: Failure | None = None
    is_done: bool = False

    @property
    def outcome(self) -> Outcome:
        if self.failure is None:
            return "ok" if self.is_done else "cancelled"
        return "refused" if self.failure.code.startswith(_REFUSED) else "failed"


class OfferedTool(FastTool):
    """One of our tools over the databases of this server."""

    _tool: Tool = PrivateAttr()
    _sources: Sources = PrivateAttr()
    _record: Record = PrivateAttr()

    def get_meta(self) -> dict[str, Any]:
        """Return nothing: FastMCP's own notes would cost the model tokens in every list."""
        return {}

    def to_mcp_tool(self, **overrides: Any) -> mcp_types.Tool:
        """Return the tool as this caller sees it: with the databases open to them."""
        if len(self._sources) > 1:
            ids = [source.profile.id for source in self._sources.only(asker().profiles)]
            overrides["inputSchema"] = self._tool.schema(ids)
        return super().to_mcp_tool(**overrides)

    async def run(self, arguments: dict[str, Any]) -> ToolResult:
        """Answer one call.

        Raises:
            ToolError: one plain sentence for the model.
        """
        asked, began, start = _Asked(asker()), time.time(), time.perf_counter()
        try:
            await self._ask(asked, arguments)
        finally:
            spent_ms = round((time.perf_counter() - start) * 1000, 2)
            self._record(replace(self._call(asked, arguments), at=began, duration_ms=spent_ms))
        if asked.failure is not None:
            raise ToolError(_sentence(asked.failure), log_level=logging.DEBUG)
        return ToolResult(content=[mcp_types.TextContent(type="text", text=asked.answer.text)])

    async def _ask(self, asked: _Asked, arguments: Arguments) -> None:
        try:
            asked.who.require_tool(self._tool.name)
            source, rest = self._routed(asked.who, arguments)
            asked.profile_id = source.profile.id
            asked.answer = await self._tool.run(source, self._tool.checked(rest))
            asked.is_done = True
        except TrunklineError as exc:
            asked.failure = exc.failure
        except Exception as exc:  # noqa: BLE001 - the edge of a tool call: nothing may escape it
            _LOG.exception("The tool %s failed.", self._tool.name)
            asked.failure = Failure(code="internal", title=explain(exc).title)

    def _routed(self, who: Asker, arguments: Arguments) -> tuple[Source, Arguments]:
        rest = dict(arguments)
        source = self._sources.of(rest.pop(DATABASE, None) or None, who.profiles)
        if self._tool.group not in {"core", *source.profile.tools}:
            raise fail(
                "access.denied",
                f"{self._tool.name} is not switched on for “{source.profile.name}”.",
                "Use another database, or ask the administrator.",
            )
        return source, rest

    def _call(self, asked: _Asked, arguments: Arguments) -> Call:
        query = arguments.get("query")
        return Call(
            at=0.0,
            profile_id=asked.profile_id,
            client=asked.who.client,
            client_version=asked.who.version,
            caller=asked.who.key,
            request_id=asked.who.request_id,
            tool=self._tool.name,
            statement=query if isinstance(query, str) else compact(arguments),
            rows=asked.answer.rows,
            bytes=len(asked.answer.text.encode()),
            outcome=asked.outcome,
            message=str(asked.failure) if asked.failure else "",
        )


def offered(tool: Tool, sources: Sources, record: Record) -> OfferedTool:
    """Return ``tool`` ready to be added to a server."""
    result = OfferedTool(
        name=tool.name,
        title=tool.title,
        description=tool.description,
        parameters=tool.schema(sources.ids),
        output_schema=None,
        annotations=mcp_types.ToolAnnotations(read_only_hint=True, open_world_hint=False),
    )
    result._tool, result._sources, result._record = tool, sources, record
    return result


def _sentence(failure: Failure) -> str:
    if not failure.detail or failure.detail in str(failure):
        return str(failure)
    who = "PostgreSQL says" if failure.code.startswith("query.") else "Details"
    return f"{failure}\n{who}: {failure.detail}"
