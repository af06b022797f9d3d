"""Claude Code: strict JSON that it rewrites itself; a program of ours gives it the token."""

from __future__ import annotations

import re
from pathlib import Path

from trunkline_server.clients.app import App, Shape
from trunkline_server.clients.computer import Computer
from trunkline_server.clients.health import Answer, Health, judged
from trunkline_server.clients.target import Target
from trunkline_server.clients.words import commands, shapes


def _candidates(computer: Computer) -> tuple[Path, ...]:
    return (computer.folder("CLAUDE_CONFIG_DIR", ".") / ".claude.json",)


def _is_present(computer: Computer) -> bool:
    (file,) = _candidates(computer)
    folder = computer.folder("CLAUDE_CONFIG_DIR", ".claude")
    return file.exists() or folder.is_dir() or computer.has("claude")


def _address(kind: str) -> Shape:
    def shape(target: Target) -> shapes.Entry:
        helper = target.command.line(target.platform)  # it is run by a shell
        return {"type": kind, "url": target.url, "headersHelper": helper}

    return shape


def _command(target: Target, entry: shapes.Entry) -> list[str]:
    start = ["claude", "mcp"]
    if target.transport != "stdio":  # "add" has no word for the program that gives the token
        return [*start, "add-json", "--scope", "user", target.name, commands.as_json(entry)]
    start += ["add", "--scope", "user", target.name, *commands.environment(target)]
    return [*start, "--", *commands.program(target)]


def _answer(printed: str, _name: str) -> Answer | None:
    """Read ``claude mcp get``: ``Status: ✔ Connected``, or another and ``Issue: ECONNREFUSED``."""
    if unknown := re.search(r"^No MCP server (?:named|found).*$", printed, re.MULTILINE):
        return Answer(False, unknown[0], "kept out")  # its own file has the entry
    status = re.search(r"^ *Status: \S+ (.+)$", printed, re.MULTILINE)
    issue = re.search(r"^ *Issue: (.+)$", printed, re.MULTILINE)
    return judged(status[1], issue[1] if issue else "") if status else None


APP = App(
    id="claude-code",
    name="Claude Code",
    monogram="CC",
    format="json",
    table=("mcpServers",),
    candidates=_candidates,
    is_present=_is_present,
    stdio=shapes.typed,
    http=_address("http"),
    sse=_address("sse"),
    bearer_by="helper",
    is_graphical=False,
    command=_command,
    health=Health(
        program="claude",
        arguments=("mcp", "get", "{name}"),
        reading=_answer,
        switch="type /mcp there",
        allow="see allowedMcpServers and deniedMcpServers in its settings and your organisation's",
    ),
    afterwards="Start a new session of Claude Code.",
)
