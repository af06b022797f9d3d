"""Junie, the agent in the JetBrains editors: JSON; only its newer versions take an address."""

from __future__ import annotations

from pathlib import Path

from trunkline_server.clients.app import App
from trunkline_server.clients.computer import Computer
from trunkline_server.clients.words import shapes


def _candidates(computer: Computer) -> tuple[Path, ...]:
    return (computer.home / ".junie" / "mcp" / "mcp.json",)


def _is_present(computer: Computer) -> bool:
    return (computer.home / ".junie").is_dir() or computer.has("junie")


APP = App(
    id="junie",
    name="JetBrains Junie",
    monogram="Ju",
    format="json",
    table=("mcpServers",),
    candidates=_candidates,
    is_present=_is_present,
    stdio=shapes.plain,
    http=shapes.address(),
    afterwards="In the editor, open Settings, Tools, Junie, MCP Settings, and switch it on.",
)
