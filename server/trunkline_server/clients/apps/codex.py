"""Codex: the command line, its IDE extension and the ChatGPT desktop app share one TOML file."""

from __future__ import annotations

import json
from contextlib import suppress
from pathlib import Path

from trunkline_server.clients.app import App
from trunkline_server.clients.computer import Computer
from trunkline_server.clients.health import Answer, Health
from trunkline_server.clients.target import Target
from trunkline_server.clients.words import commands, shapes
from trunkline_server.errors import fail

# It hides the session bus from what it starts, and with it the keyring of Linux.
_NEEDED = ["DBUS_SESSION_BUS_ADDRESS", "XDG_RUNTIME_DIR"]


def _candidates(computer: Computer) -> tuple[Path, ...]:
    return (computer.folder("CODEX_HOME", ".codex") / "config.toml",)


def _is_present(computer: Computer) -> bool:
    return (
        _candidates(computer)[0].parent.is_dir()
        or computer.has_bundle("Codex")
        or computer.has_bundle("ChatGPT", "com.openai.codex")  # an older one is another program
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


# Requests of its app server; {name} is the entry that is asked for.
_REQUESTS = (
    '{"id":0,"method":"initialize","params":{"clientInfo":{"name":"trunkline","version":"1"}}}',
    '{"method":"initialized"}',
    '{"id":1,"method":"mcpServerStatus/list","params":{"serverName":"{name}","limit":500}}',
)


def _answer(printed: str, name: str) -> Answer | None:
    """Read the reply to ``mcpServerStatus/list``: a server that was reached told its name."""
    for line in printed.splitlines():
        with suppress(ValueError, LookupError, TypeError):  # what else it prints is no such reply
            (entry,) = (e for e in json.loads(line)["result"]["data"] if e["name"] == name)
            if entry["toolsError"]:
                return Answer(False, str(entry["toolsError"]))
            if entry["serverInfo"]["name"]:
                return Answer(True, "connected")
    return None


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
    health=Health(
        program="codex",
        arguments=("app-server",),
        requests=_REQUESTS,
        last='{"id":1,',
        reading=_answer,
    ),
    afterwards="Start a new session of Codex; quit the ChatGPT app completely and start it again.",
    switch="enabled",
)
