"""Two small charts: bars with attention on top, and a line. A table says the same in words."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QLineF, QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFontMetrics, QPainter, QPaintEvent, QPen, QPolygonF
from PySide6.QtWidgets import QSizePolicy, QWidget

from trunkline_desktop import theme
from trunkline_desktop.widgets.text import name_part

HOURS = ("00:00", "06:00", "12:00", "18:00", "24:00")
_GAP = 6


class _Chart(QWidget):
    """What both charts share: an axis in words, and a scale at the start if asked for."""

    def __init__(self, labels: Sequence[str], *, scale: bool, parent: QWidget | None) -> None:
        super().__init__(parent)
        self._labels, self._has_scale = tuple(labels), scale
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setMinimumHeight(56)

    def sizeHint(self) -> QSize:
        """Return a modest size; the chart takes what it gets."""
        return QSize(240, 104)

    def set_labels(self, labels: Sequence[str]) -> None:
        """Show other words below, spread evenly from start to end."""
        self._labels = tuple(labels)
        self.update()

    def highest(self) -> float:
        """Return the value at the top of the chart."""
        raise NotImplementedError

    def _plot(self) -> QRectF:
        metrics = QFontMetrics(theme.font("caption"))
        below = metrics.height() + _GAP if self._labels else 1
        start = metrics.horizontalAdvance(_number(self.highest())) + _GAP if self._has_scale else 0
        start = max(28, start) if self._has_scale else 0
        above = metrics.height() / 2 if self._has_scale else 0
        return QRectF(self.rect()).adjusted(start, above, 0, -below)

    def _paint_axes(self, painter: QPainter, plot: QRectF) -> None:
        painter.setPen(QPen(theme.color("border"), 1))
        base = round(plot.bottom()) - 0.5
        painter.drawLine(QLineF(plot.left(), base, plot.right(), base))
        painter.setFont(theme.font("caption"))
        self._paint_labels(painter, plot)
        if self._has_scale:
            painter.setPen(QPen(theme.color("border"), 1, Qt.PenStyle.DashLine))
            top = round(plot.top()) + 0.5
            painter.drawLine(QLineF(plot.left(), top, plot.right(), top))
            painter.setPen(theme.color("text3"))
            for y, value in ((plot.top(), self.highest()), (plot.bottom(), 0)):
                place = QRectF(0, y - 10, plot.left() - _GAP, 20)
                painter.drawText(
                    place,
                    int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter),
                    _number(value),
                )

    def _paint_labels(self, painter: QPainter, plot: QRectF) -> None:
        painter.setPen(theme.color("text3"))
        last = len(self._labels) - 1
        for index, label in enumerate(self._labels):
            at = plot.left() + plot.width() * index / max(1, last)
            side = Qt.AlignmentFlag.AlignHCenter
            place = QRectF(at - 60, plot.bottom() + _GAP, 120, self.height())
            if index in (0, last):
                side = Qt.AlignmentFlag.AlignLeft if index == 0 else Qt.AlignmentFlag.AlignRight
                place.moveLeft(at if index == 0 else at - 120)
            painter.drawText(
                place, int(side | Qt.AlignmentFlag.AlignAbsolute | Qt.AlignmentFlag.AlignTop), label
            )


class BarChart(_Chart):
    """Bars over time, one colour, with what needs attention stacked on top.

    Time runs from left to right in every language, as clocks and logs are read.
    """

    def __init__(
        self,
        values: Sequence[int] = (),
        attention: Sequence[int] = (),
        labels: Sequence[str] = HOURS,
        *,
        scale: bool = False,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(labels, scale=scale, parent=parent)
        name_part(self, "BarChart")
        self.set_values(values, attention)

    def set_values(self, values: Sequence[int], attention: Sequence[int] = ()) -> None:
        """Show ``values`` and, on top of each, its ``attention``; both count things."""
        self._values = tuple(values) or (0,) * 24
        self._attention = (*attention, *(0,) * (len(self._values) - len(attention)))
        words = self.tr("{0} in all, {1} refused")
        total = sum(self._values) + sum(self._attention)
        self.setAccessibleDescription(words.format(total, sum(self._attention)))
        self.update()

    def highest(self) -> float:
        """Return the tallest bar, at least 1."""
        return max(1, *(a + b for a, b in zip(self._values, self._attention, strict=True)))

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint axis, words and bars."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        plot = self._plot()
        self._paint_axes(painter, plot)
        painter.setPen(Qt.PenStyle.NoPen)
        slot = plot.width() / len(self._values)
        width = max(2.0, min(12.0, slot - 3))
        unit = (plot.height() - 2) / self.highest()
        for index, (count, odd) in enumerate(zip(self._values, self._attention, strict=True)):
            left = plot.left() + slot * index + (slot - width) / 2
            base = plot.bottom() - 1
            tall = count * unit
            self._bar(painter, QRectF(left, base - tall, width, tall), theme.color("accent"))
            if odd:
                lift = base - tall - (1.5 if count else 0)
                high = max(3.0, odd * unit - (1.5 if count else 0))
                self._bar(painter, QRectF(left, lift - high, width, high), theme.color("attention"))

    def _bar(self, painter: QPainter, rect: QRectF, colour: QColor) -> None:
        if rect.height() <= 0:
            return
        snapped = QRectF(round(rect.left()), rect.top(), max(2, round(rect.width())), rect.height())
        radius = min(1.5, rect.height() / 2)
        painter.setBrush(colour)
        painter.drawRoundedRect(snapped, radius, radius)


class LineChart(_Chart):
    """Values at their time, joined by a line."""

    def __init__(
        self,
        points: Sequence[tuple[float, float]] = (),
        labels: Sequence[str] = (),
        *,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(labels, scale=True, parent=parent)
        name_part(self, "LineChart")
        self.set_points(points)

    def set_points(self, points: Sequence[tuple[float, float]]) -> None:
        """Show points of place (0 at the start of the axis, 1 at its end) and value."""
        self._points = tuple(points)
        self.update()

    def highest(self) -> float:
        """Return the highest value, rounded up to one people count in, at least 1."""
        top = max((value for _, value in self._points), default=0)
        return next((step for step in _round_numbers() if step >= top), top)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint axis, words, line and points."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        plot = self._plot()
        self._paint_axes(painter, plot)
        top, inner = self.highest(), plot.adjusted(2, 2, -3, -3)
        spots = [
            QPointF(inner.left() + x * inner.width(), inner.bottom() - y / top * inner.height())
            for x, y in self._points
        ]
        painter.setPen(QPen(theme.color("accent"), 1.5, j=Qt.PenJoinStyle.RoundJoin))
        painter.drawPolyline(QPolygonF(spots))
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(theme.color("accent"))
        for spot in spots:
            painter.drawEllipse(spot, 2, 2)


def _round_numbers() -> list[float]:
    return [first * 10**power for power in range(7) for first in (1, 2, 2.4, 4, 5, 8)]


def _number(value: float) -> str:
    return f"{value:g}"
