"""A section folded to one line that still says its value."""

from __future__ import annotations

from PySide6.QtCore import QPropertyAnimation, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QFontMetrics, QPainter, QPaintEvent
from PySide6.QtWidgets import QFrame, QSizePolicy, QStyle, QToolButton, QVBoxLayout, QWidget

from trunkline_desktop import icons, theme
from trunkline_desktop.style import has_keyboard_focus, paint_focus
from trunkline_desktop.tokens import CARD_PADDING, FIELD_GAP, ICON, RADIUS_CONTROL
from trunkline_desktop.widgets.text import name_part

_HEIGHT, _NO_LIMIT = 38, 16777215


class _Header(QToolButton):
    """The line: caret, icon, title, and the summary at the end."""

    def __init__(self, title: str, icon: str) -> None:
        super().__init__()
        self.icon_name, self.summary = icon, ""
        self.setText(title)
        self.setCheckable(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def sizeHint(self) -> QSize:
        """Return the height of the line and the width of all its words."""
        words = QFontMetrics(theme.font("strong")).horizontalAdvance(self.text())
        words += QFontMetrics(theme.font("caption")).horizontalAdvance(self.summary)
        height = max(_HEIGHT, self.fontMetrics().height() + 16)
        return QSize(words + 96, height)

    def minimumSizeHint(self) -> QSize:
        """Allow the words to be cut before the page is."""
        return QSize(160, self.sizeHint().height())

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint the line."""
        painter = QPainter(self)
        if self.underMouse():
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(theme.color("hover"))
            painter.drawRoundedRect(QRectF(self.rect()), 7, 7)
        is_mirrored = self.layoutDirection() == Qt.LayoutDirection.RightToLeft
        closed = "caret-left" if is_mirrored else "caret-right"
        self._icon(painter, CARD_PADDING - 4, "caret-down" if self.isChecked() else closed)
        start = CARD_PADDING + 20
        if self.icon_name:
            self._icon(painter, start - 1, self.icon_name)
            start += ICON + 6
        self._words(painter, start)
        if has_keyboard_focus(self):
            paint_focus(painter, QRectF(self.rect()), RADIUS_CONTROL)

    def _icon(self, painter: QPainter, x: int, name: str) -> None:
        place = self.rect().adjusted(x, 0, 0, 0)
        place.setWidth(ICON)
        place = QStyle.visualRect(self.layoutDirection(), self.rect(), place)
        icons.draw(painter, QRectF(place), name)

    def _words(self, painter: QPainter, start: int) -> None:
        area = self.rect().adjusted(start, 0, -12, 0)
        ends = (
            (self.summary, "caption", "text2", Qt.AlignmentFlag.AlignRight),
            (self.text(), "strong", "text", Qt.AlignmentFlag.AlignLeft),
        )
        taken = 0
        for words, role, tint, side in ends:
            font = theme.font("caption" if role == "caption" else "strong")
            room = area.adjusted(0, 0, -taken, 0)
            shown = QFontMetrics(font).elidedText(words, Qt.TextElideMode.ElideRight, room.width())
            painter.setFont(font)
            painter.setPen(theme.color(tint))
            align = QStyle.visualAlignment(self.layoutDirection(), side)
            place = QStyle.visualRect(self.layoutDirection(), self.rect(), room)
            painter.drawText(place, int(align | Qt.AlignmentFlag.AlignVCenter), shown)
            taken = QFontMetrics(font).horizontalAdvance(shown) + 12


class FoldedSection(QFrame):
    """A card that opens under its title; closed, the line shows its summary.

    Signals:
        toggled(bool): opened or closed, by the person or by ``set_open``.
    """

    toggled = Signal(bool)

    def __init__(
        self, title: str, summary: str = "", icon: str = "", parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        name_part(self, "FoldedSection")
        self._header = _Header(title, icon)
        self._header.toggled.connect(self._on_toggled)
        self.content = QWidget()
        self._body = QVBoxLayout(self.content)
        self._body.setContentsMargins(CARD_PADDING, 4, CARD_PADDING, CARD_PADDING)
        self._body.setSpacing(FIELD_GAP)
        self.content.hide()
        column = QVBoxLayout(self)
        column.setContentsMargins(1, 1, 1, 1)
        column.setSpacing(0)
        column.addWidget(self._header)
        column.addWidget(self.content)
        self._motion = QPropertyAnimation(self.content, b"maximumHeight", self)
        self._motion.finished.connect(self._on_motion_over)
        self.set_summary(summary)

    @property
    def is_open(self) -> bool:
        """Whether its content is shown."""
        return self._header.isChecked()

    def body_layout(self) -> QVBoxLayout:
        """Return the layout to put the content into."""
        return self._body

    def set_open(self, is_open: bool) -> None:
        """Open or close it, for example when a check failed inside."""
        self._header.setChecked(is_open)

    def set_summary(self, summary: str) -> None:
        """Show another value on the line."""
        self._header.summary = summary
        self._header.setAccessibleName(f"{self._header.text()}, {summary}".rstrip(", "))
        self._header.updateGeometry()
        self._header.update()

    def _on_toggled(self, is_open: bool) -> None:
        full, duration = self.content.sizeHint().height(), theme.motion_ms()
        self._motion.stop()
        self.content.setMaximumHeight(_NO_LIMIT)
        if is_open:
            self.content.show()
        if duration and self.isVisible():
            self._motion.setDuration(duration)
            self._motion.setStartValue(0 if is_open else full)
            self._motion.setEndValue(full if is_open else 0)
            self._motion.start()
        else:
            self._on_motion_over()
        self.toggled.emit(is_open)

    def _on_motion_over(self) -> None:
        self.content.setVisible(self.is_open)
        self.content.setMaximumHeight(_NO_LIMIT)
