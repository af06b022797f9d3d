"""Goose: YAML in which a server is an extension, with every field present."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from urllib.parse import quote

from trunkline_server.clients.app import App
from trunkline_server.clients.computer import Computer
from trunkline_server.clients.target import Target
from trunkline_server.clients.words import links, shapes
from trunkline_server.errors import fail

_TIMEOUT_S = 300


def _folder(computer: Computer) -> Path:
    if computer.platform == "win32":
        return computer.roaming / "Block" / "goose" / "config"
    if computer.platform == "darwin":
        return computer.home / ".config" / "goose"
    return computer.xdg / "goose"


def _candidates(computer: Computer) -> tuple[Path, ...]:
    return (_folder(computer) / "config.yaml",)


def _is_present(computer: Computer) -> bool:
    # Not the program alone: one that changes databases has the same name.
    return _folder(computer).is_dir() or computer.has_bundle("Goose")


def _extension(target: Target, kind: str, **middle: Any) -> shapes.Entry:
    return {
        "name": target.name,
        "type": kind,
        **middle,
        "env_keys": [],
        "enabled": True,
        "timeout": _TIMEOUT_S,
        "description": target.description,
        "bundled": None,
    }


def _stdio(target: Target) -> shapes.Entry:
    command = target.command
    return _extension(
        target,
        "stdio",
        cmd=command.program,
        args=list(command.arguments),
        envs=dict(command.environment),
    )


def _http(target: Target) -> shapes.Entry:
    return _extension(target, "streamable_http", uri=target.url, headers=target.headers, envs={})


def _link(target: Target, entry: shapes.Entry) -> str:
    if target.transport == "stdio":
        title = "Links of Goose start well-known programs only, such as npx and docker."
        raise fail("client.link", title, "Take the text, or an address with --transport http.")
    fields = links.query(
        url=target.url,
        type=entry["type"],
        id=target.name,
        name=target.name,
        description=target.description,
        timeout=str(_TIMEOUT_S),
    )
    # It decodes their values once more than the rest.
    headers = [links.query(header=f"{k}={quote(v, safe='')}") for k, v in target.headers.items()]
    return f"goose://extension?{'&'.join([fields, *headers])}"


APP = App(
    id="goose",
    name="Goose",
    monogram="Go",
    format="yaml",
    table=("extensions",),
    candidates=_candidates,
    is_present=_is_present,
    stdio=_stdio,
    http=_http,
    handshakes=("goose-cli", "goose-desktop"),
    link=_link,
    is_lower_case=True,
    afterwards="Start a new session of Goose.",
    switch="enabled",
)
