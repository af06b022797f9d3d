"""The AI apps with an address of a database follow it: all at once, with one way back."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QCoreApplication, QObject, QThreadPool, Signal, Slot

from trunkline_desktop.jobs import Job
from trunkline_desktop.models.profiles import Profiles
from trunkline_desktop.run_words import TRANSPORTS
from trunkline_desktop.supervisor import Supervisor
from trunkline_server.errors import Failure
from trunkline_server.profiles.profile import Profile, is_moved

if TYPE_CHECKING:
    from trunkline_server.clients.writer import Applied


@dataclass(frozen=True, slots=True, kw_only=True)
class Followed:
    """What was done for one database.

    Attributes:
        before: the database as it was reached before.
        after: as it is reached now.
        applied: the changes to apps' files; none when only a trouble is over.
        can_go_back: whether the person may want all of it undone.
    """

    before: Profile
    after: Profile
    applied: tuple[Applied, ...]
    can_go_back: bool = True

    @property
    def words(self) -> str:
        """What happened in one sentence, such as "3 apps now use HTTP."; "" when nothing."""
        if not self.applied:
            return ""
        names = {done.plan.app.name for done in self.applied}
        who, count = min(names), len(names)
        ways = {step.transport for done in self.applied for step in done.plan.steps}
        if self.before.transport == self.after.transport and "stdio" not in ways:
            one, more = (
                _tr("{app} now uses the new address."),
                _tr("{count} apps now use the new address."),
            )
        elif len(ways) > 1:
            one, more = _tr("{app} now uses another way."), _tr("{count} apps now use another way.")
        else:
            one, more = _tr("{app} now uses {way}."), _tr("{count} apps now use {way}.")
        way = TRANSPORTS[next(iter(ways))]
        return (one if count == 1 else more).format(app=who, count=count, way=way)


class Following(QObject):
    """Watches how each saved database is reached; changes files off the GUI thread, in order.

    Signals:
        followed(Followed): apps were given another way.
        failed(str, Failure): no app was changed, because of one of them; the profile's id.
    """

    followed = Signal(object)
    failed = Signal(str, object)

    def __init__(
        self, profiles: Profiles, supervisor: Supervisor, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._profiles, self._supervisor = profiles, supervisor
        self._known = {p.id: p for p in profiles.all}
        self._returning: dict[str, Profile] = {}
        self._problems: dict[str, Failure] = {}
        self._behind: dict[str, Profile] = {}  # as the apps know those of which some failed
        self._work = QThreadPool(self, maxThreadCount=1)
        profiles.changed.connect(self._on_profiles_changed)

    def problem(self, profile_id: str) -> Failure | None:
        """Return why the apps of a database do not follow it now, or None."""
        return self._problems.get(profile_id)

    @Slot(str)
    def again(self, profile_id: str) -> None:
        """Try once more what failed."""
        if profile := self._profiles.get(profile_id):
            self._follow(self._behind.get(profile_id, profile), profile, can_go_back=False)

    @Slot(object)
    def catch_up(self, before: Profile) -> None:
        """Let apps follow that were told of a database as it was ``before``."""
        if profile := self._profiles.get(before.id):
            self._follow(before, profile, can_go_back=False)

    def go_back(self, done: Followed) -> Job:
        """Undo the changes to the apps' files, then let the database be reached as before.

        Its ``failed`` says why a file could not be undone; then all stay as they are.
        """
        job = self._start(partial(_undo, done.applied))
        job.done.connect(partial(self._on_undone, done))
        return job

    def settle(self, timeout_ms: int) -> bool:
        """Wait for changes under way at the end of the program; return whether all are done."""
        return self._work.waitForDone(timeout_ms)

    @Slot()
    def _on_profiles_changed(self) -> None:
        before, self._known = self._known, {p.id: p for p in self._profiles.all}
        for profile_id, profile in self._known.items():
            old = before.get(profile_id)
            if old and is_moved(old, profile) and not self._is_returning(profile):
                can_go_back = not self._supervisor.is_moving(profile_id)
                self._follow(self._behind.get(profile_id, old), profile, can_go_back=can_go_back)

    def _follow(self, before: Profile, after: Profile, *, can_go_back: bool) -> None:
        job = self._start(partial(_follow, before, after))
        job.done.connect(partial(self._on_followed, before, after, can_go_back))
        job.failed.connect(partial(self._on_not_followed, before, after))

    def _on_followed(
        self, before: Profile, after: Profile, can_go_back: bool, applied: tuple[Applied, ...]
    ) -> None:
        was_told = self._problems.pop(after.id, None) is not None
        self._behind.pop(after.id, None)
        changed = tuple(done for done in applied if done.plan.is_needed)
        if changed or was_told:
            can = can_go_back and bool(changed)
            self.followed.emit(
                Followed(before=before, after=after, applied=changed, can_go_back=can)
            )

    def _on_not_followed(self, before: Profile, after: Profile, failure: Failure) -> None:
        self._behind[after.id] = before
        told = _tr("The AI apps with the former address of “{name}” were left as they were.")
        problem = Failure(code="client.follow", title=told.format(name=after.name),
                          hint=f"{failure.title} {failure.hint}")  # fmt: skip
        self._problems[after.id] = problem
        self.failed.emit(after.id, problem)

    def _on_undone(self, done: Followed, _nothing: object) -> None:
        before = done.before
        self._returning[before.id] = before
        way = {"transport": before.transport, "http_port": before.http_port}
        job = self._profiles.change(before.id, **way)
        job.failed.connect(lambda _failure: self.again(before.id))
        job.ended.connect(partial(self._returning.pop, before.id, None))

    def _is_returning(self, profile: Profile) -> bool:
        """Whether the apps were given back their former way already."""
        wanted = self._returning.get(profile.id)
        return wanted is not None and not is_moved(wanted, profile)

    def _start(self, call: Callable[[], object]) -> Job:
        return Job(call).start(self._work)


def _follow(before: Profile, after: Profile) -> tuple[Applied, ...]:
    from trunkline_server.clients.upkeep import (
        following,  # the AI apps: only when there is a change
    )

    return following.follow(before, after)


def _undo(applied: tuple[Applied, ...]) -> None:
    from trunkline_server.clients import writer

    writer.undo_all(applied)


def _tr(text: str) -> str:
    return QCoreApplication.translate("following", text)
