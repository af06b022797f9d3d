"""A card: a quiet frame around things that belong together, with an optional title line."""

from __future__ import annotations

from PySide6.QtWidgets import QFrame, QHBoxLayout, QVBoxLayout, QWidget

from trunkline_desktop.tokens import CARD_PADDING
from trunkline_desktop.widgets.text import Text, name_part


class Card(QFrame):
    """A bordered surface. Add to ``body``; ``header`` takes actions at the end of the title."""

    def __init__(self, title: str = "", subtitle: str = "", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        name_part(self, "Card")
        self.setAccessibleName(title)
        self.body = QVBoxLayout(self)
        self.body.setContentsMargins(*[CARD_PADDING] * 4)
        self.body.setSpacing(12)
        self.header = QHBoxLayout()
        self.header.setSpacing(8)
        self.title = Text(title, "card", wraps=True)
        self.subtitle = Text(subtitle, "caption", "text2", wraps=True)
        self.subtitle.setVisible(bool(subtitle))
        if title:
            self._add_header()

    def _add_header(self) -> None:
        words = QVBoxLayout()
        words.setSpacing(4)
        words.addWidget(self.title)
        words.addWidget(self.subtitle)
        self.header.addLayout(words, 1)
        self.body.addLayout(self.header)
