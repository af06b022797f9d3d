"""Zed: the servers stand in the person's whole editor settings, with comments."""

from __future__ import annotations

from pathlib import Path

from trunkline_server.clients.app import App
from trunkline_server.clients.computer import Computer
from trunkline_server.clients.target import Target
from trunkline_server.clients.words import shapes


def _folders(computer: Computer) -> tuple[Path, ...]:
    if computer.platform == "win32":
        return (computer.roaming / "Zed",)
    if computer.platform == "darwin":
        return (computer.home / ".config" / "zed",)
    sandbox = computer.home / ".var/app/dev.zed.Zed/config/zed"
    found = [computer.xdg / "zed", *([sandbox] if sandbox.is_dir() else [])]
    return tuple(sorted(found, key=lambda folder: not folder.is_dir()))


def _candidates(computer: Computer) -> tuple[Path, ...]:
    return tuple(folder / "settings.json" for folder in _folders(computer))


def _is_present(computer: Computer) -> bool:
    return (
        any(folder.is_dir() for folder in _folders(computer))
        or computer.has_bundle("Zed")
        or computer.has_installed("Programs/Zed")
        or (computer.home / ".local" / "zed.app").is_dir()
        or computer.has("zeditor")  # not "zed", which is also a service of ZFS
    )


def _stdio(target: Target) -> shapes.Entry:
    return {"source": "custom", **shapes.plain(target)}


APP = App(
    id="zed",
    name="Zed",
    monogram="Ze",
    format="jsonc",
    table=("context_servers",),
    candidates=_candidates,
    is_present=_is_present,
    stdio=_stdio,
    http=shapes.address(),
    afterwards="Zed notices by itself; open its agent panel to see it.",
    switch="enabled",
)
