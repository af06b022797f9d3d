"""How a text view shows code: whole lines, never mirrored, to be read and copied only."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFrame, QPlainTextEdit


def show_code(view: QPlainTextEdit) -> None:
    """Make ``view`` one that shows code; the tabulator key leaves it."""
    view.setReadOnly(True)
    view.setLineWrapMode(QPlainTextEdit.LineWrapMode.NoWrap)
    view.setLayoutDirection(Qt.LayoutDirection.LeftToRight)  # code never mirrors
    view.setTextInteractionFlags(
        Qt.TextInteractionFlag.TextSelectableByKeyboard
        | Qt.TextInteractionFlag.TextSelectableByMouse
    )
    view.setTabChangesFocus(True)
    view.setFrameShape(QFrame.Shape.NoFrame)
