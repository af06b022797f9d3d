"""Buttons: plain, primary, danger, link and ghost."""

from __future__ import annotations

from typing import Literal

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QKeyEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import (
    QPushButton,
    QSizePolicy,
    QStyle,
    QStyleOptionButton,
    QStylePainter,
    QWidget,
)

from trunkline_desktop.style import has_keyboard_focus, paint_focus, paint_label
from trunkline_desktop.tokens import CONTROL_HEIGHT, ICON, ICON_GAP, RADIUS_CONTROL, SMALL_HEIGHT
from trunkline_desktop.widgets.text import name_part, restyle

Kind = Literal["plain", "primary", "danger", "link", "ghost"]

_TOKENS: dict[str, str] = {
    "plain": "text",
    "primary": "on_accent",
    "danger": "failed",
    "link": "accent",
    "ghost": "text2",
}


class Button(QPushButton):
    """A push button; one primary per page, link for going somewhere, ghost for icons alone.

    Signals:
        clicked(bool): pressed by mouse, Space, Enter or a screen reader.
    """

    def __init__(
        self,
        text: str = "",
        kind: Kind = "plain",
        icon: str | None = None,
        *,
        small: bool = False,
        name: str = "",
        parent: QWidget | None = None,
    ) -> None:
        """Build a button; ``name`` is the accessible name of a button without words."""
        super().__init__(text, parent)
        name_part(self, "Button")
        self._kind, self._icon_name = kind, icon
        self.setProperty("small", small)
        self.setAutoDefault(False)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        if name:
            self.setAccessibleName(name)
            self.setToolTip(name)
        if kind == "link":
            self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.set_kind(kind)

    @property
    def kind(self) -> str:
        """The kind it has now."""
        return self._kind

    @property
    def icon_name(self) -> str | None:
        """The name of the icon it shows, if any."""
        return self._icon_name

    def set_kind(self, kind: Kind) -> None:
        """Change the kind, for example when another action becomes the primary one."""
        self._kind = kind
        restyle(self, "kind", kind)

    def set_icon(self, name: str | None) -> None:
        """Show the icon ``name`` in the colour of the words, or none."""
        self._icon_name = name
        self.updateGeometry()
        self.update()

    def sizeHint(self) -> QSize:
        """Return the size of words, icon and the gap between them."""
        found = super().sizeHint()
        if not self._icon_name:
            return found
        if not self.text():
            smallest = SMALL_HEIGHT if self.property("small") else CONTROL_HEIGHT
            side = max(found.height(), smallest)
            return QSize(side, side)
        return QSize(found.width() + ICON + ICON_GAP, found.height())

    def minimumSizeHint(self) -> QSize:
        """Return the same: words are never cut."""
        return self.sizeHint()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Let Enter press the button as Space does."""
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.click()
        else:
            super().keyPressEvent(event)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint fill and border, then icon and words, then the ring for the keyboard."""
        option = QStyleOptionButton()
        self.initStyleOption(option)
        words, option.text = option.text, ""
        painter = QStylePainter(self)
        painter.drawControl(QStyle.ControlElement.CE_PushButton, option)
        option.text = words
        font = self.font()
        font.setUnderline(self._kind == "link" and self.underMouse() and self.isEnabled())
        painter.setFont(font)
        paint_label(painter, option, self._icon_name, self._tint())
        if has_keyboard_focus(self):
            self._paint_ring(painter)

    def _tint(self) -> str:
        if not self.isEnabled():
            return "text3"
        if self._kind == "plain" and self.isChecked():
            return "accent"
        return _TOKENS[self._kind]

    def _paint_ring(self, painter: QPainter) -> None:
        inset = 3.0 if self._kind == "primary" else 0.0
        rect = QRectF(self.rect()).adjusted(inset, inset, -inset, -inset)
        tint = "on_accent" if inset else "focus"
        paint_focus(painter, rect, RADIUS_CONTROL - 1 - inset / 2, tint)
