"""The AI apps that may ask one database, on its page."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QVBoxLayout, QWidget

from trunkline_desktop.views import app_words
from trunkline_desktop.views.facts import AppFacts
from trunkline_desktop.views.flush import flush
from trunkline_desktop.views.swap import swap
from trunkline_desktop.widgets.app_card import AppCard
from trunkline_desktop.widgets.button import Button
from trunkline_desktop.widgets.card import Card
from trunkline_desktop.widgets.flow import Flow
from trunkline_desktop.widgets.text import Text

_INVITED = 4  # the page of all apps has the others


class AppsCard(Card):
    """Who may ask this database; when nobody may yet, the buttons that change it.

    Object names: ``connectAnApp``, and ``connect…Here`` such as ``connectClaudeDesktopHere``.

    Signals:
        connect_wanted(str): connect the app of this id.
        all_wanted(): go to the page of all apps.
    """

    connect_wanted = Signal(str)
    all_wanted = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(" ", "", parent)
        self.title.setText(self.tr("AI apps"))
        self.setAccessibleName(self.title.text())
        self._shown: tuple[tuple[AppFacts, ...], str] | None = None
        self._connect = Button(self.tr("Connect an app"), "link", "plus", small=True)
        self._connect.setObjectName("connectAnApp")
        self._connect.clicked.connect(self.all_wanted)
        self.header.addWidget(flush(self._connect))
        self._content = QWidget()
        self.body.addWidget(self._content)
        self.body.addStretch(1)

    def show_apps(self, apps: Sequence[AppFacts], profile_id: str) -> None:
        """Show the apps whose file names this database, or how to connect the first one."""
        if self._shown == (tuple(apps), profile_id):
            return
        self._shown = (tuple(apps), profile_id)
        mine = [app for app in apps if profile_id in (*app.databases, *app.gone)]
        content = QWidget()
        column = QVBoxLayout(content)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(14)
        for app in mine:
            row = AppCard(app.name, app.monogram, compact=True)
            row.set_app(app_words.status(app), app_words.state(app))
            column.addWidget(row)
        installed = [app for app in apps if app.state not in {"by hand", "missing"}]
        if not mine:
            self._invite(column, installed, apps)
        self._connect.setVisible(bool(mine) or len(installed) > _INVITED)
        self._content = swap(self.body, self._content, content)

    def _invite(
        self, column: QVBoxLayout, installed: Sequence[AppFacts], apps: Sequence[AppFacts]
    ) -> None:
        if installed:
            told = self.tr("No AI app asks this database yet.")
        else:
            known = [app.name for app in apps if app.state != "by hand"]
            names = ", ".join(known[:_INVITED])
            told = self.tr("Install {apps} to let it ask this database.").format(apps=names)
        column.addWidget(Text(told, "body", "text2", wraps=True))
        row = Flow()
        for place, app in enumerate(installed[:_INVITED]):
            text = self.tr("Connect {app}").format(app=app.name)
            button = Button(text, "plain" if place else "primary")
            button.setObjectName(f"{app_words.object_name(app)}Here")
            button.clicked.connect(lambda _=False, app=app: self.connect_wanted.emit(app.id))
            row.add(button)
        column.addWidget(row)
