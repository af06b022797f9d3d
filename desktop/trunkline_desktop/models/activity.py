"""What was asked lately, read again and again while somebody is looking."""

from __future__ import annotations

from contextlib import closing

from PySide6.QtCore import QObject, QTimer, Signal, Slot

from trunkline_desktop import jobs
from trunkline_desktop.jobs import Job
from trunkline_server.serving.activity import Activity, Call, Today

EVERY_MS = 2000
NOTHING = Today()
Seen = tuple[Today, tuple[Call, ...]]


class ActivityReader(QObject):
    """Today's numbers and the latest questions of one database, or of all of them.

    Signals:
        changed(): :attr:`today` or :attr:`recent` is another than before.
        failed(Failure): the log could not be read; told once until it can be read again.
    """

    changed = Signal()
    failed = Signal(object)

    def __init__(self, parent: QObject | None = None, *, limit: int = 50) -> None:
        super().__init__(parent)
        self._limit = limit
        self._profile_id: str | None = None
        self._job: Job | None = None
        self._has_failed = False
        self._timer = QTimer(self, interval=EVERY_MS)
        self._timer.timeout.connect(self.read)
        self.today: Today = NOTHING
        self.recent: tuple[Call, ...] = ()

    def watch(self, profile_id: str | None) -> None:
        """Look at this database from now on; None means all of them."""
        if profile_id != self._profile_id:
            self._profile_id = profile_id
            self._drop()
            self._take((NOTHING, ()))
        if self._timer.isActive():
            self.read()

    def set_visible(self, is_visible: bool) -> None:
        """Read while somebody is looking, at once and then every two seconds; else rest."""
        if not is_visible:
            self._timer.stop()
            self._drop()
        elif not self._timer.isActive():
            self._timer.start()
            self.read()

    @Slot()
    def read(self) -> None:
        """Read once, unless reading is under way."""
        if self._job is None:
            profile_id, limit = self._profile_id, self._limit
            self._job = jobs.start(lambda: _read(profile_id, limit))
            self._job.done.connect(self._on_read)
            self._job.failed.connect(self._on_failed)

    def _drop(self) -> None:
        if self._job:
            self._job.drop()
        self._job = None

    def _take(self, seen: Seen) -> None:
        if seen != (self.today, self.recent):
            self.today, self.recent = seen
            self.changed.emit()

    @Slot(object)
    def _on_read(self, seen: Seen) -> None:
        self._job, self._has_failed = None, False
        self._take(seen)

    @Slot(object)
    def _on_failed(self, failure: object) -> None:
        self._job = None
        if not self._has_failed:
            self._has_failed = True
            self.failed.emit(failure)


def _read(profile_id: str | None, limit: int) -> Seen:
    with closing(Activity()) as activity:
        return activity.today(profile_id), tuple(activity.recent(profile_id, limit))
