"""The left column: the databases, and the pages that cross all of them."""

from __future__ import annotations

from PySide6.QtCore import QAbstractItemModel, QEvent, QModelIndex, QSize, Qt, Signal, Slot
from PySide6.QtGui import QStandardItem, QStandardItemModel
from PySide6.QtWidgets import QFrame, QHBoxLayout, QVBoxLayout, QWidget

from trunkline_desktop.models.databases import Role
from trunkline_desktop.tokens import SIDEBAR
from trunkline_desktop.views.brand import Brand
from trunkline_desktop.widgets.button import Button
from trunkline_desktop.widgets.database_row import DatabaseList
from trunkline_desktop.widgets.nav_button import NavButton
from trunkline_desktop.widgets.text import Text, name_part, restyle


class _Rows(DatabaseList):
    """As high as its rows, so that what follows stands right below them."""

    def sizeHint(self) -> QSize:
        """Return the height of all rows."""
        count = self.model().rowCount() if self.model() else 0
        return QSize(120, max(count, 1) * max(self.sizeHintForRow(0), 0))

    def minimumSizeHint(self) -> QSize:
        """Ask for one row; the rest can scroll."""
        return QSize(120, max(self.sizeHintForRow(0), 0))


class Sidebar(QFrame):
    """Chooses what the page beside it shows.

    Object names: ``databases`` (the list), ``addDatabase`` (the plus), ``navApps``,
    ``navActivity``.

    Signals:
        database_chosen(str): profile id.
        add_wanted(), apps_wanted(), activity_wanted(): that page.
    """

    database_chosen = Signal(str)
    add_wanted = Signal()
    apps_wanted = Signal()
    activity_wanted = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        name_part(self, "Sidebar")
        self.setFixedWidth(SIDEBAR)
        self._list = _Rows()
        self._list.setObjectName("databases")
        self._list.clicked.connect(self._on_chosen)
        self._list.activated.connect(self._on_chosen)
        self._draft = self._make_draft()
        self._add = Button("", "ghost", "plus", small=True, name=self.tr("Add a database"))
        self._add.setObjectName("addDatabase")
        self._add.clicked.connect(self.add_wanted)
        self.apps = NavButton("squares-four", self.tr("AI apps"))
        self.apps.setObjectName("navApps")
        self.apps.clicked.connect(self.apps_wanted)
        self.activity = NavButton("chart-line", self.tr("Activity"))
        self.activity.setObjectName("navActivity")
        self.activity.clicked.connect(self.activity_wanted)
        self._arrange()
        self._follow_direction()

    def set_model(self, model: QAbstractItemModel) -> None:
        """Show the rows of ``model``, which answers the roles of ``models.databases``."""
        self._list.setModel(model)
        self._list.selectionModel().currentChanged.connect(self._on_current)
        for signal in (model.rowsInserted, model.rowsRemoved, model.modelReset):
            signal.connect(self._on_rows)

    def choose_database(self, profile_id: str) -> None:
        """Mark a database as the one that is shown."""
        self._mark(None)
        model = self._list.model()
        found = (model.index(r, 0) for r in range(model.rowCount()))
        index = next((i for i in found if i.data(Role.ID) == profile_id), QModelIndex())
        self._list.selectionModel().blockSignals(True)
        self._list.setCurrentIndex(index)
        self._list.selectionModel().blockSignals(False)
        self._list.viewport().update()

    def choose_apps(self) -> None:
        """Mark the page of AI apps."""
        self._mark(self.apps)

    def choose_activity(self) -> None:
        """Mark the page of all questions."""
        self._mark(self.activity)

    def choose_draft(self) -> None:
        """Mark the database that is being added."""
        self._mark(None)
        self._draft.show()
        self._draft.setCurrentIndex(self._draft.model().index(0, 0))

    def _mark(self, chosen: NavButton | None) -> None:
        self._draft.hide()
        self._list.selectionModel().blockSignals(True)
        self._list.clearSelection()
        self._list.setCurrentIndex(QModelIndex())
        self._list.selectionModel().blockSignals(False)
        self._list.viewport().update()
        for button in (self.apps, self.activity):
            button.setAutoExclusive(False)  # else the last one could not be unchosen
            button.setChecked(button is chosen)
            button.setAutoExclusive(True)

    def _make_draft(self) -> _Rows:
        model = QStandardItemModel(self)
        item = QStandardItem(self.tr("New database"))
        item.setData("off", Role.STATUS)
        item.setData(self.tr("Not saved yet"), Role.STATE_WORDS)
        model.appendRow(item)
        rows = _Rows()
        rows.setObjectName("newDatabase")
        rows.setModel(model)
        rows.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        rows.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        rows.setFixedHeight(rows.sizeHint().height())
        rows.hide()
        return rows

    def _arrange(self) -> None:
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 24, 0, 12)
        column.setSpacing(0)
        brand = QHBoxLayout()
        brand.setContentsMargins(16, 0, 16, 0)
        brand.addWidget(Brand())
        brand.addStretch(1)
        column.addLayout(brand)
        column.addSpacing(16)
        head = QHBoxLayout()
        head.setContentsMargins(16, 0, 8, 0)
        head.addWidget(Text(self.tr("Databases"), "head", "text2"), 1)
        head.addWidget(self._add)
        column.addLayout(head)
        column.addSpacing(4)
        column.addWidget(self._list, 0)
        column.addWidget(self._draft, 0)
        column.addStretch(1)
        pages = QVBoxLayout()
        pages.setContentsMargins(8, 8, 8, 0)
        pages.setSpacing(2)
        pages.addWidget(self.apps)
        pages.addWidget(self.activity)
        column.addLayout(pages)

    def changeEvent(self, event: QEvent) -> None:
        """Keep the border on the inner side."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.LayoutDirectionChange:
            self._follow_direction()

    def _follow_direction(self) -> None:
        restyle(self, "mirrored", self.layoutDirection() == Qt.LayoutDirection.RightToLeft)

    @Slot(QModelIndex)
    def _on_chosen(self, index: QModelIndex) -> None:
        self.database_chosen.emit(str(index.data(Role.ID)))

    @Slot(QModelIndex, QModelIndex)
    def _on_current(self, index: QModelIndex, _before: QModelIndex) -> None:
        if index.isValid() and self._list.hasFocus():
            self.database_chosen.emit(str(index.data(Role.ID)))

    @Slot()
    def _on_rows(self) -> None:
        self._list.updateGeometry()
