"""Lists show a caller what is open to it, and nothing else."""

from __future__ import annotations

from collections.abc import Sequence

import mcp_types
from fastmcp.server.middleware import CallNext, Middleware, MiddlewareContext
from fastmcp.tools.base import Tool as FastTool

from trunkline_server.serving.app.asker import asker


class Permitted(Middleware):
    """Leaves out the tools an access key may not call; a call of one is refused elsewhere."""

    async def on_list_tools(
        self,
        context: MiddlewareContext[mcp_types.ListToolsRequest],
        call_next: CallNext[mcp_types.ListToolsRequest, Sequence[FastTool]],
    ) -> Sequence[FastTool]:
        """Return the tools that are left."""
        tools, allowed = await call_next(context), asker().tools
        return [tool for tool in tools if allowed is None or tool.name in allowed]
