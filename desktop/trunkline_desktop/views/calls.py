"""The table of recent questions: its model and how a row is painted."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, cast

from PySide6.QtCore import (
    QAbstractTableModel,
    QModelIndex,
    QObject,
    QPersistentModelIndex,
    QRect,
    QRectF,
    QSize,
    Qt,
)
from PySide6.QtGui import QFont, QFontMetrics, QPainter
from PySide6.QtWidgets import QStyle, QStyledItemDelegate, QStyleOptionViewItem

from trunkline_desktop import theme
from trunkline_desktop.status import Status, paint_status
from trunkline_desktop.tokens import TABLE_ROW
from trunkline_desktop.views import app_words, words
from trunkline_server.serving.activity import Call

TIME, APP, QUESTION, ROWS, TOOK, RESULT = range(6)
CALL = int(Qt.ItemDataRole.UserRole)
SECOND = CALL + 1

_PADDING = 12
_RIGHT = frozenset({ROWS, TOOK})
OUTCOMES: dict[str, Status] = {"ok": "on", "refused": "attention", "failed": "failed"}
_Index = QModelIndex | QPersistentModelIndex
_NOWHERE = QModelIndex()


class CallsModel(QAbstractTableModel):
    """Recent calls, newest first; ``CALL`` holds the call, ``SECOND`` a cell's second line."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._calls: tuple[Call, ...] = ()
        self._names: dict[str, str] = {}

    def show(self, calls: Iterable[Call], names: Mapping[str, str]) -> None:
        """Show ``calls``; ``names`` says what each profile id is called."""
        shown, known = tuple(calls), dict(names)
        if (shown, known) == (self._calls, self._names):
            return
        self.beginResetModel()
        self._calls, self._names = shown, known
        self.endResetModel()

    def rowCount(self, parent: _Index = _NOWHERE) -> int:
        """Return how many calls are shown."""
        return 0 if parent.isValid() else len(self._calls)

    def columnCount(self, parent: _Index = _NOWHERE) -> int:
        """Return the six columns."""
        return 0 if parent.isValid() else 6

    def headerData(
        self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole
    ) -> Any:
        """Return the head of a column, numbers to the right."""
        if orientation == Qt.Orientation.Vertical:
            return None
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return _alignment(section)
        return self._heads()[section] if role == Qt.ItemDataRole.DisplayRole else None

    def data(self, index: _Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """Return the text of a cell, its second line, or the whole call."""
        call = self._calls[index.row()]
        if role == CALL:
            return call
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return _alignment(index.column())
        if role == Qt.ItemDataRole.ToolTipRole:
            return call.message or (call.statement if index.column() == QUESTION else None)
        if role == SECOND:
            return self._second(call, index.column())
        return self._text(call, index.column()) if role == Qt.ItemDataRole.DisplayRole else None

    def _heads(self) -> tuple[str, ...]:
        return (
            self.tr("Time"),
            self.tr("App, database"),
            self.tr("Question"),
            self.tr("Rows"),
            self.tr("Took"),
            self.tr("Result"),
        )

    def _text(self, call: Call, column: int) -> str:
        answered = call.outcome == "ok"
        texts = (
            words.clock_with_seconds(call.at),
            app_words.called(call.client) or self.tr("Unknown app"),
            asked(call),
            words.number(call.rows) if answered else "",
            words.duration(call.duration_ms),
            words.outcome(call.outcome),
        )
        return texts[column]

    def _second(self, call: Call, column: int) -> str:
        return self._names.get(call.profile_id, call.profile_id) if column == APP else ""


def asked(call: Call) -> str:
    """Return on one line what was asked: the SQL, or the tool in words and its arguments."""
    statement = " ".join(call.statement.split())
    if call.tool in {"execute_query", "explain_query"}:
        return statement
    tool = call.tool.replace("_", " ").capitalize()
    return f"{tool} {statement}".strip()


class CallsDelegate(QStyledItemDelegate):
    """Paints a row of calls: two lines where there are two, code in the code font, a status."""

    def sizeHint(self, option: QStyleOptionViewItem, index: _Index) -> QSize:
        """Return the height of two lines; the width belongs to the header."""
        return QSize(0, TABLE_ROW)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: _Index) -> None:
        """Paint one cell and its share of the row's fill and lower line."""
        painter.save()
        rect = option.rect
        self._paint_row(painter, option, rect)
        inside = rect.adjusted(_PADDING, 0, -_PADDING, 0)
        if index.column() == RESULT:
            self._paint_result(painter, inside, index)
        elif index.column() == QUESTION:
            self._paint_question(painter, inside, str(index.data()))
        else:
            self._paint_lines(painter, inside, index)
        painter.restore()

    def _paint_row(self, painter: QPainter, option: QStyleOptionViewItem, rect: QRect) -> None:
        state = option.state
        if state & QStyle.StateFlag.State_Selected:
            painter.fillRect(rect, theme.color("selected"))
        elif state & QStyle.StateFlag.State_MouseOver:
            painter.fillRect(rect, theme.color("hover"))
        painter.setPen(theme.color("border"))
        painter.drawLine(rect.bottomLeft(), rect.bottomRight())

    def _paint_lines(self, painter: QPainter, rect: QRect, index: _Index) -> None:
        first, second = str(index.data()), str(index.data(SECOND))
        tone = "text2" if index.column() == TIME else "text"
        side = Qt.AlignmentFlag(_alignment(index.column()))
        if not second:
            _line(painter, rect, first, theme.font("body"), tone, side=side)
            return
        upper, lower = _halves(rect)
        _line(painter, upper, first, theme.font("body"), tone, side=side)
        _line(painter, lower, second, theme.font("caption"), "text2", side=side)

    def _paint_question(self, painter: QPainter, rect: QRect, text: str) -> None:
        font = theme.font("code")
        metrics = QFontMetrics(font)
        side = Qt.AlignmentFlag.AlignLeft
        if metrics.horizontalAdvance(text) <= rect.width():
            _line(painter, rect, text, font, "text", side=side)
            return
        head = _fitting(text, metrics, rect.width())
        upper, lower = _halves(rect)
        _line(painter, upper, text[:head].rstrip(), font, "text", side=side)
        _line(painter, lower, text[head:].lstrip(), font, "text", side=side)

    def _paint_result(self, painter: QPainter, rect: QRect, index: _Index) -> None:
        call = cast("Call", index.data(CALL))
        is_mirrored = painter.layoutDirection() == Qt.LayoutDirection.RightToLeft
        shape = QRectF(rect.right() - 12 if is_mirrored else rect.left(), 0, 12, 12)
        shape.moveTop(rect.top() + (rect.height() - 12) / 2)
        paint_status(painter, shape, OUTCOMES.get(call.outcome, "off"))
        words_rect = rect.adjusted(0, 0, -20, 0) if is_mirrored else rect.adjusted(20, 0, 0, 0)
        side = Qt.AlignmentFlag.AlignLeft
        _line(painter, words_rect, str(index.data()), theme.font("body"), "text", side=side)


