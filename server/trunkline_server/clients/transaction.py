"""Replaces apps' files, all of them or none, whatever other programs or a crash do meanwhile.

What is about to be changed is written down first (``clients.pending.json``). The new file is made
beside the old one, both change places, and what came out is compared with what was expected: if
another program wrote it in between, it gets it back. The old files stay beside the new ones until
all are changed. After a crash :func:`recover` finishes what was complete and takes back the rest.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from trunkline_server import folders
from trunkline_server.clients import backups, owned, swapping
from trunkline_server.clients.owned import Record
from trunkline_server.errors import fail
from trunkline_server.profiles import atomic


class InterferedError(Exception):
    """Another program wrote the file at the same moment; it is as that program left it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One file's change, by the digests of its content.

    Attributes:
        client: the app's id.
        path: the file, without symbolic links.
        before: of the file as it was; "" when there was none.
        after: of the file afterwards; "" when it goes.
        former: what was remembered of our entries in it.
        records: what to remember afterwards.
        aside: the file beside it: the new one at first, then the old one.
    """

    client: str
    path: Path
    before: str
    after: str
    former: tuple[Record, ...]
    records: tuple[Record, ...]
    aside: Path

    @property
    def has_effect(self) -> bool:
        """Whether the file changes, not our records alone."""
        return self.before != self.after

    def as_json(self) -> dict[str, Any]:
        """Return it for the file of what is under way."""
        return asdict(self) | {"path": str(self.path), "aside": str(self.aside)}

    @staticmethod
    def from_json(document: dict[str, Any]) -> Change:
        """Return what :meth:`as_json` wrote."""
        lists = {key: owned.from_json(document[key]) for key in ("former", "records")}
        paths = {key: Path(document[key]) for key in ("path", "aside")}
        return Change(**{**document, **lists, **paths})


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
            client=client, path=target, before=_digest(before), after=_digest(after),
            former=records[0], records=records[1], aside=self._aside(target),
        )  # fmt: skip
        self._changes.append(change)
        self._write_down()
        if change.has_effect:
            self._swap(change, after)
        owned.keep(change.path, change.records)

    def commit(self) -> None:
        """Say that all is done; what was kept to take it back goes.

        Raises:
            OSError: see :meth:`roll_back`.
        """
        _pending().replace(_done())
        _clear(self._changes, _done())

    def roll_back(self) -> None:
        """Take everything back that can be; what others wrote since stays."""
        _roll_back(self._changes)
        self._changes = []

    def _swap(self, change: Change, after: bytes | None) -> None:
        try:
            _prepare(change, after)
            _swap(change)
        except (InterferedError, FileExistsError, FileNotFoundError) as exc:
            self._changes.pop()
            _discard(change)
            self._write_down()
            raise InterferedError from exc

    def _aside(self, target: Path) -> Path:
        """Return a name that no other Trunkline of this computer uses, wherever its home is."""
        mark = _digest(str(folders.state()).encode())[:6]
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
    if changes and not _was_made(changes[-1]):
        last = changes.pop()
        owned.keep(last.path, last.former)
        _discard(last)
    if len(changes) < count:
        _roll_back(changes)
        return
    for change in changes:
        owned.keep(change.path, change.records)
    _clear(changes, _pending())


def _was_made(change: Change) -> bool:
    """Whether a change was made before the crash; what it had caught of others is given back."""
    now, aside = _found(change.path), _found(change.aside)
    if not change.has_effect:
        return True
    if not change.before:
        return now == change.after
    if now == change.after and aside not in {"", change.before}:
        _give_back(change)
        return False
    return now == change.after or aside == change.before


def _prepare(change: Change, after: bytes | None) -> None:
    """Write the new file beside the old one, and give it the same rights."""
    if change.before and not change.path.stat().st_mode & 0o200:
        raise fail(
            "client.read_only",
            f"The file {change.path} is read-only.",
            "Nothing was changed. Allow writing to it, then try again.",
        )
    change.path.parent.mkdir(parents=True, exist_ok=True)
    if after is None:
        return
    atomic.replace(change.aside, after)
    if change.before:
        _dress_like(change.path, change.aside)


def _dress_like(original: Path, copy: Path) -> None:
    """Give ``copy`` the owner, the mode and the attributes of ``original``, but not its age."""
    found = original.stat()
    if hasattr(os, "chown"):
        with suppress(PermissionError):  # another's file in our folder: keeping the mode must do
            os.chown(copy, found.st_uid, found.st_gid)
    shutil.copystat(original, copy)
    os.utime(copy)


def _swap(change: Change) -> None:
    if not change.before:
        swapping.place(change.aside, change.path)
    elif not change.after:
        change.path.rename(change.aside)
    else:
        swapping.exchange(change.aside, change.path)
    if change.before and not _is_ours(change.aside, change.before):
        _give_back(change)
        raise InterferedError
    if _found(change.path) != change.after:
        raise InterferedError


def _is_ours(path: Path, expected: str) -> bool:
    """Whether nobody wrote the file, or is about to."""
    return not swapping.is_being_written(path) and _found(path) == expected


def _give_back(change: Change) -> None:
    """Put the file beside in its place again, or a newer one if there is one by now."""
    if not change.after:
        with suppress(FileExistsError):
            swapping.place(change.aside, change.path)
        return
    expected = change.after
    while True:
        placed = _found(change.aside)
        try:
            swapping.exchange(change.aside, change.path)
        except FileNotFoundError:  # somebody has removed ours by now
            swapping.place(change.aside, change.path)
            return
        if _found(change.aside) == expected:
            return
        expected = placed


def _roll_back(changes: Iterable[Change]) -> None:
    """Take changes back; what cannot be now, :func:`recover` tries again."""
    are_back = [_is_taken_back(change) for change in reversed(list(changes))]
    if all(are_back):
        with suppress(OSError):
            _pending().unlink(missing_ok=True)


def _is_taken_back(change: Change) -> bool:
    try:
        _take_back(change)
        _discard(change)
        owned.keep(change.path, change.former)
    except OSError:  # the first failure is the one to tell
        return False
    return True


def _take_back(change: Change) -> None:
    if not change.has_effect or _found(change.path) != change.after:
        return
    if not change.before:
        change.path.unlink()
    elif _found(change.aside) == change.before:
        _give_back(change)


def _clear(changes: Iterable[Change], list_of_them: Path) -> None:
    for change in changes:
        _discard(change)
    list_of_them.unlink(missing_ok=True)


def _discard(change: Change) -> None:
    """Remove the file beside; what another program wrote there goes to the backups first."""
    found = _bytes(change.aside)
    if found is not None and _digest(found) not in {change.before, change.after}:
        backups.keep(change.client, change.path, found)
    for file in _beside(change.aside):
        file.unlink(missing_ok=True)


def _beside(aside: Path) -> Iterator[Path]:
    yield aside
    for ending in ("new", "old"):  # of atomic.replace and swapping.exchange
        yield aside.with_name(f"{aside.name}.{ending}")


def _read(file: Path) -> tuple[int, list[Change]]:
    try:
        document = json.loads(file.read_bytes())
        return document["count"], [Change.from_json(change) for change in document["changes"]]
    except (ValueError, KeyError, TypeError):
        return 0, []  # not as we write it: it tells nothing


def _bytes(path: Path) -> bytes | None:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return None


def _found(path: Path) -> str:
    return _digest(_bytes(path))


def _digest(content: bytes | None) -> str:
    """Return a digest of a file's content; "" when there is no file."""
    if content is None:
        return ""
    import hashlib  # OpenSSL, four megabytes: only a change needs it

    return hashlib.sha256(content).hexdigest()


def _pending() -> Path:
    return folders.state() / "clients.pending.json"


def _done() -> Path:
    return folders.state() / "clients.done.json"
