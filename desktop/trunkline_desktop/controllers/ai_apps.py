"""The AI apps of this computer: found, connected and disconnected, one file at a time."""

from __future__ import annotations

import sys
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from contextlib import suppress
from functools import partial
from itertools import product
from pathlib import Path

from PySide6.QtCore import QObject, Signal, Slot

from trunkline_desktop import jobs
from trunkline_desktop.contacts import Contacts, by_app, last, written
from trunkline_desktop.controllers import by_hand, changing
from trunkline_desktop.controllers.arranging import Arranging
from trunkline_desktop.controllers.by_hand import ByHand
from trunkline_desktop.jobs import Job
from trunkline_desktop.models.profiles import Profiles
from trunkline_desktop.supervisor import Supervisor
from trunkline_desktop.views.facts import AppFacts, AppState, FileFacts, Need
from trunkline_desktop.views.window import Window
from trunkline_server.clients import apps, barriers, connections, owned, plan, writer
from trunkline_server.clients.app import App
from trunkline_server.clients.connections import Connection
from trunkline_server.clients.processes import running, systems
from trunkline_server.clients.processes.running import RunningApp
from trunkline_server.clients.upkeep import vanished
from trunkline_server.clients.writer import Applied
from trunkline_server.errors import Failure, TrunklineError
from trunkline_server.profiles.profile import Profile

_CLOCK_S = 2.0  # the moment a process started is known that well


class AiApps(QObject):
    """Looks at the apps' files off the GUI thread and changes them when asked.

    Signals:
        changed(): :attr:`facts` is another than before.
        outdated(Profile): see ``Arranging``.
    """

    changed = Signal()
    outdated = Signal(object)

    def __init__(
        self, window: Window, profiles: Profiles, supervisor: Supervisor, parent: QObject
    ) -> None:
        super().__init__(parent)
        self._window, self._page = window, window.apps
        self._profiles, self._supervisor = profiles, supervisor
        self._arranging = Arranging(self._page, profiles, supervisor, self)
        self._looking: Job | None = None
        self._undo: Callable[[], Job] | None = None
        self._changed_app = ""
        self._untold: tuple[str, Failure] | None = None
        self._awaited = ("", "")
        self.facts: tuple[AppFacts, ...] = ()
        self._page.app_chosen.connect(self._on_chosen)
        self._by_hand = ByHand(self._page, profiles, self)
        self._page.panel.hand_wanted.connect(self._on_hand_wanted)
        self._arranging.arranged.connect(self._on_arranged)
        self._arranging.touched.connect(self.refresh)
        self._arranging.outdated.connect(self.outdated)
        self._arranging.failed.connect(self._on_not_undone)
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
        """Open the panel of an app, as soon as it was looked at.

        ``also`` is a database to tick in addition, or "".
        """
        self._awaited = ("", "") if self.facts else (app_id, also)
        self.refresh()  # the panel follows what has become of the files since
        facts = next((f for f in self.facts if f.id == app_id), None)
        if facts and facts.state == "by hand":
            self._by_hand.open(app_id, also)
        elif facts:
            self._page.open_panel(app_id, self._profiles.all, also)

    def offer_undo(
        self,
        said: str,
        applied: tuple[Applied, ...],
        action: str = "",
        undo: Callable[[], Job] | None = None,
    ) -> None:
        """Say what was done to apps' files and offer to take it back; ``action`` names that.

        ``undo`` takes back more than the files.
        """
        self._undo = undo or partial(jobs.start_whole, partial(writer.undo_all, applied))
        self._changed_app = applied[0].plan.app.id
        self._window.toast.offer(said, action)
        self.refresh()

    @Slot(str)
    def _on_chosen(self, app_id: str) -> None:
        """Whoever connects an app while there is one database means that one."""
        every = self._profiles.all
        is_connected = any(f.databases for f in self.facts if f.id == app_id)
        self.open(app_id, every[0].id if len(every) == 1 and not is_connected else "")

    @Slot(str)
    def _on_hand_wanted(self, app_id: str) -> None:
        ticked = (*self._page.panel.choice().ways, "")
        self._by_hand.open(app_id, ticked[0])

    @Slot(object)
    def _on_looked(self, facts: tuple[AppFacts, ...]) -> None:
        self._looking = None
        if facts != self.facts:
            self.facts = facts
            self.changed.emit()
        self._page.show_apps(facts, {p.id: p.name for p in self._profiles.all})
        if self._awaited[0]:
            self.open(*self._awaited)

    @Slot(object, bool)
    def _on_arranged(self, applied: Applied, was_quit: bool) -> None:
        said = self.tr("The settings of {app} were changed.").format(app=applied.plan.app.name)
        if applied.trouble:
            said = f"{said}\n{applied.trouble.title} {applied.trouble.hint}"
        self.offer_undo(said, (applied,), undo=around((applied,)) if was_quit else None)

    @Slot()
    def _on_undone(self) -> None:
        undo, self._undo = self._undo, None
        if undo:
            job = undo()
            job.failed.connect(partial(self._on_not_undone, self._changed_app))
            job.ended.connect(self.refresh)

    def tell_late(self) -> None:
        """Say what a form that was being filled in has kept waiting."""
        untold, self._untold = self._untold, None
        if untold:
            self._on_not_undone(*untold)

    def _on_not_undone(self, app_id: str, failure: Failure) -> None:
        """Say why where the change was made; the panel is closed by now."""
        if self._window.is_adding:
            self._untold = app_id, failure
            return
        if self._window.page is self._window.first_run:
            self._window.first_run.show_failure(failure.title, failure.hint)
            return
        self._window.show_apps()
        self.open(app_id, "")
        self._arranging.tell(failure)


