"""The steps of the first run, named, so that the end is in sight."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QHBoxLayout, QSizePolicy, QWidget

from trunkline_desktop import theme
from trunkline_desktop.status import tick_path
from trunkline_desktop.widgets.text import Text, name_part

_DISC, _LINE = 24, 40


class _Number(QWidget):
    """The disc of one step: filled now, ticked when done, hollow when to come."""

    def __init__(self, number: int) -> None:
        super().__init__()
        self.number, self.state = number, "later"
        self.setFixedSize(_DISC, _DISC)

    def sizeHint(self) -> QSize:
        """Return the fixed size."""
        return QSize(_DISC, _DISC)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint disc and number."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        is_filled = self.state != "later"
        fill = theme.color("running" if self.state == "done" else "accent")
        painter.setPen(QPen(theme.color("control"), 1) if not is_filled else Qt.PenStyle.NoPen)
        painter.setBrush(fill if is_filled else Qt.BrushStyle.NoBrush)
        inset = 0.0 if is_filled else 0.5
        square = QRectF(self.rect())
        painter.drawEllipse(square.adjusted(inset, inset, -inset, -inset))
        if self.state == "done":
            pen = QPen(theme.color("surface"), 2, c=Qt.PenCapStyle.RoundCap)
            painter.strokePath(tick_path(square), pen)
            return
        painter.setFont(theme.font("head"))
        painter.setPen(theme.color("on_accent" if is_filled else "text2"))
        painter.drawText(self.rect(), int(Qt.AlignmentFlag.AlignCenter), str(self.number))


class _Line(QWidget):
    """The thin line between two steps."""

    def __init__(self) -> None:
        super().__init__()
        self.setFixedSize(_LINE, 1)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint the line."""
        QPainter(self).fillRect(self.rect(), theme.color("border"))


class Steps(QWidget):
    """Numbered steps in a row; ``set_step`` moves on, counting from 0."""

    def __init__(self, names: Sequence[str], step: int = 0, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        name_part(self, "Steps")
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self._step, self._names = step, tuple(names)
        self._parts = [(_Number(i + 1), Text(name)) for i, name in enumerate(names)]
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(8)
        for index, (number, words) in enumerate(self._parts):
            if index:
                row.addWidget(_Line(), 0, Qt.AlignmentFlag.AlignVCenter)
            row.addWidget(number)
            row.addWidget(words)
        self.set_step(step)

    @property
    def step(self) -> int:
        """The step of now, from 0."""
        return self._step

    def set_step(self, step: int) -> None:
        """Show another step as the one of now."""
        self._step = step
        for index, (number, words) in enumerate(self._parts):
            number.state = "done" if index < step else "now" if index == step else "later"
            words.set_role("strong" if index == step else "body")
            words.set_tone("text" if index == step else "text2")
            number.update()
        spoken = self.tr("Step {0} of {1}: {2}")
        name = self._names[min(step, len(self._names) - 1)]
        self.setAccessibleName(spoken.format(step + 1, len(self._names), name))
