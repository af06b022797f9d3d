"""The gate itself: one ASGI app before the MCP server's."""

from __future__ import annotations

from starlette.types import ASGIApp

from trunkline_server.serving.gate.rules import Rules


def guarded(app: ASGIApp, rules: Rules) -> ASGIApp:
    """Return ``app`` behind every rule; ``/health``, ``/ready`` and 9728's document before it."""
    raise NotImplementedError
