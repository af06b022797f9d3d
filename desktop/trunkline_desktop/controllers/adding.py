"""Adding and changing a database: the first page, the form, its check, and saving."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal, Slot

from trunkline_desktop import jobs
from trunkline_desktop.models import postures
from trunkline_desktop.models.check import Check
from trunkline_desktop.models.profiles import Profiles
from trunkline_desktop.supervisor import Supervisor
from trunkline_desktop.views.window import Window
from trunkline_server import events
from trunkline_server.errors import Failure, fail
from trunkline_server.profiles import dsn, secrets
from trunkline_server.profiles.dsn import Parsed
from trunkline_server.profiles.profile import Profile

if TYPE_CHECKING:
    from trunkline_desktop.views.add import AddPage
    from trunkline_desktop.views.first_run import FirstRun

_LARGEST = 1_000_000


class Adding(QObject):
    """From a pasted line to a database that is on.

    Signals:
        left(str): the form is done with; the profile to show, or "" for the one before.
        posture_found(Profile, str, str): the profile checked, "ok" or "attention", the sentence.
    """

    left = Signal(str)
    posture_found = Signal(object, str, str)

    def __init__(
        self, window: Window, profiles: Profiles, supervisor: Supervisor, parent: QObject
    ) -> None:
        super().__init__(parent)
        self._window, self._profiles, self._supervisor = window, profiles, supervisor
        self._check = Check(self)
        self._check.stage.connect(self._on_stage)
        self._check.ended.connect(self._on_check_ended)
        window.first_run_made.connect(self._on_first_run_made)
        window.add_made.connect(self._on_form_made)

    @Slot()
    def begin(self) -> None:
        """Show an empty form."""
        self._window.add.start(None, self._profiles.all)
        self._window.show_new()

    @Slot(str)
    def edit(self, profile_id: str) -> None:
        """Show the form of a saved database."""
        if profile := self._profiles.get(profile_id):
            self._window.add.start(profile, self._profiles.all)
            self._window.show_edit(profile_id)

    @Slot(str)
    def check_again(self, profile_id: str) -> None:
        """Check a saved database as it is saved."""
        self.edit(profile_id)
        if self._profiles.get(profile_id):
            self._window.add.check_now()

    @Slot(object)
    def _on_first_run_made(self, page: FirstRun) -> None:
        page.check_wanted.connect(self._on_pasted)
        page.form_wanted.connect(self.begin)
        page.file_chosen.connect(self._on_file_chosen)
        page.sample_wanted.connect(self._on_sample_wanted)

    @Slot(object)
    def _on_form_made(self, page: AddPage) -> None:
        self._check.failed.connect(page.show_failure)
        page.check_wanted.connect(self._on_check_wanted)
        page.stop_wanted.connect(self._check.cancel)
        page.save_wanted.connect(self._on_save_wanted)
        page.file_chosen.connect(self._on_file_chosen)
        page.cancelled.connect(self._on_cancelled)

    @Slot(object)
    def _on_pasted(self, parsed: Parsed) -> None:
        """The form opens filled, and the check starts: one click from the clipboard."""
        self._on_parsed(parsed)
        self._window.add.check_now()

    @Slot(object)
    def _on_parsed(self, parsed: Parsed) -> None:
        if not self._window.is_adding:
            self.begin()
        self._window.add.fill(parsed)

    @Slot(str)
    def _on_file_chosen(self, path: str) -> None:
        job = jobs.start(lambda: dsn.parse(_text_of(Path(path))))
        job.done.connect(self._on_parsed)
        job.failed.connect(self._on_not_read)

    @Slot(object)
    def _on_not_read(self, failure: Failure) -> None:
        if self._window.is_adding:
            self._window.add.show_problem(failure)
        else:
            self._window.first_run.show_failure(failure.title, failure.hint)

    @Slot()
    def _on_sample_wanted(self) -> None:
        self._window.first_run.set_busy(self.tr("Making the sample database"))
        job = self._profiles.add_sample()
        job.done.connect(self._on_sample)
        job.failed.connect(self._on_no_sample)

    @Slot(object)
    def _on_sample(self, profile: Profile) -> None:
        self._window.first_run.set_busy("")
        self._on_saved(True, profile)

    @Slot(object)
    def _on_no_sample(self, failure: Failure) -> None:
        self._window.first_run.set_busy("")
        self._window.first_run.show_failure(failure.title, failure.hint)

    # The check

    @Slot(object, object)
    def _on_check_wanted(self, profile: Profile, password: str | None) -> None:
        if password is not None and not profile.ssh_host:
            self._check.start(profile, password)
            return
        job = jobs.start(lambda: _secrets_of(profile, password))
        job.done.connect(partial(self._on_secrets, profile))
        job.failed.connect(self._window.add.show_problem)

    def _on_secrets(self, profile: Profile, found: tuple[str, str]) -> None:
        self._check.start(profile, *found)

    @Slot(object)
    def _on_stage(self, stage: events.Stage) -> None:
        self._window.add.show_rows(self._check.rows)
        if found := postures.read(stage):
            self.posture_found.emit(self._window.add.form.profile(), *found)

    @Slot(bool)
    def _on_check_ended(self, is_well: bool) -> None:
        if is_well:
            self._window.add.show_passed()

    # Saving

    @Slot(object, object, bool)
    def _on_save_wanted(self, profile: Profile, password: str | None, is_on: bool) -> None:
        self._check.cancel()
        self._window.add.set_busy(is_busy=True)
        is_known = self._profiles.get(profile.id) is not None
        job = (
            self._profiles.update(profile, password)
            if is_known
            else self._profiles.add(profile, password or "")
        )
        job.done.connect(partial(self._on_saved, is_on))
        job.failed.connect(self._window.add.show_problem)

    def _on_saved(self, is_on: bool, profile: Profile) -> None:
        self._window.add.set_busy(is_busy=False)
        if is_on:
            self._supervisor.switch_on(profile.id)
        self.left.emit(profile.id)

    @Slot()
    def _on_cancelled(self) -> None:
        self._check.cancel()
        self.left.emit("")


def _text_of(path: Path) -> str:
    try:
        with path.open("rb") as file:
            return file.read(_LARGEST).decode("utf-8-sig", "replace")
    except OSError as exc:
        raise fail(
            "file.unreadable", f"The file {path} cannot be read.", "Choose another.", str(exc)
        ) from exc


def _secrets_of(profile: Profile, typed: str | None) -> tuple[str, str]:
    """Return the password, the typed one first, and the secret of the SSH tunnel."""
    password = secrets.get(profile.id) if typed is None else typed
    ssh = secrets.get(profile.id, "ssh") if profile.ssh_host else None
    return password or "", ssh or ""
