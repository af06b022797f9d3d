"""Watches the settings files with our entries, and notices when another program took one out."""

from __future__ import annotations

import stat
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QFileSystemWatcher, QObject, QTimer, Signal, Slot

from trunkline_desktop import jobs
from trunkline_desktop.jobs import Job
from trunkline_server.errors import Failure

if TYPE_CHECKING:
    from trunkline_server.clients.upkeep.vanished import Vanished

_SETTLE_MS = 1000  # an app writes its file several times when it starts or ends


class Guard(QObject):
    """Costs nothing while files rest: what knows the AI apps is loaded when one has changed.

    Signals:
        vanished(Vanished): entries are missing that were there before; told once each time.
        changed(): :attr:`gone` is another than before.
        touched(): a file with our entries, or our list of them, is another than before.
    """

    vanished = Signal(object)
    changed = Signal()
    touched = Signal()

    def __init__(self, parent: QObject | None = None, *, settle_ms: int = _SETTLE_MS) -> None:
        super().__init__(parent)
        self.gone: tuple[Vanished, ...] = ()
        self._paths: frozenset[str] = frozenset()
        self._marks: frozenset[_Mark] | None = None
        self._looking: Job | None = None
        self._is_due = False
        self._settle = QTimer(self, singleShot=True, interval=settle_ms)
        self._settle.timeout.connect(self.look)
        self._watcher = QFileSystemWatcher(self)
        self._watcher.fileChanged.connect(self._on_touched)
        self._watcher.directoryChanged.connect(self._on_touched)

    @Slot()
    def look(self) -> None:
        """Look at the files; the first time, only begin to watch them."""
        if self._looking:
            self._is_due = True
            return
        self._watch()  # before the look, so that no change in between is missed
        marks = self._marks
        self._looking = jobs.start(lambda: _looked(marks))
        self._looking.done.connect(self._on_looked)
        self._looking.failed.connect(self._on_not_looked)
        self._looking.ended.connect(self._on_ended)

    @Slot(str)
    def _on_touched(self, path: str) -> None:
        if Path(path).exists():  # a file that was replaced is another one
            self._watcher.addPath(path)
        if not self._settle.isActive():  # else whoever writes without a pause keeps us waiting
            self._settle.start()

    @Slot(object)
    def _on_looked(self, found: _Found) -> None:
        self._paths, self._marks = found.paths, found.marks
        self._watch()
        if found.gone is not None:
            self.touched.emit()
        if found.gone is None or found.gone == self.gone:
            return
        before, self.gone = _missing(self.gone), found.gone
        for gone in found.gone:
            if not _missing([gone]) <= before:
                self.vanished.emit(gone)
        self.changed.emit()

    @Slot(object)
    def _on_not_looked(self, failure: Failure) -> None:
        self._is_due = failure.code == "client.busy"  # something is being changed just now

    @Slot()
    def _on_ended(self) -> None:
        self._looking = None
        if self._is_due:
            self._is_due = False
            self._settle.start()

    def _watch(self) -> None:
        now = {*self._watcher.files(), *self._watcher.directories()}
        there = {path for path in self._paths if Path(path).exists()}
        if stale := now - there:
            self._watcher.removePaths(sorted(stale))
        if fresh := there - now:
            self._watcher.addPaths(sorted(fresh))


# A file as it is: path, number, size and time of its last change.
_Mark = tuple[str, int, int, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Found:
    """What a look found.

    Attributes:
        paths: what to watch.
        marks: the files as they are.
        gone: what is missing; None when no file has changed.
    """

    paths: frozenset[str]
    marks: frozenset[_Mark]
    gone: tuple[Vanished, ...] | None = None


def _looked(before: frozenset[_Mark] | None) -> _Found:
    """Return what there is now; ``before`` are the marks of the last look, None for the first.

    Raises:
        TrunklineError: ``client.busy``, or those of ``vanished``.
    """
    from trunkline_server.clients import owned  # a moment after the start, not in it

    paths = owned.watched()
    marks = frozenset(mark for path in paths if (mark := _mark(path)))
    found = _Found(paths=frozenset(map(str, paths)), marks=marks)
    if before is None or marks == before:
        return found
    from trunkline_server.clients.upkeep import (
        vanished,  # every AI app: only when a file has changed
    )

    with owned.alone():
        return _Found(paths=found.paths, marks=marks, gone=vanished.vanished())


def _mark(path: Path) -> _Mark | None:
    """Return the mark of a file; None of a folder, and of what is not there just now."""
    try:
        found = path.stat()
    except OSError:
        return None
    if not stat.S_ISREG(found.st_mode):
        return None
    return str(path), found.st_ino, found.st_size, found.st_mtime_ns


def _missing(gone: Iterable[Vanished]) -> set[tuple[str, str, str]]:
    return {(g.app.id, str(g.path), profile) for g in gone for profile in g.profiles}
