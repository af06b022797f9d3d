"""The page of AI apps: which app may ask which databases."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from PySide6.QtCore import Signal, Slot
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QWidget

from trunkline_desktop import run_words
from trunkline_desktop.tokens import DRAWER_LARGEST
from trunkline_desktop.views import app_words
from trunkline_desktop.views.app_panel import AppPanel
from trunkline_desktop.views.facts import AppFacts
from trunkline_desktop.views.hand_panel import HandPanel
from trunkline_desktop.widgets.app_card import AppCard
from trunkline_desktop.widgets.drawer import Drawer
from trunkline_desktop.widgets.page import Page
from trunkline_desktop.widgets.text import Text
from trunkline_server.profiles.profile import Profile

_PAGE_SMALLEST, _NAMED = 340, 3


class AiAppsPage(QWidget):
    """Cards of the apps at the left, the chosen one's panel at the right.

    Object names: ``connectClaudeDesktop`` (the card's button, whatever it reads), and those of
    ``AppPanel`` and ``HandPanel``.

    Signals:
        app_chosen(str): open the panel of this app; answer with ``open_panel``, or with
            ``open_hand`` where the person sets it up.
    """

    app_chosen = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._apps: dict[str, AppFacts] = {}
        self._names: dict[str, str] = {}
        self._cards: dict[str, AppCard] = {}
        self._chosen = ""
        self._page = Page()
        self._page.set_title(self.tr("AI apps"))
        told = self.tr("Choose which apps may ask which databases.")
        self._summary = Text("", "caption", "text2", wraps=True)
        self._page.top.setSpacing(8)
        self._page.top.addWidget(Text(told, "body", "text2", wraps=True))
        self._page.top.addWidget(self._summary)
        self._page.body.setSpacing(8)
        self._page.body.addStretch(1)
        self.panel, self.hand = AppPanel(), HandPanel()
        for drawer in (self.panel, self.hand):
            drawer.hide()
            drawer.closed.connect(self._on_closed)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(0)
        row.addWidget(self._page, 1)
        row.addWidget(self.panel)
        row.addWidget(self.hand)

    @property
    def open_app(self) -> str:
        """The id of the app whose file the open panel changes; "" when there is none."""
        return "" if self.panel.isHidden() else self._chosen

    def show_apps(self, apps: Sequence[AppFacts], names: Mapping[str, str]) -> None:
        """Show every app in this order; ``names`` says what each profile id is called."""
        self._apps, self._names = {app.id: app for app in apps}, dict(names)
        for place, app in enumerate(apps):
            if app.id not in self._cards:
                self._cards[app.id] = self._make_card(app)
            self._put(self._cards[app.id], place)
            self._fill(self._cards[app.id], app)
        if self._chosen in self._apps:
            self.panel.show_state(self._apps[self._chosen])
        self._summary.setText(self._counted(apps))

    def open_panel(self, app_id: str, profiles: Iterable[Profile], also: str) -> None:
        """Open the panel of an app, with the database ``also`` ticked in addition, if not ""."""
        self.panel.show_app(self._apps[app_id], profiles, also)
        self._open(app_id, self.panel, self.hand)

    def open_hand(
        self, app_id: str, profiles: Iterable[Profile], also: str, why: str, afterwards: str
    ) -> None:
        """Open the panel of an app that the person sets up; see ``HandPanel.show_app``."""
        self.hand.show_app(self._apps[app_id], profiles, also, why, afterwards)
        self._open(app_id, self.hand, self.panel)

    def close_panel(self) -> None:
        """Close the panel, for example when its change has been made."""
        self.panel.close_drawer()

    def _open(self, app_id: str, drawer: Drawer, other: Drawer) -> None:
        other.hide()
        self._choose(app_id)
        drawer.open(self._cards[app_id].button)
        self._fit()

    def _make_card(self, app: AppFacts) -> AppCard:
        card = AppCard(app.name, app.monogram)
        card.button.setObjectName(app_words.object_name(app))
        card.acted.connect(lambda: self.app_chosen.emit(app.id))
        return card

    def _put(self, card: AppCard, place: int) -> None:
        if self._page.body.indexOf(card) != place:
            self._page.body.insertWidget(place, card)

    def _fill(self, card: AppCard, app: AppFacts) -> None:
        asked = self._named([self._names[i] for i in app.databases if i in self._names])
        asked = " · ".join(filter(None, (asked, app_words.need(app))))
        status = app_words.status(app)
        is_new = not app.databases and not app.gone
        action = self.tr("Connect") if is_new else self.tr("Change")
        if app.state == "by hand":
            is_new, action = False, self.tr("Show how")
        has_action = app.state != "missing"
        said = app_words.state(app)
        card.set_app(status, said, asked, action if has_action else "", "plus" if is_new else None)

    def _named(self, names: list[str]) -> str:
        """Return the first few names, and how many there are besides."""
        shown = ", ".join(run_words.shortened(name) for name in names[:_NAMED])
        more = len(names) - _NAMED
        told = self.tr("{names} and {count} more")
        return told.format(names=shown, count=more) if more > 0 else shown

    def _counted(self, apps: Sequence[AppFacts]) -> str:
        said = (
            ("connected", self.tr("{count} connected")),
            ("waiting", self.tr("{count} waiting")),
            ("gone", self.tr("{count} without its entry")),
            ("ready", self.tr("{count} ready to connect")),
        )
        counts = {state: sum(app.state == state for app in apps) for state, _ in said}
        parts = [text.format(count=counts[state]) for state, text in said if counts[state]]
        return "  ·  ".join(parts)

    def _choose(self, app_id: str) -> None:
        self._chosen = app_id
        for name, card in self._cards.items():
            card.set_chosen(name == app_id)

    def _fit(self) -> None:
        """Let the panel take the whole page where both do not fit beside each other."""
        is_open = self.panel.isVisible() or self.hand.isVisible()
        is_alone = is_open and self.width() < DRAWER_LARGEST + _PAGE_SMALLEST
        self._page.setVisible(not is_alone)
        for drawer in (self.panel, self.hand):
            drawer.set_width(self.width() if is_alone else DRAWER_LARGEST)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Give page and panel their room."""
        super().resizeEvent(event)
        self._fit()

    @Slot()
    def _on_closed(self) -> None:
        self._choose("")
        self._fit()
