"""Warp: JSON; what it starts needs a folder to start in."""

from __future__ import annotations

from pathlib import Path

from trunkline_server.clients.app import App
from trunkline_server.clients.computer import Computer
from trunkline_server.clients.target import Target
from trunkline_server.clients.words import shapes


def _candidates(computer: Computer) -> tuple[Path, ...]:
    return (computer.home / ".warp" / ".mcp.json",)


def _is_present(computer: Computer) -> bool:
    return (
        (computer.home / ".warp").is_dir()
        or computer.has_bundle("Warp")
        or computer.has_installed("Programs/Warp")
        or computer.has("warp-terminal", "warp")
    )


def _stdio(target: Target) -> shapes.Entry:
    return {**shapes.plain(target), "working_directory": target.home}


APP = App(
    id="warp",
    name="Warp",
    monogram="Wa",
    format="json",
    table=("mcpServers",),
    candidates=_candidates,
    is_present=_is_present,
    stdio=_stdio,
    http=shapes.address(),
    sse=shapes.address(),
    afterwards="In Warp, open Settings, MCP servers, and start the new one.",
)
