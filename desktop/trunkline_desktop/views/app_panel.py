"""One AI app: which databases it may ask, and what that changes in its settings file."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QWidget

from trunkline_desktop import run_words
from trunkline_desktop.style import move_focus
from trunkline_desktop.views import app_words
from trunkline_desktop.views.app_notices import AppNotices
from trunkline_desktop.views.app_ticks import AppTicks
from trunkline_desktop.views.app_token import AppToken
from trunkline_desktop.views.app_ways import AppWays
from trunkline_desktop.views.facts import AppFacts, Choice, Consequence, FileFacts
from trunkline_desktop.views.file_line import FileLine
from trunkline_desktop.views.flush import flush
from trunkline_desktop.views.stacking import stack
from trunkline_desktop.views.tab_order import follow_layout
from trunkline_desktop.widgets.button import Button
from trunkline_desktop.widgets.diff_view import DiffView
from trunkline_desktop.widgets.drawer import SIDE, Drawer
from trunkline_desktop.widgets.fields import Field
from trunkline_desktop.widgets.inline_message import InlineMessage
from trunkline_desktop.widgets.monogram import Monogram
from trunkline_desktop.widgets.text import Text
from trunkline_server.errors import Failure
from trunkline_server.profiles.profile import Profile, Transport


class AppPanel(Drawer):
    """The choice above, its consequence below, and the button that makes it so.

    Object names: ``settingsFile`` (where there are several), those of ``AppTicks, AppWays,
    AppToken`` and ``FileLine``, ``diff``, ``changeFile``, ``cancelChange``, ``panelProblem``,
    ``unserved`` with ``makeItAnswer``, ``useByHand``; those of ``AppNotices``.

    Signals:
        choice_changed(Choice): work out what it changes; answer with ``show_consequence``.
        change_wanted(): make what is shown so; the app does not run.
        restart_wanted(): quit the app, make it so, start it again.
        token_wanted(str): the access token of this profile is to be copied.
        answer_wanted(str, str): let the server of this profile answer by this transport.
        by_hand_wanted(): make it so in the file only, though the app runs.
        hand_wanted(str): show how the person sets this app up.
        back_wanted(str), leave_wanted(str): put what is gone back into the files of this app;
            leave it out.
    """

    choice_changed = Signal(object)
    change_wanted = Signal()
    restart_wanted = Signal()
    token_wanted = Signal(str)
    answer_wanted = Signal(str, str)
    by_hand_wanted = Signal()
    hand_wanted = Signal(str)
    back_wanted = Signal(str)
    leave_wanted = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent=parent)
        self._app: AppFacts | None = None
        self._file = FileFacts(path="")
        self._profiles: tuple[Profile, ...] = ()
        self._told: tuple[Profile, Transport] | None = None
        self._shown: Choice | None = None
        self._afterwards = ""
        self._is_running = self._is_busy = self._has_lost = self._has_change = False
        self._monogram = Monogram("", 32)
        self.lead.addWidget(self._monogram)
        self._make_choice()
        self._make_consequence()
        self._make_buttons()
        self._arrange()

    # What is pushed into it

    def show_app(self, app: AppFacts, profiles: Iterable[Profile], also: str) -> None:
        """Begin with an app as its file is now, and the database ``also`` ticked if not ""."""
        self._app, self._profiles = app, tuple(profiles)
        self._has_lost = bool(app.gone)
        self._set_busy(is_busy=False)
        self.show_running(is_running=False)
        self._monogram.set_letters(app.monogram)
        self.set_title(app.name, self.tr("Found on this computer"))
        self._ways.set_open(False)
        # The file that names us, else the usual one.
        self._file = next((file for file in app.files if file.ways), app.files[0])
        self._offer_files(app.files)
        self._show_file({also})

    def show_state(self, app: AppFacts) -> None:
        """Follow what became of the app and its files; what the person chose stays chosen."""
        if self._app is None or self._app.id != app.id or self._is_busy:
            return
        before, self._app = self._app, app
        self._has_lost = bool(app.gone)
        is_other = (app.state == "broken") != (before.state == "broken")
        if is_other or app.files != before.files:
            self._follow(app.files)
        self._show_notices()

    def show_databases(self, profiles: Iterable[Profile]) -> None:
        """Follow what became of the databases; what the person chose stays chosen."""
        known = tuple(profiles)
        if self._app is not None and known != self._profiles:
            self._profiles = known
            self._follow(self._app.files)

    def choice(self) -> Choice:
        """Return what is chosen now."""
        ways, before = self._ways.ways(), self._file.ways
        return Choice(
            app_id=self._app.id if self._app else "",
            path=self._file.path,
            ways=ways,
            kept=frozenset(i for i, way in ways.items() if before.get(i) == way),
            may_write_token=self._token.may_write,
        )

    def show_consequence(self, found: Consequence) -> None:
        """Show what the choice changes."""
        self._shown = self.choice()
        self._diff.set_diff(found.diff)
        added, removed = self._diff.counts()
        self._counts.setText(f"+{added}  −{removed}" if found.diff else "")
        self._afterwards = found.afterwards
        self._token.show_consequence(found, {p.id: p.name for p in self._profiles})
        self._show_parts(has_change=bool(found.diff), is_same=not found.diff and not found.warning)
        if found.warning and not found.diff:
            self.reveal(self._token)

    def show_unserved(self, profile: Profile | None, way: Transport) -> None:
        """Say that the server of ``profile`` would not answer by ``way``; None: all would."""
        self._unserved.setVisible(profile is not None)
        if profile is None or self._told == (profile, way):
            return  # its button keeps the focus
        self._told = profile, way
        name, now = run_words.shortened(profile.name), run_words.TRANSPORTS[profile.transport]
        if profile.transport != way:
            told = self.tr("“{name}” is set to {now}: it will not answer at this address.")
            remedy = self.tr("Set it to {way}").format(way=run_words.TRANSPORTS[way])
        else:
            told = self.tr("“{name}” is off: it answers at its address only while it is on.")
            remedy = self.tr("Switch it on")
        title = told.format(name=name, now=now)
        self._unserved.set_message("attention", title, "", [("makeItAnswer", remedy)])
        follow_layout(self)

    def show_problem(self, failure: Failure, *, can_retry: bool = False) -> None:
        """Say why the file is not changed; ``can_retry`` leaves the change for another try."""
        self._set_busy(is_busy=False)
        self._problem.set_message("failed", failure.title, failure.hint)
        has_change = can_retry and self._has_change
        is_asked = has_change or self._token.may_write
        self._token.setVisible(is_asked and self._token.isVisibleTo(self))
        self._show_parts(has_change=has_change, has_problem=True)
        self._problem.announce()

    def show_running(self, *, is_running: bool) -> None:
        """Say whether the app runs, which would overwrite a change."""
        if self._is_busy or self._app is None:
            return
        self._is_running = is_running
        self._show_notices()

    def set_idle(self) -> None:
        """Let the person go on; nothing was changed."""
        self._set_busy(is_busy=False)
        self._show_parts(has_change=True)

    def set_busy(self, sentence: str = "") -> None:
        """Keep the person from choosing anew meanwhile; ``sentence`` says what is being done."""
        if self.holds_focus:
            move_focus(self)  # else it would leave with the button
        self._set_busy(is_busy=True)
        if sentence:
            self._notices.show_progress(sentence)

    # How it is made

    def _make_choice(self) -> None:
        self._files = QComboBox()
        self._files.setObjectName("settingsFile")
        self._files.activated.connect(self._on_file_chosen)
        self._which = Field(self.tr("Which of its settings files"), self._files)
        self._may_ask = self.tr("May ask these databases")
        self._ticks = AppTicks(self._may_ask)
        self._ticks.changed.connect(self._on_ticked)
        self._ways = AppWays()
        self._ways.changed.connect(self._on_chosen)

    def _make_consequence(self) -> None:
        self._notices = AppNotices()
        self._notices.by_hand_wanted.connect(self.by_hand_wanted)
        self._notices.back_wanted.connect(self._on_back)
        self._notices.leave_wanted.connect(self._on_leave)
        self._diff, self._counts = DiffView(), Text("", "caption", "text2")
        self._diff.setObjectName("diff")
        self._place = FileLine()
        self._about = InlineMessage("info")
        self._problem, self._unserved = InlineMessage("failed"), InlineMessage("attention")
        self._problem.setObjectName("panelProblem")
        self._unserved.setObjectName("unserved")
        self._unserved.acted.connect(self._on_answer_wanted)
        self._by_hand = Button(self.tr("Use a link or a text instead"), "link", small=True)
        self._by_hand.setObjectName("useByHand")
        self._by_hand.clicked.connect(self._on_hand)
        self._token = AppToken()
        self._token.changed.connect(self._on_chosen)
        self._token.token_wanted.connect(self.token_wanted)

    def _make_buttons(self) -> None:
        cancel = Button(self.tr("Cancel"))
        cancel.setObjectName("cancelChange")
        cancel.clicked.connect(self.close_drawer)
        self._change = Button(self.tr("Change the file"), "primary")
        self._change.setObjectName("changeFile")
        self._change.clicked.connect(self._on_change)
        self._cancel = cancel
        end = Qt.AlignmentFlag.AlignRight
        self.footer.addStretch(1)
        self.footer.addWidget(cancel, 0, end)
        self.footer.addWidget(self._change, 0, end)

    def _arrange(self) -> None:
        self._change_head = QWidget()
        head = QHBoxLayout(self._change_head)
        head.setContentsMargins(0, 8, 0, 0)
        told = Text(self.tr("What will change in its settings file"), "head", "text2", wraps=True)
        head.addWidget(told, 1)
        head.addWidget(self._counts)
        self._nothing = Text("", "caption", "text2", wraps=True)
        self._nothing.setText(self.tr("The settings file stays as it is."))
        self.body.addWidget(self._notices)
        self.body.addWidget(self._which)
        self.body.addWidget(Text(self._may_ask, "head", "text2"))
        for widget in (self._ticks, self._ways, self._unserved, self._problem, self._change_head,
                       self._diff, self._nothing, self._place, self._token,
                       self._about):  # fmt: skip
            self.body.addWidget(widget)
        self.body.addWidget(flush(self._by_hand))
        self.body.addStretch(1)

    # What it shows

    def _show_notices(self) -> None:
        if self._is_busy or self._app is None:
            return
        name = self._app.name
        can_quit, is_in_the_way = self._app.can_quit, self._is_running and self._has_change
        self._notices.show_running(name if is_in_the_way else "", can_quit=can_quit)
        self._notices.show_gone(
            name if self._has_lost else "", is_running=self._is_running, can_quit=can_quit
        )
        quits = is_in_the_way and can_quit
        self._allow_change()
        whole = self.tr("Quit it, change the file, start it again")
        self._change.setText(whole if quits else self.tr("Change the file"))
        self._show_about("" if quits else self._afterwards)
        self._fit_footer()
        follow_layout(self)

    def _show_about(self, afterwards: str) -> None:
        title = self.tr("A copy is kept before the change.")
        kept = self.tr("Everything else in the file stays as it is.")
        self._about.set_message("info", title, f"{kept} {afterwards}".rstrip())

    def _fit_footer(self) -> None:
        """Put the buttons below each other where they do not fit side by side."""
        needed = self._cancel.sizeHint().width() + self._change.sizeHint().width()
        room = self.width() - 2 * SIDE - self.footer.spacing()
        stack(self.footer, is_narrow=needed > room)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Give the buttons their room."""
        super().resizeEvent(event)
        self._fit_footer()

    def _offer_files(self, files: tuple[FileFacts, ...]) -> None:
        self._files.clear()
        for file in files:
            self._files.addItem(app_words.file(file, files), file.path)
        self._files.setCurrentIndex(files.index(self._file))
        self._which.setVisible(len(files) > 1)

    def _show_file(self, also: Collection[str] = ()) -> None:
        """Show how the chosen file is now."""
        self._ticks.show_ticks(self._profiles, {*self._file.ways, *also})
        self._place.set_path(self._file.path)
        self._show_ways(self._file.ways)
        self._token.begin()
        self._unserved.hide()
        self._show_parts(is_same=True)
        self._on_chosen()

    def _follow(self, files: tuple[FileFacts, ...]) -> None:
        """Show the file as it is now, with what the person has ticked and chosen since."""
        before, ticked, ways = self._file, {*self._ticks.ticked()}, self._ways.ways()
        self._file = next((file for file in files if file.path == before.path), files[0])
        self._offer_files(files)
        added, taken = ticked - before.ways.keys(), before.ways.keys() - ticked
        chosen = {i: way for i, way in ways.items() if before.ways.get(i) != way}
        self._ticks.show_ticks(self._profiles, (self._file.ways.keys() | added) - taken)
        self._show_ways({**self._file.ways, **chosen})
        self._on_chosen()

    def _show_ways(self, ways: Mapping[str, Transport]) -> None:
        can, ticked = self._app.can if self._app else (), self._ticks.ticked()
        self._ways.show_ways((p for p in self._profiles if p.id in ticked), ways, can)
        self._ways.setVisible(bool(ticked) and len(can) > 1)
        follow_layout(self)

    def _set_busy(self, *, is_busy: bool) -> None:
        self._is_busy = is_busy
        for choice in (self._which, self._ticks, self._ways, self._token):
            choice.setEnabled(not is_busy)
        self._allow_change()

    def _show_parts(
        self, *, has_change: bool = False, has_problem: bool = False, is_same: bool = False
    ) -> None:
        for widget in (self._change_head, self._diff, self._about):
            widget.setVisible(has_change)
        self._has_change = has_change
        self._problem.setVisible(has_problem)
        self._nothing.setVisible(is_same)
        self._show_notices()
        self._allow_change()

    def _allow_change(self) -> None:
        """Let the change be made when it is shown, is one, and the app would not take it back."""
        is_ready = self._has_change and not self._is_busy and self.choice() == self._shown
        is_in_the_way = self._is_running and self._app is not None and not self._app.can_quit
        self._change.setEnabled(is_ready and not is_in_the_way)

    # What happens on it

    @Slot(int)
    def _on_file_chosen(self, place: int) -> None:
        if self._app is not None:
            self._file = self._app.files[place]
            self._show_file()

    @Slot()
    def _on_ticked(self) -> None:
        self._show_ways({**self._file.ways, **self._ways.ways()})
        self._on_chosen()

    @Slot()
    def _on_chosen(self) -> None:
        self._allow_change()
        self.choice_changed.emit(self.choice())

    @Slot()
    def _on_change(self) -> None:
        (self.restart_wanted if self._is_running else self.change_wanted).emit()

    @Slot()
    def _on_hand(self) -> None:
        self.hand_wanted.emit(self._app.id if self._app else "")

    @Slot()
    def _on_back(self) -> None:
        self.back_wanted.emit(self._app.id if self._app else "")

    @Slot()
    def _on_leave(self) -> None:
        self.leave_wanted.emit(self._app.id if self._app else "")

    @Slot()
    def _on_answer_wanted(self) -> None:
        if self._told:
            profile, way = self._told
            self.answer_wanted.emit(profile.id, way)