def _alignment(column: int) -> Qt.AlignmentFlag:
    side = Qt.AlignmentFlag.AlignRight if column in _RIGHT else Qt.AlignmentFlag.AlignLeft
    return side | Qt.AlignmentFlag.AlignVCenter


def _halves(rect: QRect) -> tuple[QRect, QRect]:
    height = 18
    top = rect.top() + (rect.height() - 2 * height) // 2
    upper = QRect(rect.left(), top, rect.width(), height)
    return upper, upper.translated(0, height)


def _line(
    painter: QPainter, rect: QRect, text: str, font: QFont, tone: str, *, side: Qt.AlignmentFlag
) -> None:
    painter.setFont(font)
    painter.setPen(theme.color(tone))
    shown = QFontMetrics(font).elidedText(text, Qt.TextElideMode.ElideRight, rect.width())
    painter.drawText(rect, side | Qt.AlignmentFlag.AlignVCenter, shown)


def _fitting(text: str, metrics: QFontMetrics, width: int) -> int:
    """Return how many characters fit into ``width``, ending after a word when there is one."""
    fits = next(n for n in range(len(text), 0, -1) if metrics.horizontalAdvance(text[:n]) <= width)
    space = text.rfind(" ", 0, fits + 1)
    return space if space > 0 else fits
