"""A line or paragraph of text in one of the roles of the visual language."""

from __future__ import annotations

import re
from typing import Literal

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel, QWidget

from trunkline_desktop.tokens import FontRole

Tone = Literal[
    "text", "text2", "text3", "accent", "running", "failed", "attention",
    "production", "staging", "test",
]  # fmt: skip


_BREAK = "\u200b"  # no width, and a line may end there
_ENDLESS = re.compile(r"[^\s\u200b/\\-]{32}(?=\S)")


class Text(QLabel):
    """A label with a font role and a tone; plain text, never markup, so data cannot format it."""

    def __init__(
        self,
        text: str = "",
        role: FontRole = "body",
        tone: Tone = "text",
        *,
        wraps: bool = False,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setProperty("role", role)
        self.setProperty("tone", tone)
        self.setWordWrap(wraps)
        self.setText(text)

    def text(self) -> str:
        """Return the text as it was given."""
        return super().text().replace(_BREAK, "")

    def setText(self, text: str) -> None:
        """Show ``text``; where it wraps, an endless word may break too, not widen the page."""
        super().setText(_ENDLESS.sub(rf"\g<0>{_BREAK}", text) if self.wordWrap() else text)

    def set_tone(self, tone: Tone) -> None:
        """Change the colour; nothing happens when it is the same."""
        restyle(self, "tone", tone)

    def set_role(self, role: FontRole) -> None:
        """Change size and weight; nothing happens when they are the same."""
        restyle(self, "role", role)


def restyle(widget: QWidget, name: str, value: object) -> None:
    """Set a property the style sheet looks at, and let the style sheet look again."""
    if widget.property(name) == value:
        return
    widget.setProperty(name, value)
    style = widget.style()
    style.unpolish(widget)
    style.polish(widget)
    widget.updateGeometry()
    widget.update()


def name_part(widget: QWidget, name: str) -> None:
    """Name a component for tests and the style sheet; pages may give it another object name."""
    widget.setObjectName(name)
    widget.setProperty("part", name)
