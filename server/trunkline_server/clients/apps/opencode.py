"""OpenCode: JSONC in which a wrong word keeps it from starting; it reads the token from a file."""

from __future__ import annotations

import re
from pathlib import Path

from trunkline_server.clients.app import App
from trunkline_server.clients.computer import Computer
from trunkline_server.clients.health import Answer, Health, empty, judged
from trunkline_server.clients.target import Target
from trunkline_server.clients.words import commands, shapes


def _usual(computer: Computer) -> Path:
    return computer.xdg / "opencode"


def _folder(computer: Computer) -> Path:
    named = Path(computer.environment.get("OPENCODE_CONFIG_DIR", ""))
    return named if named.is_absolute() else _usual(computer)


def _candidates(computer: Computer) -> tuple[Path, ...]:
    folder, named = _folder(computer), Path(computer.environment.get("OPENCODE_CONFIG", ""))
    # It merges all of them; the last it reads from its usual folder only.
    files = (folder / "opencode.json", folder / "opencode.jsonc", _usual(computer) / "config.json")
    found = tuple(sorted(files, key=lambda file: not file.exists()))
    return (named, *found) if named.is_absolute() else found


def _is_present(computer: Computer) -> bool:
    return _folder(computer).is_dir() or computer.has("opencode")


def _stdio(target: Target) -> shapes.Entry:
    command = target.command
    words = [command.program, *command.arguments]
    more = {"environment": dict(command.environment)} if command.environment else {}
    return {"type": "local", "command": words, **more, "enabled": True}


def _command(target: Target, _entry: shapes.Entry) -> list[str]:
    # Never for an address: its token is in a file that is there for connected apps only.
    start = ["opencode", "mcp", "add", target.name, *commands.environment(target)]
    return [*start, "--", *commands.program(target)]


def _answer(printed: str, name: str) -> Answer | None:
    """Read ``opencode mcp list``: ``●  ✓ sales connected``, or ``failed`` and then why."""
    if broken := re.search(r"Configuration is invalid.*", printed):
        return Answer(False, broken[0])  # it does not start at all
    entry = re.search(rf"^●  \S+ {re.escape(name)} (.+)\n│ +(.*)$", printed, re.MULTILINE)
    return judged(entry[1], entry[2]) if entry else empty(printed)


_remote = shapes.address(kind="remote", enabled=True)

APP = App(
    id="opencode",
    name="OpenCode",
    monogram="OC",
    format="jsonc",
    table=("mcp",),
    candidates=_candidates,
    is_present=_is_present,
    stdio=_stdio,
    http=_remote,
    sse=_remote,
    bearer_by="file",
    bearer_words="{file:%s}",
    is_graphical=False,
    # It would write this line itself, and everything else anew with it.
    blank='{\n  "$schema": "https://opencode.ai/config.json"\n}\n',
    command=_command,
    health=Health(program="opencode", arguments=("mcp", "list"), reading=_answer),
    afterwards="Start a new session of OpenCode.",
    switch="enabled",
)
