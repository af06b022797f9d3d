"""Gemini CLI: JSON with comments, where one unknown key keeps it from starting."""

from __future__ import annotations

from pathlib import Path

from trunkline_server.clients import lists
from trunkline_server.clients.app import App
from trunkline_server.clients.computer import Computer
from trunkline_server.clients.health import Health, listed
from trunkline_server.clients.target import Target
from trunkline_server.clients.words import commands, shapes


def _sse(target: Target) -> shapes.Entry:
    return {"url": target.url, "type": "sse", "headers": target.headers}


def _candidates(computer: Computer) -> tuple[Path, ...]:
    return (computer.folder("GEMINI_CLI_HOME", ".") / ".gemini" / "settings.json",)


def _is_present(computer: Computer) -> bool:
    # Not the folder alone: Antigravity keeps its things there too.
    return _candidates(computer)[0].exists() or computer.has("gemini")


APP = App(
    id="gemini-cli",
    name="Gemini CLI",
    monogram="Ge",
    format="json+comments",
    table=("mcpServers",),
    candidates=_candidates,
    is_present=_is_present,
    stdio=shapes.plain,
    http=shapes.address("httpUrl"),
    sse=_sse,
    bearer_by="variable",
    bearer_words="${%s}",
    is_graphical=False,
    handshakes=("gemini-cli-mcp-client*",),
    command=commands.scoped("gemini"),
    lists=lists.by_names,
    health=Health(
        program="gemini",
        arguments=("mcp", "list"),
        reading=listed,
        # It connects in trusted folders only; the one it is started in is ours, and empty.
        environment={"GEMINI_CLI_TRUST_WORKSPACE": "true"},
        switch="type /mcp enable {name} there",
    ),
    afterwards="Start a new session of Gemini CLI, in a folder that you have told it to trust.",
)
