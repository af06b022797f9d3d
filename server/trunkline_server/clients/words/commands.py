"""The words with which an AI app's own command takes a server: what several of them share. Pure."""

from __future__ import annotations

import re
from typing import Any

from trunkline_server.clients.app import Words
from trunkline_server.clients.target import Target
from trunkline_server.clients.words import links
from trunkline_server.clients.words.shapes import Entry


def environment(target: Target) -> list[str]:
    """Return ``--env NAME=VALUE`` for every variable."""
    pairs = target.command.environment
    return [word for name, value in pairs for word in ("--env", f"{name}={value}")]


def headers(target: Target, between: str) -> list[str]:
    """Return ``--header`` with name and value for every header."""
    pairs = target.headers.items()
    return [word for name, value in pairs for word in ("--header", f"{name}{between}{value}")]


def program(target: Target) -> list[str]:
    """Return the program to start and its arguments."""
    return [target.command.program, *target.command.arguments]


def as_json(value: Any) -> str:
    """Return a JSON value as a word in which shells find no sign of theirs but quotes.

    Those are spelled by their numbers, as JSON allows.
    """
    return re.sub(r"[&|<>^()%!]", lambda sign: f"\\u{ord(sign[0]):04x}", links.packed(value))


def scoped(command: str) -> Words:
    """Return the words of Gemini CLI and its descendants; their lists take all that follows."""

    def words(target: Target, _entry: Entry) -> list[str]:
        start = [command, "mcp", "add", "--scope", "user"]
        if target.transport == "stdio":
            return [*start, target.name, *program(target), *environment(target)]
        way = ["--transport", target.transport, target.name, target.url]
        return [*start, *way, *headers(target, ": ")]

    return words
