"""The tabs of a database: words with a line under the chosen one."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QRect, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QFontMetrics, QPainter, QPaintEvent
from PySide6.QtWidgets import QTabBar, QWidget

from trunkline_desktop import theme
from trunkline_desktop.style import has_keyboard_focus, paint_focus
from trunkline_desktop.widgets.text import name_part

_HEIGHT, _BETWEEN, _LINE = 42, 24, 3


class Tabs(QTabBar):
    """A row of tabs; arrow keys move, screen readers meet a tab list.

    Signals:
        changed(str): another tab was chosen, by its key.
    """

    changed = Signal(str)

    def __init__(self, options: Sequence[tuple[str, str]], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        name_part(self, "Tabs")
        self.setDrawBase(False)
        self.setExpanding(False)
        self.setMouseTracking(True)
        self.setElideMode(Qt.TextElideMode.ElideNone)
        self._keys = [key for key, _ in options]
        for _, words in options:
            self.addTab(words)
        self.currentChanged.connect(self._on_current_changed)

    @property
    def value(self) -> str:
        """The key of the chosen tab."""
        return self._keys[self.currentIndex()]

    def set_value(self, key: str) -> None:
        """Choose the tab ``key`` without a signal.

        Raises:
            ValueError: no tab has that key.
        """
        index = self._keys.index(key)
        self.blockSignals(True)
        self.setCurrentIndex(index)
        self.blockSignals(False)
        self.update()

    def tabSizeHint(self, index: int) -> QSize:
        """Return room for the words in bold, so that choosing moves nothing."""
        metrics = QFontMetrics(theme.font("strong"))
        width = metrics.horizontalAdvance(self.tabText(index)) + _BETWEEN
        return QSize(width, max(_HEIGHT, metrics.height() + 24))

    def minimumTabSizeHint(self, index: int) -> QSize:
        """Return the same: tabs scroll rather than shrink."""
        return self.tabSizeHint(index)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint the separator, the words and the line under the chosen ones."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        base = QRect(0, self.height() - 1, self.width(), 1)
        painter.fillRect(base, theme.color("border"))
        for index in range(self.count()):
            self._paint_tab(painter, index)

    def _paint_tab(self, painter: QPainter, index: int) -> None:
        is_mirrored = self.layoutDirection() == Qt.LayoutDirection.RightToLeft
        edges = (_BETWEEN, 0, 0, 0) if is_mirrored else (0, 0, -_BETWEEN, 0)
        place = self.tabRect(index).adjusted(*edges)
        is_chosen = index == self.currentIndex()
        painter.setFont(theme.font("strong" if is_chosen else "button"))
        painter.setPen(theme.color("text" if is_chosen else "text2"))
        words = place.adjusted(0, 0, 0, -_LINE)
        side = Qt.AlignmentFlag.AlignRight if is_mirrored else Qt.AlignmentFlag.AlignLeft
        flags = side | Qt.AlignmentFlag.AlignAbsolute | Qt.AlignmentFlag.AlignVCenter
        painter.drawText(words, int(flags), self.tabText(index))
        if is_chosen:
            line = QRectF(place.left(), place.bottom() + 1 - _LINE, place.width(), _LINE)
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(theme.color("accent"))
            painter.drawRoundedRect(line, 1.5, 1.5)
            if has_keyboard_focus(self):
                paint_focus(painter, QRectF(words.adjusted(-6, 6, 6, -4)), 4)

    def _on_current_changed(self, index: int) -> None:
        if index >= 0:
            self.changed.emit(self._keys[index])
