"""The coloured square beside an environment's name in a list of choices."""

from __future__ import annotations

from PySide6.QtCore import QRect, QRectF, QSize, Qt
from PySide6.QtGui import QIcon, QIconEngine, QPainter, QPixmap

from trunkline_desktop import theme

_SIDE, _RADIUS = 10.0, 3.0


class _Engine(QIconEngine):
    """Paints the square in the colour its label has at that moment."""

    def __init__(self, label: str) -> None:
        super().__init__()
        self._label = label

    def clone(self) -> QIconEngine:
        """Return an independent engine for the same label."""
        return _Engine(self._label)

    def paint(self, painter: QPainter, rect: QRect, mode: QIcon.Mode, state: QIcon.State) -> None:
        """Draw a square in the middle of ``rect``."""
        square = QRectF(0, 0, _SIDE, _SIDE)
        square.moveCenter(QRectF(rect).center())
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(theme.color(self._label))
        painter.drawRoundedRect(square, _RADIUS, _RADIUS)
        painter.restore()

    def pixmap(self, size: QSize, mode: QIcon.Mode, state: QIcon.State) -> QPixmap:
        """Return a transparent pixmap with the square."""
        found = QPixmap(size)
        found.fill(Qt.GlobalColor.transparent)
        painter = QPainter(found)
        painter.scale(size.width() / 16, size.height() / 16)
        self.paint(painter, QRect(0, 0, 16, 16), mode, state)
        painter.end()
        return found

    def scaledPixmap(
        self, size: QSize, mode: QIcon.Mode, state: QIcon.State, scale: float
    ) -> QPixmap:
        """Return the same; Qt scales ``size`` itself."""
        return self.pixmap(size, mode, state)


def label_icon(label: str) -> QIcon:
    """Return the square of a label's colour; an empty icon for no label."""
    return QIcon(_Engine(label)) if label else QIcon()
