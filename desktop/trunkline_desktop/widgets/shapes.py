"""Small painted widgets: a status shape, an icon, a spinner and a separator line."""

from __future__ import annotations

from PySide6.QtCore import QRectF, QSize, QTimer
from PySide6.QtGui import QHideEvent, QPainter, QPaintEvent, QShowEvent
from PySide6.QtWidgets import QFrame, QSizePolicy, QWidget

from trunkline_desktop import icons, theme
from trunkline_desktop.status import Stage, Status, paint_stage, paint_status
from trunkline_desktop.widgets.text import name_part

_FRAMES_PER_SECOND = 12


class _Square(QWidget):
    """A widget of fixed size that a screen reader passes over; the words beside it speak."""

    def __init__(self, side: int, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._side = side
        self.setFixedSize(side, side)

    def sizeHint(self) -> QSize:
        """Return the fixed size."""
        return QSize(self._side, self._side)


class StatusShape(_Square):
    """The shape of a status, 12 pixels unless told otherwise."""

    def __init__(
        self, state: Status = "off", side: int = 12, parent: QWidget | None = None
    ) -> None:
        super().__init__(side, parent)
        self.state: Status = state

    def set_state(self, state: Status) -> None:
        """Show another state."""
        self.state = state
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint the shape in the theme's colours."""
        painter = QPainter(self)
        paint_status(painter, QRectF(self.rect()), self.state)


class StageShape(_Square):
    """The shape of a stage of the check; the arc turns only while it is on screen."""

    def __init__(
        self, state: Stage = "waits", side: int = 18, parent: QWidget | None = None
    ) -> None:
        super().__init__(side, parent)
        self.state: Stage = state
        self._step = 1
        self._timer = QTimer(self, interval=1000 // _FRAMES_PER_SECOND)
        self._timer.timeout.connect(self._on_tick)

    @property
    def is_turning(self) -> bool:
        """Whether the arc moves at the moment."""
        return self._timer.isActive()

    def set_state(self, state: Stage) -> None:
        """Show another stage."""
        self.state = state
        self._follow()
        self.update()

    def showEvent(self, event: QShowEvent) -> None:
        """Start turning, if there is something to turn."""
        self._follow()

    def hideEvent(self, event: QHideEvent) -> None:
        """Stop turning."""
        self._timer.stop()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint the shape in the theme's colours."""
        painter = QPainter(self)
        paint_stage(painter, QRectF(self.rect()), self.state, self._step)

    def _follow(self) -> None:
        if self.state == "runs" and self.isVisible() and not theme.is_motion_reduced():
            self._timer.start()
        else:
            self._timer.stop()

    def _on_tick(self) -> None:
        self._step += 1
        self.update()


class Spinner(StageShape):
    """An arc for something that takes a moment; put a word such as “Checking…” beside it."""

    def __init__(self, side: int = 18, parent: QWidget | None = None) -> None:
        super().__init__("runs", side, parent)
        name_part(self, "Spinner")
        self.setAccessibleName(self.tr("Working"))


class IconLabel(_Square):
    """An icon that stands by itself."""

    def __init__(
        self, name: str, tint: str = "text2", side: int = 16, parent: QWidget | None = None
    ) -> None:
        super().__init__(side, parent)
        self._name, self._tint = name, tint

    def set_icon(self, name: str, tint: str = "text2") -> None:
        """Show another icon."""
        self._name, self._tint = name, tint
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint the icon in the theme's colours."""
        painter = QPainter(self)
        icons.draw(painter, QRectF(self.rect()), self._name, self._tint)


class Separator(QFrame):
    """A line of one pixel between rows."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        name_part(self, "Separator")
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
