"""Entries of ours that another program took out of its file; puts them back, or forgets them."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from trunkline_server.clients import apps, connections, owned, plan, tokens
from trunkline_server.clients.app import App
from trunkline_server.clients.owned import Record
from trunkline_server.clients.plan import Plan
from trunkline_server.clients.reading import read
from trunkline_server.errors import TrunklineError
from trunkline_server.profiles.profile import Profile
from trunkline_server.profiles.store import Store


@dataclass(frozen=True, slots=True, kw_only=True)
class Vanished:
    """What is missing in one file.

    Attributes:
        app: whose file it is.
        path: the file, without symbolic links.
        profiles: the ids of the databases that the app lost.
        records: what is remembered of the entries, in the order of ``profiles``.
    """

    app: App
    path: Path
    profiles: tuple[str, ...]
    records: tuple[Record, ...]


def vanished() -> tuple[Vanished, ...]:
    """Return what is missing, by file; nothing of files that cannot be read or parsed just now.

    An entry of a database that was removed here is not missed.

    Raises:
        TrunklineError: those of ``Store.load``.
    """
    saved = {profile.id: profile for profile in Store().load()}
    places: dict[tuple[str, str], list[Record]] = {}
    for record in owned.records():
        if record.profile in saved and record.client in apps.ALL:
            places.setdefault((record.client, record.path), []).append(record)
    found = (
        _vanished(apps.ALL[client], Path(path), ours, saved.values())
        for (client, path), ours in places.items()
    )
    return tuple(gone for gone in found if gone.records)


def restored(gone: Vanished, profiles: Iterable[Profile]) -> Plan:
    """Return the change that puts the entries back the way they were.

    Those of databases that are not among ``profiles`` stay away.

    Raises:
        TrunklineError: see ``plan.connect``.
    """
    known = {profile.id: profile for profile in profiles}
    lost = [(record, known[record.profile]) for record in gone.records if record.profile in known]
    return plan.put_back(gone.app, gone.path, lost)


def forget(gone: Vanished) -> None:
    """Forget the entries, which the person took out on purpose; their file is not touched.

    An entry that is back meanwhile stays ours.

    Raises:
        TrunklineError: ``client.busy``.
    """
    with owned.alone():
        lost = _vanished(gone.app, gone.path, gone.records, Store().load()).records
        owned.keep(gone.path, plan.without(gone.app, gone.path, lost))
        tokens.tidy()


def names_there(app: App, path: Path, names: Iterable[str]) -> frozenset[str] | None:
    """Return which entries of ``names`` are in a file; None when that cannot be told just now.

    A file that does not parse, or has nothing in it, may be half written.
    """
    try:
        content = read(path)
        if content == b"":
            return None
        return frozenset(names) & connections.table_in(app, path, content).keys()
    except TrunklineError:
        return None


def _vanished(
    app: App, path: Path, ours: Iterable[Record], profiles: Iterable[Profile]
) -> Vanished:
    known = tuple(ours)
    lost: tuple[Record, ...] = ()
    with suppress(TrunklineError):
        if read(path) != b"":  # it may be half written
            lost = connections.missing(app, path, known, profiles)
    return Vanished(app=app, path=path, profiles=tuple(r.profile for r in lost), records=lost)
