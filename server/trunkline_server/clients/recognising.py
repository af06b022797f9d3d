"""Tells an entry that leads to a database of ours from one that is somebody else's. Pure."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from typing import Any
from urllib.parse import urlsplit

from trunkline_server.clients import owned
from trunkline_server.clients.owned import Record
from trunkline_server.profiles.profile import Transport

_RELAY = re.compile(r"(?:^|[/\\])trunkline-stdiow?(?:\.exe)?$", re.IGNORECASE)
_WAYS: Mapping[str, Transport] = {"/mcp": "http", "/sse": "sse"}
_HERE = {"127.0.0.1", "localhost", "::1"}


def leads_to(entry: Any, profile_id: str, port: int) -> Transport | None:
    """Return by which way ``entry`` leads to a database, whoever wrote it; None if it does not.

    Args:
        entry: what an app's file has under one key.
        profile_id: of the database.
        port: where its server listens on this computer; 0 for nowhere.
    """
    if not isinstance(entry, Mapping):
        return None
    for said in entry.values():  # an address counts before what a helper's command says
        if isinstance(said, str) and said.startswith(("http://", "https://")):
            return _way_to(said, port)
    words = [word for said in _texts(entry) for word in said.split()]
    if profile_id in words and any(map(_RELAY.search, words)):
        return "stdio"
    return next((way for word in words if (way := _way_to(word, port))), None)


def is_of(record: Record, entry: Any) -> bool:
    """Whether ``entry`` is still the one of which ``record`` is remembered, changed or not."""
    if entry is None:
        return False
    is_as_written = owned.digest(entry) == record.digest
    return is_as_written or leads_to(entry, record.profile, record.port) is not None


def name_of(record: Record, table: Mapping[str, Any], known: Collection[str]) -> str | None:
    """Return the key under which the entry of ``record`` stands by now; None when it is gone.

    A person may have given it another one, which is none of the ``known`` keys of our entries.
    """
    if is_of(record, table.get(record.name)):
        return record.name
    others = (name for name in table if name not in known)
    return next((name for name in others if is_of(record, table[name])), None)


def _way_to(address: str, port: int) -> Transport | None:
    try:
        parts = urlsplit(address)
        is_here = parts.scheme == "http" and parts.hostname in _HERE and parts.port == port
    except ValueError:
        return None
    return _WAYS.get(parts.path.rstrip("/")) if is_here else None


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping | list):
        for inner in value.values() if isinstance(value, Mapping) else value:
            yield from _texts(inner)
