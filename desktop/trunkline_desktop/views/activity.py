"""The page of everything that was asked, newest first."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QAbstractItemView, QHeaderView, QTableView, QWidget

from trunkline_desktop.tokens import TABLE_ROW
from trunkline_desktop.views import calls as table
from trunkline_desktop.views.calls import CallsDelegate, CallsModel
from trunkline_desktop.widgets.empty_state import EmptyState
from trunkline_desktop.widgets.page import Page
from trunkline_desktop.widgets.text import Text
from trunkline_server.errors import Failure
from trunkline_server.serving.activity import Call

_NARROW, _WIDTHS = 700, {table.TIME: 92, table.APP: 144, table.ROWS: 76, table.TOOK: 92}


class ActivityPage(Page):
    """A table of recent calls, or what to do so that there are some.

    Object names: ``calls`` (the table), ``connectAnApp``.

    Signals:
        apps_wanted(): go to the AI apps.
    """

    apps_wanted = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("", parent)
        self.set_title(self.tr("Activity"))
        self._told = Text(self.tr("What AI apps asked, newest first."), "body", "text2", wraps=True)
        self.top.addWidget(self._told)
        self.top.setContentsMargins(0, 4, 0, 8)
        self._model = CallsModel(self)
        self._table = self._make_table()
        told = self.tr("No questions yet. Connect an AI app and ask it something.")
        self._empty = EmptyState("chat-text", told, self.tr("Go to AI apps"))
        self._empty.button.setObjectName("connectAnApp")
        self._empty.acted.connect(self.apps_wanted)
        self.body.addWidget(self._table, 1)
        self.body.addWidget(self._empty, 1)
        self.show_calls((), {})

    def show_calls(self, calls: Iterable[Call], names: Mapping[str, str]) -> None:
        """Show ``calls``; ``names`` says what each profile id is called."""
        self._model.show(calls, names)
        has_some = self._model.rowCount() > 0
        self._table.setVisible(has_some)
        self._empty.setVisible(not has_some)
        self._told.setText(self.tr("What AI apps asked, newest first."))
        self._told.set_tone("text2")

    def show_failure(self, failure: Failure) -> None:
        """Say why the log cannot be read; what was shown stays."""
        self._told.setText(str(failure))
        self._told.set_tone("failed")

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Leave the numbers out when the question needs the room."""
        super().resizeEvent(event)
        for column in (table.ROWS, table.TOOK):
            self._table.setColumnHidden(column, self.width() < _NARROW)

    def _make_table(self) -> QTableView:
        view = QTableView()
        view.setObjectName("calls")
        view.setAccessibleName(self.tr("Recent questions"))
        view.setModel(self._model)
        view.setItemDelegate(CallsDelegate(view))
        view.setShowGrid(False)
        view.setWordWrap(False)
        view.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        view.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        view.setTabKeyNavigation(False)
        view.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        view.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        view.verticalHeader().hide()
        view.verticalHeader().setDefaultSectionSize(TABLE_ROW)
        head = view.horizontalHeader()
        head.setHighlightSections(False)
        head.setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        head.setSectionResizeMode(table.QUESTION, QHeaderView.ResizeMode.Stretch)
        head.setSectionResizeMode(table.RESULT, QHeaderView.ResizeMode.ResizeToContents)
        head.setMinimumSectionSize(72)
        for column, width in _WIDTHS.items():
            view.setColumnWidth(column, width)
        head.setSectionResizeMode(table.RESULT, QHeaderView.ResizeMode.Fixed)
        view.setColumnWidth(table.RESULT, 116)
        return view
