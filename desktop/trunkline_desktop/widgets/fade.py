"""A widget that appears softly in place, where people allow motion."""

from __future__ import annotations

from PySide6.QtCore import QAbstractAnimation, QPropertyAnimation
from PySide6.QtWidgets import QGraphicsOpacityEffect, QWidget

from trunkline_desktop import theme


def fade_in(widget: QWidget) -> None:
    """Show ``widget``, fading within 120 ms; at once with reduced motion."""
    widget.show()
    duration = theme.motion_ms()
    if not duration or not widget.isVisible():
        return
    effect = QGraphicsOpacityEffect(widget)
    widget.setGraphicsEffect(effect)
    motion = QPropertyAnimation(effect, b"opacity", effect)
    motion.setDuration(duration)
    motion.setStartValue(0.3)
    motion.setEndValue(1.0)
    # An effect left in place would draw the widget through an image for good.
    motion.finished.connect(lambda: effect.setEnabled(False))
    motion.start(QAbstractAnimation.DeletionPolicy.DeleteWhenStopped)
