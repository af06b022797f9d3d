"""Cursor: one JSON file in the home folder on every system."""

from __future__ import annotations

from pathlib import Path

from trunkline_server.clients.app import App
from trunkline_server.clients.computer import Computer
from trunkline_server.clients.words import links, shapes


def _candidates(computer: Computer) -> tuple[Path, ...]:
    return (computer.home / ".cursor" / "mcp.json",)


def _is_present(computer: Computer) -> bool:
    return (
        (computer.home / ".cursor").is_dir()
        or computer.has_bundle("Cursor")
        or computer.has_installed("Programs/cursor")
        or computer.has("cursor", "cursor-agent")
    )


APP = App(
    id="cursor",
    name="Cursor",
    monogram="Cu",
    format="json",
    table=("mcpServers",),
    candidates=_candidates,
    is_present=_is_present,
    stdio=shapes.plain,
    http=shapes.address(),
    sse=shapes.address(),
    bearer_by="variable",
    bearer_words="${env:%s}",
    handshakes=("cursor-vscode",),
    link=links.named("cursor://anysphere.cursor-deeplink/mcp/install"),
    afterwards="In Cursor, open Settings, MCP, and switch the new server on.",
)
