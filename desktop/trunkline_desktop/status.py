"""The shapes that say how something is; the colour only repeats them."""

from __future__ import annotations

from typing import Literal

from PySide6.QtCore import QLineF, QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPainterPath, QPen, QPolygonF

from trunkline_desktop import theme

Status = Literal["on", "starting", "off", "failed", "attention"]
Stage = Literal["waits", "runs", "done", "warned", "failed", "skipped"]

STATUSES: tuple[Status, ...] = ("on", "starting", "off", "failed", "attention")
STAGES: tuple[Stage, ...] = ("waits", "runs", "done", "warned", "failed", "skipped")

_ARC_STEPS = 12


def paint_status(painter: QPainter, rect: QRectF, state: Status) -> None:
    """Paint the shape of ``state`` centred in ``rect`` (12 pixels is the usual size)."""
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    square = _square(rect)
    side = square.width()
    if state == "on":
        _disc(painter, square.adjusted(*_inset(side / 12)), "running")
    elif state == "starting":
        _arc(painter, square.adjusted(*_inset(side / 6)), side / 6, 90, -270)
    elif state == "failed":
        _disc(painter, square, "failed")
        _cross(painter, square.center(), side * 0.18, side / 6.5)
    elif state == "attention":
        paint_triangle(painter, square, theme.color("attention"), theme.color("surface"))
    else:
        _ring(painter, square.adjusted(*_inset(side / 6)), side / 7, "text3")
    painter.restore()


def paint_stage(painter: QPainter, rect: QRectF, state: Stage, step: int = 1) -> None:
    """Paint a stage of the check in ``rect``; ``step`` turns the arc, 12 steps to a round."""
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    square = _square(rect)
    side = square.width()
    if state == "runs":
        inner = square.adjusted(*_inset(side * 0.11))
        _ring(painter, inner, side * 0.11, "hover" if theme.current().is_dark else "border")
        _arc(painter, inner, side * 0.11, 90 - 30 * (step % _ARC_STEPS), -100)
    elif state == "done":
        _disc(painter, square, "running")
        _tick(painter, square)
    elif state == "failed":
        _disc(painter, square, "failed")
        _cross(painter, square.center(), side * 0.17, side * 0.12)
    elif state == "warned":
        paint_triangle(painter, square, theme.color("attention"), theme.color("surface"))
    else:
        _ring(painter, square.adjusted(*_inset(side * 0.09)), side * 0.085, "control")
    painter.restore()


def paint_triangle(painter: QPainter, square: QRectF, fill: QColor, mark: QColor) -> None:
    """Paint a triangle with an exclamation mark, the sign for attention."""
    side, left, top = square.width(), square.left(), square.top()
    edge = side * 0.1
    corners = [(0.5, 0.1), (0.95, 0.88), (0.05, 0.88)]
    shape = QPolygonF([QPointF(left + x * side, top + y * side) for x, y in corners])
    painter.setPen(QPen(fill, edge, j=Qt.PenJoinStyle.RoundJoin))
    painter.setBrush(fill)
    painter.drawPolygon(shape)
    middle = square.center().x()
    painter.setPen(QPen(mark, side * 0.12, c=Qt.PenCapStyle.RoundCap))
    painter.drawLine(QLineF(middle, top + side * 0.4, middle, top + side * 0.58))
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(mark)
    painter.drawEllipse(QPointF(middle, top + side * 0.765), side * 0.072, side * 0.072)


def _square(rect: QRectF) -> QRectF:
    side = min(rect.width(), rect.height())
    return QRectF(rect.center().x() - side / 2, rect.center().y() - side / 2, side, side)


def _inset(by: float) -> tuple[float, float, float, float]:
    return by, by, -by, -by


def _disc(painter: QPainter, rect: QRectF, token: str) -> None:
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(theme.color(token))
    painter.drawEllipse(rect)


def _ring(painter: QPainter, rect: QRectF, width: float, token: str) -> None:
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.setPen(QPen(theme.color(token), width))
    painter.drawEllipse(rect)


def _arc(painter: QPainter, rect: QRectF, width: float, start: float, span: float) -> None:
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.setPen(QPen(theme.color("starting"), width, c=Qt.PenCapStyle.RoundCap))
    painter.drawArc(rect, round(start * 16), round(span * 16))


def _cross(painter: QPainter, centre: QPointF, reach: float, width: float) -> None:
    painter.setPen(QPen(theme.color("surface"), width, c=Qt.PenCapStyle.RoundCap))
    for x in (reach, -reach):
        painter.drawLine(centre + QPointF(-x, -reach), centre + QPointF(x, reach))


def _tick(painter: QPainter, square: QRectF) -> None:
    path = tick_path(square)
    pen = QPen(theme.color("surface"), square.width() * 0.12)
    pen.setCapStyle(Qt.PenCapStyle.RoundCap)
    pen.setJoinStyle(Qt.PenJoinStyle.RoundJoin)
    painter.strokePath(path, pen)


def tick_path(square: QRectF) -> QPainterPath:
    """Return a tick that sits in the middle of ``square``."""
    side, left, top = square.width(), square.left(), square.top()
    path = QPainterPath(QPointF(left + side * 0.29, top + side * 0.52))
    path.lineTo(left + side * 0.44, top + side * 0.67)
    path.lineTo(left + side * 0.72, top + side * 0.36)
    return path
