"""``trunkline-server info``: which servers run and where files are kept; no secret."""

from __future__ import annotations

import platform
from importlib.metadata import version
from typing import Any

from trunkline_server import folders, runfile


def collect() -> dict[str, Any]:
    """Return versions, folders and the servers that announced themselves."""
    places = {name: str(getattr(folders, name)()) for name in ("config", "data", "state", "run")}
    return {
        "version": version("trunkline"),
        "python": platform.python_version(),
        "folders": places,
        "servers": [_server(found) for found in runfile.running()],
    }


def _server(found: runfile.RunFile) -> dict[str, Any]:
    shown = ("id", "name", "pid", "transport", "url", "started")
    return {**{name: getattr(found, name) for name in shown}, "answers": _answers(found)}


def _answers(found: runfile.RunFile) -> bool:
    try:
        runfile.connect(found, 1.0).close()
    except (OSError, EOFError):
        return False
    return True


def words(found: dict[str, Any]) -> str:
    """Return what :func:`collect` found, for a person."""
    lines = [f"Trunkline {found['version']} on Python {found['python']}"]
    lines += [f"  {name}: {place}" for name, place in found["folders"].items()]
    for server in found["servers"]:
        state = "running" if server["answers"] else "gone"
        where = server["url"] or "private link"
        lines.append(f"{server['name']} ({server['id']}): {state}, {server['transport']}, {where}")
    return "\n".join(lines if found["servers"] else [*lines, "No server is running."])
