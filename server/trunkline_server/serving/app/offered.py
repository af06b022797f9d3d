"""A tool as FastMCP wants it."""

from __future__ import annotations

from typing import Any

import mcp_types
from fastmcp.tools.base import Tool as FastTool
from pydantic import PrivateAttr

from trunkline_server.errors import Failure
from trunkline_server.serving.app.asker import asker
from trunkline_server.serving.app.calls import Calls
from trunkline_server.serving.app.unnoted import Unnoted
from trunkline_server.serving.tools.tool import Tool


class OfferedTool(Unnoted, FastTool):
    """One of our tools over the databases of this server."""

    @property
    def group(self) -> str:
        """The group of tools it belongs to."""
        return self._tool.group

    _tool: Tool = PrivateAttr()
    _calls: Calls = PrivateAttr()

    def to_mcp_tool(self, **overrides: Any) -> mcp_types.Tool:
        """Return the tool as this caller sees it: with the databases open to them."""
        sources = self._calls.sources
        if len(sources) > 1:
            ids = [source.profile.id for source in sources.only(asker().profiles)]
            overrides["inputSchema"] = self._tool.schema(ids)
        return super().to_mcp_tool(**overrides)

    async def answered(self, arguments: dict[str, Any]) -> mcp_types.CallToolResult:
        """Return the answer to one call, or one plain sentence for the model why there is none."""
        asked = await self._calls.answered(self._tool, arguments)
        has_failed = asked.failure is not None
        text = _sentence(asked.failure) if asked.failure is not None else asked.answer.text
        content = mcp_types.TextContent(type="text", text=text)
        return mcp_types.CallToolResult(content=[content], is_error=has_failed)


def offered(tool: Tool, calls: Calls) -> OfferedTool:
    """Return ``tool`` ready to be added to a server."""
    result = OfferedTool(
        name=tool.name,
        title=tool.title,
        description=tool.description,
        parameters=tool.schema(calls.sources.ids),
        output_schema=None,
        annotations=mcp_types.ToolAnnotations(read_only_hint=True, open_world_hint=False),
    )
    result._tool, result._calls = tool, calls
    return result


def _sentence(failure: Failure) -> str:
    if not failure.detail or failure.detail in str(failure):
        return str(failure)
    who = "PostgreSQL says" if failure.code.startswith("query.") else "Details"
    return f"{failure}\n{who}: {failure.detail}"
