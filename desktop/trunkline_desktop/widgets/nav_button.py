"""A page of the sidebar: icon, words and perhaps a number."""

from __future__ import annotations

from PySide6.QtCore import QRect, QRectF, QSize, Qt
from PySide6.QtGui import QFontMetrics, QPainter, QPaintEvent
from PySide6.QtWidgets import QAbstractButton, QPushButton, QSizePolicy, QStyle, QWidget

from trunkline_desktop import icons, theme
from trunkline_desktop.style import has_keyboard_focus, paint_focus
from trunkline_desktop.tokens import ICON_NAVIGATION, NAVIGATION, RADIUS_CONTROL

_ICON_AT, _WORDS_AT, _END = 12, 40, 12


class NavButton(QPushButton):
    """A row of 36 pixels; chosen, it is filled and its words are bold.

    Signals:
        clicked(bool): the page was chosen.
    """

    def __init__(self, icon: str, text: str, count: int = 0, parent: QWidget | None = None) -> None:
        super().__init__(text, parent)
        self.setObjectName("NavButton")
        self._icon_name, self._count = icon, count
        self.setCheckable(True)
        self.setAutoExclusive(True)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.set_count(count)

    def set_count(self, count: int) -> None:
        """Show a number at the end; 0 shows none."""
        self._count = count
        self.setAccessibleName(f"{self.text()}, {count}" if count else self.text())
        self.update()

    def sizeHint(self) -> QSize:
        """Return the size of words and number in bold."""
        width = QFontMetrics(theme.font("strong")).horizontalAdvance(self.text())
        height = max(NAVIGATION, self.fontMetrics().height() + 16)
        return QSize(_WORDS_AT + width + 48, height)

    def minimumSizeHint(self) -> QSize:
        """Return the same height; words may be cut before the window is."""
        return QSize(_WORDS_AT + 48, self.sizeHint().height())

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint fill, icon, words, number and ring."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        paint_row_fill(painter, self)
        is_on, mirror = self.isChecked(), self.layoutDirection()
        side = ICON_NAVIGATION
        place = QRect(_ICON_AT, (self.height() - side) // 2, side, side)
        place = QStyle.visualRect(mirror, self.rect(), place)
        icons.draw(painter, QRectF(place), self._icon_name, "accent" if is_on else "text2")
        self._paint_words(painter)
        if has_keyboard_focus(self):
            paint_focus(painter, QRectF(self.rect()), RADIUS_CONTROL - 1)

    def _paint_words(self, painter: QPainter) -> None:
        mirror, middle = self.layoutDirection(), Qt.AlignmentFlag.AlignVCenter
        number = str(self._count) if self._count else ""
        room = self.rect().adjusted(_WORDS_AT, 0, -_END, 0)
        place = QStyle.visualRect(mirror, self.rect(), room)
        painter.setFont(theme.font("caption"))
        painter.setPen(theme.color("text2" if self.isChecked() else "text3"))
        end = QStyle.visualAlignment(mirror, Qt.AlignmentFlag.AlignRight)
        painter.drawText(place, int(end | middle), number)
        font = theme.font("strong" if self.isChecked() else "body")
        width = room.width() - (24 if number else 0)
        words = QFontMetrics(font).elidedText(self.text(), Qt.TextElideMode.ElideRight, width)
        painter.setFont(font)
        painter.setPen(theme.color("text"))
        start = QStyle.visualAlignment(mirror, Qt.AlignmentFlag.AlignLeft)
        painter.drawText(place, int(start | middle), words)


def paint_row_fill(painter: QPainter, button: QAbstractButton) -> None:
    """Paint the rounded fill of a chosen row, or of the row under the pointer."""
    fill = "selected" if button.isChecked() else "hover" if button.underMouse() else ""
    if fill:
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(theme.color(fill))
        painter.drawRoundedRect(QRectF(button.rect()), RADIUS_CONTROL, RADIUS_CONTROL)
