"""The shapes that several AI apps share for their entries; an app of its own mind has its own."""

from __future__ import annotations

from typing import Any

from trunkline_server.clients.app import Shape
from trunkline_server.clients.target import Target

Entry = dict[str, Any]


def plain(target: Target) -> Entry:
    """Return ``command, args`` and, when needed, ``env``: what most apps start."""
    command = target.command
    entry: Entry = {"command": command.program, "args": list(command.arguments)}
    return entry | ({"env": dict(command.environment)} if command.environment else {})


def typed(target: Target) -> Entry:
    """Return the plain shape with ``type: stdio`` before it."""
    return {"type": "stdio", **plain(target)}


def address(key: str = "url", kind: str = "", **more: Any) -> Shape:
    """Return the shape of an address: ``type`` (when ``kind`` is given), the URL, its headers.

    ``key`` is the app's word for the URL; ``more`` are further fields, in order.
    """
    first = {"type": kind} if kind else {}

    def shape(target: Target) -> Entry:
        return {**first, key: target.url, "headers": target.headers, **more}

    return shape


def started(**more: Any) -> Shape:
    """Return the plain shape with further fields behind it."""

    def shape(target: Target) -> Entry:
        return {**plain(target), **more}

    return shape
