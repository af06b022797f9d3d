"""How a database looks in the sidebar: bar, shape, name and a second line in words."""

from __future__ import annotations

from typing import cast

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QRect, QRectF, QSize, Qt
from PySide6.QtGui import QFontMetrics, QPainter
from PySide6.QtWidgets import (
    QAbstractItemView,
    QListView,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QWidget,
)

from trunkline_desktop import theme
from trunkline_desktop.status import STATUSES, Status, paint_status
from trunkline_desktop.style import paint_focus
from trunkline_desktop.tokens import LABEL_GAP, RADIUS_CONTROL, SIDEBAR_ROW
from trunkline_desktop.widgets.text import name_part

# What the model answers; the row's spoken text comes with Qt's own AccessibleTextRole.
NAME_ROLE = Qt.ItemDataRole.UserRole + 2
LABEL_ROLE = Qt.ItemDataRole.UserRole + 3  # "", production, staging or test
LABEL_WORD_ROLE = Qt.ItemDataRole.UserRole + 4
STATUS_ROLE = Qt.ItemDataRole.UserRole + 5  # on, starting, off, failed or attention
STATE_WORDS_ROLE = Qt.ItemDataRole.UserRole + 6

_INSET, _BAR_AT, _SHAPE_AT, _WORDS_AT = 8, 3, 16, 40
_SF = QStyle.StateFlag


class DatabaseDelegate(QStyledItemDelegate):
    """Rows of 56 pixels and a gap of 2 between them, in either direction of reading."""

    def sizeHint(
        self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> QSize:
        """Return the height of two lines; the view sets the width."""
        lines = QFontMetrics(theme.font("strong")).height()
        lines += QFontMetrics(theme.font("caption")).height()
        return QSize(120, max(SIDEBAR_ROW, lines + 20) + 2)

    def paint(
        self,
        painter: QPainter,
        option: QStyleOptionViewItem,
        index: QModelIndex | QPersistentModelIndex,
    ) -> None:
        """Paint one row."""
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        row = option.rect.adjusted(_INSET, 0, -_INSET, -2)
        is_chosen = bool(option.state & _SF.State_Selected)
        fill = "selected" if is_chosen else "hover" if option.state & _SF.State_MouseOver else ""
        painter.setPen(Qt.PenStyle.NoPen)
        if fill:
            painter.setBrush(theme.color(fill))
            painter.drawRoundedRect(QRectF(row), RADIUS_CONTROL, RADIUS_CONTROL)
        self._paint_bar(painter, option, row, index.data(LABEL_ROLE) or "")
        status = index.data(STATUS_ROLE)
        shape = QRect(row.left() + _SHAPE_AT, row.center().y() - 5, 12, 12)
        known = cast("Status", status if status in STATUSES else "off")
        paint_status(painter, QRectF(QStyle.visualRect(option.direction, row, shape)), known)
        self._paint_words(painter, option, row, index, is_chosen=is_chosen)
        if option.state & _SF.State_HasFocus and option.state & _SF.State_KeyboardFocusChange:
            paint_focus(painter, QRectF(row), RADIUS_CONTROL - 1)
        painter.restore()

    def _paint_bar(
        self, painter: QPainter, option: QStyleOptionViewItem, row: QRect, label: str
    ) -> None:
        if label not in ("production", "staging", "test"):
            return
        bar = QRect(row.left() + _BAR_AT, row.top() + 12, 3, row.height() - 24)
        painter.setBrush(theme.color(label))
        painter.drawRoundedRect(QRectF(QStyle.visualRect(option.direction, row, bar)), 1.5, 1.5)

    def _paint_words(
        self,
        painter: QPainter,
        option: QStyleOptionViewItem,
        row: QRect,
        index: QModelIndex | QPersistentModelIndex,
        *,
        is_chosen: bool,
    ) -> None:
        strong, caption = theme.font("strong"), theme.font("caption")
        upper, lower = QFontMetrics(strong).height(), QFontMetrics(caption).height()
        top = row.top() + (row.height() - upper - lower - 2) // 2
        left, width = row.left() + _WORDS_AT, row.width() - _WORDS_AT - 8
        line = _Line(painter, option, row)
        name = str(index.data(NAME_ROLE) or index.data() or "")
        line.write(name, strong_font=True, tint="text", place=QRect(left, top, width, upper))
        label, word = str(index.data(LABEL_ROLE) or ""), str(index.data(LABEL_WORD_ROLE) or "")
        state = str(index.data(STATE_WORDS_ROLE) or "")
        place = QRect(left, top + upper + 2, width, lower)
        quiet = "text2" if is_chosen or index.data(STATUS_ROLE) == "on" else "text3"
        if word:
            used = line.write(word, role="head", tint=label or "text2", place=place)
            place.setLeft(place.left() + used + LABEL_GAP + 2)
            used = line.write("·", role="caption", tint=quiet, place=place)
            place.setLeft(place.left() + used + LABEL_GAP + 2)
        line.write(state, role="caption", tint=quiet, place=place)


class _Line:
    """Writes words one after another inside a row, mirrored where reading is."""

    def __init__(self, painter: QPainter, option: QStyleOptionViewItem, row: QRect) -> None:
        self._painter, self._direction, self._row = painter, option.direction, row

    def write(
        self,
        words: str,
        *,
        tint: str,
        place: QRect,
        role: str = "caption",
        strong_font: bool = False,
    ) -> int:
        """Write ``words``, cut to ``place``; return the width used."""
        font = theme.font("strong" if strong_font else "head" if role == "head" else "caption")
        metrics = QFontMetrics(font)
        # In the middle: the names of databases often differ at their end only.
        shown = metrics.elidedText(words, Qt.TextElideMode.ElideMiddle, place.width())
        self._painter.setFont(font)
        self._painter.setPen(theme.color(tint))
        align = QStyle.visualAlignment(self._direction, Qt.AlignmentFlag.AlignLeft)
        where = QStyle.visualRect(self._direction, self._row, place)
        self._painter.drawText(where, int(align | Qt.AlignmentFlag.AlignVCenter), shown)
        return metrics.horizontalAdvance(shown)


class DatabaseList(QListView):
    """The list of the sidebar: no frame, one row per database, arrow keys move.

    Signals:
        activated(QModelIndex), clicked(QModelIndex): as in any list view.
    """

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        name_part(self, "DatabaseList")
        self.setProperty("flat", True)
        self.setItemDelegate(DatabaseDelegate(self))
        self.setMouseTracking(True)
        self.setAccessibleName(self.tr("Databases"))
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
