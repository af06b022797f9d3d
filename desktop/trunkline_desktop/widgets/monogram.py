"""One or two letters in a quiet square, in place of an AI app's logo."""

from __future__ import annotations

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QWidget

from trunkline_desktop import theme


class Monogram(QWidget):
    """A square of 40 pixels unless told otherwise. Screen readers pass over it."""

    def __init__(self, letters: str, side: int = 40, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("Monogram")
        self._letters, self._side = letters, side
        self.setFixedSize(side, side)

    def set_letters(self, letters: str) -> None:
        """Show other letters."""
        self._letters = letters
        self.update()

    def sizeHint(self) -> QSize:
        """Return the fixed size."""
        return QSize(self._side, self._side)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint square and letters."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(theme.color("border"), 1))
        painter.setBrush(theme.color("sunken"))
        painter.drawRoundedRect(QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5), 7, 7)
        painter.setFont(theme.font("head"))
        painter.setPen(theme.color("text2"))
        painter.drawText(self.rect(), int(Qt.AlignmentFlag.AlignCenter), self._letters)
