"""One stage of the check as a row that fills in place."""

from __future__ import annotations

from PySide6.QtCore import QCoreApplication, Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from trunkline_desktop.status import Stage
from trunkline_desktop.tokens import CHECK_ROW, FontRole
from trunkline_desktop.widgets.button import Button
from trunkline_desktop.widgets.inline_message import InlineMessage, announce
from trunkline_desktop.widgets.shapes import StageShape
from trunkline_desktop.widgets.text import Text, Tone, name_part

_WORDS: dict[Stage, tuple[FontRole, Tone]] = {
    "waits": ("body", "text3"),
    "runs": ("strong", "text"),
    "done": ("body", "text"),
    "warned": ("strong", "text"),
    "failed": ("strong", "text"),
    "skipped": ("body", "text3"),
}


class CheckRow(QWidget):
    """Shape, words, and at the end the note and the milliseconds; a message opens below.

    Screen readers hear every change once it matters: done, warned or failed.

    Signals:
        linked(): the link at the end of the row was chosen.
    """

    linked = Signal()

    def __init__(self, title: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        name_part(self, "CheckRow")
        self._state: Stage = "waits"
        self._shape, self._title = StageShape(), Text(title)
        self._note, self._time = Text("", "caption", "text2"), Text("", "caption", "text3")
        self._link = Button("", "link", small=True)
        self._link.clicked.connect(self.linked)
        self._link.hide()
        self.message: InlineMessage | None = None
        self._lay_out()
        self.set_state("waits")

    @property
    def state(self) -> Stage:
        """How far this stage is."""
        return self._state

    def set_title(self, title: str) -> None:
        """Show other words for the stage."""
        self._title.setText(title)
        self._speak()

    def set_state(self, state: Stage, ms: float | None = None, note: str = "") -> None:
        """Show a state; ``ms`` is how long it took, ``note`` a few plain words."""
        has_changed, self._state = state != self._state, state
        role, tone = _WORDS[state]
        self._shape.set_state(state)
        self._title.set_role(role)
        self._title.set_tone(tone)
        self._note.setText(note or self._usual_note())
        self._note.set_tone("text3" if state == "skipped" else "text2")
        self._time.setText(duration(ms) if ms is not None and state != "runs" else "")
        self._time.setVisible(bool(self._time.text()))
        self._speak()
        if has_changed and state in ("done", "warned", "failed"):
            announce(self, self.accessibleName())

    def set_link(self, words: str) -> None:
        """Show a link at the end of the row in place of the note, or take it away with ""."""
        self._link.setText(words)
        self._link.setVisible(bool(words))
        self._note.setVisible(not words)

    def set_message(self, message: InlineMessage | None) -> None:
        """Open ``message`` below the row, in place of any other, or close it with None."""
        if self.message is not None:
            self.message.hide()
            self.message.deleteLater()
        self.message = message
        if message is not None:
            self._column.addWidget(message)
            message.announce()

    def _usual_note(self) -> str:
        usual: dict[Stage, str] = {
            "runs": self.tr("Checking…"),
            "skipped": self.tr("Not reached"),
        }
        return usual.get(self._state, "")

    def _speak(self) -> None:
        spoken: dict[Stage, str] = {
            "waits": self.tr("waits"),
            "runs": self.tr("checking"),
            "done": self.tr("done"),
            "warned": self.tr("needs attention"),
            "failed": self.tr("failed"),
            "skipped": self.tr("not reached"),
        }
        self.setAccessibleName(f"{self._title.text()}, {spoken[self._state]}")

    def _lay_out(self) -> None:
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(0)
        line = QWidget()
        line.setMinimumHeight(CHECK_ROW)
        row = QHBoxLayout(line)
        row.setContentsMargins(1, 0, 0, 0)
        row.setSpacing(11)
        row.addWidget(self._shape)
        row.addWidget(self._title, 1)
        for part in (self._note, self._time, self._link):
            row.addWidget(part, 0, Qt.AlignmentFlag.AlignVCenter)
        self._column.addWidget(line)


def duration(ms: float) -> str:
    """Return a time for people: ``12 ms``, ``4.1 s``."""
    if ms < 1000:
        return QCoreApplication.translate("CheckRow", "{0} ms").format(f"{ms:.0f}")
    return QCoreApplication.translate("CheckRow", "{0} s").format(f"{ms / 1000:.1f}")
