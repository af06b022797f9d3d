"""The frame every page has: a title line that stays, content that scrolls, perhaps a footer."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QScrollArea, QVBoxLayout, QWidget

from trunkline_desktop.tokens import (
    CARD_GAP,
    CONTROL_HEIGHT,
    FOOTER,
    MARGIN,
    MARGIN_NARROW,
    NARROW_BELOW,
)
from trunkline_desktop.widgets.text import Text, name_part


class Page(QWidget):
    """Title and ``header`` stay, ``body`` scrolls, ``footer()`` stays below both.

    ``header`` is the row beside the title, for actions; ``top`` is below it and stays too, for
    a subtitle or tabs.
    """

    def __init__(self, title: str = "", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        name_part(self, "Page")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.title = Text(title, "title")
        self.header, self.top, self.body = QHBoxLayout(), QVBoxLayout(), QVBoxLayout()
        self._footer: QHBoxLayout | None = None
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(0)
        self._add_head()
        self._add_scroll()
        self.set_title(title)
        self._set_margin(MARGIN)

    def set_title(self, title: str) -> None:
        """Show another title; screen readers hear it when the page opens."""
        self.title.setText(title)
        self.setAccessibleName(title)

    def footer(self) -> QHBoxLayout:
        """Return the row of the footer, 56 pixels high; made on first use."""
        if self._footer is None:
            frame = QFrame()
            name_part(frame, "Footer")
            frame.setMinimumHeight(FOOTER)
            self._footer_column = QVBoxLayout(frame)
            self._footer_column.setSpacing(8)
            self._footer_column.setContentsMargins(self._margin, 8, self._margin, 8)
            self._footer = QHBoxLayout()
            self._footer.setSpacing(8)
            self._footer_column.addLayout(self._footer)
            self._column.addWidget(frame)
        return self._footer

    def set_footer_note(self, note: QWidget, *, is_above: bool) -> None:
        """Put a sentence beside the footer's buttons, or above them where they need the row."""
        row = self.footer()
        row.removeWidget(note)
        self._footer_column.removeWidget(note)
        if is_above:
            self._footer_column.insertWidget(0, note)
        else:
            row.insertWidget(0, note, 1)
        row.setAlignment(Qt.AlignmentFlag.AlignRight if is_above else Qt.AlignmentFlag(0))

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Narrow the margins in a narrow window."""
        super().resizeEvent(event)
        margin = MARGIN_NARROW if self.window().width() < NARROW_BELOW else MARGIN
        if margin != self._margin:
            self._set_margin(margin)

    def _add_head(self) -> None:
        self._head = QVBoxLayout()
        self._head.setSpacing(0)
        line = QHBoxLayout()
        line.setSpacing(8)
        self.title.setMinimumHeight(CONTROL_HEIGHT)
        line.addWidget(self.title)
        line.addLayout(self.header, 1)
        self.header.setSpacing(8)
        self._head.addLayout(line)
        self._head.addLayout(self.top)
        self._column.addLayout(self._head)

    def _add_scroll(self) -> None:
        self.scroll_area = QScrollArea()
        self.scroll_area.setWidgetResizable(True)
        self.scroll_area.setFrameShape(QFrame.Shape.NoFrame)
        self.scroll_area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.scroll_area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        inside = QWidget()
        name_part(inside, "PageBody")
        inside.setLayout(self.body)
        self.body.setSpacing(CARD_GAP)
        self.scroll_area.setWidget(inside)
        self._column.addWidget(self.scroll_area, 1)

    def _set_margin(self, margin: int) -> None:
        self._margin = margin
        self._head.setContentsMargins(margin, 24, margin, 8)
        self.body.setContentsMargins(margin, 8, margin, 24)
        if self._footer is not None:
            self._footer_column.setContentsMargins(margin, 8, margin, 8)
