"""Qwen Code: JSON with comments; for it ``url`` always means SSE."""

from __future__ import annotations

from pathlib import Path

from trunkline_server.clients import lists
from trunkline_server.clients.app import App
from trunkline_server.clients.computer import Computer
from trunkline_server.clients.health import Health, listed
from trunkline_server.clients.words import commands, shapes


def _candidates(computer: Computer) -> tuple[Path, ...]:
    return (computer.home / ".qwen" / "settings.json",)


def _is_present(computer: Computer) -> bool:
    return (computer.home / ".qwen").is_dir() or computer.has("qwen")


APP = App(
    id="qwen-code",
    name="Qwen Code",
    monogram="Qw",
    format="json+comments",
    table=("mcpServers",),
    candidates=_candidates,
    is_present=_is_present,
    stdio=shapes.plain,
    http=shapes.address("httpUrl"),
    sse=shapes.address("url"),
    bearer_by="variable",
    bearer_words="${%s}",
    is_graphical=False,
    handshakes=("qwen-cli-mcp-client*",),
    command=commands.scoped("qwen"),
    health=Health(
        program="qwen",
        arguments=("mcp", "list"),
        reading=listed,
        switch="type /mcp there",
    ),
    lists=lists.by_patterns,
    afterwards="Start a new session of Qwen Code.",
)
