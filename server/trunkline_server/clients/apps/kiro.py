"""Kiro, the editor and its command line: JSON that it reads again whenever it is saved."""

from __future__ import annotations

from pathlib import Path

from trunkline_server.clients.app import App
from trunkline_server.clients.computer import Computer
from trunkline_server.clients.words import shapes


def _candidates(computer: Computer) -> tuple[Path, ...]:
    return (computer.home / ".kiro" / "settings" / "mcp.json",)


def _is_present(computer: Computer) -> bool:
    return (
        (computer.home / ".kiro").is_dir()
        or computer.has_bundle("Kiro")
        or computer.has_installed("Programs/Kiro")
        or computer.has("kiro", "kiro-cli")
    )


APP = App(
    id="kiro",
    name="Kiro",
    monogram="Ki",
    format="json",
    table=("mcpServers",),
    candidates=_candidates,
    is_present=_is_present,
    stdio=shapes.started(disabled=False),
    http=shapes.address(disabled=False),
    sse=shapes.address(disabled=False),
    bearer_by="variable",
    bearer_words="${%s}",
    bearer_consent="Mcp Approved Env Vars",
    handshakes=("kiro-cli",),
    afterwards="Kiro notices by itself; its MCP panel shows it.",
    switch="disabled",
)
