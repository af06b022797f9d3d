"""Replaces apps' files, all of them or none, whatever other programs or a crash do meanwhile.

What is about to be changed is written down first (``clients.pending.json``), and the old files stay
beside the new ones until all are changed. After a crash :func:`recover` finishes what was complete
and takes back the rest.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from contextlib import suppress
from functools import partial
from pathlib import Path

from trunkline_server import folders
from trunkline_server.clients import owned
from trunkline_server.clients.owned import Record
from trunkline_server.clients.replacing.change import Change, InterferedError, digest
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
            TrunklineError: ``client.read_only``.
            OSError: see :meth:`roll_back`.
        """
        before, after = content
        target = Path(owned.place_of(path))
        change = Change(
            client=client, path=target, before=digest(before), after=digest(after),
            former=records[0], records=records[1], aside=self._aside(target),
        )  # fmt: skip
        self._changes.append(change)
        self._write_down()
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

    def roll_back(self) -> None:
        """Take everything back that can be; what others wrote since stays."""
        if self._changes:
            self._count += 1  # however this ends, it was not complete
            with suppress(OSError):
                self._write_down()
        _roll_back(self._changes)
        self._changes = []

    def _swap(self, change: Change, after: bytes | None) -> None:
        try:
            change.prepare(after)
            change.swap()
        except (InterferedError, FileExistsError, FileNotFoundError) as exc:
            self._changes.pop()
            change.discard()
            self._write_down()
            raise InterferedError from exc

    def _aside(self, target: Path) -> Path:
        """Return a name that no other Trunkline of this computer uses, wherever its home is."""
        mark = digest(str(folders.state()).encode())[:6]
        return target.with_name(f".{target.name}.trunkline-{mark}{len(self._changes)}")

    def _write_down(self) -> None:
        changes = [change.as_json() for change in self._changes]
        document = {"version": 1, "count": self._count, "changes": changes}
        atomic.replace(_pending(), json.dumps(document).encode())


def recover() -> None:
    """Put right what a crash interrupted. The caller holds ``owned.alone``.

    Raises:
        OSError: it could not be; the next call tries again.
    """
    if _done().exists():
        _clear(_read(_done())[1], _done())
    if _pending().exists():
        _finish(*_read(_pending()))


def is_left() -> bool:
    """Whether a crash has left something for :func:`recover`."""
    return _pending().exists() or _done().exists()


def _finish(count: int, changes: list[Change]) -> None:
    """Each change was complete before the next was begun: only the last is uncertain."""
    if changes and not changes[-1].was_made():
        last = changes.pop()
        owned.keep(last.path, last.former)
        last.discard()
    if len(changes) < count:
        _roll_back(changes)
        return
    for change in changes:
        owned.keep(change.path, change.records)
    _clear(changes, _pending())


def _roll_back(changes: Iterable[Change]) -> None:
    """Take changes back; what cannot be now, :func:`recover` tries again."""
    are_back = [_is_taken_back(change) for change in reversed(list(changes))]
    if all(are_back):
        with suppress(OSError):
            _pending().unlink(missing_ok=True)


def _is_taken_back(change: Change) -> bool:
    keep = partial(owned.keep, change.path, change.former)
    return _succeeds(change.take_back) and all([_succeeds(change.discard), _succeeds(keep)])


def _succeeds(step: Callable[[], None]) -> bool:
    try:
        step()
    except OSError:  # the first failure is the one to tell
        return False
    return True


def _clear(changes: Iterable[Change], list_of_them: Path) -> None:
    for change in changes:
        change.discard()
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
