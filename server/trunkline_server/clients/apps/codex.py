"""Codex: the command line, its IDE extension and the ChatGPT desktop app share one TOML file."""

from __future__ import annotations

from pathlib import Path

from trunkline_server.clients import commands, shapes
from trunkline_server.clients.app import App
from trunkline_server.clients.computer import Computer
from trunkline_server.clients.target import Target
from trunkline_server.errors import fail

# It hides the session bus from what it starts, and with it the keyring of Linux.
_NEEDED = ["DBUS_SESSION_BUS_ADDRESS", "XDG_RUNTIME_DIR"]


def _candidates(computer: Computer) -> tuple[Path, ...]:
    return (computer.folder("CODEX_HOME", ".codex") / "config.toml",)


def _is_present(computer: Computer) -> bool:
    return (
        _candidates(computer)[0].parent.is_dir()
        or computer.has_bundle("Codex")
        or computer.has_installed("Packages/OpenAI.Codex_*")
        or computer.has("codex")
    )


def _stdio(target: Target) -> shapes.Entry:
    more = {"env_vars": list(_NEEDED)} if target.platform == "linux" else {}
    return shapes.plain(target) | more


def _http(target: Target) -> shapes.Entry:
    return {"url": target.url, "http_headers_helper": target.command.line(target.platform)}


def _command(target: Target, _entry: shapes.Entry) -> list[str]:
    if target.transport != "stdio":
        title = "The command of Codex has no word for the program that gives the token."
        raise fail("client.command", title, "Leave out --transport, or take the text.")
    start = ["codex", "mcp", "add", target.name, *commands.environment(target)]
    return [*start, "--", *commands.program(target)]


APP = App(
    id="codex",
    name="Codex",
    monogram="Cx",
    format="toml",
    table=("mcp_servers",),
    candidates=_candidates,
    is_present=_is_present,
    stdio=_stdio,
    http=_http,
    bearer_by="helper",
    is_graphical=False,
    handshakes=("codex-mcp-client", "codex-cli", "codex-vscode"),
    command=_command,
    afterwards="Start a new session of Codex; quit the ChatGPT app completely and start it again.",
)
