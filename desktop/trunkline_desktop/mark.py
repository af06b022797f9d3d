"""Our mark, two ends joined to one trunk: the tray icon, whose foot is the state, and the badge."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from typing import Literal

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QIcon, QPainter, QPainterPath, QPen, QPixmap

from trunkline_desktop import theme
from trunkline_desktop.status import paint_triangle
from trunkline_desktop.tokens import DARK, LIGHT, Tokens

State = Literal["nothing", "on", "running", "starting", "attention", "failed", "paused"]

STATES: tuple[State, ...] = (
    "nothing", "on", "running", "starting", "attention", "failed", "paused",
)  # fmt: skip
SIZES = (16, 22, 24, 32, 44, 48, 64)
BADGE_SIZES = (16, 24, 32, 48, 64, 128, 256, 512)
_MONOCHROME = frozenset({"nothing", "on", "paused"})


@dataclass(frozen=True, slots=True)
class _Grid:
    """Whole pixels for one size, so that every straight edge is sharp.

    Line, ends and foot are all odd or all even: then they share one centre line.
    """

    size: int
    line: int
    end: int
    foot: int

    @property
    def middle(self) -> float:
        """The centre line of the trunk; half a pixel left of the middle for odd lines."""
        return self.size / 2 - (0.5 if self.line % 2 else 0)

    @property
    def top(self) -> float:
        """The height of the two ends' centres."""
        return max(1, round(self.size * 0.04)) + self.end / 2

    @property
    def reach(self) -> float:
        """From the centre line to the centre of an end; a whole number."""
        return float(int(self.middle - self.end / 2 - self.size * 0.02))


def tray_icon(state: State, *, dark_panel: bool) -> QIcon:
    """Return the tray icon of ``state`` in every size, for a dark or a light panel.

    On macOS the states without a colour are template images, which the panel tints itself.
    """
    found = QIcon()
    for size in SIZES:
        found.addPixmap(mark_pixmap(state, size, dark_panel=dark_panel))
    found.setIsMask(sys.platform == "darwin" and state in _MONOCHROME)
    return found


def mark_pixmap(state: State, size: int, *, dark_panel: bool) -> QPixmap:
    """Return one size of the tray icon, in device pixels."""
    found = QPixmap(size, size)
    found.fill(Qt.GlobalColor.transparent)
    painter = QPainter(found)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    paint_mark(painter, state, size, DARK if dark_panel else LIGHT)
    painter.end()
    return found


def app_icon() -> QIcon:
    """Return the icon of windows and launchers: the badge in every size."""
    found = QIcon()
    for size in BADGE_SIZES:
        found.addPixmap(badge_pixmap(size))
    return found


def badge_pixmap(size: int) -> QPixmap:
    """Return one size of the badge, in device pixels."""
    found = QPixmap(size, size)
    found.fill(Qt.GlobalColor.transparent)
    painter = QPainter(found)
    paint_app_icon(painter, QRectF(0, 0, size, size), LIGHT)
    painter.end()
    return found


def paint_app_icon(painter: QPainter, rect: QRectF, tokens: Tokens | None = None) -> None:
    """Paint the badge into ``rect``: a rounded square with the mark, in the theme's accent."""
    colours = tokens or theme.current()
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(QColor(colours.accent))
    painter.drawRoundedRect(rect, rect.width() * 0.22, rect.height() * 0.22)
    painter.translate(rect.topLeft())
    unit = rect.width() / 24
    painter.scale(unit, unit)
    ink = QColor(colours.on_accent)
    painter.setBrush(ink)
    for x in (6.5, 17.5):
        painter.drawEllipse(QPointF(x, 7.5), 2.25, 2.25)
    painter.drawEllipse(QPointF(12, 17), 2.5, 2.5)
    painter.drawRect(QRectF(6.5, 6.5, 11, 2))
    painter.drawRect(QRectF(11, 7.5, 2, 9))
    painter.restore()


def paint_mark(painter: QPainter, state: State, size: int, tokens: Tokens) -> None:
    """Paint the mark at 0, 0 in ``size`` whole pixels, in the colours of ``tokens``."""
    grid = _grid(size, is_thin=state == "nothing")
    ink = QColor(tokens.text2 if state == "nothing" else tokens.text)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(ink)
    if state == "nothing":
        painter.drawPath(_hollow(grid))
        return
    painter.drawPath(_head(grid, has_stub=state != "on"))
    if state == "on":
        painter.drawPath(_trunk(grid))
    else:
        _FEET[state](painter, grid, tokens)


def _grid(size: int, *, is_thin: bool) -> _Grid:
    line = max(1, round(size * 0.085)) if is_thin else max(2, round(size * 0.13))
    odd = line % 2
    return _Grid(
        size, line, _near(size * (0.36 if is_thin else 0.30), odd), _near(size * 0.33, odd)
    )


def _near(wanted: float, odd: int) -> int:
    """Return the whole number nearest to ``wanted`` that is odd, or even."""
    low = int(wanted) - (int(wanted) % 2 != odd)
    return low if wanted - low <= 1 else low + 2


def _disc(centre: QPointF, diameter: float) -> QPainterPath:
    path = QPainterPath()
    path.addEllipse(centre, diameter / 2, diameter / 2)
    return path


