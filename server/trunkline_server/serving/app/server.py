"""FastMCP, with a shorter way to our tools."""

from __future__ import annotations

from typing import Any

import mcp_types
from fastmcp import FastMCP
from fastmcp.server.dependencies import bind_request_context
from mcp.server.context import ServerRequestContext

from trunkline_server.serving.app.following import Following
from trunkline_server.serving.app.introductions import Introductions
from trunkline_server.serving.app.offered import OfferedTool


class Server(FastMCP[Any]):
    """A server whose tools are all ours.

    A call goes straight to its tool. FastMCP would look for mounted servers, versions, state and
    middleware on the way, of which there is none here, and that is half of what a call costs.
    """

    def __init__(self, *arguments: Any, **settings: Any) -> None:
        super().__init__(*arguments, **settings)
        self._offered: dict[str, OfferedTool] = {}
        self._following: Following | None = None
        self._introductions: Introductions | None = None

    def follow(self, following: Following) -> None:
        """Have each message served as the databases are then; comes before other middleware."""
        self._following = following
        self.add_middleware(following)

    def introduce_to(self, introductions: Introductions) -> None:
        """Have clients introduced from now on."""
        self._introductions = introductions
        self.add_middleware(introductions)

    def offer(self, tool: OfferedTool) -> None:
        """Add one of our tools."""
        self._offered[tool.name] = tool
        self.add_tool(tool)

    async def _on_call_tool(
        self, ctx: ServerRequestContext, params: mcp_types.CallToolRequestParams
    ) -> Any:
        tool = self._offered.get(params.name)
        if tool is None:
            return await super()._on_call_tool(ctx, params)
        with bind_request_context(ctx):
            if self._following is not None:
                await self._following.catch_up(ctx.session)
            if self._introductions is not None:
                await self._introductions.meet(self, ctx.session)
            return await tool.answered(params.arguments or {})
