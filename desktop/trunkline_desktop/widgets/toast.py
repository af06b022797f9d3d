"""The offer to undo what was just done, at the foot of the window for 6 seconds."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, QPoint, QPropertyAnimation, Qt, QTimer, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QApplication, QFrame, QHBoxLayout, QWidget

from trunkline_desktop import theme
from trunkline_desktop.tokens import TOAST_MS
from trunkline_desktop.widgets.button import Button
from trunkline_desktop.widgets.drawer import Drawer
from trunkline_desktop.widgets.inline_message import announce
from trunkline_desktop.widgets.text import Text, name_part

_LIFT = 24
_MARGINS, _GAP = (16, 6, 8, 6), 16


class Toast(QFrame):
    """A child of the window, bottom centre; stays while hovered or focused. Never for errors.

    Signals:
        undone(): the person took it back.
        ended(): it is gone, for whatever reason.
    """

    undone = Signal()
    ended = Signal()

    def __init__(self, window: QWidget) -> None:
        super().__init__(window)
        name_part(self, "Toast")
        self._window = window
        self._words = Text("", "body", wraps=True)
        self._undo = Button("", "link", "arrow-counter-clockwise")
        self._undo.clicked.connect(self._on_undo)
        self._timer = QTimer(self, singleShot=True, interval=TOAST_MS)
        self._timer.timeout.connect(self.end)
        self._motion = QPropertyAnimation(self, b"pos", self)
        row = QHBoxLayout(self)
        row.setContentsMargins(*_MARGINS)
        row.setSpacing(_GAP)
        row.addWidget(self._words)
        row.addWidget(self._undo)
        window.installEventFilter(self)
        self._undo.installEventFilter(self)
        self.hide()

    def offer(self, words: str, action: str = "") -> None:
        """Say what was done and offer to undo it; a second offer replaces the first."""
        self._undo.setText(action or self.tr("Undo"))
        self._undo.show()
        self._say(words)

    def tell(self, words: str) -> None:
        """Say what was done and cannot be undone."""
        self._undo.hide()
        self._say(words)

    def _say(self, words: str) -> None:
        self._words.setText(words)
        self._fit()
        self.show()
        self.raise_()
        self._rise()
        announce(self, words)
        self._timer.start()

    def end(self) -> None:
        """Take it away, unless the pointer or the keyboard is on it."""
        if self.underMouse() or self._undo.hasFocus():
            self._timer.start()
            return
        self._leave()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Close on Escape."""
        if event.key() == Qt.Key.Key_Escape:
            self._leave()
        else:
            super().keyPressEvent(event)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Keep the place when the window changes its size."""
        if watched is self._window and event.type() == QEvent.Type.Resize and self.isVisible():
            self._motion.stop()
            self._fit()
            self.move(self._place())
        return False

    def _fit(self) -> None:
        """Be as wide as the words, and no wider than the window."""
        beside = _MARGINS[0] + _MARGINS[2]
        if not self._undo.isHidden():
            beside += _GAP + self._undo.sizeHint().width()
        room = self._window.width() - 2 * _LIFT - beside
        lines = map(self._words.fontMetrics().horizontalAdvance, self._words.text().split("\n"))
        self._words.setFixedWidth(min(max(lines) + 2, room))
        self.adjustSize()

    def _place(self) -> QPoint:
        x = (self._window.width() - self.width()) // 2
        y = self._window.height() - self.height() - _LIFT
        return QPoint(x, min(y, self._lowest()))

    def _lowest(self) -> int:
        """Return where it begins to cover the buttons of an open drawer, in pixels from above."""
        tops = [
            drawer.mapTo(self._window, drawer.footer.geometry().topLeft()).y()
            for drawer in self._window.findChildren(Drawer)
            if drawer.isVisible() and drawer.footer.count()
        ]
        return min(tops, default=self._window.height()) - self.height() - _GAP

    def _rise(self) -> None:
        place, duration = self._place(), theme.motion_ms()
        self._motion.stop()
        if not duration:
            self.move(place)
            return
        self._motion.setDuration(duration)
        self._motion.setStartValue(place + QPoint(0, 12))
        self._motion.setEndValue(place)
        self._motion.start()

    def _on_undo(self) -> None:
        self._leave()
        self.undone.emit()

    def _leave(self) -> None:
        self._timer.stop()
        if QApplication.focusWidget() is self._undo:
            self._window.setFocus(Qt.FocusReason.OtherFocusReason)
        self.hide()
        self.ended.emit()
