"""The panel of an AI app: works out what a choice changes in its file, and makes the change."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from pathlib import Path

from PySide6.QtCore import QObject, Signal, Slot
from PySide6.QtGui import QGuiApplication

from trunkline_desktop import jobs
from trunkline_desktop.models.profiles import Profiles
from trunkline_desktop.supervisor import Supervisor
from trunkline_desktop.views.ai_apps import AiAppsPage
from trunkline_desktop.views.facts import Choice, Consequence
from trunkline_server.clients import apps, plan, tokens, writer
from trunkline_server.clients.plan import Plan, Way
from trunkline_server.clients.writer import Applied
from trunkline_server.errors import Failure
from trunkline_server.profiles.profile import Profile, Transport


class Arranging(QObject):
    """Plans and writes off the GUI thread; the newest choice alone is shown.

    Signals:
        arranged(Applied): the file was changed; the panel is closed.
        failed(): it was not; the panel says why.
    """

    arranged = Signal(object)
    failed = Signal()

    def __init__(
        self, page: AiAppsPage, profiles: Profiles, supervisor: Supervisor, parent: QObject
    ) -> None:
        super().__init__(parent)
        self._page, self._panel = page, page.panel
        self._profiles, self._supervisor = profiles, supervisor
        self._asked = 0
        self._panel.choice_changed.connect(self._on_choice)
        self._panel.change_wanted.connect(self._on_change_wanted)
        self._panel.token_wanted.connect(self._on_token_wanted)
        self._panel.answer_wanted.connect(self._on_answer_wanted)
        supervisor.changed.connect(self._on_served)
        profiles.changed.connect(self._on_served)

    def tell(self, failure: Failure) -> None:
        """Say in the open panel why something was not done, whatever it is planning."""
        self._asked += 1
        self._panel.show_problem(failure)

    @Slot(object)
    def _on_choice(self, choice: Choice) -> None:
        self._asked += 1
        self._show_unserved(choice)
        profiles = self._profiles.all
        job = jobs.start(lambda: planned(choice, profiles))
        job.done.connect(partial(self._on_planned, self._asked, choice))
        job.failed.connect(partial(self._on_not_planned, self._asked))

    def _on_planned(self, asked: int, choice: Choice, found: Plan) -> None:
        if asked == self._asked:
            self._panel.show_consequence(consequence(choice, found))

    def _on_not_planned(self, asked: int, failure: Failure) -> None:
        if asked == self._asked and failure.code == "client.token":
            self._panel.show_consequence(Consequence(warning=failure.title, offers_token=True))
        elif asked == self._asked:
            self._panel.show_problem(failure)

    @Slot(object)
    def _on_change_wanted(self, choice: Choice) -> None:
        self._panel.set_busy()
        profiles = self._profiles.all
        job = jobs.start(lambda: writer.apply(planned(choice, profiles)))
        job.done.connect(self._on_applied)
        job.failed.connect(self._on_not_applied)

    @Slot(object)
    def _on_applied(self, applied: Applied) -> None:
        self._page.close_panel()
        self.arranged.emit(applied)

    @Slot(object)
    def _on_not_applied(self, failure: Failure) -> None:
        self.tell(failure)
        self.failed.emit()

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
    def _on_served(self) -> None:
        if self._panel.isVisible():
            self._show_unserved(self._panel.choice())

    def _show_unserved(self, choice: Choice) -> None:
        on = {p.id for p in self._profiles.all if self._supervisor.run(p.id).wanted}
        found = unserved(choice, self._profiles.all, on)
        way = choice.ways[found.id] if found else "stdio"
        self._panel.show_unserved(found, way, is_on=bool(found and found.id in on))


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
