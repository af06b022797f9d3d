"""A change to a file, readable: sign, number and fill for every line."""

from __future__ import annotations

from PySide6.QtCore import QMimeData, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QGuiApplication,
    QKeyEvent,
    QKeySequence,
    QPainter,
    QPaintEvent,
    QResizeEvent,
    QShortcut,
    QTextCursor,
    QTextDocument,
)
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLineEdit, QPlainTextEdit, QVBoxLayout, QWidget

from trunkline_desktop import theme
from trunkline_desktop.widgets.button import Button
from trunkline_desktop.widgets.code_text import show_code
from trunkline_desktop.widgets.diff_lines import DiffLine, as_unified, compare, counts, parse
from trunkline_desktop.widgets.text import name_part, restyle

_FILLS = {"+": "diff_added", "-": "diff_removed", "@": "hover"}
_SIGNS = {"+": ("+", "running"), "-": ("\N{MINUS SIGN}", "failed")}
_PAD = 8


class _Text(QPlainTextEdit):
    """The lines themselves; what is copied carries the signs."""

    def __init__(self) -> None:
        super().__init__()
        self.lines: tuple[DiffLine, ...] = ()
        name_part(self, "DiffText")
        show_code(self)
        self.document().setDocumentMargin(0)
        self._margin = _Margin(self)
        self.updateRequest.connect(self._on_update_requested)

    def show_lines(self, lines: tuple[DiffLine, ...]) -> None:
        """Show ``lines`` from their start."""
        self.lines = lines
        self.setPlainText("\n".join(line.text for line in lines))
        self._fit_margin()

    def sizeHint(self) -> QSize:
        """Return no more height than the lines need."""
        return QSize(240, self.minimumHeight())

    def createMimeDataFromSelection(self) -> QMimeData:
        """Copy whole lines, as a unified diff."""
        cursor, data = self.textCursor(), QMimeData()
        first = self.document().findBlock(cursor.selectionStart()).blockNumber()
        last = self.document().findBlock(cursor.selectionEnd()).blockNumber()
        data.setText(as_unified(self.lines[first : last + 1]))
        return data

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Keep the margin at the start."""
        super().resizeEvent(event)
        self._fit_margin()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Fill changed lines over the whole width, then write."""
        painter = QPainter(self.viewport())
        for line, top, height in self.shown_lines():
            if line.sign in _FILLS:
                area = QRectF(0, top, self.viewport().width(), height)
                painter.fillRect(area, theme.color(_FILLS[line.sign]))
        painter.end()
        super().paintEvent(event)

    def shown_lines(self) -> list[tuple[DiffLine, float, float]]:
        """Return the lines on screen, each with its top and height in pixels."""
        found, block = [], self.firstVisibleBlock()
        while block.isValid():
            place = self.blockBoundingGeometry(block).translated(self.contentOffset())
            if place.top() > self.viewport().height():
                break
            if block.blockNumber() < len(self.lines):
                found.append((self.lines[block.blockNumber()], place.top(), place.height()))
            block = block.next()
        return found

    def number_width(self) -> int:
        """Return the width of the widest number, in pixels."""
        widest = max((line.number for line in self.lines), default=0)
        return self.fontMetrics().horizontalAdvance("9" * max(2, len(str(widest))))

    def margin_width(self) -> int:
        """Return the width of numbers, signs and the space around them."""
        return self.number_width() + self.fontMetrics().horizontalAdvance("+") + 3 * _PAD + 4

    def _fit_margin(self) -> None:
        width, area = self.margin_width(), self.contentsRect()
        self.setViewportMargins(width, 0, 0, 0)
        self._margin.setGeometry(area.left(), area.top(), width, area.height())

    def _on_update_requested(self) -> None:
        self._margin.update()


