"""Jan: JSON in a data folder that the person may have moved."""

from __future__ import annotations

import json
from pathlib import Path

from trunkline_server.clients.app import App
from trunkline_server.clients.computer import Computer
from trunkline_server.clients.words import shapes


def _homes(computer: Computer) -> tuple[Path, ...]:
    usual = computer.roaming / "Jan"
    if computer.platform != "linux":
        return (usual,)
    data = computer.folder("XDG_DATA_HOME", ".local/share") / "Jan"
    return tuple(sorted((data, usual), key=lambda folder: not folder.is_dir()))


def _moved(home: Path) -> Path | None:
    """Return the data folder that Jan's own settings name."""
    try:
        named = json.loads((home / "settings.json").read_bytes())["data_folder"]
        return Path(named) if Path(named).is_absolute() else None
    except (OSError, ValueError, KeyError, TypeError):
        return None  # no settings yet, or none that Jan would read


def _candidates(computer: Computer) -> tuple[Path, ...]:
    homes = _homes(computer)
    moved = [folder for home in homes if (folder := _moved(home))]
    return tuple(folder / "mcp_config.json" for folder in (*moved, homes[0] / "data"))


def _is_present(computer: Computer) -> bool:
    return (
        any(home.is_dir() for home in _homes(computer))
        or computer.has_bundle("Jan")
        or computer.has_installed("Programs/Jan", "Programs/jan")
        or computer.has("jan")
    )


APP = App(
    id="jan",
    name="Jan",
    monogram="Ja",
    format="json",
    table=("mcpServers",),
    candidates=_candidates,
    is_present=_is_present,
    stdio=shapes.started(active=True),
    http=shapes.address(kind="http", active=True),
    sse=shapes.address(kind="sse", active=True),
    handshakes=("Jan Streamable Client", "Jan SSE Client"),
    afterwards="In Jan, open Settings, MCP Servers, and switch the new server off and on.",
    switch="active",
)
