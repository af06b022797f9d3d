"""What to know of the access token before an AI app gets an address."""

from __future__ import annotations

from collections.abc import Mapping

from PySide6.QtCore import Signal, Slot
from PySide6.QtWidgets import QCheckBox, QVBoxLayout, QWidget

from trunkline_desktop import run_words
from trunkline_desktop.views.facts import Consequence
from trunkline_desktop.widgets.inline_message import InlineMessage

_NAME = 24  # letters that fit in a button


class AppToken(QWidget):
    """The warning, a button for each token to copy, and the tick that allows it in the file.

    Object names: ``mayWriteToken``, ``copyToken-<profile id>``.

    Signals:
        changed(): the tick was set or taken away.
        token_wanted(str): the access token of this profile is to be copied.
    """

    changed = Signal()
    token_wanted = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._message = InlineMessage("attention")
        self._message.acted.connect(self._on_acted)
        self._may_write = QCheckBox(self.tr("Write the access token into the file"))
        self._may_write.setObjectName("mayWriteToken")
        self._may_write.toggled.connect(self.changed)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(8)
        column.addWidget(self._message)
        column.addWidget(self._may_write)

    @property
    def may_write(self) -> bool:
        """Whether the person allowed the token in the file."""
        return self._may_write.isChecked()

    def begin(self) -> None:
        """Take the tick away, for another app."""
        self._may_write.blockSignals(True)
        self._may_write.setChecked(False)
        self._may_write.blockSignals(False)
        self.hide()

    def show_consequence(self, found: Consequence, names: Mapping[str, str]) -> None:
        """Say what there is to know; ``names`` says what each profile id is called."""
        self._message.setVisible(bool(found.warning))
        copy = self.tr("Copy: {name}") if len(found.tokens) > 1 else self.tr("Copy the token")
        actions = [
            (f"copyToken-{i}", copy.format(name=run_words.shortened(names[i], _NAME)))
            for i in found.tokens
            if i in names
        ]
        title = self.tr("An address needs an access token.")
        self._message.set_message("attention", title, found.warning, actions)
        self._may_write.setVisible(found.offers_token)
        self.setVisible(bool(found.warning) or found.offers_token)

    @Slot(str)
    def _on_acted(self, action: str) -> None:
        self.token_wanted.emit(action.removeprefix("copyToken-"))
