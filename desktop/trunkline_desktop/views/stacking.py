"""Rows that become columns where there is no room side by side."""

from __future__ import annotations

from PySide6.QtWidgets import QBoxLayout


def stack(layout: QBoxLayout, *, is_narrow: bool) -> None:
    """Put what is in ``layout`` below each other when ``is_narrow``, else side by side."""
    direction = QBoxLayout.Direction
    wanted = direction.TopToBottom if is_narrow else direction.LeftToRight
    if layout.direction() == wanted:
        return
    layout.setDirection(wanted)
    parent = layout.parentWidget()
    if parent is not None and (around := parent.layout()) is not None:
        around.invalidate()  # the direction alone does not tell the layouts around
        parent.updateGeometry()
