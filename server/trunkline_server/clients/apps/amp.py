"""Amp: JSON; the name of its table has a dot in it."""

from __future__ import annotations

from pathlib import Path

from trunkline_server.clients import shapes
from trunkline_server.clients.app import App
from trunkline_server.clients.computer import Computer


def _candidates(computer: Computer) -> tuple[Path, ...]:
    return (computer.home / ".config" / "amp" / "settings.json",)


def _is_present(computer: Computer) -> bool:
    return _candidates(computer)[0].parent.is_dir() or computer.has("amp")


APP = App(
    id="amp",
    name="Amp",
    monogram="Am",
    format="json",
    table=("amp.mcpServers",),
    candidates=_candidates,
    is_present=_is_present,
    stdio=shapes.plain,
    http=shapes.address(),
    is_graphical=False,
    handshakes=("amp-mcp-client",),
    afterwards="Start a new session of Amp.",
)
