"""Replaces apps' files, all of them or none, whatever other programs or a crash do meanwhile.

What is about to be changed is written down first (``clients.pending.json``), and the old files stay
beside the new ones until all are changed. After a crash :func:`recover` finishes what was complete
and takes back the rest. What cannot be cleaned up or taken back yet is left to ``leftovers``, and
is in no other change's way.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable
from contextlib import suppress
from itertools import count as numbers
from pathlib import Path

from trunkline_server import folders
from trunkline_server.clients import owned
from trunkline_server.clients.owned import Record
from trunkline_server.clients.replacing import leftovers
from trunkline_server.clients.replacing.change import Change, digest
from trunkline_server.clients.replacing.swapping import InterferedError
from trunkline_server.profiles import atomic


class Transaction:
    """Changes to some files that belong together. The caller holds ``owned.alone``.

    ``count`` is how many there will be: fewer mean, after a crash, that it was not complete.
    """

    def __init__(self, count: int) -> None:
        self._count = count
        self._changes: list[Change] = []

    def make(
        self, client: str, path: Path, content: tuple[bytes | None, bytes | None],
        records: tuple[tuple[Record, ...], tuple[Record, ...]],
    ) -> None:  # fmt: skip
        """Change one file; ``content`` and ``records`` are before and after.

        Raises:
            InterferedError: another program wrote it; neither file nor records are changed.
            TrunklineError: those of ``Change.prepare``.
            OSError: see :meth:`roll_back`.
        """
        before, after = content
        target = Path(owned.place_of(path))
        leftovers.settle(target)
        change = Change(
            client=client, path=target, before=digest(before), after=digest(after),
            former=records[0], records=records[1], aside=self._aside(target),
        )  # fmt: skip
        self._changes.append(change)
        self._write_down(self._changes)
        if change.has_effect:
            self._swap(change, after)
        owned.keep(change.path, change.records)

    def commit(self) -> None:
        """Say that all is done; what was kept to take it back goes, now or before the next change.

        Raises:
            OSError: see :meth:`roll_back`.
        """
        _pending().replace(_done())
        done, self._changes = self._changes, []
        with suppress(OSError):  # a virus scanner may read an old file for a moment
            _clear(done, _done())

    def roll_back(self) -> tuple[Change, ...]:
        """Take everything back; what others wrote since stays.

        Returns:
            What the system does not let be taken back now; :func:`recover` tries again.
        """
        changes, self._changes = self._changes, []
        if not changes:
            return ()
        self._count += 1  # however this ends, it was not complete
        with suppress(OSError):
            self._write_down(changes)
        stuck = _taken_back(changes)
        with suppress(OSError):  # then the list of what is under way stays
            _leave(stuck, changes)
        return tuple(stuck)

    def _swap(self, change: Change, after: bytes | None) -> None:
        try:
            change.prepare(after)
            change.swap()
        except (InterferedError, FileExistsError, FileNotFoundError) as exc:
            self._changes.pop()
            if not leftovers.succeeds(change.discard):
                leftovers.add(gone=[change])
            self._write_down(self._changes)
            raise InterferedError from exc

    def _aside(self, target: Path) -> Path:
        """Return a name that no other Trunkline of this computer uses, wherever its home is."""
        mark, taken = digest(os.fsencode(folders.state()))[:6], leftovers.asides()
        names = (f".{target.name}.trunkline-{mark}{n}" for n in numbers(len(self._changes)))
        return next(aside for name in names if (aside := target.with_name(name)) not in taken)

    def _write_down(self, under_way: list[Change]) -> None:
        changes = [change.as_json() for change in under_way]
        document = {"version": 1, "count": self._count, "changes": changes}
        atomic.replace(_pending(), json.dumps(document).encode())


def recover() -> None:
    """Put right what a crash interrupted. The caller holds ``owned.alone``.

    Raises:
        OSError: our own lists cannot be written; the next call tries again.
    """
    if _done().exists():
        _clear(_read(_done())[1], _done())
    if _pending().exists():
        _finish(*_read(_pending()))
    leftovers.retry()


def is_left() -> bool:
    """Whether there is something left for :func:`recover`."""
    return _pending().exists() or _done().exists() or leftovers.are_there()


def _finish(count: int, changes: list[Change]) -> None:
    """Each change was complete before the next was begun: only the last is uncertain."""
    if len(changes) < count or not all(map(_was_made, changes[-1:])):
        _leave(_taken_back(changes), changes)
        return
    for change in changes:
        owned.keep(change.path, change.records)
    _clear(changes, _pending())


def _was_made(change: Change) -> bool:
    try:
        return change.was_made()
    except OSError:  # as long as nobody can tell, it is taken back with the others
        return False


def _taken_back(changes: list[Change]) -> list[Change]:
    """Take changes back, the last first; returns those that cannot be now."""
    return [change for change in reversed(changes) if not leftovers.succeeds(change.undo)]


def _leave(stuck: list[Change], changes: list[Change]) -> None:
    """Clean up behind changes; of those that are ``stuck``, where only the records are missing."""
    loose = (change for change in changes if change not in stuck or change.is_back())
    gone = [change for change in loose if not leftovers.succeeds(change.discard)]
    leftovers.add(back=stuck, gone=(change for change in gone if change not in stuck))
    _pending().unlink(missing_ok=True)


def _clear(changes: Iterable[Change], list_of_them: Path) -> None:
    gone = [change for change in changes if not leftovers.succeeds(change.discard)]
    leftovers.add(gone=gone)
    list_of_them.unlink(missing_ok=True)


def _read(file: Path) -> tuple[int, list[Change]]:
    try:
        document = json.loads(file.read_bytes())
        return document["count"], [Change.from_json(change) for change in document["changes"]]
    except (ValueError, KeyError, TypeError):
        return 0, []  # not as we write it: it tells nothing


def _pending() -> Path:
    return folders.state() / "clients.pending.json"


def _done() -> Path:
    return folders.state() / "clients.done.json"
