"""GitHub Copilot CLI: JSONC; an entry names the tools it may use, here all of them."""

from __future__ import annotations

from pathlib import Path

from trunkline_server.clients.app import App
from trunkline_server.clients.computer import Computer
from trunkline_server.clients.target import Target
from trunkline_server.clients.words import commands, shapes


def _candidates(computer: Computer) -> tuple[Path, ...]:
    return (computer.folder("COPILOT_HOME", ".copilot") / "mcp-config.json",)


def _is_present(computer: Computer) -> bool:
    return _candidates(computer)[0].parent.is_dir() or computer.has("copilot")


def _stdio(target: Target) -> shapes.Entry:
    return {"type": "local", **shapes.plain(target), "tools": ["*"]}


def _command(target: Target, _entry: shapes.Entry) -> list[str]:
    start = ["copilot", "mcp", "add"]
    if target.transport == "stdio":
        start += [target.name, *commands.environment(target)]
        return [*start, "--", *commands.program(target)]
    start += ["--transport", target.transport, *commands.headers(target, ": ")]
    return [*start, target.name, target.url]


APP = App(
    id="copilot-cli",
    name="Copilot CLI",
    monogram="Co",
    format="jsonc",
    table=("mcpServers",),
    candidates=_candidates,
    is_present=_is_present,
    stdio=_stdio,
    http=shapes.address(kind="http", tools=["*"]),
    sse=shapes.address(kind="sse", tools=["*"]),
    is_graphical=False,
    handshakes=("github-copilot-developer", "github-copilot-cli"),
    command=_command,
    afterwards="Start a new session of Copilot CLI.",
)
