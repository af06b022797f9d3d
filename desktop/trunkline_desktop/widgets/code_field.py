"""A text of several lines to copy, such as the settings of an app."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QPlainTextEdit, QVBoxLayout, QWidget

from trunkline_desktop.widgets.code_text import show_code
from trunkline_desktop.widgets.copy_button import CopyButton
from trunkline_desktop.widgets.text import name_part

_LINES = 14


class _Code(QPlainTextEdit):
    """The text, as high as its lines, up to a number of them; it scrolls."""

    def __init__(self, text: str) -> None:
        super().__init__(text)
        name_part(self, "DiffText")
        show_code(self)
        if self.blockCount() <= _LINES:
            self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)

    def sizeHint(self) -> QSize:
        """Return no more height than the lines need."""
        self.ensurePolished()  # the font of code is another
        lines = min(self.blockCount(), _LINES)
        bar = self.horizontalScrollBar().sizeHint().height()
        margins = 2 * round(self.document().documentMargin())
        return QSize(240, lines * self.fontMetrics().lineSpacing() + margins + bar)

    def minimumSizeHint(self) -> QSize:
        """Return the same: a few lines are not worth scrolling for."""
        return self.sizeHint()


class CodeField(QFrame):
    """A sunken block with a copy button below that says “Copied” for 2 seconds.

    Signals:
        copied(): the text is on the clipboard.
    """

    copied = Signal()

    def __init__(self, text: str = "", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        name_part(self, "DiffFrame")
        self._code = _Code(text)
        self._button = CopyButton()
        self._button.clicked.connect(self.copy)
        column = QVBoxLayout(self)
        column.setContentsMargins(8, 8, 8, 8)
        column.addWidget(self._code)
        row = QHBoxLayout()
        row.addStretch(1)
        row.addWidget(self._button)
        column.addLayout(row)

    @property
    def value(self) -> str:
        """What the button copies."""
        return self._code.toPlainText()

    def setAccessibleName(self, name: str) -> None:
        """Name frame and text alike, so that a label above can name it as any field."""
        super().setAccessibleName(name)
        self._code.setAccessibleName(name)
        self._button.setAccessibleDescription(name)

    def copy(self) -> None:
        """Put the text on the clipboard and say so."""
        self._button.copy(self.value)
        self.copied.emit()
