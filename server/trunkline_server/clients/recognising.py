"""Tells an entry that leads to a database of ours from one that is somebody else's."""

from __future__ import annotations

import os
import re
import shlex
from collections.abc import Collection, Iterator, Mapping
from typing import Any
from urllib.parse import urlsplit

from trunkline_server.clients import owned
from trunkline_server.clients.owned import Record
from trunkline_server.profiles.profile import Transport

_RELAY = re.compile(r"(?:^|[/\\])trunkline-stdiow?(?:\.exe)?$", re.IGNORECASE)
# What starts a program on this very computer, unlike ssh, docker or wsl.
_SHELL = re.compile(r"(?:^|[/\\])(?:ba|da|fi|z)?sh$|(?:^|[/\\])(?:env|exec|nohup)$|-\w+$|\w+=")
_COMMANDS = ("command", "cmd", "args")
_VARIABLES = ("env", "envs", "environment")
_WAYS: Mapping[str, Transport] = {"/mcp": "http", "/sse": "sse"}
_HERE = {"127.0.0.1", "localhost", "::1"}


def leads_to(entry: Any, profile_id: str, *ports: int) -> Transport | None:
    """Return by which way ``entry`` leads to a database, whoever wrote it; None if it does not.

    Args:
        entry: what an app's file has under one key.
        profile_id: of the database.
        ports: where its server listens on this computer, or did; 0 for nowhere.
    """
    if not isinstance(entry, Mapping):
        return None
    nested = entry.get("transport")
    fields = {**entry, **nested} if isinstance(nested, Mapping) else entry
    for said in fields.values():  # an address counts before what a helper's command says
        if isinstance(said, str) and said.startswith(("http://", "https://")):
            return _way_to(said, ports)
    words = [word for key in _COMMANDS for word in _words(fields.get(key))]
    if _starts(words, profile_id) and not _is_of_another_home(fields, words):
        return "stdio"
    return next((way for word in words if (way := _way_to(word, ports))), None)


def way_of(record: Record, entry: Any, port: int = 0) -> Transport | None:
    """Return by which way the entry of ``record`` leads to its database; None if it is another's.

    A person may have changed it since. ``port`` is where the database is by now, if that is known.
    """
    if entry is None:
        return None
    if owned.digest(entry) == record.digest:
        return record.transport
    return leads_to(entry, record.profile, record.port, port)


def name_of(record: Record, table: Mapping[str, Any], known: Collection[str]) -> str | None:
    """Return the key under which the entry of ``record`` stands by now; None when it is gone.

    A person may have given it another one, which is none of the ``known`` keys of our entries.
    """
    if way_of(record, table.get(record.name)):
        return record.name
    others = (name for name in table if name not in known)
    return next((name for name in others if way_of(record, table[name])), None)


def _starts(words: list[str], profile_id: str) -> bool:
    """Whether a command starts our program, perhaps by a shell, for that very database."""
    at = next((place for place, word in enumerate(words) if _RELAY.search(word)), None)
    if at is None or not all(map(_SHELL.search, words[:at])):
        return False
    asked = [word for word in words[at + 1 :] if word != "--headers"]
    return asked[:1] == [profile_id]


def _is_of_another_home(fields: Mapping[str, Any], words: list[str]) -> bool:
    """Whether it is told to look in the folders of another Trunkline."""
    variables = [fields.get(key) for key in _VARIABLES]
    said = [found.get("TRUNKLINE_HOME") for found in variables if isinstance(found, Mapping)]
    said += [word.partition("=")[2] for word in words if word.startswith("TRUNKLINE_HOME=")]
    ours = os.environ.get("TRUNKLINE_HOME", "")
    return any(home and (not ours or os.path.abspath(str(home)) != os.path.abspath(ours))  # noqa: PTH100
               for home in said)  # fmt: skip


def _way_to(address: str, ports: Collection[int]) -> Transport | None:
    try:
        parts = urlsplit(address)
        is_here = parts.scheme == "http" and parts.hostname in _HERE and parts.port in ports
    except ValueError:
        return None
    return _WAYS.get(parts.path.rstrip("/")) if is_here else None


def _words(said: Any) -> Iterator[str]:
    """Yield the words of a command, as a shell would see those of a line in it."""
    if isinstance(said, str):
        yield from [said] if _RELAY.search(said) else _split(said)
    elif isinstance(said, Mapping | list):
        for inner in said.values() if isinstance(said, Mapping) else said:
            yield from _words(inner)


def _split(line: str) -> list[str]:
    try:
        return shlex.split(line)
    except ValueError:  # a quotation mark without its other one
        return line.split()
