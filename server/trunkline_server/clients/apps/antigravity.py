"""Antigravity: JSON in the folder it shares with Gemini CLI."""

from __future__ import annotations

from pathlib import Path

from trunkline_server.clients.app import App
from trunkline_server.clients.computer import Computer
from trunkline_server.clients.words import shapes


def _candidates(computer: Computer) -> tuple[Path, ...]:
    return (computer.home / ".gemini" / "antigravity" / "mcp_config.json",)


def _is_present(computer: Computer) -> bool:
    return (
        _candidates(computer)[0].parent.is_dir()
        or computer.has_bundle("Antigravity")
        or computer.has_installed("Programs/Antigravity")
        or computer.has("antigravity")
    )


APP = App(
    id="antigravity",
    name="Antigravity",
    monogram="An",
    format="json",
    table=("mcpServers",),
    candidates=_candidates,
    is_present=_is_present,
    stdio=shapes.plain,
    http=shapes.address("serverUrl"),
    sse=shapes.address("serverUrl"),
    handshakes=("antigravity-client",),
    afterwards="In Antigravity, open the MCP servers of the agent panel and press refresh.",
    switch="disabled",
)
