"""Details at the end of the window, beside what they belong to."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QPropertyAnimation, Qt, QTimer, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import (
    QApplication,
    QFrame,
    QHBoxLayout,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from trunkline_desktop import theme
from trunkline_desktop.style import focus_reason, move_focus
from trunkline_desktop.tokens import DRAWER_LARGEST, DRAWER_SMALLEST
from trunkline_desktop.widgets.button import Button
from trunkline_desktop.widgets.text import Text, name_part, restyle

SIDE = 20  # pixels between the edge and the content


class Drawer(QFrame):
    """A column of 272 to 404 pixels: a title line with ``lead``, ``body`` that scrolls, ``footer``.

    Signals:
        closed(): the person closed it, by the cross or by Escape.
    """

    closed = Signal()

    def __init__(
        self, title: str = "", width: int = DRAWER_LARGEST, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        name_part(self, "Drawer")
        self._opener: QWidget | None = None
        self._width = max(DRAWER_SMALLEST, min(DRAWER_LARGEST, width))
        self.lead, self.body, self.footer = QHBoxLayout(), QVBoxLayout(), QHBoxLayout()
        self.title, self.subtitle = Text("", "card"), Text("", "caption", "text3", wraps=True)
        self._motion = QPropertyAnimation(self, b"maximumWidth", self)
        self._motion.finished.connect(self._on_motion_over)
        self._lay_out()
        self.setFixedWidth(self._width)
        self.set_title(title)
        self._follow_direction()

    def set_title(self, title: str, subtitle: str = "") -> None:
        """Show another title and perhaps a line below it."""
        self.title.setText(title)
        self.subtitle.setText(subtitle)
        self.subtitle.setVisible(bool(subtitle))
        self.setAccessibleName(title)

    @property
    def holds_focus(self) -> bool:
        """Whether the focus is somewhere in it, where the person sees it."""
        focused = QApplication.focusWidget()
        is_in = focused is self or (focused is not None and self.isAncestorOf(focused))
        return is_in and self.isVisible()

    def open(self, opener: QWidget | None = None) -> None:
        """Slide in with the focus; at once with reduced motion.

        ``opener`` gets the focus back when it closes, unless the person has gone elsewhere.
        """
        self._opener = opener
        self._slide_in()
        move_focus(self)

    def _slide_in(self) -> None:
        duration = theme.motion_ms()
        if self.isVisible() or not duration:
            self.setFixedWidth(self._width)
            self.show()
            return
        self.setMinimumWidth(0)
        self._motion.setDuration(duration)
        self._motion.setStartValue(0)
        self._motion.setEndValue(self._width)
        self.show()
        self._motion.start()

    def set_width(self, width: int) -> None:
        """Be ``width`` pixels wide, more than usual when it has the page to itself."""
        self._width = width
        if self.isVisible():
            self.setFixedWidth(width)

    def reveal(self, widget: QWidget) -> None:
        """Scroll to a part of the body, as soon as it has its place."""
        QTimer.singleShot(0, widget, lambda: self._scrolled.ensureWidgetVisible(widget))

    def close_drawer(self) -> None:
        """Hide it and tell, as the cross does."""
        held_focus, reason = self.holds_focus, focus_reason(self)  # hiding changes both
        self._motion.stop()
        self.hide()
        self.closed.emit()
        if held_focus and self._opener:
            self._opener.setFocus(reason)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Close on Escape."""
        if event.key() == Qt.Key.Key_Escape:
            self.close_drawer()
        else:
            super().keyPressEvent(event)

    def changeEvent(self, event: QEvent) -> None:
        """Keep the border on the inner side."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.LayoutDirectionChange:
            self._follow_direction()

    def _follow_direction(self) -> None:
        restyle(self, "mirrored", self.layoutDirection() == Qt.LayoutDirection.RightToLeft)

    def _on_motion_over(self) -> None:
        self.setFixedWidth(self._width)

    def _lay_out(self) -> None:
        column = QVBoxLayout(self)
        column.setContentsMargins(SIDE, 20, SIDE, 16)
        column.setSpacing(12)
        head = QHBoxLayout()
        head.setSpacing(12)
        head.addLayout(self.lead)
        words = QVBoxLayout()
        words.setSpacing(0)
        words.addWidget(self.title)
        words.addWidget(self.subtitle)
        head.addLayout(words, 1)
        cross = Button("", "ghost", "x", name=self.tr("Close"), small=True)
        cross.clicked.connect(self.close_drawer)
        head.addWidget(cross)
        column.addLayout(head)
        column.addWidget(self._scroll(), 1)
        self.footer.setSpacing(8)
        column.addLayout(self.footer)

    def _scroll(self) -> QScrollArea:
        scroll, inside = QScrollArea(), QWidget()
        self._scrolled = scroll
        scroll.setWidgetResizable(True)
        scroll.setFrameShape(QFrame.Shape.NoFrame)
        scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        name_part(inside, "DrawerBody")
        inside.setLayout(self.body)
        self.body.setContentsMargins(0, 0, 0, 0)
        self.body.setSpacing(8)
        scroll.setWidget(inside)
        return scroll
