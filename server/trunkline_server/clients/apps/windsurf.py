"""Windsurf, also its preview and its plugin for JetBrains: its word for the address is its own."""

from __future__ import annotations

from pathlib import Path

from trunkline_server.clients.app import App
from trunkline_server.clients.computer import Computer
from trunkline_server.clients.words import shapes


def _folders(computer: Computer) -> tuple[Path, ...]:
    home = computer.home / ".codeium"
    return (home / "windsurf", home / "windsurf-next")


def _candidates(computer: Computer) -> tuple[Path, ...]:
    first, preview = (folder / "mcp_config.json" for folder in _folders(computer))
    plugin = computer.home / ".codeium" / "mcp_config.json"
    others = [path for path in (preview, plugin) if path.exists()]
    return (first, *others)


def _is_present(computer: Computer) -> bool:
    return (
        any(folder.is_dir() for folder in _folders(computer))
        or computer.has_bundle("Windsurf")
        or computer.has_installed("Programs/Windsurf")
        or computer.has("windsurf")
    )


APP = App(
    id="windsurf",
    name="Windsurf",
    monogram="Wi",
    format="json",
    table=("mcpServers",),
    candidates=_candidates,
    is_present=_is_present,
    stdio=shapes.plain,
    http=shapes.address("serverUrl"),
    sse=shapes.address("serverUrl"),
    bearer_by="variable",
    bearer_words="${env:%s}",
    handshakes=("windsurf-client",),
    afterwards="In Windsurf, press the refresh button of the MCP panel.",
    switch="disabled",
)
