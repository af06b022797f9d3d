"""One AI app: who it is, how it is connected, to what, and the one thing to do."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QVBoxLayout, QWidget

from trunkline_desktop.status import Status
from trunkline_desktop.tokens import CARD_PADDING
from trunkline_desktop.widgets.button import Button
from trunkline_desktop.widgets.monogram import Monogram
from trunkline_desktop.widgets.shapes import StatusShape
from trunkline_desktop.widgets.text import Text, name_part, restyle


class AppCard(QFrame):
    """A card with monogram, name, status in words, databases and one button.

    Compact, it is a row without frame or button, for a list inside another card. An app that
    is not installed has neither shape nor button.

    Signals:
        acted(): the button was chosen.
    """

    acted = Signal()

    def __init__(
        self, name: str, monogram: str, *, compact: bool = False, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        name_part(self, "AppCard")
        self.setProperty("compact", compact)
        self._compact = compact
        self._name = Text(name, "strong")
        self._shape = StatusShape("off", 10)
        self._words = Text("", "caption", "text2", wraps=not compact)
        self._databases = Text("", "caption", "text3", wraps=True)
        self.button = Button("", small=True)
        self.button.clicked.connect(self.acted)
        self._lay_out(monogram)
        self.set_app(None, "")

    def set_app(
        self,
        status: Status | None,
        words: str,
        databases: str = "",
        action: str = "",
        icon: str | None = None,
    ) -> None:
        """Show how it is: ``status`` None means not installed; ``action`` "" means no button."""
        self._shape.setVisible(status is not None)
        self._shape.set_state(status or "off")
        self._words.setText(words)
        self._name.set_tone("text" if status is not None else "text2")
        self._databases.setText(databases)
        self._databases.setVisible(bool(databases))
        self.button.setText(action)
        self.button.set_icon(icon)
        self.button.setVisible(bool(action) and not self._compact)
        spoken = ", ".join(part for part in (self._name.text(), words, databases) if part)
        self.setAccessibleName(spoken)
        self.button.setAccessibleName(f"{self._name.text()}: {action}")

    def set_chosen(self, is_chosen: bool) -> None:
        """Mark the card whose details are open."""
        restyle(self, "chosen", is_chosen)
        edge = 0 if self._compact else CARD_PADDING - (1 if is_chosen else 0)
        side = 0 if self._compact else 12 - (1 if is_chosen else 0)
        self._row.setContentsMargins(edge, edge, side, edge)

    def _lay_out(self, monogram: str) -> None:
        self._row = QHBoxLayout(self)
        self._row.setSpacing(12)
        side = 32 if self._compact else 40
        self._row.addWidget(Monogram(monogram, side), 0, Qt.AlignmentFlag.AlignVCenter)
        words = QVBoxLayout()
        words.setSpacing(2)
        words.addStretch()
        words.addWidget(self._name)
        line = QHBoxLayout()
        line.setSpacing(6)
        line.addWidget(self._shape)
        line.addWidget(self._words, 1)
        words.addLayout(line)
        words.addWidget(self._databases)
        words.addStretch()
        self._row.addLayout(words, 1)
        self._row.addWidget(self.button)
        self.set_chosen(False)
