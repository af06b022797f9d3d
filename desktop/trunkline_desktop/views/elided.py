"""A line of text that gives way: cut with an ellipsis when there is no room for all of it."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QSize, Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from trunkline_desktop.tokens import FontRole
from trunkline_desktop.widgets.text import Text, Tone


class Elided(Text):
    """As wide as its words if there is room; the whole text is in the tool tip when cut.

    It is cut at its end, or in the middle when it is a name: names often differ there only.
    """

    def __init__(
        self,
        text: str = "",
        role: FontRole = "body",
        tone: Tone = "text",
        parent: QWidget | None = None,
        *,
        is_name: bool = False,
    ) -> None:
        super().__init__("", role, tone, parent=parent)
        self._whole = ""
        mode = Qt.TextElideMode
        self._mode = mode.ElideMiddle if is_name else mode.ElideRight
        self.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Preferred)
        self.set_whole(text)

    @property
    def whole(self) -> str:
        """The text without the cut."""
        return self._whole

    def set_whole(self, text: str) -> None:
        """Show another text."""
        self._whole = text
        self.setAccessibleName(text)
        self._cut()
        self.updateGeometry()

    def sizeHint(self) -> QSize:
        """Return the size of the whole text."""
        width = self.fontMetrics().horizontalAdvance(self._whole) + 2
        return QSize(width, super().sizeHint().height())

    def minimumSizeHint(self) -> QSize:
        """Return room for a few letters."""
        return QSize(min(self.sizeHint().width(), 48), super().minimumSizeHint().height())

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Cut anew."""
        super().resizeEvent(event)
        self._cut()

    def changeEvent(self, event: QEvent) -> None:
        """Measure again when the text size changes."""
        super().changeEvent(event)
        if event.type() in {QEvent.Type.FontChange, QEvent.Type.StyleChange}:
            self._cut()
            self.updateGeometry()

    def _cut(self) -> None:
        shown = self.fontMetrics().elidedText(self._whole, self._mode, max(self.width(), 8))
        if shown != self.text():
            self.setText(shown)
        self.setToolTip(self._whole if shown != self._whole else "")
