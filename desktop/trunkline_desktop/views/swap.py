"""One widget in the place of another."""

from __future__ import annotations

from typing import TypeVar

from PySide6.QtWidgets import QBoxLayout, QWidget

W = TypeVar("W", bound=QWidget)


def swap(layout: QBoxLayout, old: QWidget, new: W) -> W:
    """Put ``new`` where ``old`` was and let that one go; return ``new``."""
    layout.replaceWidget(old, new)
    old.hide()
    old.setParent(None)  # found no more, though it goes only when the event loop comes round
    old.deleteLater()
    return new