def around(applied: tuple[Applied, ...]) -> Callable[[], Job]:
    """Return what undoes changes for which apps were quit, or may have to be."""
    return partial(jobs.start_whole, partial(changing.undo_around, applied))


def look(
    profiles: Iterable[Profile], contacts: Contacts, on: Collection[str]
) -> tuple[AppFacts, ...]:
    """Return every app that Trunkline knows: installed ones first, as they are now.

    ``contacts`` says when a client greeted which profile, by profile id and the client's name for
    itself; ``on`` are the ids of the profiles whose servers would notice.
    """
    with suppress(TrunklineError):  # whoever changes a file is told
        writer.recover()
    known = tuple(profiles)
    seen, gone = by_app(known, contacts), _gone()
    found = [_facts(app, known, seen, on, gone.get(app.id, ())) for app in apps.ALL.values()]
    return tuple(sorted((*found, *by_hand.facts()), key=lambda f: f.state == "missing"))


def _facts(
    app: App,
    profiles: tuple[Profile, ...],
    seen: Mapping[tuple[str, str], float],
    on: Collection[str],
    gone: tuple[str, ...],
) -> AppFacts:
    paths = app.files()
    there = {path: connections.likely(app, path, profiles) for path in paths}
    known = [profile.id for profile in profiles]
    files = tuple(_file(app, path, found, known) for path, found in there.items())
    mine = tuple(i for i in known if any(i in file.ways for file in files))
    advice = (barriers.advice(app, (c.name for c in there[path]), path) for path in paths)
    is_broken = app.is_installed() and _is_broken(app, paths, profiles)
    at = last({i: seen.get((i, app.id), 0.0) for i in mine}, _written(paths), on)
    now = running.find(app) if mine else None
    return AppFacts(
        id=app.id,
        name=app.name,
        monogram=app.monogram,
        state=_state(app, mine, at, gone, is_broken=is_broken),
        seen_at=at,
        files=files,
        can=app.transports,
        gone=gone,
        need=_need(app, paths, now) if mine and not at else "",
        barrier=next(filter(None, advice), "") if mine else "",
        runs=now is not None,
        can_quit=systems.can_be_quit(sys.platform),
        has_bundle=app.id == "claude-desktop",
    )


def _gone() -> dict[str, tuple[str, ...]]:
    """Return the ids of the profiles that each app has lost, by the app's id."""
    found: dict[str, tuple[str, ...]] = {}
    # Profiles that cannot be read are told elsewhere; while something is written, nothing is gone.
    with suppress(TrunklineError), owned.alone():
        for one in vanished.vanished():
            found[one.app.id] = (*found.get(one.app.id, ()), *one.profiles)
    return found


def _need(app: App, paths: Iterable[Path], now: RunningApp | None) -> Need:
    """Return what the app needs to read what was written last; see ``AppFacts.need``."""
    if app.process is None:
        return "restart"  # whether it runs is not known
    if now is None:
        return "start"
    since = max(_written(paths).values(), default=0.0)
    return "restart running" if now.started < since - _CLOCK_S else ""


def _file(app: App, path: Path, there: Sequence[Connection], known: Collection[str]) -> FileFacts:
    found = reversed(there)  # the first of several names counts
    ways = {c.profile: c.transport for c in found if c.profile in known}
    return FileFacts(path=str(path), name=app.named(path), ways=ways)


def _written(paths: Iterable[Path]) -> dict[str, float]:
    """Return when our entries in an app's files were last written, by profile id."""
    found: dict[str, float] = {}
    for profile_id, at in (item for path in paths for item in written(path).items()):
        found[profile_id] = max(at, found.get(profile_id, 0.0))
    return found


def _state(
    app: App, mine: tuple[str, ...], at: float, gone: tuple[str, ...], *, is_broken: bool
) -> AppState:
    if is_broken or gone:
        return "broken" if is_broken else "gone"
    if mine:
        return "connected" if at else "waiting"
    return "ready" if app.is_installed() else "missing"


def _is_broken(app: App, paths: Iterable[Path], profiles: tuple[Profile, ...]) -> bool:
    """Whether a file of the app cannot be changed; an entry of somebody else is no reason."""
    try:
        for path, profile in product(paths, profiles[:1]):
            plan.connect(app, profile, path=path)
    except TrunklineError as exc:
        return exc.code in {"client.malformed", "client.unreadable"}
    return False
