"""The saved profiles as the windows see them: always current, changed off the GUI thread."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from PySide6.QtCore import QFileSystemWatcher, QObject, QThreadPool, Signal, Slot

from trunkline_desktop.jobs import Job
from trunkline_server.errors import Failure, TrunklineError
from trunkline_server.profiles import saving
from trunkline_server.profiles.profile import Profile
from trunkline_server.profiles.store import Store


class Profiles(QObject):
    """The profile file, watched, so that what a terminal or another program adds shows up.

    The methods that change something return their :class:`Job`; its ``done`` carries the saved
    profile and comes when :attr:`all` already holds it. Changes are made one after another.

    Signals:
        changed(): :attr:`all` or :attr:`problem` is another than before.
        failed(Failure): a change nobody waits for (:meth:`change`) was not saved.
        secret_changed(str): the profile of this id has a new password.
    """

    changed = Signal()
    failed = Signal(object)
    secret_changed = Signal(str)

    def __init__(self, store: Store | None = None, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._store = store or Store()
        self._all: tuple[Profile, ...] = ()
        self._problem: Failure | None = None
        self._writes = QThreadPool(self, maxThreadCount=1)
        self._watcher = QFileSystemWatcher(self)
        # A replaced file is a new file: the folder tells about that, the file about edits in it.
        self._watcher.directoryChanged.connect(self.reload)
        self._watcher.fileChanged.connect(self.reload)
        self._watcher.addPath(str(self._store.path.parent))
        self.reload()

    @property
    def all(self) -> tuple[Profile, ...]:
        """Every profile, in the order of the file; what was last readable if it no longer is."""
        return self._all

    @property
    def problem(self) -> Failure | None:
        """Why the file cannot be read, or None."""
        return self._problem

    def get(self, profile_id: str) -> Profile | None:
        """Return the profile of this id, or None."""
        return next((p for p in self._all if p.id == profile_id), None)

    def add(self, profile: Profile, password: str) -> Job:
        """Save a new profile and its password."""
        return self._write(lambda: _added(self._store, profile, password))

    def add_sample(self) -> Job:
        """Save the profile of the sample database, made on first use; or find the one there is."""
        return self._write(lambda: _added_sample(self._store))

    def update(self, profile: Profile, password: str | None = None) -> Job:
        """Save an edited profile; ``password`` None keeps the one in the keyring."""
        job = self._write(lambda: saving.update(self._store, profile, password))
        if password is not None:
            job.done.connect(self._on_secret_saved)
        return job

    def change(self, profile_id: str, **fields: Any) -> Job:
        """Save single fields, as they are now in the file otherwise; no keyring is asked."""
        job = self._write(lambda: _changed(self._store, profile_id, fields))
        job.failed.connect(self.failed)
        return job

    def remove(self, profile: Profile) -> Job:
        """Remove a profile and its secrets."""
        return self._write(lambda: saving.remove(self._store, profile))

    def settle(self, timeout_ms: int) -> bool:
        """Wait for changes under way at the end of the program; return whether all are done."""
        return self._writes.waitForDone(timeout_ms)

    @Slot()
    def reload(self) -> None:
        """Read the file again and tell if it says something else."""
        before = self._all, self._problem
        try:
            self._all, self._problem = self._store.load(), None
        except TrunklineError as exc:
            self._problem = exc.failure
        self._watch()
        if before != (self._all, self._problem):
            self.changed.emit()

    def _write(self, call: Callable[[], object]) -> Job:
        job = Job(call)
        job.done.connect(self.reload)
        return job.start(self._writes)

    def _watch(self) -> None:
        path = self._store.path
        if str(path) not in self._watcher.files() and path.exists():
            self._watcher.addPath(str(path))

    @Slot(object)
    def _on_secret_saved(self, profile: Profile) -> None:
        self.secret_changed.emit(profile.id)


def _changed(store: Store, profile_id: str, fields: dict[str, Any]) -> Profile:
    profile = replace(store.by_id(profile_id), **fields)
    store.save(profile)
    return profile


def _added(store: Store, profile: Profile, password: str) -> Profile:
    """Save a new profile under an id that no AI app still has of a removed one."""
    from trunkline_server.clients import owned  # when something is added, not at the start

    return saving.add(store, profile, password, avoid=owned.databases())


def _added_sample(store: Store) -> Profile:
    from trunkline_server import sample  # only for those who try it

    for profile in store.load():
        if profile.sample:
            return profile
    return _added(store, sample.profile(), sample.password())
