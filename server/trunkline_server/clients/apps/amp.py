"""Amp: JSON; the name of its table has a dot in it."""

from __future__ import annotations

from pathlib import Path

from trunkline_server.clients.app import App
from trunkline_server.clients.computer import Computer
from trunkline_server.clients.target import Target
from trunkline_server.clients.words import commands, shapes


def _candidates(computer: Computer) -> tuple[Path, ...]:
    return (computer.home / ".config" / "amp" / "settings.json",)


def _is_present(computer: Computer) -> bool:
    return _candidates(computer)[0].parent.is_dir() or computer.has("amp")


def _command(target: Target, _entry: shapes.Entry) -> list[str]:
    start = ["amp", "mcp", "add", target.name]
    if target.transport == "stdio":
        return [*start, *commands.environment(target), "--", *commands.program(target)]
    return [*start, *commands.headers(target, "="), target.url]


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
    command=_command,
    afterwards="Start a new session of Amp.",
)
