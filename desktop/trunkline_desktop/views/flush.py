"""Link buttons that stand flush with the text around them."""

from __future__ import annotations

from trunkline_desktop.widgets.button import Button


def flush(button: Button) -> Button:
    """Take the space around the words of ``button`` away and return it."""
    button.setStyleSheet("QPushButton { padding: 0; border-left: 0; border-right: 0; }")
    return button
