"""One app for each person and home folder: a second start raises the first one's window."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

from PySide6.QtCore import QFileSystemWatcher, QLockFile, QObject, Signal, Slot

from trunkline_server import folders


class SingleInstance(QObject):
    """Holds a lock that ends with its process, and watches a file that second starts touch.

    A local socket would need Qt's network library: three megabytes for a bell nobody rings.

    Signals:
        raised(): another start asked for the window.
    """

    raised = Signal()

    def __init__(self, folder: Path | None = None, parent: QObject | None = None) -> None:
        super().__init__(parent)
        folder = folder or folders.run()
        self._bell = folder / "app.raise"
        self._lock = QLockFile(str(folder / "app.lock"))
        self._lock.setStaleLockTime(0)  # stale when its process is gone, however old it is
        self._watcher: QFileSystemWatcher | None = None

    def claim(self) -> bool:
        """Become the app; return False when there is one, which was then asked to come forward."""
        if not self._lock.tryLock(0):
            self._ask()
            return False
        return True

    @Slot()
    def listen(self) -> None:
        """Hear from now on those that come second; earlier ones end unheard."""
        self._watcher = QFileSystemWatcher(self)
        self._watcher.fileChanged.connect(self._on_touched)
        self._watch()

    def release(self) -> None:
        """Let another app start."""
        if self._watcher:
            self._watcher.deleteLater()
            self._watcher = None
        self._lock.unlock()

    def _ask(self) -> None:
        with suppress(OSError):  # the folder is full or gone: the first app stays where it is
            self._bell.touch(0o600)

    def _watch(self) -> None:
        self._ask()
        if self._watcher:
            self._watcher.addPath(str(self._bell))

    @Slot()
    def _on_touched(self) -> None:
        if self._bell.exists():
            self.raised.emit()
        else:
            self._watch()  # some systems clean up such files
