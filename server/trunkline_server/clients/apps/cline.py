"""Cline: strict JSON that its command line and its extension share; older ones keep their own."""

from __future__ import annotations

from pathlib import Path

from trunkline_server.clients import shapes
from trunkline_server.clients.app import App
from trunkline_server.clients.computer import Computer

_FILE = "cline_mcp_settings.json"
_EDITORS = ("Code", "Code - Insiders", "VSCodium", "Cursor", "Windsurf")


def _now(computer: Computer) -> Path:
    named = Path(computer.environment.get("CLINE_MCP_SETTINGS_PATH", ""))
    if named.is_absolute():
        return named
    return computer.folder("CLINE_DIR", ".cline") / "data" / "settings" / _FILE


def _older(computer: Computer) -> tuple[Path, ...]:
    """Return the files of extensions that are too old for the shared one."""
    storage = Path("User/globalStorage/saoudrizwan.claude-dev/settings")
    files = [computer.roaming / editor / storage / _FILE for editor in _EDITORS]
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
    afterwards="Cline has taken it over by now; its list of MCP servers shows it.",
)
