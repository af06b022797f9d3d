"""A value to copy, such as an address; a secret shows dots and can only be copied."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLineEdit, QSizePolicy, QWidget

from trunkline_desktop.tokens import CONTROL_HEIGHT
from trunkline_desktop.widgets.copy_button import CopyButton
from trunkline_desktop.widgets.text import name_part

_DOTS = "•" * 16


class CopyField(QFrame):
    """A sunken line with a copy button whose icon becomes a tick and “Copied” for 2 seconds.

    Signals:
        copied(): the value is on the clipboard.
    """

    copied = Signal()

    def __init__(
        self,
        value: str = "",
        *,
        secret: bool = False,
        name: str = "",
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        name_part(self, "CopyField")
        self.setFixedHeight(CONTROL_HEIGHT)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self._secret = secret
        self._line = QLineEdit()
        self._line.setReadOnly(True)
        self._line.setLayoutDirection(Qt.LayoutDirection.LeftToRight)  # addresses never mirror
        if secret:
            self._line.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._button = CopyButton(is_bare=True)
        self._button.clicked.connect(self.copy)
        row = QHBoxLayout(self)
        row.setContentsMargins(12, 0, 2, 0)
        row.setSpacing(4)
        row.addWidget(self._line, 1)
        row.addWidget(self._button)
        self.set_name(name)
        self.set_value(value)

    @property
    def value(self) -> str:
        """What the button copies."""
        return self._value

    def set_name(self, name: str) -> None:
        """Say to screen readers what the value is."""
        self.setAccessibleName(name)
        self._line.setAccessibleName(name)
        self._button.setAccessibleDescription(name)

    def setAccessibleName(self, name: str) -> None:
        """Name frame and line alike, so that a label above can name it as any field."""
        super().setAccessibleName(name)
        self._line.setAccessibleName(name)

    def set_value(self, value: str) -> None:
        """Show another value, or its dots."""
        self._value = value
        self._line.setText(_DOTS if self._secret and value else value)
        self._line.setCursorPosition(0)
        self._button.setEnabled(bool(value))

    def copy(self) -> None:
        """Put the value on the clipboard and say so."""
        self._button.copy(self._value)
        self.copied.emit()
