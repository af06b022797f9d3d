"""Which of our databases an app's file names just now, and under which keys. Writes nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from trunkline_server.clients import owned, recognising
from trunkline_server.clients.app import App
from trunkline_server.clients.editors.formats import BY_FORMAT
from trunkline_server.clients.owned import Record
from trunkline_server.clients.reading import explained, read
from trunkline_server.errors import TrunklineError
from trunkline_server.profiles.profile import Profile, Transport

Reader = Callable[[tuple[str, ...]], Any]
# Bytes; to look at every entry of a larger file takes too long, in YAML above all.
_SEARCHED = {True: 1_000_000, False: 20_000_000}
# What an entry has in it that leads to us without our having written it.
_SIGNS = (b"trunkline-stdio", b"127.0.0.1", b"localhost", b"::1")


@dataclass(frozen=True, slots=True, kw_only=True)
class Connection:
    """An entry that leads to a database of ours.

    Attributes:
        name: its key in the file.
        profile: the database's id.
        transport: how the app reaches it.
        record: what is remembered of it; None when somebody wrote it without us.
    """

    name: str
    profile: str
    transport: Transport
    record: Record | None = None


def in_file(app: App, path: Path, profiles: Iterable[Profile]) -> tuple[Connection, ...]:
    """Return every entry that leads to one of ``profiles``, or that we remember; ours first.

    Raises:
        TrunklineError: ``client.unreadable`` or ``client.malformed``.
    """
    content = read(path)
    with explained(app, path):
        return among(app, content, _reader(app, content), _records(app, path), profiles)


def among(
    app: App,
    content: bytes | None,
    read_at: Reader,
    records: Iterable[Record],
    profiles: Iterable[Profile],
) -> tuple[Connection, ...]:
    """Return what of an app's file leads to us; ``read_at`` gives the value at a path in it.

    In a very large file each entry is looked for under its own key alone.

    Raises:
        MalformedError: the app could not read it.
    """
    ours, known = tuple(records), {record.name for record in records}
    table, ports = _table(app, content, read_at, known), {p.id: p.http_port for p in profiles}
    found: dict[str, Connection] = {}
    for record in ours:
        name = recognising.name_of(record, table, known | found.keys())
        if name is not None and name not in found:
            way = recognising.way_of(record, table[name]) or record.transport
            found[name] = Connection(
                name=name, profile=record.profile, transport=way, record=record
            )
    return (*found.values(), *_others(table.keys() - found.keys(), table, ports))


def likely(app: App, path: Path, profiles: Iterable[Profile]) -> tuple[Connection, ...]:
    """Return the same; of a file that cannot be read just now what we remember."""
    try:
        return in_file(app, path, profiles)
    except TrunklineError:
        return tuple(
            Connection(name=r.name, profile=r.profile, transport=r.transport, record=r)
            for r in _records(app, path)
        )


def is_connected(app: App, profile: Profile, *, path: Path | None = None) -> bool:
    """Whether an entry in the app's file leads to ``profile``; False when it cannot be read."""
    with suppress(TrunklineError):
        found = in_file(app, path or app.path(), (profile,))
        return any(connection.profile == profile.id for connection in found)
    return False


def remembered(app: App, profile: Profile, *, path: Path | None = None) -> Record | None:
    """Return what is remembered of our entry for ``profile``, whether or not it is there."""
    ours = (r for r in _records(app, path or app.path()) if r.profile == profile.id)
    return next(ours, None)


def missing(
    app: App, path: Path, records: Iterable[Record], profiles: Iterable[Profile] = ()
) -> tuple[Record, ...]:
    """Return those whose entries are in the file no more; ``profiles`` are those of now.

    Raises:
        TrunklineError: ``client.unreadable`` or ``client.malformed``.
    """
    ours, content = tuple(records), read(path)
    with explained(app, path):
        found = among(app, content, _reader(app, content), ours, profiles)
    there = {(connection.name, connection.profile) for connection in found}
    seen = {connection.record for connection in found}
    return tuple(r for r in ours if r not in seen and (r.name, r.profile) not in there)


def table_in(app: App, path: Path, content: bytes | None) -> Mapping[str, Any]:
    """Return the entries in the ``content`` of an app's file, by their keys.

    Raises:
        TrunklineError: ``client.malformed``.
    """
    with explained(app, path):
        table = BY_FORMAT[app.format].read(content or b"", app.table)
    return table if isinstance(table, Mapping) else {}


def _table(
    app: App, content: bytes | None, read_at: Reader, known: Iterable[str]
) -> Mapping[str, Any]:
    """Return the entries among which to look: all, or in a large file those of ``known`` keys."""
    names = tuple(known)
    if not names and not any(sign in (content or b"") for sign in _SIGNS):
        return {}
    if len(content or b"") > _SEARCHED[app.format.startswith("yaml")]:
        return {name: entry for name in names if (entry := read_at((*app.table, name))) is not None}
    table = read_at(app.table)
    return table if isinstance(table, Mapping) else {}


def _reader(app: App, content: bytes | None) -> Reader:
    return partial(BY_FORMAT[app.format].read, content or b"")


def _records(app: App, path: Path) -> tuple[Record, ...]:
    return tuple(record for record in owned.of(path) if record.client == app.id)


def _others(
    names: Iterable[str], table: Mapping[str, Any], ports: Mapping[str, int]
) -> Iterator[Connection]:
    for name in sorted(names):
        for profile_id, port in ports.items():
            if way := recognising.leads_to(table[name], profile_id, port):
                yield Connection(name=name, profile=profile_id, transport=way)
