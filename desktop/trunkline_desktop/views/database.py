"""The page of one database: is it on, who may ask, is it safe."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from PySide6.QtCore import Signal, Slot
from PySide6.QtGui import QAction, QResizeEvent
from PySide6.QtWidgets import QBoxLayout, QHBoxLayout, QMenu, QWidget

from trunkline_desktop import icons, run_words
from trunkline_desktop.run_state import Run
from trunkline_desktop.tokens import CARD_GAP
from trunkline_desktop.views import words
from trunkline_desktop.views.apps_card import AppsCard
from trunkline_desktop.views.elided import Elided
from trunkline_desktop.views.facts import AppFacts
from trunkline_desktop.views.questions import QuestionsCard, TodayCard
from trunkline_desktop.views.reach import ReachCard
from trunkline_desktop.views.stacking import stack
from trunkline_desktop.widgets.button import Button
from trunkline_desktop.widgets.inline_message import InlineMessage, Kind
from trunkline_desktop.widgets.page import Page
from trunkline_desktop.widgets.shapes import StatusShape
from trunkline_desktop.widgets.switch import Switch
from trunkline_desktop.widgets.tag import Tag
from trunkline_desktop.widgets.text import Text
from trunkline_server.errors import Failure
from trunkline_server.profiles.profile import Profile
from trunkline_server.serving.activity import Call, Today

_STACK_BELOW = 640


_OF_NO_DATABASE = "client.left"  # it is gone, and nothing here would mend that


class DatabasePage(Page):
    """Everything about one database, its switch in the header.

    Object names: ``onSwitch``, ``moreMenu`` (its actions ``edit``, ``checkAgain``, ``remove``),
    ``confirmRemove``, ``keep``, those of ``ReachCard``, ``AppsCard`` and ``QuestionsCard``, and
    the buttons of a failure: ``edit``, ``checkAgain``, ``retry``, ``follow``.

    Signals:
        switched(str, bool): profile id, on or off.
        transport_chosen(str, str): profile id, "stdio", "http" or "sse".
        key_wanted(str): the access token of this profile is to be copied.
        edit_wanted(str), check_wanted(str), remove_wanted(str), retry_wanted(str): profile id.
        follow_wanted(str): the AI apps with an address of this profile are to get the right one.
        connect_wanted(str): connect the AI app of this id.
        apps_wanted(), activity_wanted(): go to that page.
    """

    switched = Signal(str, bool)
    transport_chosen = Signal(str, str)
    key_wanted = Signal(str)
    edit_wanted = Signal(str)
    check_wanted = Signal(str)
    remove_wanted = Signal(str)
    retry_wanted = Signal(str)
    follow_wanted = Signal(str)
    connect_wanted = Signal(str)
    apps_wanted = Signal()
    activity_wanted = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent=parent)
        self._profile: Profile | None = None
        self._run = Run()
        self._asking: tuple[AppFacts, ...] = ()
        self._make_header()
        self._failure = InlineMessage("failed")
        self._failure.acted.connect(self._on_acted)
        self._failure.hide()
        self._confirm = InlineMessage("attention")
        self._confirm.acted.connect(self._on_acted)
        self._confirm.hide()
        self.reach, self.apps = ReachCard(), AppsCard()
        self.today, self.questions = TodayCard(), QuestionsCard()
        self._safety = InlineMessage("ok", " ", inline=True)
        self._safety.setMinimumHeight(40)
        self._safety.hide()
        self._arrange()
        self._pass_on()

    @property
    def profile_id(self) -> str:
        """The id of the database shown, or ""."""
        return self._profile.id if self._profile else ""

    # What is pushed into it

    def show_database(self, profile: Profile, run: Run, command: str) -> None:
        """Show ``profile`` and its run; ``command`` starts the stdio end of this database."""
        if profile.id != self.profile_id:
            self._confirm.hide()
            self.scroll_area.verticalScrollBar().setValue(0)
        self._profile, self._run = profile, run
        self._name.set_whole(profile.name)
        self.setAccessibleName(profile.name)
        self._tag.set_label(profile.label)
        self._show_state()
        self.reach.show_database(profile, run, command)
        self._show_failure(run.failure if run.state in {"failed", "waiting"} else None)

    def show_apps(self, apps: Sequence[AppFacts]) -> None:
        """Show the AI apps that are installed, connected ones first."""
        self._asking = tuple(app for app in apps if self.profile_id in app.databases)
        self.apps.show_apps(apps, self.profile_id)

    def show_activity(self, today: Today, calls: Iterable[Call]) -> None:
        """Show today's numbers and the latest questions."""
        self.today.show_today(today)
        self.questions.show_calls(calls)

    def show_posture(self, level: str, sentence: str, at: float = 0.0) -> None:
        """Show what AI apps can do, found out ``at`` the last check; "" hides the line."""
        self._safety.setVisible(bool(sentence))
        self._safety.set_message("ok" if level == "ok" else "attention", sentence)
        checked = self.tr("Checked: {time}").format(time=words.moment(at)) if at else ""
        self._safety.setToolTip(checked)

    def show_problem(self, failure: Failure) -> None:
        """Say that something asked for here did not work."""
        self._show_failure(failure)

    # How it is made

    def _make_header(self) -> None:
        self._name = Elided("", "title", is_name=True)
        self._tag = Tag()
        self._shape, self._state = StatusShape(), Text("", "body", "text2", wraps=True)
        self._switch = Switch(self.tr("On or off"))
        self._switch.setObjectName("onSwitch")
        self._switch.clicked.connect(self._on_switched)
        self._on_off = Text("", "strong")
        self._more = Button("", "ghost", "dots-three", name=self.tr("More"))
        self._more.setObjectName("moreMenu")
        self._more.setMenu(self._make_menu())

    def _make_menu(self) -> QMenu:
        menu = QMenu(self)
        for name, icon, text, slot in (
            ("edit", "pencil-simple", self.tr("Edit…"), self._on_edit),
            ("checkAgain", "arrow-clockwise", self.tr("Check again"), self._on_check),
            ("remove", "trash", self.tr("Remove…"), self._on_remove),
        ):
            action = QAction(icons.icon(icon), text, menu)
            action.setObjectName(name)
            action.triggered.connect(slot)
            menu.addAction(action)
        return menu

    def _arrange(self) -> None:
        self.title.hide()  # the name gives way when there is no room; the plain title does not
        self.header.addWidget(self._name)
        self.header.addWidget(self._tag)
        self.header.addStretch(1)
        for widget in (self._more, self._on_off, self._switch):
            self.header.addWidget(widget)
        state = QHBoxLayout()
        state.setSpacing(8)
        state.addWidget(self._shape)
        state.addWidget(self._state, 1)
        self.top.setContentsMargins(0, 4, 0, 8)
        self.top.addLayout(state)
        self._side = QBoxLayout(QBoxLayout.Direction.LeftToRight)
        self._side.setSpacing(CARD_GAP)
        self._side.addWidget(self.apps, 1)
        self._side.addWidget(self.today, 1)
        for part in (self._confirm, self._failure, self.reach):
            self.body.addWidget(part)
        self.body.addLayout(self._side)
        self.body.addWidget(self.questions)
        self.body.addWidget(self._safety)
        self.body.addStretch(1)

    def _pass_on(self) -> None:
        self.reach.transport_chosen.connect(self._on_transport)
        self.reach.key_wanted.connect(self._on_key_wanted)
        self.apps.connect_wanted.connect(self.connect_wanted)
        self.apps.all_wanted.connect(self.apps_wanted)
        self.today.activity_wanted.connect(self.activity_wanted)

    # What it shows

    def _show_state(self) -> None:
        profile, run = self._profile, self._run
        if profile is None:
            return
        is_on = run.wanted is not None
        self._shape.set_state(run_words.status(run))
        place = self.tr("On this computer") if profile.sample else profile.host
        said = [self._since(run), self.tr("read only"), place]
        self._state.setText("  ·  ".join(said))
        self._switch.setChecked(is_on)
        self._on_off.setText(self.tr("On") if is_on else self.tr("Off"))

    def _since(self, run: Run) -> str:
        if run.state == "on" and run.since and run.failure is None:
            return self.tr("On since {time}").format(time=words.clock(run.since))
        return run_words.state(run)

    def _show_failure(self, failure: Failure | None) -> None:
        self._failure.setVisible(failure is not None)
        if failure is None:
            return
        actions = [] if failure.code == _OF_NO_DATABASE else [self._remedy(failure)]
        if failure.code not in {"client.follow", _OF_NO_DATABASE}:
            actions.append(("checkAgain", self.tr("Check again")))
        has_failed = self._run.state == "failed"
        kind: Kind = "failed" if has_failed else "attention"
        self._failure.set_message(kind, failure.title, failure.hint, actions)

    def _remedy(self, failure: Failure) -> tuple[str, str]:
        if failure.code in {"login.password", "secrets.missing"}:
            return ("edit", self.tr("Type the password…"))
        if failure.code.startswith(("resolve.", "reach.", "login.", "database.", "tls.")):
            return ("edit", self.tr("Change the connection…"))
        if failure.code == "client.follow":
            return ("follow", self.tr("Change the apps now"))
        return ("retry", self.tr("Try again"))

    # What happens on it

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Stack the two cards when there is no room beside each other."""
        super().resizeEvent(event)
        stack(self._side, is_narrow=self.width() < _STACK_BELOW)

    @Slot(bool)
    def _on_switched(self, is_on: bool) -> None:
        self._on_off.setText(self.tr("On") if is_on else self.tr("Off"))
        self.switched.emit(self.profile_id, is_on)

    @Slot(str)
    def _on_transport(self, transport: str) -> None:
        self.transport_chosen.emit(self.profile_id, transport)

    @Slot()
    def _on_key_wanted(self) -> None:
        self.key_wanted.emit(self.profile_id)

    @Slot()
    def _on_edit(self) -> None:
        self.edit_wanted.emit(self.profile_id)

    @Slot()
    def _on_check(self) -> None:
        self.check_wanted.emit(self.profile_id)

    @Slot()
    def _on_remove(self) -> None:
        remove = Button(self.tr("Remove"), "danger")
        remove.setObjectName("confirmRemove")
        remove.clicked.connect(lambda: self._on_acted("confirmRemove"))
        title = self.tr("Remove “{name}” from Trunkline?").format(name=self._name.whole)
        text = self._removal()
        self._confirm.set_message("attention", title, text, [remove, ("keep", self.tr("Keep it"))])
        self._confirm.show()
        self.scroll_area.verticalScrollBar().setValue(0)
        self._confirm.buttons["keep"].setFocus()
        self._confirm.announce()

    def _removal(self) -> str:
        gone = self.tr("Its password is deleted from the keyring.")
        if self._asking:
            names = ", ".join(app.name for app in self._asking)
            told = self.tr("Its entry in the settings of {apps} is taken out.")
            gone = f"{gone} {told.format(apps=names)}"
            quits = self.tr("{app} is quit and started again for that.")
            parts = [gone, *(quits.format(app=app.name) for app in self._asking if app.runs)]
            gone = " ".join(parts)
        return f"{gone} {self.tr('The database itself stays as it is.')}"

    @Slot(str)
    def _on_acted(self, action: str) -> None:
        signals = {
            "edit": self.edit_wanted,
            "checkAgain": self.check_wanted,
            "retry": self.retry_wanted,
            "follow": self.follow_wanted,
            "confirmRemove": self.remove_wanted,
        }
        if action in {"keep", "confirmRemove"}:
            self._confirm.hide()
        if action in signals:
            signals[action].emit(self.profile_id)
