"""The mark and the name, at the top of the sidebar and of the first page."""

from __future__ import annotations

from PySide6.QtCore import QRectF, QSize
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QHBoxLayout, QWidget

from trunkline_desktop import mark
from trunkline_desktop.widgets.text import Text


class Brand(QWidget):
    """The app's mark in the accent colour beside its name."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(10)
        row.addWidget(_Mark())
        row.addWidget(Text("Trunkline", "card"))


class _Mark(QWidget):
    def __init__(self) -> None:
        super().__init__()
        self.setFixedSize(QSize(24, 24))

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint the mark in the theme's colours."""
        painter = QPainter(self)
        mark.paint_app_icon(painter, QRectF(self.rect()))
