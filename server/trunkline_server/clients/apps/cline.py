"""Cline: strict JSON that its command line and its extension share; older ones keep their own."""

from __future__ import annotations

from pathlib import Path

from trunkline_server.clients.app import App
from trunkline_server.clients.apps import vscode
from trunkline_server.clients.computer import Computer
from trunkline_server.clients.target import Target
from trunkline_server.clients.words import commands, shapes
from trunkline_server.errors import fail

_FILE = "cline_mcp_settings.json"
_EDITORS = ("Code", "Code - Insiders", "VSCodium", "Cursor", "Windsurf")


def _now(computer: Computer) -> Path:
    named = Path(computer.environment.get("CLINE_MCP_SETTINGS_PATH", ""))
    if named.is_absolute():
        return named
    return computer.folder("CLINE_DIR", ".cline") / "data" / "settings" / _FILE


def _older(computer: Computer) -> tuple[Path, ...]:
    """Return the files of extensions that are too old for the shared one."""
    storage = Path("globalStorage/saoudrizwan.claude-dev/settings") / _FILE
    files = (user / storage for editor in _EDITORS for user in vscode.users(computer, editor))
    return tuple(file for file in files if file.exists())


def _candidates(computer: Computer) -> tuple[Path, ...]:
    now, older = _now(computer), _older(computer)
    return (now, *older) if now.exists() else (*older, now)


def _is_present(computer: Computer) -> bool:
    return (
        computer.folder("CLINE_DIR", ".cline").is_dir()
        or any(path.exists() for path in _candidates(computer))
        or computer.has("cline")
    )


def _command(target: Target, entry: shapes.Entry) -> list[str]:
    start = ["cline", "mcp", "add", target.name, "--yes"]
    if target.transport != "stdio":
        way = ["--transport", entry["type"], target.url]
        return [*start, *way, *commands.headers(target, ": ")]
    if target.command.environment:
        title = "The command of Cline has no word for the folder in TRUNKLINE_HOME."
        raise fail("client.command", title, "Take the text.")
    return [*start, "--", *commands.program(target)]


APP = App(
    id="cline",
    name="Cline",
    monogram="Cl",
    format="json",
    table=("mcpServers",),
    candidates=_candidates,
    is_present=_is_present,
    stdio=shapes.started(disabled=False),
    # Without a type it takes every address for SSE; with another spelling, no server at all.
    http=shapes.address(kind="streamableHttp", disabled=False),
    sse=shapes.address(kind="sse", disabled=False),
    handshakes=("cline-core",),
    command=_command,
    afterwards="Cline notices by itself; its list of MCP servers shows it.",
    switch="disabled",
)
