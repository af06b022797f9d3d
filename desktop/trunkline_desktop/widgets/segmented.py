"""A row of choices of which exactly one holds, such as STDIO, HTTP, SSE."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QEvent, QRectF, Qt, Signal
from PySide6.QtGui import QFont, QFontMetrics, QKeyEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QButtonGroup, QFrame, QHBoxLayout, QPushButton, QSizePolicy, QWidget

from trunkline_desktop import theme
from trunkline_desktop.style import has_keyboard_focus, paint_focus
from trunkline_desktop.widgets.text import name_part

_PADDING = 2 * 14
_STEPS = {
    Qt.Key.Key_Left: -1,
    Qt.Key.Key_Up: -1,
    Qt.Key.Key_Right: 1,
    Qt.Key.Key_Down: 1,
}


class _Segment(QPushButton):
    """One choice, as wide as its words when they are bold, so choosing moves nothing.

    Signals:
        stepped(int): an arrow key asks for the choice that many places further, as seen.
    """

    stepped = Signal(int)

    def __init__(self, value: str, text: str) -> None:
        super().__init__(text)
        self.value = value
        self.setObjectName(f"segment-{value}")
        self.setProperty("kind", "segment")
        self.setCheckable(True)
        self.setAutoExclusive(True)
        self.setAutoDefault(False)
        self.setSizePolicy(QSizePolicy.Policy.Minimum, QSizePolicy.Policy.Fixed)
        self.reserve()

    def reserve(self) -> None:
        """Make room for the bold words."""
        bold = theme.font("strong")
        bold.setWeight(QFont.Weight.DemiBold)
        width = QFontMetrics(bold).horizontalAdvance(self.text()) + _PADDING
        if self.minimumWidth() != width:
            self.setMinimumWidth(width)

    def changeEvent(self, event: QEvent) -> None:
        """Measure again when the text size changes."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.FontChange:
            self.reserve()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Turn arrow keys into steps."""
        step = _STEPS.get(Qt.Key(event.key()), 0)
        if step:
            is_mirrored = self.layoutDirection() == Qt.LayoutDirection.RightToLeft
            self.stepped.emit(-step if is_mirrored else step)
        else:
            super().keyPressEvent(event)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint the segment, and the ring when the keyboard brought the focus."""
        super().paintEvent(event)
        if has_keyboard_focus(self):
            paint_focus(QPainter(self), QRectF(self.rect()), 5)


class SegmentedControl(QFrame):
    """Choices side by side; arrow keys move and choose, Tab passes through in one step.

    Signals:
        changed(str): the person chose another value; not sent by ``set_value``.
    """

    changed = Signal(str)

    def __init__(
        self,
        options: Sequence[tuple[str, str]] | Sequence[str],
        value: str = "",
        *,
        name: str = "",
        parent: QWidget | None = None,
    ) -> None:
        """Build it from values, or from pairs of value and shown words; the first is chosen."""
        super().__init__(parent)
        name_part(self, "SegmentedControl")
        self.setAccessibleName(name)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        row = QHBoxLayout(self)
        row.setContentsMargins(2, 2, 2, 2)
        row.setSpacing(0)
        self._group = QButtonGroup(self)
        self._segments: dict[str, _Segment] = {}
        for option in options:
            key, text = (option, option) if isinstance(option, str) else option
            self._segments[key] = _Segment(key, text)
            self._group.addButton(self._segments[key])
            self._segments[key].stepped.connect(self._on_stepped)
            row.addWidget(self._segments[key])
        self._value = value or next(iter(self._segments))
        self._segments[self._value].setChecked(True)
        self.setFocusProxy(self._segments[self._value])
        self._group.buttonToggled.connect(self._on_toggled)

    @property
    def value(self) -> str:
        """The chosen value."""
        return self._value

    def set_value(self, value: str) -> None:
        """Choose ``value`` without a signal.

        Raises:
            KeyError: no option has that value.
        """
        segment, self._value = self._segments[value], value
        self.setFocusProxy(segment)
        segment.setChecked(True)

    def set_option_enabled(self, value: str, *, enabled: bool) -> None:
        """Allow or forbid one choice; say why in words near it."""
        self._segments[value].setEnabled(enabled)

    def _on_toggled(self, segment: QPushButton, is_on: bool) -> None:
        if is_on and isinstance(segment, _Segment) and segment.value != self._value:
            self._value = segment.value
            self.setFocusProxy(segment)
            self.changed.emit(self._value)

    def _on_stepped(self, step: int) -> None:
        usable = [s for s in self._segments.values() if s.isEnabled()]
        values = [s.value for s in usable]
        place = values.index(self._value) + step if self._value in values else 0
        if 0 <= place < len(usable):
            usable[place].setFocus(Qt.FocusReason.TabFocusReason)
            usable[place].click()
