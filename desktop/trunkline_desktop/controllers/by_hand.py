"""The panel of an AI app that a person sets up: finds what there is to open, to run or to paste."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from PySide6.QtCore import QCoreApplication, QObject, Slot

from trunkline_desktop import jobs
from trunkline_desktop.models.profiles import Profiles
from trunkline_desktop.views.ai_apps import AiAppsPage
from trunkline_desktop.views.facts import AppFacts, HandChoice
from trunkline_server.clients import apps, entries
from trunkline_server.clients.app import App
from trunkline_server.clients.exports import bundle, offers, saving, standard
from trunkline_server.clients.exports.offers import Offer
from trunkline_server.errors import Failure
from trunkline_server.profiles.profile import Profile, Transport

Found = tuple[tuple[Offer, ...], str]


class ByHand(QObject):
    """Answers the panel off the GUI thread; the newest choice alone is shown."""

    def __init__(self, page: AiAppsPage, profiles: Profiles, parent: QObject) -> None:
        super().__init__(parent)
        self._page, self._panel, self._profiles = page, page.hand, profiles
        self._asked = 0
        self._panel.choice_changed.connect(self._on_choice)
        self._panel.bundle_wanted.connect(self._on_bundle_wanted)
        profiles.changed.connect(self._on_profiles_changed)

    def open(self, app_id: str, also: str) -> None:
        """Open the panel of an app with the database ``also``, if it is not ""."""
        app = app_of(app_id)
        is_any = app is standard.ANY
        why = self.tr("Any app that takes MCP servers") if is_any else app.by_hand
        self._page.open_hand(app_id, self._profiles.all, also, why, app.afterwards)

    @Slot()
    def _on_profiles_changed(self) -> None:
        if not self._panel.isHidden():
            self._panel.show_databases(self._profiles.all)

    @Slot(object)
    def _on_choice(self, choice: HandChoice) -> None:
        self._asked += 1
        if (profile := self._known(choice.profile_id)) is None:
            return
        job = jobs.start(lambda: found(app_of(choice.app_id), profile, choice.way))
        job.done.connect(partial(self._on_found, self._asked))
        job.failed.connect(partial(self._on_not_found, self._asked))

    def _on_found(self, asked: int, told: Found) -> None:
        if asked == self._asked:
            self._panel.show_offers(*told)

    def _on_not_found(self, asked: int, failure: Failure) -> None:
        if asked == self._asked:
            self._panel.show_problem(failure)

    @Slot(str, str)
    def _on_bundle_wanted(self, profile_id: str, path: str) -> None:
        if profile := self._known(profile_id):
            job = jobs.start(lambda: save_bundle(profile, Path(path)))
            job.done.connect(self._panel.show_saved)
            job.failed.connect(self._panel.show_problem)

    def _known(self, profile_id: str) -> Profile | None:
        """Return a saved database; say so when there is none of that id, or none any more."""
        profile = self._profiles.get(profile_id)
        if profile is None:
            title = self.tr("This database is not there any more.")
            hint = self.tr("Choose another one, or add one first.")
            self._panel.show_problem(Failure(code="profile.unknown", title=title, hint=hint))
        return profile


def facts() -> tuple[AppFacts, ...]:
    """Return the apps on this computer that are set up by hand, and one for all the others."""
    here = [app for app in apps.BY_HAND.values() if app.is_installed()]
    another = QCoreApplication.translate("apps", "Another app")
    return (
        *(_facts(app, app.name) for app in here),
        _facts(standard.ANY, another, has_bundle=True),
    )


def app_of(app_id: str) -> App:
    """Return the app of an id: one that is known, or any other."""
    return apps.ALL.get(app_id) or apps.BY_HAND.get(app_id) or standard.ANY


def found(app: App, profile: Profile, way: Transport) -> Found:
    """Return what there is for ``app``, and what to know of the access token.

    Raises:
        TrunklineError: why there is nothing, see ``offers.content``.
    """
    there = offers.offers(app, profile, way)
    if not there:
        offers.content(app, profile, "text", transport=way)  # which says why
    return there, entries.warning(app, profile, way, may_write_token=False)


def save_bundle(profile: Profile, file: Path) -> str:
    """Write the bundle of ``profile`` and return the name of the file.

    Raises:
        TrunklineError: ``export.unwritable`` or ``program.missing``.
    """
    target = entries.target(standard.ANY, profile, profile.id, "stdio")
    saving.save(file, bundle.bundle(profile, target), may_replace=True)  # the dialog has asked
    return file.name


def _facts(app: App, name: str, *, has_bundle: bool = False) -> AppFacts:
    return AppFacts(
        id=app.id,
        name=name,
        monogram=app.monogram,
        state="by hand",
        can=app.transports,
        has_bundle=has_bundle,
    )
