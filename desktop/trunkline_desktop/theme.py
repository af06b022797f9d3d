"""The theme as it is now: colours, fonts and motion, for whoever paints."""

from __future__ import annotations

from typing import cast

from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QFont, QFontDatabase, QFontInfo, QGuiApplication
from PySide6.QtWidgets import QApplication

from trunkline_desktop import tokens as values
from trunkline_desktop.tokens import FONT_ROLES, LIGHT, FontRole, Tokens

TOKENS, _REDUCED = "trunkline_tokens", "trunkline_reduced_motion"
_SMALLEST_PX = 11


def current() -> Tokens:
    """Return the tokens the application shows; light before the first :func:`apply`."""
    app = QApplication.instance()
    found = app.property(TOKENS) if app is not None else None
    return found if isinstance(found, Tokens) else LIGHT


def color(name: str) -> QColor:
    """Return a colour by its token's name, such as ``text2`` or ``running_soft``."""
    return QColor(cast("str", getattr(current(), name)))


def font(role: FontRole, base: QFont | None = None) -> QFont:
    """Return the font of a role, scaled from the system font; never under 11 pixels."""
    start = base if base is not None else QApplication.font()
    ratio, weight = FONT_ROLES[role]
    found = QFont(start)
    if role == "code":
        found.setFamilies([QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont).family()])
    found.setPointSizeF(points(start, ratio))
    found.setWeight(QFont.Weight(weight))
    return found


def set_reduced_motion(*, reduced: bool) -> None:
    """Switch animation off for people who asked Trunkline rather than their system."""
    app = QApplication.instance()
    if app is not None:
        app.setProperty(_REDUCED, reduced)


def is_motion_reduced() -> bool:
    """Whether nothing may move, by the system's preference or our own setting."""
    app = QApplication.instance()
    if app is not None and app.property(_REDUCED):
        return True
    hints = QGuiApplication.styleHints()  # PySide drops what it gave out when this goes
    return hints.accessibility().motionPreference() == Qt.MotionPreference.ReducedMotion


def motion_ms(duration_ms: int = values.MOTION_MS) -> int:
    """Return how long an animation may take: ``duration_ms``, or 0 with reduced motion."""
    return 0 if is_motion_reduced() else duration_ms


def points(base: QFont, ratio: float) -> float:
    """Return ``ratio`` of a font's size in points; never under 11 pixels."""
    px = QFontInfo(base).pixelSize()
    size = base.pointSizeF() if base.pointSizeF() > 0 else QFontInfo(base).pointSizeF()
    return size * max(ratio, _SMALLEST_PX / px) if px else size * ratio
