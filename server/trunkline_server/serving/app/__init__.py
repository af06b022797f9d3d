"""The MCP server itself: our tools, resources and prompts on FastMCP. Only here is it imported."""

from __future__ import annotations

import os

from trunkline_server.serving import traces

# FastMCP reads these while it is imported: no question to the package index, no second log format,
# and no .env of the folder an AI app happens to start us in.
os.environ["FASTMCP_ENV_FILE"] = os.devnull
os.environ["FASTMCP_CHECK_FOR_UPDATES"] = "off"
os.environ["FASTMCP_SHOW_SERVER_BANNER"] = "false"
os.environ["FASTMCP_LOG_ENABLED"] = "false"
# Spans that nobody sends cost a third of a call.
os.environ["FASTMCP_TELEMETRY_MODE"] = "native" if traces.are_wanted() else "off"

from trunkline_server.serving.app.building import TOOLS, build, ready
from trunkline_server.serving.app.endpoint import PATHS, http_app
from trunkline_server.serving.app.sessions import converse

__all__ = ["PATHS", "TOOLS", "build", "converse", "http_app", "ready"]
