"""The button beside a value that copies it and says so."""

from __future__ import annotations

from PySide6.QtCore import QTimer
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QWidget

from trunkline_desktop.tokens import COPIED_MS
from trunkline_desktop.widgets.button import Button
from trunkline_desktop.widgets.inline_message import announce


class CopyButton(Button):
    """Its icon becomes a tick and its words “Copied” for 2 seconds; ``is_bare`` has no words."""

    def __init__(self, *, is_bare: bool = False, parent: QWidget | None = None) -> None:
        super().__init__("", "ghost" if is_bare else "plain", "copy", small=True, parent=parent)
        self.setAccessibleName(self.tr("Copy"))
        self._words = "" if is_bare else self.tr("Copy")
        self.setText(self._words)
        self.setToolTip(self.tr("Copy") if is_bare else "")
        self._timer = QTimer(self, singleShot=True, interval=COPIED_MS)
        self._timer.timeout.connect(self._on_time_over)

    def copy(self, value: str) -> None:
        """Put ``value`` on the clipboard and say so."""
        QGuiApplication.clipboard().setText(value)
        self.set_icon("check")
        self.setText(self.tr("Copied"))
        announce(self, self.tr("Copied"))
        self._timer.start()

    def _on_time_over(self) -> None:
        self.set_icon("copy")
        self.setText(self._words)
