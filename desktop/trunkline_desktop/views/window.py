"""The one window: sidebar and page, or the first page alone while there is no database."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from PySide6.QtCore import QAbstractItemModel, Qt, Signal
from PySide6.QtGui import QKeySequence, QResizeEvent, QShortcut
from PySide6.QtWidgets import QHBoxLayout, QMainWindow, QStackedWidget, QWidget

from trunkline_desktop import mark
from trunkline_desktop.tokens import NARROW_BELOW, SIDEBAR, SIDEBAR_NARROW, SMALLEST_WINDOW
from trunkline_desktop.views.activity import ActivityPage
from trunkline_desktop.views.ai_apps import AiAppsPage
from trunkline_desktop.views.database import DatabasePage
from trunkline_desktop.views.sidebar import Sidebar
from trunkline_desktop.widgets.button import Button
from trunkline_desktop.widgets.toast import Toast

if TYPE_CHECKING:
    from trunkline_desktop.views.add import AddPage
    from trunkline_desktop.views.first_run import FirstRun


class Window(QMainWindow):
    """Holds the pages and shows one of them; it decides nothing.

    Attributes:
        sidebar, first_run, database, add, apps, activity: the parts; see their own signals.
        toast: the offer to undo, at the foot; its button is called ``undo``.

    Signals:
        add_made(AddPage), first_run_made(FirstRun): the page was built: when it is first wanted.
    """

    add_made = Signal(object)
    first_run_made = Signal(object)

    def __init__(self, model: QAbstractItemModel, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("window")
        self.setWindowTitle("Trunkline")
        self.setWindowIcon(mark.app_icon())
        self.sidebar = Sidebar()
        self.sidebar.set_model(model)
        self.database = DatabasePage()
        self.apps, self.activity = AiAppsPage(), ActivityPage()
        self._pages = QStackedWidget()
        for page in (self.database, self.apps, self.activity):
            self._pages.addWidget(page)
        self._arrange()
        self.toast = Toast(self)
        self.toast.setObjectName("toast")
        for button in self.toast.findChildren(Button):
            button.setObjectName("undo")
        QShortcut(QKeySequence(QKeySequence.StandardKey.New), self, self.sidebar.add_wanted.emit)
        self.setMinimumSize(*SMALLEST_WINDOW)
        self.resize(1120, 720)

    @cached_property
    def first_run(self) -> FirstRun:
        """The first page; not built for people who have a database."""
        from trunkline_desktop.views.first_run import FirstRun

        page = FirstRun()
        self._pages.addWidget(page)
        self.first_run_made.emit(page)
        return page

    @cached_property
    def add(self) -> AddPage:
        """The form of a database; four megabytes that most windows never need."""
        from trunkline_desktop.views.add import AddPage

        page = AddPage()
        self._pages.addWidget(page)
        self.add_made.emit(page)
        return page

    @property
    def is_first_run(self) -> bool:
        """Whether the first page is shown."""
        return "first_run" in vars(self) and self.page is self.first_run

    @property
    def is_adding(self) -> bool:
        """Whether the form is shown."""
        return "add" in vars(self) and self.page is self.add

    @property
    def page(self) -> QWidget:
        """The page that is shown."""
        return self._pages.currentWidget() or self.first_run

    def show_first_run(self) -> None:
        """Show the first page, without the sidebar."""
        self._show(self.first_run, has_sidebar=False)

    def show_database(self) -> None:
        """Show the page of the database that was pushed into it last."""
        self.sidebar.choose_database(self.database.profile_id)
        self._show(self.database)

    def show_new(self) -> None:
        """Show the form of a new database."""
        self.sidebar.choose_draft()
        self._show(self.add)

    def show_edit(self, profile_id: str) -> None:
        """Show the form of a database that is changed."""
        self.sidebar.choose_database(profile_id)
        self._show(self.add)

    def show_apps(self) -> None:
        """Show the AI apps."""
        self.sidebar.choose_apps()
        self._show(self.apps)

    def show_activity(self) -> None:
        """Show all questions."""
        self.sidebar.choose_activity()
        self._show(self.activity)

    def come_forward(self) -> None:
        """Show the window in front of the others, wherever it was."""
        self.setWindowState(self.windowState() & ~Qt.WindowState.WindowMinimized)
        self.show()
        self.raise_()
        self.activateWindow()

    def _show(self, page: QWidget, *, has_sidebar: bool = True) -> None:
        self.sidebar.setVisible(has_sidebar)
        self._pages.setCurrentWidget(page)

    def _arrange(self) -> None:
        inside = QWidget()
        row = QHBoxLayout(inside)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(0)
        row.addWidget(self.sidebar)
        row.addWidget(self._pages, 1)
        self.setCentralWidget(inside)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Narrow the sidebar in a narrow window."""
        super().resizeEvent(event)
        width = SIDEBAR_NARROW if self.width() < NARROW_BELOW else SIDEBAR
        if self.sidebar.width() != width:
            self.sidebar.setFixedWidth(width)
