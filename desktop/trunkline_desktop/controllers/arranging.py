"""The panel of an AI app: works out what a choice changes in its file, and makes the change."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial
from pathlib import Path

from PySide6.QtCore import QObject, QTimer, Signal, Slot
from PySide6.QtGui import QGuiApplication

from trunkline_desktop import jobs
from trunkline_desktop.controllers import changing
from trunkline_desktop.controllers.changing import How
from trunkline_desktop.jobs import Job
from trunkline_desktop.models.profiles import Profiles
from trunkline_desktop.supervisor import Supervisor
from trunkline_desktop.views.ai_apps import AiAppsPage
from trunkline_desktop.views.facts import Choice, Consequence
from trunkline_server import runfile
from trunkline_server.clients import apps, plan, tokens
from trunkline_server.clients.plan import Plan, Way
from trunkline_server.clients.processes import running
from trunkline_server.clients.processes.running import RunningApp
from trunkline_server.clients.writer import Applied
from trunkline_server.errors import Failure
from trunkline_server.profiles.profile import Profile, Transport, is_moved

_LOOK_MS = 2000


class Arranging(QObject):
    """Plans and writes off the GUI thread; the newest choice alone is shown.

    Signals:
        arranged(Applied, bool): a file was changed, and whether its app was quit for that.
        outdated(Profile): a file just says how a database was reached, and it has changed since.
        touched(): something else became of an app's files.
        failed(str, Failure): why nothing, or not all, was done for an app whose panel is closed.
    """

    arranged = Signal(object, bool)
    outdated = Signal(object)
    touched = Signal()
    failed = Signal(str, object)
    _told = Signal(str, str)  # from a job: app, sentence

    def __init__(
        self, page: AiAppsPage, profiles: Profiles, supervisor: Supervisor, parent: QObject
    ) -> None:
        super().__init__(parent)
        self._page, self._panel = page, page.panel
        self._profiles, self._supervisor = profiles, supervisor
        self._asked = 0
        self._shown: Plan | None = None
        self._busy: set[str] = set()
        self._finding: Job | None = None
        self._watch = QTimer(self, interval=_LOOK_MS)
        self._connect()

    def tell(self, failure: Failure) -> None:
        """Say in the open panel why something was not done, whatever it is planning."""
        self._asked += 1
        self._panel.show_problem(failure)

    def _connect(self) -> None:
        panel = self._panel
        panel.choice_changed.connect(self._on_choice)
        panel.change_wanted.connect(partial(self._make, "ask"))
        panel.restart_wanted.connect(partial(self._make, "quit"))
        panel.by_hand_wanted.connect(partial(self._make, "by hand"))
        panel.token_wanted.connect(self._on_token_wanted)
        panel.answer_wanted.connect(self._on_answer_wanted)
        panel.back_wanted.connect(self._on_back_wanted)
        panel.leave_wanted.connect(self._on_leave_wanted)
        panel.closed.connect(self._watch.stop)
        self._watch.timeout.connect(self._on_due)
        self._told.connect(self._on_told)
        self._supervisor.changed.connect(self._on_served)
        self._profiles.changed.connect(self._on_profiles_changed)

    # What a choice would change

    @Slot(object)
    def _on_choice(self, choice: Choice) -> None:
        self._asked += 1
        self._shown = None
        if choice.app_id in self._busy:
            self._panel.set_busy()
        self._show_unserved(choice)
        profiles = self._profiles.all
        job = jobs.start(lambda: planned(choice, profiles))
        job.done.connect(partial(self._on_planned, self._asked, choice))
        job.failed.connect(partial(self._on_not_planned, self._asked))
        self._look()

    def _on_planned(self, asked: int, choice: Choice, found: Plan) -> None:
        if asked == self._asked:
            self._shown = found
            self._panel.show_consequence(consequence(choice, found))

    def _on_not_planned(self, asked: int, failure: Failure) -> None:
        if asked == self._asked and failure.code == "client.token":
            self._panel.show_consequence(Consequence(warning=failure.title, offers_token=True))
        elif asked == self._asked:
            self._panel.show_problem(failure)

    # Whether the app runs

    def _look(self) -> None:
        app = apps.ALL[self._panel.choice().app_id]
        if app.process is None:
            self._watch.stop()
        elif self._finding is None:
            self._finding = jobs.start(lambda: running.find(app))
            self._finding.done.connect(partial(self._on_found, app.id))
            self._finding.ended.connect(self._on_find_ended)
            self._watch.start()

    @Slot()
    def _on_due(self) -> None:
        if self._panel.isVisible():
            self._look()
        else:
            self._watch.stop()

    def _on_found(self, app_id: str, found: RunningApp | None) -> None:
        if self._panel.choice().app_id == app_id:
            self._panel.show_running(is_running=found is not None)

    @Slot()
    def _on_find_ended(self) -> None:
        self._finding = None

    # Making it so

    def _make(self, how: How) -> None:
        """Make the change that is shown, to the file as it is by now."""
        if (wanted := self._shown) is None:
            return
        app_id, tell = wanted.app.id, self._teller(wanted.app.id)
        self._begin(app_id, lambda: changing.make(wanted, how, tell), partial(self._on_made, how))

    def _begin(self, app_id: str, call: Callable[[], object], on_done: Callable[..., None]) -> None:
        """Run what changes the files of an app, which is left alone meanwhile."""
        self._busy.add(app_id)
        self._panel.set_busy()
        job = jobs.start_whole(call)
        job.ended.connect(partial(self._busy.discard, app_id))
        job.done.connect(partial(on_done, app_id))
        job.failed.connect(partial(self._on_failed, app_id))

    def _on_made(self, how: How, app_id: str, applied: Applied | None) -> None:
        if applied is None:
            self._ask(app_id)
            return
        self._close(app_id)
        if not applied.plan.is_needed:  # somebody else has made it meanwhile
            self.touched.emit()
            return
        self.arranged.emit(applied, how == "quit")
        for step in applied.plan.steps:
            now = self._profiles.get(step.profile.id)
            if now and step.verb == "connect" and is_moved(step.profile, now):
                self.outdated.emit(step.profile)

    def _ask(self, app_id: str) -> None:
        """Let the person say what to do about an app that has been started meanwhile."""
        if self._shows(app_id):
            self._panel.set_idle()
            self._panel.show_running(is_running=True)

    @Slot(str)
    def _on_back_wanted(self, app_id: str) -> None:
        profiles, tell = self._profiles.all, self._teller(app_id)
        call = partial(changing.put_back, app_id, profiles, tell)
        self._begin(app_id, call, self._on_put_right)

    @Slot(str)
    def _on_leave_wanted(self, app_id: str) -> None:
        self._begin(app_id, partial(changing.leave_out, app_id), self._on_put_right)

    def _on_put_right(self, app_id: str, _: None) -> None:
        self._close(app_id)
        self.touched.emit()

    def _on_failed(self, app_id: str, failure: Failure) -> None:
        if self._shows(app_id):
            self._asked += 1
            self._panel.show_problem(failure, can_retry=True)
        else:
            self.failed.emit(app_id, failure)
        self.touched.emit()

    def _teller(self, app_id: str) -> Callable[[str], None]:
        """Return what a job calls to say what it does."""
        return partial(self._told.emit, app_id)

    @Slot(str, str)
    def _on_told(self, app_id: str, sentence: str) -> None:
        if self._shows(app_id):
            self._panel.set_busy(sentence)

    def _shows(self, app_id: str) -> bool:
        return self._panel.isVisible() and self._panel.choice().app_id == app_id

    def _close(self, app_id: str) -> None:
        if self._page.open_app == app_id:
            self._page.close_panel()

    # What an address needs

    @Slot(str)
    def _on_token_wanted(self, profile_id: str) -> None:
        job = jobs.start(lambda: tokens.of(profile_id))
        job.done.connect(self._on_token)
        job.failed.connect(self.tell)

    @Slot(object)
    def _on_token(self, token: str) -> None:
        QGuiApplication.clipboard().setText(token)

    @Slot(str, str)
    def _on_answer_wanted(self, profile_id: str, way: Transport) -> None:
        profile = self._profiles.get(profile_id)
        if profile and profile.transport != way:
            self._supervisor.switch_transport(profile_id, way)
        else:
            self._supervisor.switch_on(profile_id)

    @Slot()
    def _on_profiles_changed(self) -> None:
        if self._page.open_app:
            self._panel.show_databases(self._profiles.all)
            self._on_served()

    @Slot()
    def _on_served(self) -> None:
        if self._panel.isVisible():
            self._show_unserved(self._panel.choice())

    def _show_unserved(self, choice: Choice) -> None:
        on = {p.id for p in self._profiles.all if self._supervisor.run(p.id).wanted}
        on |= {run.id for run in runfile.running()}  # in a terminal, say
        found = unserved(choice, self._profiles.all, on)
        way = choice.ways[found.id] if found else "stdio"
        self._panel.show_unserved(found, way)


def planned(choice: Choice, profiles: Iterable[Profile]) -> Plan:
    """Return the change to the file that makes ``choice`` so.

    Raises:
        TrunklineError: see ``plan.arrange``.
    """
    ways = {i: Way(way, choice.may_write_token) for i, way in choice.ways.items()}
    new = {i: way for i, way in ways.items() if i not in choice.kept}
    app, path = apps.ALL[choice.app_id], Path(choice.path)
    return plan.arrange(app, profiles, choice.ways, ways=new, path=path)


def consequence(choice: Choice, found: Plan) -> Consequence:
    """Return what the person should see of a plan."""
    new = tuple(i for i, way in choice.ways.items() if way != "stdio" and i not in choice.kept)
    by = found.app.bearer_by
    gives_it = by == "input" or (by == "variable" and not choice.may_write_token)
    return Consequence(
        diff=found.diff,
        afterwards=found.afterwards,
        warning=found.warning,
        tokens=new if gives_it else (),
        offers_token=bool(new) and by in {"variable", "text"},
    )


def unserved(choice: Choice, profiles: Iterable[Profile], on: Iterable[str]) -> Profile | None:
    """Return the first database that would not answer at its address; ``on`` are those that run."""
    is_on = set(on)
    for profile in profiles:
        way = choice.ways.get(profile.id, "stdio")
        if way != "stdio" and (profile.transport != way or profile.id not in is_on):
            return profile
    return None
