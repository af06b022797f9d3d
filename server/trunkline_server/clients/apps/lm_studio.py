"""LM Studio: a JSON file in Cursor's words."""

from __future__ import annotations

from pathlib import Path

from trunkline_server.clients.app import App
from trunkline_server.clients.computer import Computer
from trunkline_server.clients.words import links, shapes


def _folders(computer: Computer) -> tuple[Path, ...]:
    return (computer.home / ".lmstudio", computer.home / ".cache" / "lm-studio")


def _candidates(computer: Computer) -> tuple[Path, ...]:
    now, older = _folders(computer)
    is_old = older.is_dir() and not now.is_dir()
    return tuple(folder / "mcp.json" for folder in ((older, now) if is_old else (now,)))


def _is_present(computer: Computer) -> bool:
    return (
        any(folder.is_dir() for folder in _folders(computer))
        or computer.has_bundle("LM Studio")
        or computer.has_installed("Programs/LM Studio")
        or computer.has("lms")
    )


APP = App(
    id="lm-studio",
    name="LM Studio",
    monogram="LM",
    format="json",
    table=("mcpServers",),
    candidates=_candidates,
    is_present=_is_present,
    stdio=shapes.plain,
    http=shapes.address(),
    sse=shapes.address(),
    handshakes=("lmstudio-mcp-bridge",),
    link=links.named("lmstudio://add_mcp"),
    afterwards="In LM Studio, switch the new server on in the Program tab.",
)
