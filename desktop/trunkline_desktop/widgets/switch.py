"""A switch for something that is on or off and acts at once."""

from __future__ import annotations

from PySide6.QtCore import Property, QEasingCurve, QPoint, QPropertyAnimation, QRectF, QSize, Qt
from PySide6.QtGui import QKeyEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QCheckBox, QSizePolicy, QWidget

from trunkline_desktop import theme
from trunkline_desktop.style import has_keyboard_focus, paint_focus
from trunkline_desktop.widgets.text import name_part

_WIDTH, _HEIGHT, _RING, _KNOB, _GAP = 44, 28, 4, 14, 3


class Switch(QCheckBox):
    """A painted switch, 44 by 28; screen readers meet a check box. Put On or Off beside it.

    Signals:
        toggled(bool): switched by mouse, Space, Enter, a screen reader or ``setChecked``.
    """

    def __init__(
        self, name: str = "", *, checked: bool = False, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        name_part(self, "Switch")
        self.setAccessibleName(name)
        self.setCheckable(True)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self._place = 1.0 if checked else 0.0
        self._motion = QPropertyAnimation(self, b"place", self)
        self._motion.setEasingCurve(QEasingCurve.Type.OutCubic)
        self.setChecked(checked)
        self.toggled.connect(self._on_toggled)

    def sizeHint(self) -> QSize:
        """Return the fixed size, which includes room for the focus ring."""
        return QSize(_WIDTH, _HEIGHT)

    def minimumSizeHint(self) -> QSize:
        """Return the fixed size."""
        return self.sizeHint()

    def hitButton(self, pos: QPoint) -> bool:
        """Take clicks anywhere on it."""
        return self.rect().contains(pos)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Let Enter switch as Space does."""
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.click()
        else:
            super().keyPressEvent(event)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint track, knob and ring."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        track = QRectF(self.rect()).adjusted(_RING, _RING, -_RING, -_RING)
        self._paint_track(painter, track)
        self._paint_knob(painter, track)
        if has_keyboard_focus(self):
            paint_focus(painter, QRectF(self.rect()), _HEIGHT / 2 - 1)

    def _paint_track(self, painter: QPainter, track: QRectF) -> None:
        is_on, radius = self.isChecked(), track.height() / 2
        if not self.isEnabled():
            painter.setPen(QPen(theme.color("border"), 1))
            painter.setBrush(theme.color("hover"))
        elif is_on:
            painter.setPen(QPen(theme.color("accent_hover" if self.underMouse() else "accent"), 1))
            painter.setBrush(painter.pen().color())
        else:
            painter.setPen(QPen(theme.color("text3" if self.underMouse() else "control"), 1))
            painter.setBrush(theme.color("surface"))
        painter.drawRoundedRect(track.adjusted(0.5, 0.5, -0.5, -0.5), radius - 0.5, radius - 0.5)

    def _paint_knob(self, painter: QPainter, track: QRectF) -> None:
        token = "on_accent" if self.isChecked() else "control"
        painter.setBrush(theme.color(token if self.isEnabled() else "text3"))
        painter.setPen(Qt.PenStyle.NoPen)
        is_mirrored = self.layoutDirection() == Qt.LayoutDirection.RightToLeft
        place = 1 - self._place if is_mirrored else self._place
        travel = track.width() - 2 * _GAP - _KNOB
        knob = QRectF(track.left() + _GAP + place * travel, track.top() + _GAP, _KNOB, _KNOB)
        painter.drawEllipse(knob)

    def _on_toggled(self, is_on: bool) -> None:
        self._motion.stop()
        self._motion.setDuration(theme.motion_ms() if self.isVisible() else 0)
        self._motion.setStartValue(self._place)
        self._motion.setEndValue(1.0 if is_on else 0.0)
        self._motion.start()

    def _get_place(self) -> float:
        return self._place

    def _set_place(self, place: float) -> None:
        self._place = place
        self.update()

    place = Property(float, _get_place, _set_place)