class _Margin(QWidget):
    """Numbers and signs beside the lines."""

    def __init__(self, text: _Text) -> None:
        super().__init__(text)
        self._text = text

    def sizeHint(self) -> QSize:
        """Return the width the numbers need."""
        return QSize(self._text.margin_width(), 0)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint the numbers and signs of the lines on screen."""
        painter, text = QPainter(self), self._text
        painter.setFont(text.font())
        numbers, middle = text.number_width(), Qt.AlignmentFlag.AlignVCenter
        for line, top, height in text.shown_lines():
            if line.sign in _FILLS:
                painter.fillRect(
                    QRectF(0, top, self.width(), height), theme.color(_FILLS[line.sign])
                )
            if line.sign == "@":
                continue
            painter.setPen(theme.color("text2" if line.sign in _SIGNS else "text3"))
            place = QRectF(_PAD, top, numbers, height)
            painter.drawText(place, int(Qt.AlignmentFlag.AlignRight | middle), str(line.number))
            sign, tint = _SIGNS.get(line.sign, ("", "text"))
            painter.setPen(theme.color(tint))
            place = QRectF(2 * _PAD + numbers, top, 20, height)
            painter.drawText(place, int(Qt.AlignmentFlag.AlignLeft | middle), sign)


class _Find(QLineEdit):
    """The line to search with.

    Signals:
        left(): Escape was pressed.
    """

    left = Signal()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Leave on Escape."""
        if event.key() == Qt.Key.Key_Escape:
            self.left.emit()
        else:
            super().keyPressEvent(event)


class DiffView(QFrame):
    """A read-only change; selects and copies as a unified diff, and finds with Ctrl+F."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        name_part(self, "DiffFrame")
        self._text, self._bar, self._find = _Text(), QWidget(), _Find()
        self.setFocusProxy(self._text)
        self._lay_out()
        QShortcut(
            QKeySequence(QKeySequence.StandardKey.Find),
            self,
            self._open_find,
            context=Qt.ShortcutContext.WidgetWithChildrenShortcut,
        )

    @property
    def lines(self) -> tuple[DiffLine, ...]:
        """What is shown."""
        return self._text.lines

    def set_diff(self, unified: str) -> None:
        """Show a unified diff."""
        self._show(parse(unified))

    def set_change(self, before: str, after: str, context: int = 3) -> None:
        """Show how ``after`` differs from ``before``."""
        self._show(compare(before, after, context))

    def counts(self) -> tuple[int, int]:
        """Return how many lines are added and removed."""
        return counts(self.lines)

    def copy(self) -> None:
        """Put the whole change on the clipboard as a unified diff."""
        QGuiApplication.clipboard().setText(as_unified(self.lines))

    def _show(self, lines: tuple[DiffLine, ...]) -> None:
        is_alone = sum(line.sign == "@" for line in lines) == 1
        self._text.show_lines(tuple(x for x in lines if x.sign != "@") if is_alone else lines)
        added, removed = counts(lines)
        words = self.tr("{0} lines added, {1} removed").format(added, removed)
        self._text.setAccessibleName(self.tr("Change"))
        self._text.setAccessibleDescription(words)
        self._text.setMinimumHeight(self._wanted_height(min(12, max(3, len(self.lines)))))

    def _wanted_height(self, count: int) -> int:
        self._text.ensurePolished()
        return count * self._text.fontMetrics().lineSpacing() + 8

    def _lay_out(self) -> None:
        column = QVBoxLayout(self)
        column.setContentsMargins(1, 4, 1, 4)
        column.setSpacing(0)
        column.addWidget(self._text, 1)
        self._find.setPlaceholderText(self.tr("Find"))
        self._find.setAccessibleName(self.tr("Find"))
        self._find.textChanged.connect(self._on_find_changed)
        self._find.returnPressed.connect(self._on_find_next)
        cross = Button("", "ghost", "x", name=self.tr("Close"), small=True)
        cross.clicked.connect(self._close_find)
        self._find.left.connect(self._close_find)
        row = QHBoxLayout(self._bar)
        row.setContentsMargins(7, 7, 7, 3)
        row.addWidget(self._find, 1)
        row.addWidget(cross)
        self._bar.hide()
        column.addWidget(self._bar)

    def _open_find(self) -> None:
        self._bar.show()
        self._find.setFocus(Qt.FocusReason.ShortcutFocusReason)
        self._find.selectAll()

    def _close_find(self) -> None:
        self._bar.hide()
        self._text.setFocus(Qt.FocusReason.OtherFocusReason)

    def _on_find_changed(self, words: str) -> None:
        cursor = self._text.textCursor()
        cursor.setPosition(cursor.selectionStart())
        self._text.setTextCursor(cursor)
        self._seek(words)

    def _on_find_next(self) -> None:
        self._seek(self._find.text())

    def _seek(self, words: str) -> None:
        is_found = not words or self._text.find(words)
        if not is_found:
            self._text.moveCursor(QTextCursor.MoveOperation.Start)
            is_found = self._text.find(words, QTextDocument.FindFlag(0))
        restyle(self._find, "problem", not is_found)
