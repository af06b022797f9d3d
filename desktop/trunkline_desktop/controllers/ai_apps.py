"""The AI apps of this computer: found, connected and disconnected, one file at a time."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from contextlib import closing
from functools import partial

from PySide6.QtCore import QObject, Signal, Slot

from trunkline_desktop import jobs
from trunkline_desktop.models.profiles import Profiles
from trunkline_desktop.views.facts import AppFacts, AppState
from trunkline_desktop.views.window import Window
from trunkline_server.clients import apps, plan, writer
from trunkline_server.clients.app import App
from trunkline_server.clients.plan import Plan
from trunkline_server.clients.writer import Applied
from trunkline_server.errors import Failure, TrunklineError
from trunkline_server.profiles.profile import Profile
from trunkline_server.serving.activity import Activity

# What an app calls itself in its handshake, where that is not its name.
_CALLED = {"claudeai": "claudedesktop", "codexmcpclient": "codex"}


class AiApps(QObject):
    """Looks at the apps' files off the GUI thread and changes them when asked.

    Signals:
        changed(): :attr:`facts` is another than before.
    """

    changed = Signal()

    def __init__(self, window: Window, profiles: Profiles, parent: QObject) -> None:
        super().__init__(parent)
        self._window, self._page, self._profiles = window, window.apps, profiles
        self._asked = 0
        self._applied: tuple[Applied, ...] = ()
        self.facts: tuple[AppFacts, ...] = ()
        self._page.app_chosen.connect(self.open)
        self._page.panel.choice_changed.connect(self._on_choice)
        self._page.panel.change_wanted.connect(self._on_change_wanted)
        window.toast.undone.connect(self._on_undone)

    @Slot()
    def refresh(self) -> None:
        """Look at every app again."""
        profiles = self._profiles.all
        jobs.start(lambda: look(profiles)).done.connect(self._on_looked)

    @Slot(str)
    def open(self, app_id: str, also: str = "") -> None:
        """Open the panel of an app; ``also`` is a database to tick in addition."""
        facts = next((f for f in self.facts if f.id == app_id), None)
        if facts:
            ticked = {*facts.databases, also} - {""}
            afterwards = apps.ALL[app_id].afterwards
            self._page.open_panel(app_id, self._profiles.all, ticked, afterwards)

    @Slot(object)
    def _on_looked(self, facts: tuple[AppFacts, ...]) -> None:
        if facts != self.facts:
            self.facts = facts
            self.changed.emit()
        self._page.show_apps(facts, {p.id: p.name for p in self._profiles.all})

    @Slot(str, tuple)
    def _on_choice(self, app_id: str, ticked: tuple[str, ...]) -> None:
        self._asked += 1
        app, profiles = apps.ALL[app_id], self._profiles.all
        job = jobs.start(lambda: plans(app, profiles, ticked))
        job.done.connect(partial(self._on_planned, self._asked))
        job.failed.connect(self._page.panel.show_problem)

    def _on_planned(self, asked: int, found: tuple[Plan, ...]) -> None:
        if asked == self._asked:
            self._page.panel.show_change("".join(p.diff for p in found))

    @Slot(str, tuple)
    def _on_change_wanted(self, app_id: str, ticked: tuple[str, ...]) -> None:
        self._page.panel.set_busy()
        app, profiles = apps.ALL[app_id], self._profiles.all
        job = jobs.start(lambda: apply(app, profiles, ticked))
        job.done.connect(partial(self._on_applied, app))
        job.failed.connect(self._on_not_applied)

    def _on_applied(self, app: App, applied: tuple[Applied, ...]) -> None:
        self._applied = applied
        self._page.close_panel()
        said = self.tr("The settings of {app} were changed.").format(app=app.name)
        self._window.toast.offer(said)
        self.refresh()

    @Slot(object)
    def _on_not_applied(self, failure: Failure) -> None:
        self._page.panel.show_problem(failure)
        self.refresh()

    @Slot()
    def _on_undone(self) -> None:
        applied, self._applied = self._applied, ()
        job = jobs.start(lambda: undo(applied))
        job.failed.connect(self._page.panel.show_problem)
        job.ended.connect(self.refresh)


def look(profiles: Iterable[Profile]) -> tuple[AppFacts, ...]:
    """Return every app that Trunkline knows: installed ones first, as they are now."""
    known = tuple(profiles)
    with closing(Activity()) as activity:
        seen = {_plain(name): at for name, at in activity.last_seen().items()}
    found = [_facts(app, known, seen) for app in apps.ALL.values()]
    return tuple(sorted(found, key=lambda f: f.state == "missing"))


def plans(app: App, profiles: Iterable[Profile], ticked: Iterable[str]) -> tuple[Plan, ...]:
    """Return the changes that let ``app`` ask the ``ticked`` profiles and no others.

    Raises:
        TrunklineError: ``client.*``.
    """
    wanted = set(ticked)
    found = (
        plan.connect(app, p) if p.id in wanted else plan.disconnect(app, p)
        for p in profiles
        if p.id in wanted or plan.is_connected(app, p)
    )
    return tuple(p for p in found if p.is_needed)


def apply(app: App, profiles: Iterable[Profile], ticked: Iterable[str]) -> tuple[Applied, ...]:
    """Make these changes one after another; all of them or none.

    Raises:
        TrunklineError: ``client.*``; the file is as it was.
    """
    done: list[Applied] = []
    try:
        for change in plans(app, profiles, ticked):
            done.append(writer.apply(change.again() if done else change))
    except TrunklineError:
        undo(done)
        raise
    return tuple(done)


def undo(done: Sequence[Applied]) -> None:
    """Take changes back, the last one first.

    Raises:
        TrunklineError: ``client.*``.
    """
    for applied in reversed(done):
        writer.undo(applied)


def _facts(app: App, profiles: tuple[Profile, ...], seen: dict[str, float]) -> AppFacts:
    path = app.path()
    names = {_plain(app.name), _plain(app.id)}
    at = max((t for name, t in seen.items() if _CALLED.get(name, name) in names), default=0.0)
    mine = tuple(p.id for p in profiles if plan.is_connected(app, p))
    problem = _problem(app, profiles) if app.is_installed() else ""
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


def _plain(name: str) -> str:
    return re.sub(r"[^a-z0-9]", "", name.casefold())
