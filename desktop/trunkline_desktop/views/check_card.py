"""The check beside the form: one row for each stage, the message under the row that failed."""

from __future__ import annotations

from collections.abc import Iterable

from PySide6.QtCore import Signal, Slot
from PySide6.QtGui import QIcon
from PySide6.QtWidgets import QProgressBar, QWidget

from trunkline_desktop.models.check import Row
from trunkline_desktop.status import Stage
from trunkline_desktop.views import words
from trunkline_desktop.widgets.button import Button, Kind
from trunkline_desktop.widgets.card import Card
from trunkline_desktop.widgets.check_row import CheckRow
from trunkline_desktop.widgets.inline_message import InlineMessage
from trunkline_server import stages
from trunkline_server.errors import Failure

_SHAPES: dict[str, Stage] = {
    "waiting": "waits",
    "running": "runs",
    "done": "done",
    "warned": "warned",
    "failed": "failed",
    "skipped": "skipped",
}
_LONGEST_NOTE = 24
_NO_ICON = QIcon()


class CheckCard(Card):
    """Before, during and after a check.

    Object names: ``checkButton`` (it reads Check it, Stop or Check again), the rows
    ``stage-resolve`` to ``stage-posture``, and in a failure ``fix`` and ``copyReport``.

    Signals:
        check_wanted(): start it, or start it again.
        stop_wanted(): end the check under way.
        fix_wanted(str): go to the field of this name.
        report_wanted(): copy what an administrator needs.
    """

    check_wanted = Signal()
    stop_wanted = Signal()
    fix_wanted = Signal(str)
    report_wanted = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(" ", "", parent)
        self.body.setSpacing(4)
        self._is_running = False
        self._failure: Failure | None = None
        self._progress = QProgressBar()
        self._progress.setTextVisible(False)
        self._button = Button("", "primary", small=True)
        self._button.setObjectName("checkButton")
        self._button.clicked.connect(self._on_button)
        self.header.addWidget(self._button)
        self.body.addWidget(self._progress)
        self._rows = {name: CheckRow("") for name in stages.names(has_tunnel=True)}
        self._names: tuple[str, ...] = stages.NAMES
        for name, row in self._rows.items():
            row.setObjectName(f"stage-{name}")
            self.body.addWidget(row)
        self._keep_room()
        self.show_idle(5432)

    @property
    def is_running(self) -> bool:
        """Whether it shows a check under way."""
        return self._is_running

    def show_idle(self, port: int | None, *, has_tunnel: bool = False) -> None:
        """Show that nothing has been checked yet, or not in this form.

        ``port`` is ``None`` for a Unix socket.
        """
        self._is_running = False
        self.show_rows([Row(name) for name in stages.names(has_tunnel=has_tunnel)], port)
        self.set_title(self.tr("Check the connection"))
        self._progress.setVisible(False)
        self._say_button(self.tr("Check it"), "primary", None)

    def show_running(self, port: int | None, *, has_tunnel: bool = False) -> None:
        """Show that a check has begun."""
        self.show_idle(port, has_tunnel=has_tunnel)
        self._is_running = True
        self.set_title(self.tr("Checking the connection"))
        self._progress.setVisible(True)
        self._say_button(self.tr("Stop"), "link", None)

    def show_rows(self, rows: Iterable[Row], port: int | None) -> None:
        """Fill the rows in, messages included; the other rows are not shown."""
        shown = tuple(rows)
        has_tunnel = any(row.stage == stages.TUNNEL for row in shown)
        self._rows[stages.TUNNEL].setVisible(has_tunnel)
        self._names = stages.names(has_tunnel=has_tunnel)
        self._progress.setRange(0, len(self._names))
        for row in shown:
            self._show_row(row, port)
        self._progress.setValue(sum(r.state in {"done", "warned"} for r in shown))

    def show_failure(self, failure: Failure, stage: str) -> None:
        """Open the message under the row of ``stage``, or under the first one."""
        self._end()
        place = self._names.index(stage) if stage in self._names else 0
        told = self.tr("Stopped at step {number} of {count}")
        self.set_title(told.format(number=place + 1, count=len(self._names)))
        self._failure = failure
        self._rows[self._names[place]].set_message(self._message(failure))

    def show_passed(self) -> None:
        """Show that every stage is done."""
        self._end()
        self.set_title(self.tr("The connection works"))

    def set_title(self, title: str) -> None:
        """Show another title."""
        self.title.setText(title)
        self.setAccessibleName(title)

    def _end(self) -> None:
        self._is_running = False
        self._progress.setVisible(False)
        self._say_button(self.tr("Check again"), "link", "arrow-clockwise")

    def _show_row(self, row: Row, port: int | None) -> None:
        widget = self._rows[row.stage]
        widget.set_title(words.stage(row.stage, port))
        note = row.note if len(row.note) <= _LONGEST_NOTE else ""
        has_time = row.state in {"done", "warned", "failed"}
        widget.set_state(_SHAPES[row.state], row.ms if has_time else None, note)
        if row.state == "waiting" and widget.message is not None:
            widget.set_message(None)
        elif row.note and not note and widget.message is None:
            is_well = row.state == "done"
            widget.set_message(InlineMessage("ok" if is_well else "attention", row.note))

    def _message(self, failure: Failure) -> InlineMessage:
        field, text = self._fix(failure.code)
        actions = [(f"fix:{field}", text)] if field else []
        actions.append(("copyReport", self.tr("Copy for my administrator")))
        message = InlineMessage("failed", failure.title, failure.hint, actions)
        message.acted.connect(self._on_acted)
        if field:
            message.buttons[f"fix:{field}"].setObjectName("fix")
        return message

    def _fix(self, code: str) -> tuple[str, str]:
        """Return the field that repairs a failure and the words of the button."""
        fixes = (
            ("login.password", "password", self.tr("Type it again")),
            ("login.", "user", self.tr("Change the user")),
            ("resolve.", "host", self.tr("Correct the server")),
            ("reach.refused", "port", self.tr("Correct the port")),
            ("reach.", "host", self.tr("Correct the server")),
            ("tls.", "sslmode", self.tr("Look at the encryption")),
            ("database.", "database", self.tr("Correct the database")),
            ("rights.", "user", self.tr("Change the user")),
        )
        return next(((f, t) for start, f, t in fixes if code.startswith(start)), ("", ""))

    def _say_button(self, text: str, kind: Kind, icon: str | None) -> None:
        self._button.setText(text)
        self._button.setIcon(_NO_ICON)
        self._button.set_icon(icon)
        self._button.set_kind(kind)

    def _keep_room(self) -> None:
        policy = self._progress.sizePolicy()
        policy.setRetainSizeWhenHidden(True)
        self._progress.setSizePolicy(policy)

    @Slot()
    def _on_button(self) -> None:
        (self.stop_wanted if self._is_running else self.check_wanted).emit()

    @Slot(str)
    def _on_acted(self, action: str) -> None:
        if action == "copyReport":
            self.report_wanted.emit()
        else:
            self.fix_wanted.emit(action.removeprefix("fix:"))
