"""The word for a database's environment, and the pill for a verdict."""

from __future__ import annotations

from PySide6.QtCore import QCoreApplication, QRectF, Qt
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QHBoxLayout, QLabel, QSizePolicy, QWidget

from trunkline_desktop import theme
from trunkline_desktop.status import Status
from trunkline_desktop.widgets.shapes import StatusShape
from trunkline_desktop.widgets.text import Text, Tone, name_part, restyle

_TONES: dict[Status, tuple[Tone, str]] = {
    "on": ("running", "running_soft"),
    "starting": ("accent", "accent_soft"),
    "off": ("text2", "hover"),
    "failed": ("failed", "failed_soft"),
    "attention": ("attention", "attention_soft"),
}


def label_text(label: str) -> str:
    """Return the word people read for a profile's label; "" for none."""
    words = {
        "production": QCoreApplication.translate("Tag", "Production"),
        "staging": QCoreApplication.translate("Tag", "Staging"),
        "test": QCoreApplication.translate("Tag", "Test"),
    }
    return words.get(label, label)


class Tag(QLabel):
    """The environment of a database as a word in a soft fill; hidden without a label."""

    def __init__(self, label: str = "", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        name_part(self, "Tag")
        self.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self.set_label(label)

    def set_label(self, label: str) -> None:
        """Show another environment: "production", "staging", "test" or "" for none."""
        self.setText(label_text(label))
        restyle(self, "label", label)
        self.setVisible(bool(label))


class Pill(QWidget):
    """A status shape and a few words in the status's soft colour."""

    def __init__(
        self, status: Status = "on", text: str = "", parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        name_part(self, "Pill")
        self._status: Status = status
        self._shape, self._words = StatusShape(status), Text(text, "head")
        row = QHBoxLayout(self)
        row.setContentsMargins(8, 4, 10, 4)
        row.setSpacing(6)
        row.addWidget(self._shape)
        row.addWidget(self._words)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self.set_verdict(status, text)

    def set_verdict(self, status: Status, text: str) -> None:
        """Show another status and words."""
        self._status = status
        self._shape.set_state(status)
        self._words.setText(text)
        self._words.set_tone(_TONES[status][0])
        self.setAccessibleName(text)
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint the fill, round at both ends."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(theme.color(_TONES[self._status][1]))
        painter.drawRoundedRect(QRectF(self.rect()), self.height() / 2, self.height() / 2)
