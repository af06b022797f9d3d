"""One AI app that a person sets up: what to open there, to paste or to run."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from PySide6.QtCore import QUrl, Signal, Slot
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import QComboBox, QFileDialog, QVBoxLayout, QWidget

from trunkline_desktop.run_words import TRANSPORTS
from trunkline_desktop.tokens import FIELD_GAP
from trunkline_desktop.views.facts import AppFacts, HandChoice
from trunkline_desktop.views.swap import swap
from trunkline_desktop.views.tab_order import follow_layout
from trunkline_desktop.widgets.button import Button
from trunkline_desktop.widgets.code_field import CodeField
from trunkline_desktop.widgets.copy_field import CopyField
from trunkline_desktop.widgets.drawer import Drawer
from trunkline_desktop.widgets.fields import Field
from trunkline_desktop.widgets.inline_message import InlineMessage
from trunkline_desktop.widgets.monogram import Monogram
from trunkline_desktop.widgets.segmented import SegmentedControl
from trunkline_server.clients.exports.offers import Offer
from trunkline_server.errors import Failure
from trunkline_server.profiles.profile import Profile, Transport


class HandPanel(Drawer):
    """The database and the way above; below, everything that brings it into the app by hand.

    Object names: ``handDatabase``, ``handWay``, ``openLink``, ``offer-link``, ``offer-command``,
    ``offer-text``, ``saveBundle``, ``handProblem``, ``handNote``.

    Signals:
        choice_changed(HandChoice): find what there is; answer with ``show_offers``.
        bundle_wanted(str, str): save the bundle of this profile as this file.
    """

    choice_changed = Signal(object)
    bundle_wanted = Signal(str, str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent=parent)
        self._app: AppFacts | None = None
        self._known: tuple[Profile, ...] = ()
        self._afterwards = ""
        self._monogram = Monogram("", 32)
        self.lead.addWidget(self._monogram)
        self._databases = QComboBox()
        self._databases.setObjectName("handDatabase")
        self._databases.activated.connect(self._on_chosen)
        self._which = Field(self.tr("Database"), self._databases)
        self._chosen: Transport = "stdio"
        self._how = QWidget()
        self._offers = QWidget()
        self._note, self._problem = InlineMessage("info"), InlineMessage("failed")
        self._note.setObjectName("handNote")
        self._problem.setObjectName("handProblem")
        self._bundle = Button(
            self.tr("Save a bundle for Claude Desktop…"), "link", "file-arrow-down"
        )
        self._bundle.setObjectName("saveBundle")
        self._bundle.clicked.connect(self._on_save)
        self._arrange()

    def show_app(
        self, app: AppFacts, profiles: Iterable[Profile], also: str, why: str, afterwards: str
    ) -> None:
        """Begin with an app and the database ``also``, if it is not "".

        ``why`` says why its settings are not edited here, ``afterwards`` what to do in the app.
        """
        self._app, self._afterwards = app, afterwards
        self._monogram.set_letters(app.monogram)
        self.set_title(app.name, why)
        self._offer(profiles, also)
        self._show_ways(app.can)
        self._bundle.setVisible(app.has_bundle)
        self._on_chosen()

    def show_databases(self, profiles: Iterable[Profile]) -> None:
        """Follow what became of the databases; the one that was chosen stays chosen."""
        if self._known != (known := tuple(profiles)):
            self._offer(known, self.choice().profile_id)
            self._on_chosen()

    def choice(self) -> HandChoice:
        """Return what is chosen now."""
        profile_id = self._databases.currentData() or ""
        return HandChoice(
            app_id=self._app.id if self._app else "", profile_id=profile_id, way=self._chosen
        )

    def show_offers(self, offers: Sequence[Offer], warning: str) -> None:
        """Show what there is to open, to run or to paste; ``warning`` is about the access token."""
        self._problem.hide()
        content = QWidget()
        column = QVBoxLayout(content)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(FIELD_GAP)
        for offer in offers:
            for widget in self._made(offer):
                column.addWidget(widget)
        self._offers = swap(self.body, self._offers, content)
        title = self.tr("What to do in the app")
        told = f"{self._afterwards} {warning}".strip()
        self._note.set_message("attention" if warning else "info", title, told)
        self._note.setVisible(bool(offers))
        follow_layout(self)

    def show_problem(self, failure: Failure) -> None:
        """Say why there is nothing to take."""
        self._offers.hide()
        self._note.hide()
        self._problem.set_message("failed", failure.title, failure.hint)
        self._problem.show()
        self._problem.announce()

    def show_saved(self, name: str) -> None:
        """Say what to do with the bundle that was saved."""
        title = self.tr("Saved as {name}.").format(name=name)
        told = self.tr("Open it with a double click: Claude Desktop asks before it adds it.")
        self._note.set_message("ok", title, told)
        self._note.show()
        self._note.announce()

    def _arrange(self) -> None:
        self.body.setSpacing(FIELD_GAP)
        for widget in (self._which, self._how, self._problem, self._offers, self._note):
            self.body.addWidget(widget)
        self.body.addWidget(self._bundle)
        self.body.addStretch(1)
        self._problem.hide()

    def _offer(self, profiles: Iterable[Profile], chosen: str) -> None:
        self._known = tuple(profiles)
        self._databases.clear()
        for profile in self._known:
            self._databases.addItem(profile.name, profile.id)
        self._databases.setCurrentIndex(max(0, self._databases.findData(chosen)))
        self._which.setVisible(self._databases.count() > 1)

    def _show_ways(self, can: Sequence[Transport]) -> None:
        named = {**TRANSPORTS, "stdio": self.tr("Directly")}
        name = self.tr("How it connects")
        self._chosen = can[0]
        choice = SegmentedControl([(way, named[way]) for way in can], can[0], name=name)
        choice.setObjectName("handWay")
        choice.changed.connect(self._on_way_chosen)
        self._how = swap(self.body, self._how, Field(name, choice))
        self._how.setVisible(len(can) > 1)

    def _made(self, offer: Offer) -> Iterable[QWidget]:
        """Return the widgets of an offer, each with its label."""
        name = f"offer-{offer.kind}"
        if offer.kind == "link":
            yield self._opening(offer)
        field = CodeField(offer.content) if offer.kind == "text" else CopyField(offer.content)
        field.setObjectName(name)
        yield Field(offer.title, field)

    def _opening(self, offer: Offer) -> Button:
        app = self._app.name if self._app else ""
        button = Button(self.tr("Open in {app}").format(app=app), "primary", "arrow-square-out")
        button.setObjectName("openLink")
        button.clicked.connect(lambda: QDesktopServices.openUrl(QUrl(offer.content)))
        return button

    @Slot()
    def _on_chosen(self) -> None:
        self.choice_changed.emit(self.choice())

    @Slot(str)
    def _on_way_chosen(self, way: Transport) -> None:
        self._chosen = way
        self._on_chosen()

    @Slot()
    def _on_save(self) -> None:
        dialog = QFileDialog(self, self.tr("Save a bundle for Claude Desktop"))
        dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
        dialog.setDefaultSuffix("mcpb")
        dialog.setNameFilter(self.tr("Bundles (*.mcpb)"))
        dialog.selectFile(f"trunkline-{self.choice().profile_id}.mcpb")
        dialog.fileSelected.connect(self._on_place_chosen)
        dialog.finished.connect(dialog.deleteLater)
        dialog.open()

    @Slot(str)
    def _on_place_chosen(self, path: str) -> None:
        self.bundle_wanted.emit(self.choice().profile_id, path)
