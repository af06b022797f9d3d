"""Adding a database, or changing one: paste, form and check side by side."""

from __future__ import annotations

from collections.abc import Iterable

from PySide6.QtCore import QPoint, Qt, QTimer, Signal, Slot
from PySide6.QtGui import QGuiApplication, QResizeEvent
from PySide6.QtWidgets import QBoxLayout, QHBoxLayout, QVBoxLayout, QWidget

from trunkline_desktop import run_words
from trunkline_desktop.models.check import Row
from trunkline_desktop.views import report
from trunkline_desktop.views.check_card import CheckCard
from trunkline_desktop.views.form import ProfileForm
from trunkline_desktop.views.importing import choose_file
from trunkline_desktop.views.paste import PasteField
from trunkline_desktop.views.stacking import stack
from trunkline_desktop.widgets.button import Button
from trunkline_desktop.widgets.inline_message import InlineMessage
from trunkline_desktop.widgets.page import Page
from trunkline_desktop.widgets.shapes import IconLabel
from trunkline_desktop.widgets.text import Text
from trunkline_server.errors import Failure
from trunkline_server.profiles.dsn import BadDsn, Parsed
from trunkline_server.profiles.profile import Profile

_STACK_BELOW, _ABOVE_CHECK = 660, 8


class AddPage(Page):
    """The form of a new database or of one that is changed; nothing is saved before the end.

    Object names: ``pasteField``, ``importFile``, those of ``ProfileForm`` and ``CheckCard``,
    ``cancel``, ``saveForLater``, ``saveAndSwitchOn``.

    Signals:
        check_wanted(Profile, str | None): check this; None is the password in the keyring.
        stop_wanted(): end the check under way.
        save_wanted(Profile, str | None, bool): save this; the last says whether to switch on.
        file_chosen(str): read this file.
        cancelled(): leave without saving.
    """

    check_wanted = Signal(object, object)
    stop_wanted = Signal()
    save_wanted = Signal(object, object, bool)
    file_chosen = Signal(str)
    cancelled = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent=parent)
        self._is_new, self._has_passed, self._is_busy = True, False, False
        self._rows: tuple[Row, ...] = ()
        self._failure: tuple[Failure, str] | None = None
        self._make_head()
        self.form, self.check = ProfileForm(), CheckCard()
        self._problem = InlineMessage("failed")
        self._problem.hide()
        self._make_footer()
        self._arrange()
        self._listen()
        self.start(None, ())

    # What is pushed into it

    def start(self, profile: Profile | None, others: Iterable[Profile]) -> None:
        """Begin anew: an empty form, or ``profile`` to change."""
        self._is_new = profile is None
        self.set_title(
            self.tr("Add a database")
            if profile is None
            else self.tr("Change “{name}”").format(name=run_words.shortened(profile.name, 24))
        )
        self.form.set_others(others)
        self.form.show_profile(profile)
        self.paste.clear()
        self._on_emptied()  # clearing an empty field says nothing
        self._problem.hide()
        self.set_busy(is_busy=False)
        self._reset_check()
        self._say_saved()
        self.scroll_area.verticalScrollBar().setValue(0)
        (self.paste if profile is None else self.form).setFocus()

    def paste_text(self, text: str) -> None:
        """Put text into the paste field, as if the person had pasted it."""
        self.paste.setText(text)

    def fill(self, parsed: Parsed) -> None:
        """Show a connection that was read elsewhere, on the first page or in a file."""
        self.form.fill(parsed)
        self._say_read(parsed)

    def show_rows(self, rows: Iterable[Row]) -> None:
        """Show how far the check is."""
        self._rows = tuple(rows)
        self.check.show_rows(self._rows, _port(self.form.profile()))
        self._show_check()

    def show_failure(self, failure: Failure, stage: str) -> None:
        """Show why the check stopped, under its row."""
        self._failure = (failure, stage)
        self.check.show_failure(failure, stage)
        if stage == "tls":
            self.form.open_encryption()
        if failure.code == "login.password":
            self.form.type_password_again()
        self._show_check()

    def show_passed(self) -> None:
        """Show that the check is over and everything works."""
        self._has_passed = True
        self.check.show_passed()
        self._weigh_buttons()
        self._switch_on.setFocus()
        self._show_check()

    def show_problem(self, failure: Failure) -> None:
        """Say why it was not saved; everything typed stays."""
        self.set_busy(is_busy=False)
        self._problem.set_message("failed", failure.title, failure.hint)
        self._problem.show()
        self._problem.announce()
        self.scroll_area.verticalScrollBar().setValue(0)

    def set_busy(self, *, is_busy: bool) -> None:
        """Keep the person from saving twice while saving is under way."""
        self._is_busy = is_busy
        self._weigh_buttons()

    # How it is made

    def _make_head(self) -> None:
        self._import = Button(self.tr("Import…"), icon="file-arrow-down")
        self._import.setObjectName("importFile")
        self.header.addStretch(1)
        self.header.addWidget(self._import)
        self.paste = PasteField()
        self._read_sign = IconLabel("check", "running", 16)
        self._read_text = Text("", "caption", "text2", wraps=True)

    def _make_footer(self) -> None:
        self._saved = Text("", "caption", "text2", wraps=True)
        self._cancel = Button(self.tr("Cancel"))
        self._cancel.setObjectName("cancel")
        self._later = Button(self.tr("Save for later"))
        self._later.setObjectName("saveForLater")
        self._switch_on = Button(self.tr("Save and switch on"), "primary")
        self._switch_on.setObjectName("saveAndSwitchOn")
        for widget in (self._cancel, self._later, self._switch_on):
            self.footer().addWidget(widget)
        self.set_footer_note(self._saved, is_above=False)

    def _arrange(self) -> None:
        self.body.setSpacing(0)
        self.body.addWidget(self._problem)
        self.body.addLayout(self._paste_head())
        self.body.addSpacing(6)
        self.body.addWidget(self.paste)
        self.body.addSpacing(6)
        self.body.addLayout(self._read_line())
        self.body.addSpacing(16)
        self._side = QBoxLayout(QBoxLayout.Direction.LeftToRight)
        self._side.setSpacing(24)
        self._side.addWidget(self.form, 15)
        right = QVBoxLayout()
        right.addWidget(self.check)
        right.addStretch(1)
        self._side.addLayout(right, 17)
        self.body.addLayout(self._side)
        self.body.addStretch(1)

    def _paste_head(self) -> QHBoxLayout:
        line = QHBoxLayout()
        label = Text(self.tr("Paste what you were given"), "head", "text2")
        label.setBuddy(self.paste)
        line.addWidget(label)
        hint = Text(self.tr("A link, a command, an .env file: anything works"), "caption", "text3")
        hint.setAlignment(Qt.AlignmentFlag.AlignRight)
        line.addWidget(hint, 1)
        return line

    def _read_line(self) -> QHBoxLayout:
        line = QHBoxLayout()
        line.setSpacing(6)
        line.addWidget(self._read_sign, 0, Qt.AlignmentFlag.AlignTop)
        line.addWidget(self._read_text, 1)
        return line

    def _listen(self) -> None:
        self._import.clicked.connect(self._on_import)
        self.paste.understood.connect(self.fill)
        self.paste.misunderstood.connect(self._on_misunderstood)
        self.paste.emptied.connect(self._on_emptied)
        self.paste.returnPressed.connect(self._on_check)
        self.form.changed.connect(self._on_changed)
        self.form.submitted.connect(self._on_check)
        self.check.check_wanted.connect(self._on_check)
        self.check.stop_wanted.connect(self._on_stop)
        self.check.fix_wanted.connect(self._on_fix)
        self.check.report_wanted.connect(self._on_report)
        self._cancel.clicked.connect(self.cancelled)
        self._later.clicked.connect(self._on_later)
        self._switch_on.clicked.connect(self._on_switch_on)

    # What it says

    def _say_read(self, parsed: Parsed) -> None:
        parts = [self.tr("Read {count} fields.").format(count=parsed.fields_read)]
        if parsed.password is not None:
            parts.append(self.tr("The password goes to the keyring of this computer."))
        self._say_line("check", "running", " ".join([*parts, *parsed.notes]))

    def _say_line(self, icon: str, tone: str, text: str) -> None:
        self._read_sign.set_icon(icon, tone)
        self._read_sign.setVisible(bool(text))
        self._read_text.setText(text)
        self._read_text.set_tone("failed" if tone == "failed" else "text2")

    def _say_saved(self) -> None:
        if self._is_new:
            nothing = self.tr("Nothing is saved yet.")
        else:
            nothing = self.tr("The change is not saved yet.")
        why = "" if self._has_passed else self.tr("Check the connection to switch it on.")
        self._saved.setText(f"{nothing} {why}".strip())

    def _weigh_buttons(self) -> None:
        """Allow switching on only after a check that passed in this very form."""
        self._switch_on.setEnabled(self._has_passed and not self._is_busy)
        self._later.setEnabled(not self._is_busy)
        self._say_saved()

    def _reset_check(self) -> None:
        self._has_passed, self._failure, self._rows = False, None, ()
        profile = self.form.profile()
        self.check.show_idle(_port(profile), has_tunnel=bool(profile.ssh_host))
        self._weigh_buttons()

    # What happens on it

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Put the check below the form when there is no room beside it."""
        super().resizeEvent(event)
        is_narrow = self.width() < _STACK_BELOW
        stack(self._side, is_narrow=is_narrow)
        self.set_footer_note(self._saved, is_above=is_narrow)

    @Slot()
    def check_now(self) -> None:
        """Start the check as if the person had pressed the button."""
        self._on_check()

    @Slot()
    def _on_check(self) -> None:
        if self.form.complain():
            return
        self._reset_check()
        profile = self.form.profile()
        self.check.show_running(_port(profile), has_tunnel=bool(profile.ssh_host))
        self._show_check()
        self.check_wanted.emit(profile, self.form.password())

    def _show_check(self) -> None:
        """Scroll to what the check says, where it stands below the form."""
        if self._side.direction() == QBoxLayout.Direction.TopToBottom:
            QTimer.singleShot(0, self, self._scroll_to_check)  # rows and message have room by then

    @Slot()
    def _scroll_to_check(self) -> None:
        bar = self.scroll_area.verticalScrollBar()
        below = self.check.mapTo(self, QPoint(0, 0)).y() - self.scroll_area.y()
        bar.setValue(bar.value() + below - _ABOVE_CHECK)

    @Slot()
    def _on_stop(self) -> None:
        self.stop_wanted.emit()
        self._reset_check()

    @Slot()
    def _on_changed(self) -> None:
        """A check tells about the form as it was; what it said stays until it is run again."""
        if self._has_passed or self.check.is_running:
            self.stop_wanted.emit()
            self._reset_check()

    @Slot(str)
    def _on_fix(self, field: str) -> None:
        if field == "password":
            self.form.type_password_again()
        else:
            self.form.go_to(field)

    @Slot()
    def _on_report(self) -> None:
        if self._failure is not None:
            failure, stage = self._failure
            text = report.for_administrator(self.form.profile(), self._rows, failure, stage)
            QGuiApplication.clipboard().setText(text)

    @Slot()
    def _on_import(self) -> None:
        choose_file(self, self.file_chosen.emit)

    @Slot(object)
    def _on_misunderstood(self, problem: BadDsn) -> None:
        self._say_line("warning-circle", "failed", str(problem.failure))

    @Slot()
    def _on_emptied(self) -> None:
        self._say_line("check", "running", "")

    @Slot()
    def _on_later(self) -> None:
        self._save(is_on=False)

    @Slot()
    def _on_switch_on(self) -> None:
        self._save(is_on=True)

    def _save(self, *, is_on: bool) -> None:
        if self.form.complain():
            return
        self.set_busy(is_busy=True)
        self.save_wanted.emit(self.form.profile(), self.form.password(), is_on)


def _port(profile: Profile) -> int | None:
    """Return the port to name in a row of the check; ``None`` for a Unix socket."""
    return None if profile.is_socket else profile.port or 5432