def _bar(x: float, y: float, width: float, height: float) -> QPainterPath:
    path = QPainterPath()
    path.addRect(QRectF(x, y, width, height))
    return path


def _head(grid: _Grid, *, has_stub: bool) -> QPainterPath:
    """The two ends, the line between them, and the start of the trunk."""
    left, top = grid.middle - grid.reach, grid.top
    path = _bar(left, top - grid.line / 2, 2 * grid.reach, grid.line)
    for x in (left, left + 2 * grid.reach):
        path = path.united(_disc(QPointF(x, top), grid.end))
    if has_stub:
        # Down to a whole pixel, level with the ends' lower edge.
        length = round(grid.top + grid.end / 2 + grid.size * 0.06) - top
        path = path.united(_bar(grid.middle - grid.line / 2, top, grid.line, length))
    return path


def _trunk(grid: _Grid) -> QPainterPath:
    foot = _foot_centre(grid, grid.foot)
    path = _bar(grid.middle - grid.line / 2, grid.top, grid.line, foot.y() - grid.top)
    return path.united(_disc(foot, grid.foot))


def _hollow(grid: _Grid) -> QPainterPath:
    """Everything thin, with a hole in each end."""
    left, right = grid.middle - grid.reach, grid.middle + grid.reach
    ends = [QPointF(left, grid.top), QPointF(right, grid.top), _foot_centre(grid, grid.end)]
    path = _head(grid, has_stub=False).united(
        _bar(grid.middle - grid.line / 2, grid.top, grid.line, ends[2].y() - grid.top)
    )
    for end in ends:
        path = path.united(_disc(end, grid.end))
    for end in ends:
        path = path.subtracted(_disc(end, grid.end - 2 * grid.line))
    return path


def _foot_centre(grid: _Grid, height: float) -> QPointF:
    """Return the centre of a foot that stands on the lowest pixel row of the mark."""
    margin = max(1, round(grid.size * 0.04))
    return QPointF(grid.middle, grid.size - margin - height / 2)


def _sign_place(grid: _Grid) -> QRectF:
    """Return the square for a sign at the foot, on whole pixels."""
    side = _near(grid.size * 0.53, grid.line % 2)
    centre = QPointF(grid.middle, grid.size - side / 2)
    return QRectF(centre.x() - side / 2, centre.y() - side / 2, side, side)


def _paint_running(painter: QPainter, grid: _Grid, tokens: Tokens) -> None:
    dot = _near(grid.size * 0.21, grid.line % 2)
    step = dot + max(1, round(grid.size * 0.06))
    y = grid.size - max(1, round(grid.size * 0.1)) - dot / 2
    painter.setBrush(QColor(tokens.accent))
    for place in (-1, 0, 1):
        painter.drawEllipse(QPointF(grid.middle + place * step, y), dot / 2, dot / 2)


def _paint_starting(painter: QPainter, grid: _Grid, tokens: Tokens) -> None:
    width = grid.line
    ring = _sign_place(grid).adjusted(width / 2, width / 2, -width / 2, -width / 2)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.setPen(QPen(QColor(tokens.accent), width, c=Qt.PenCapStyle.FlatCap))
    painter.drawArc(ring, 90 * 16, -270 * 16)


def _paint_attention(painter: QPainter, grid: _Grid, tokens: Tokens) -> None:
    place = _sign_place(grid)
    wide = place.adjusted(-grid.size * 0.06, -grid.size * 0.06, grid.size * 0.06, 0)
    side = wide.width()
    square = QRectF(wide.left(), grid.size - side * 0.97, side, side)
    paint_triangle(painter, square, QColor(tokens.attention), QColor(_ground(tokens)))


def _paint_failed(painter: QPainter, grid: _Grid, tokens: Tokens) -> None:
    place = _sign_place(grid)
    painter.setBrush(QColor(tokens.failed))
    painter.drawEllipse(place)
    reach, width = place.width() * 0.19, max(1.4, place.width() * 0.16)
    painter.setPen(QPen(QColor(_ground(tokens)), width, c=Qt.PenCapStyle.RoundCap))
    for x in (reach, -reach):
        painter.drawLine(place.center() + QPointF(-x, -reach), place.center() + QPointF(x, reach))


def _paint_paused(painter: QPainter, grid: _Grid, tokens: Tokens) -> None:
    width = max(2, round(grid.size * 0.14))
    gap = _near(grid.size * 0.13, grid.line % 2)
    high = round(grid.size * 0.42)
    top = grid.size - max(1, round(grid.size * 0.03)) - high
    painter.setBrush(QColor(tokens.text))
    radius = 0 if grid.size < 24 else 1
    for x in (grid.middle - gap / 2 - width, grid.middle + gap / 2):
        painter.drawRoundedRect(QRectF(x, top, width, high), radius, radius)


def _ground(tokens: Tokens) -> str:
    """The colour a sign is cut out with: near the panel's own."""
    return tokens.sidebar


_FEET = {
    "running": _paint_running,
    "starting": _paint_starting,
    "attention": _paint_attention,
    "failed": _paint_failed,
    "paused": _paint_paused,
}
