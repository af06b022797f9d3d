"""The AI apps of this computer: found, connected and disconnected, one file at a time."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from functools import partial

from PySide6.QtCore import QObject, Signal, Slot

from trunkline_desktop import jobs
from trunkline_desktop.contacts import Contacts, by_app, last, written
from trunkline_desktop.jobs import Job
from trunkline_desktop.models.profiles import Profiles
from trunkline_desktop.supervisor import Supervisor
from trunkline_desktop.views.facts import AppFacts, AppState
from trunkline_desktop.views.window import Window
from trunkline_server.clients import apps, plan, writer
from trunkline_server.clients.app import App
from trunkline_server.clients.plan import Plan
from trunkline_server.clients.writer import Applied
from trunkline_server.errors import Failure, TrunklineError
from trunkline_server.profiles.profile import Profile


class AiApps(QObject):
    """Looks at the apps' files off the GUI thread and changes them when asked.

    Signals:
        changed(): :attr:`facts` is another than before.
    """

    changed = Signal()

    def __init__(
        self, window: Window, profiles: Profiles, supervisor: Supervisor, parent: QObject
    ) -> None:
        super().__init__(parent)
        self._window, self._page = window, window.apps
        self._profiles, self._supervisor = profiles, supervisor
        self._asked = 0
        self._looking: Job | None = None
        self._applied: tuple[Applied, ...] = ()
        self.facts: tuple[AppFacts, ...] = ()
        self._page.app_chosen.connect(self._on_chosen)
        self._page.panel.choice_changed.connect(self._on_choice)
        self._page.panel.change_wanted.connect(self._on_change_wanted)
        window.toast.undone.connect(self._on_undone)
        supervisor.client_seen.connect(self.refresh)

    @Slot()
    def refresh(self) -> None:
        """Look at every app again."""
        profiles, contacts = self._profiles.all, self._supervisor.contacts()
        on = {p.id for p in profiles if self._supervisor.run(p.id).wanted}
        if self._looking:
            self._looking.drop()  # what it saw is older
        self._looking = jobs.start(lambda: look(profiles, contacts, on))
        self._looking.done.connect(self._on_looked)

    def open(self, app_id: str, also: str) -> None:
        """Open the panel of an app; ``also`` is a database to tick in addition, or ""."""
        facts = next((f for f in self.facts if f.id == app_id), None)
        if facts:
            ticked = {*facts.databases, also} - {""}
            afterwards = apps.ALL[app_id].afterwards
            self._page.open_panel(app_id, self._profiles.all, ticked, afterwards)

    def offer_undo(self, said: str, applied: tuple[Applied, ...], action: str = "") -> None:
        """Say what was done to apps' files and offer to take it back; ``action`` names that."""
        self._applied = applied
        self._window.toast.offer(said, action)
        self.refresh()

    @Slot(str)
    def _on_chosen(self, app_id: str) -> None:
        """Whoever connects an app while there is one database means that one."""
        every = self._profiles.all
        is_connected = any(f.databases for f in self.facts if f.id == app_id)
        self.open(app_id, every[0].id if len(every) == 1 and not is_connected else "")

    @Slot(object)
    def _on_looked(self, facts: tuple[AppFacts, ...]) -> None:
        self._looking = None
        if facts != self.facts:
            self.facts = facts
            self.changed.emit()
        self._page.show_apps(facts, {p.id: p.name for p in self._profiles.all})

    @Slot(str, tuple)
    def _on_choice(self, app_id: str, ticked: tuple[str, ...]) -> None:
        self._asked += 1
        app, profiles = apps.ALL[app_id], self._profiles.all
        job = jobs.start(lambda: plan.arrange(app, profiles, ticked))
        job.done.connect(partial(self._on_planned, self._asked))
        job.failed.connect(self._page.panel.show_problem)

    def _on_planned(self, asked: int, found: Plan) -> None:
        if asked == self._asked:
            self._page.panel.show_change(found.diff)

    @Slot(str, tuple)
    def _on_change_wanted(self, app_id: str, ticked: tuple[str, ...]) -> None:
        self._page.panel.set_busy()
        app, profiles = apps.ALL[app_id], self._profiles.all
        job = jobs.start(lambda: writer.apply(plan.arrange(app, profiles, ticked)))
        job.done.connect(partial(self._on_applied, app))
        job.failed.connect(self._on_not_applied)

    def _on_applied(self, app: App, applied: Applied) -> None:
        self._page.close_panel()
        said = self.tr("The settings of {app} were changed.").format(app=app.name)
        self.offer_undo(said, (applied,))

    @Slot(object)
    def _on_not_applied(self, failure: Failure) -> None:
        self._page.panel.show_problem(failure)
        self.refresh()

    @Slot()
    def _on_undone(self) -> None:
        applied, self._applied = self._applied, ()
        if applied:
            job = jobs.start(lambda: _undo(applied))
            job.failed.connect(partial(self._on_not_undone, applied[0].plan.app.id))
            job.ended.connect(self.refresh)

    def _on_not_undone(self, app_id: str, failure: Failure) -> None:
        """Say why where the change was made; the panel is closed by now."""
        if self._window.page is self._window.first_run:
            self._window.first_run.show_failure(failure.title, failure.hint)
            return
        self._window.show_apps()
        self.open(app_id, "")
        self._asked += 1  # the panel plans when it opens; this is more important
        self._page.panel.show_problem(failure)


def look(
    profiles: Iterable[Profile], contacts: Contacts, on: Collection[str]
) -> tuple[AppFacts, ...]:
    """Return every app that Trunkline knows: installed ones first, as they are now.

    ``contacts`` says when a client greeted which profile, by profile id and the client's name for
    itself; ``on`` are the ids of the profiles whose servers would notice.
    """
    known = tuple(profiles)
    seen = by_app(known, contacts)
    found = [_facts(app, known, seen, on) for app in apps.ALL.values()]
    return tuple(sorted(found, key=lambda f: f.state == "missing"))


def _facts(
    app: App,
    profiles: tuple[Profile, ...],
    seen: Mapping[tuple[str, str], float],
    on: Collection[str],
) -> AppFacts:
    path = app.path()
    mine = tuple(p.id for p in profiles if plan.is_connected(app, p))
    problem = _problem(app, profiles) if app.is_installed() else ""
    at = last({i: seen.get((i, app.id), 0.0) for i in mine}, written(path), on)
    return AppFacts(
        id=app.id,
        name=app.name,
        monogram=app.monogram,
        state=_state(app, mine, at, problem),
        seen_at=at,
        databases=mine,
        path=str(path),
        problem=problem,
    )


def _state(app: App, mine: tuple[str, ...], at: float, problem: str) -> AppState:
    if problem:
        return "broken"
    if mine:
        return "connected" if at else "waiting"
    return "ready" if app.is_installed() else "missing"


def _problem(app: App, profiles: tuple[Profile, ...]) -> str:
    """Return why the app's file cannot be read; an entry of somebody else is no reason."""
    try:
        for profile in profiles[:1]:
            plan.connect(app, profile)
    except TrunklineError as exc:
        return str(exc.failure) if exc.code in {"client.malformed", "client.unreadable"} else ""
    return ""


def _undo(done: Iterable[Applied]) -> None:
    for applied in done:
        writer.undo(applied)
