"""What a page says when there is nothing on it yet."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QVBoxLayout, QWidget

from trunkline_desktop.tokens import EMPTY_WIDTH, ICON_EMPTY
from trunkline_desktop.widgets.button import Button
from trunkline_desktop.widgets.shapes import IconLabel
from trunkline_desktop.widgets.text import Text, name_part


class EmptyState(QWidget):
    """An icon, one sentence and one button, in the middle.

    Signals:
        acted(): the button was chosen.
    """

    acted = Signal()

    def __init__(
        self, icon: str, sentence: str, action: str = "", parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        name_part(self, "EmptyState")
        self.setAccessibleName(sentence)
        words = Text(sentence, "body", "text2", wraps=True)
        words.setAlignment(Qt.AlignmentFlag.AlignHCenter)
        words.setFixedWidth(EMPTY_WIDTH)
        self.button = Button(action)
        self.button.clicked.connect(self.acted)
        self.button.setVisible(bool(action))
        column = QVBoxLayout(self)
        column.setSpacing(12)
        column.addStretch()
        for part in (IconLabel(icon, "text3", ICON_EMPTY), words, self.button):
            column.addWidget(part, 0, Qt.AlignmentFlag.AlignHCenter)
        column.addStretch()
