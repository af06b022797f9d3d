"""The window while it exists: which page is shown, and what its database page does."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial

from PySide6.QtCore import QEvent, QObject, Signal, Slot

from trunkline_desktop import jobs, run_words
from trunkline_desktop.controllers import changing
from trunkline_desktop.controllers.adding import Adding
from trunkline_desktop.controllers.ai_apps import AiApps
from trunkline_desktop.following import Followed, Following
from trunkline_desktop.models.activity import ActivityReader
from trunkline_desktop.models.databases import DatabasesModel
from trunkline_desktop.models.postures import Postures
from trunkline_desktop.models.profiles import Profiles
from trunkline_desktop.supervisor import Supervisor
from trunkline_desktop.views.window import Window
from trunkline_server import programs
from trunkline_server.clients.upkeep import removal
from trunkline_server.clients.writer import Applied
from trunkline_server.errors import Failure, TrunklineError
from trunkline_server.profiles import secrets
from trunkline_server.profiles.profile import Profile
from trunkline_server.profiles.store import exactly

_NAMED = 2  # apps whose names fit beside that of a database


class Main(QObject):
    """Connects the pages with the profiles, the runs and the log.

    Signals:
        closed(): the person closed the window.
    """

    closed = Signal()

    def __init__(
        self,
        profiles: Profiles,
        supervisor: Supervisor,
        following: Following,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._profiles, self._supervisor = profiles, supervisor
        self._following = following
        self._model = DatabasesModel(profiles, supervisor, self)
        self.window = Window(self._model)
        self._activity = ActivityReader(self)
        self._adding = Adding(self.window, profiles, supervisor, self)
        self._apps = AiApps(self.window, profiles, supervisor, self)
        self._shown = ""
        self._postures = Postures(self)
        self.window.installEventFilter(self)
        self._connect_pages()
        self._connect_data()
        self._on_profiles_changed()

    @property
    def is_visible(self) -> bool:
        """Whether the person sees the window."""
        return self.window.isVisible()

    def come_forward(self) -> None:
        """Show the window in front of the others."""
        self.window.come_forward()

    def hide(self) -> None:
        """Take the window away; it stays as it is."""
        self.window.hide()

    @Slot(str)
    def show_database(self, profile_id: str) -> None:
        """Show the page of a database."""
        self._shown = profile_id
        self._refresh()
        self.window.show_database()
        self._watch()

    @Slot(str)
    def show_form(self, profile_id: str) -> None:
        """Show the form of a database, to change it or to type its password."""
        self._adding.edit(profile_id)

    @Slot()
    def refresh_apps(self) -> None:
        """Look at the AI apps again, because something became of their files."""
        self._apps.refresh()

    def show_app(self, app_id: str) -> None:
        """Show the panel of an AI app."""
        self.window.show_apps()
        self._apps.open(app_id, "")

    def tell(self, profile_id: str, words: Failure | str) -> None:
        """Show what the supervisor said; a sentence is a note, not a failure."""
        if isinstance(words, str):
            words = Failure(code="note", title=words)
        if not profile_id or profile_id == self._shown:
            self.window.database.show_problem(words)
        if self.window.is_first_run:
            self.window.first_run.show_failure(words.title, words.hint)

    def tell_followed(self, done: Followed) -> None:
        """Say that AI apps follow a database, and offer the way back."""
        self._refresh()
        if done.can_go_back:
            undo = partial(self._following.go_back, done)
            self._apps.offer_undo(done.words, done.applied, undo=undo)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Read the log only while the window is seen, the apps' files when it comes forward.

        Notice that it is closed.
        """
        if event.type() in {QEvent.Type.Show, QEvent.Type.Hide}:
            self._activity.set_visible(event.type() == QEvent.Type.Show)
        if event.type() == QEvent.Type.WindowActivate:
            self._apps.refresh()
        if event.type() == QEvent.Type.Close:
            self.closed.emit()
        return super().eventFilter(watched, event)

    def _connect_pages(self) -> None:
        side, page = self.window.sidebar, self.window.database
        side.database_chosen.connect(self.show_database)
        side.add_wanted.connect(self._adding.begin)
        side.apps_wanted.connect(self._on_apps_wanted)
        side.activity_wanted.connect(self._on_activity_wanted)
        page.switched.connect(self._on_switched)
        page.transport_chosen.connect(self._supervisor.switch_transport)
        page.key_wanted.connect(self._on_key_wanted)
        page.edit_wanted.connect(self._adding.edit)
        page.check_wanted.connect(self._adding.check_again)
        page.remove_wanted.connect(self._on_remove_wanted)
        page.retry_wanted.connect(self._supervisor.restart)
        page.follow_wanted.connect(self._following.again)
        page.connect_wanted.connect(self._on_connect_wanted)
        page.apps_wanted.connect(self._on_apps_wanted)
        page.activity_wanted.connect(self._on_activity_wanted)
        self.window.activity.apps_wanted.connect(self._on_apps_wanted)
        self._adding.left.connect(self._on_form_left)
        self._adding.posture_found.connect(self._postures.remember)

    def _connect_data(self) -> None:
        self._profiles.changed.connect(self._on_profiles_changed)
        self._supervisor.changed.connect(self._on_run_changed)
        self._postures.changed.connect(self._on_run_changed)
        self._activity.changed.connect(self._on_activity)
        self._activity.failed.connect(self.window.activity.show_failure)
        self._apps.changed.connect(self._on_apps)
        self._apps.outdated.connect(self._following.catch_up)

    def _refresh(self) -> None:
        if profile := self._profiles.get(self._shown):
            run = self._supervisor.run(profile.id)
            self.window.database.show_database(profile, run, _command(profile))
            self.window.database.show_apps(self._apps.facts)
            self._show_posture(profile)
            if problem := self._following.problem(profile.id):
                self.window.database.show_problem(problem)
            if run.state == "on":
                self._postures.find_out(profile)

    def _show_posture(self, profile: Profile) -> None:
        found = self._postures.of(profile)
        if found:
            self.window.database.show_posture(found.level, found.sentence, found.at)
        else:
            self.window.database.show_posture("ok", "")

    def _watch(self) -> None:
        is_database = self.window.page is self.window.database
        self._activity.watch(self._shown if is_database else None)

    def _names(self) -> dict[str, str]:
        return {p.id: p.name for p in self._profiles.all}

    @Slot()
    def _on_profiles_changed(self) -> None:
        self._apps.refresh()
        if problem := self._profiles.problem:
            self.window.show_first_run()
            self.window.first_run.show_failure(problem.title, problem.hint)
        elif not self._profiles.all:
            self._shown = ""
            self.window.show_first_run()
        elif not self._profiles.get(self._shown):
            self._show_first()
        else:
            self._refresh()

    def _show_first(self) -> None:
        self._shown = self._profiles.all[0].id
        self._refresh()
        if not self.window.is_adding:
            self.show_database(self._shown)

    @Slot(str)
    def _on_run_changed(self, profile_id: str) -> None:
        if profile_id == self._shown:
            self._refresh()

    @Slot(str)
    def _on_form_left(self, profile_id: str) -> None:
        shown = profile_id or self._shown
        if self._profiles.get(shown):
            self.show_database(shown)
        else:
            self.window.show_first_run()
        self._apps.tell_late()

    @Slot(str, bool)
    def _on_switched(self, profile_id: str, is_on: bool) -> None:
        if is_on:
            self._supervisor.switch_on(profile_id)
        else:
            self._supervisor.switch_off(profile_id)

    @Slot(str)
    def _on_key_wanted(self, profile_id: str) -> None:
        job = jobs.start(lambda: secrets.get(profile_id, "token"))
        job.done.connect(self._on_key)
        job.failed.connect(self.window.database.show_problem)

    @Slot(object)
    def _on_key(self, token: str | None) -> None:
        self.window.database.reach.key.give(token or "")

    @Slot(str)
    def _on_remove_wanted(self, profile_id: str) -> None:
        if profile := self._profiles.get(profile_id):
            self._supervisor.switch_off(profile_id)
            job = self._profiles.remove(profile)
            job.done.connect(partial(self._on_removed, profile))
            job.failed.connect(self.window.database.show_problem)

    def _on_removed(self, profile: Profile, _: object) -> None:
        """Apps would start what is no longer there."""
        job = jobs.start_whole(lambda: removal.take_out((profile,), apply=changing.make_around))
        job.done.connect(partial(self._on_taken_out, profile))

    def _on_taken_out(self, profile: Profile, outcome: removal.Outcome) -> None:
        """Tell what became of the database's entries; without it there is no way back for them."""
        changes, failures = outcome
        name = run_words.shortened(profile.name)
        if changes:
            said = self.tr("“{name}” was removed, also from the settings of {apps}.")
            self.window.toast.tell(said.format(name=name, apps=self._named(changes)))
        if failures:
            title = self.tr("“{name}” was removed. It is still in the settings of {apps}.")
            apps = ", ".join(dict.fromkeys(app.name for app, _ in failures))
            command = f"trunkline disconnect {exactly(profile.id)} --all"
            hint = self.tr("{why} Then type in a terminal: {command}")
            why = failures[0][1].title
            self.tell("", Failure(code="client.left", title=title.format(name=name, apps=apps),
                                  hint=hint.format(why=why, command=command)))  # fmt: skip
        self._apps.refresh()

    def _named(self, changes: Iterable[Applied]) -> str:
        names = sorted({change.plan.app.name for change in changes})
        if len(names) > _NAMED:
            return self.tr("{count} apps").format(count=len(names))
        return ", ".join(names)

    @Slot()
    def _on_apps_wanted(self) -> None:
        self._apps.refresh()
        self.window.show_apps()

    @Slot(str)
    def _on_connect_wanted(self, app_id: str) -> None:
        self.window.show_apps()
        self._apps.open(app_id, self._shown)

    @Slot()
    def _on_activity_wanted(self) -> None:
        self.window.show_activity()
        self._watch()

    @Slot()
    def _on_activity(self) -> None:
        self.window.database.show_activity(self._activity.today, self._activity.recent[:5])
        self.window.activity.show_calls(self._activity.recent, self._names())
        if any(facts.state == "waiting" for facts in self._apps.facts):
            self._apps.refresh()  # a question may be its first contact

    @Slot()
    def _on_apps(self) -> None:
        self.window.database.show_apps(self._apps.facts)
        connected = sum(facts.state == "connected" for facts in self._apps.facts)
        self.window.sidebar.apps.set_count(connected)


def _command(profile: Profile) -> str:
    try:
        return f"{programs.path_of('trunkline-stdio')} {profile.id}"
    except TrunklineError as exc:
        return exc.failure.title
