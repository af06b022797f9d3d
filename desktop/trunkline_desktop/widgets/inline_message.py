"""What happened and what to do, on the page it concerns; replaces dialogs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QAccessible, QAccessibleAnnouncementEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QSizePolicy, QVBoxLayout, QWidget

from trunkline_desktop.tokens import ICON_MESSAGE
from trunkline_desktop.widgets.button import Button
from trunkline_desktop.widgets.flow import Flow
from trunkline_desktop.widgets.shapes import IconLabel
from trunkline_desktop.widgets.text import Text, name_part, restyle

Kind = Literal["info", "ok", "attention", "failed"]
_ICONS: dict[Kind, tuple[str, str]] = {
    "info": ("info", "accent"),
    "ok": ("check-circle", "running"),
    "attention": ("warning", "attention"),
    "failed": ("x-circle", "failed"),
}


class InlineMessage(QFrame):
    """A soft panel: icon, title (what happened), text (what to do) and actions.

    With ``inline=True`` the actions stand at the end of the line instead of below.

    Signals:
        acted(str): the action with this id was chosen.
    """

    acted = Signal(str)

    def __init__(
        self,
        kind: Kind = "info",
        title: str = "",
        text: str = "",
        actions: Sequence[tuple[str, str] | Button] = (),
        *,
        icon: str = "",
        inline: bool = False,
        parent: QWidget | None = None,
    ) -> None:
        """Build it; an action is a button, or a pair of id and words.

        In a failure with actions below the text, the first pair becomes the primary button.
        """
        super().__init__(parent)
        name_part(self, "InlineMessage")
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Minimum)
        self._kind: Kind = kind
        self._icon_name, self._inline = icon, inline
        self._icon = IconLabel("info", "accent", ICON_MESSAGE)
        self._title, self._text = (
            Text("", "strong", wraps=True),
            Text("", "body", "text2", wraps=True),
        )
        if inline:
            self._text.set_role("caption")
        self._row = Flow()
        self._lay_out()
        self.buttons: dict[str, Button] = {}
        self.set_message(kind, title, text, actions)

    def set_message(
        self,
        kind: Kind,
        title: str,
        text: str = "",
        actions: Sequence[tuple[str, str] | Button] = (),
    ) -> None:
        """Show another message in place of this one."""
        self._kind = kind
        restyle(self, "kind", kind)
        name, token = _ICONS[kind]
        self._icon.set_icon(self._icon_name or name, token)
        self._title.setText(title)
        self._text.setText(text)
        self._text.setVisible(bool(text))
        if self._inline:
            self._line.setContentsMargins(14, 10 if text else 4, 12, 10 if text else 4)
        self.setAccessibleName(title)
        self.setAccessibleDescription(text)
        self._set_actions(actions)

    def announce(self) -> None:
        """Let screen readers say the message now."""
        announce(self, f"{self._title.text()} {self._text.text()}".strip())

    def _lay_out(self) -> None:
        self._line = row = QHBoxLayout(self)
        row.setContentsMargins(14, 10, 12, 12)
        row.setSpacing(14)
        top = Qt.AlignmentFlag.AlignTop
        row.addWidget(self._icon, 0, Qt.AlignmentFlag.AlignVCenter if self._inline else top)
        words = QVBoxLayout()
        words.setSpacing(4 if not self._inline else 2)
        words.addWidget(self._title)
        words.addWidget(self._text)
        row.addLayout(words, 1)
        if self._inline:
            self._end = QHBoxLayout()
            self._end.setSpacing(8)
            row.addLayout(self._end)
        else:
            self._row.setContentsMargins(0, 6, 0, 0)
            words.addWidget(self._row)

    def _set_actions(self, actions: Sequence[tuple[str, str] | Button]) -> None:
        for old in self.buttons.values():
            old.hide()
            old.setParent(None)
            old.deleteLater()
        self.buttons = {}
        for action in actions:
            button = action if isinstance(action, Button) else self._button(*action)
            self._place(button)
            self.buttons[button.objectName()] = button
        self._row.setVisible(bool(actions) and not self._inline)

    def _button(self, action: str, words: str) -> Button:
        is_first = not self.buttons and self._kind == "failed" and not self._inline
        button = Button(words, "primary" if is_first else "plain")
        button.setObjectName(action)
        button.clicked.connect(lambda: self.acted.emit(action))
        return button

    def _place(self, button: Button) -> None:
        if self._inline:
            self._end.addWidget(button)
        else:
            self._row.add(button)


def announce(widget: QWidget, words: str) -> None:
    """Let a screen reader say ``words`` when it has finished its sentence."""
    event = QAccessibleAnnouncementEvent(widget, words)
    event.setPoliteness(QAccessible.AnnouncementPoliteness.Polite)
    QAccessible.updateAccessibility(event)
