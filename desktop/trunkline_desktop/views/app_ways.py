"""How an AI app reaches each database that it may ask: directly, or at an address."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from PySide6.QtCore import QCoreApplication, Signal, Slot
from PySide6.QtWidgets import QVBoxLayout, QWidget

from trunkline_desktop.run_words import TRANSPORTS
from trunkline_desktop.tokens import FIELD_GAP, LABEL_GAP
from trunkline_desktop.views.elided import Elided
from trunkline_desktop.views.swap import swap
from trunkline_desktop.widgets.folded import FoldedSection
from trunkline_desktop.widgets.segmented import SegmentedControl
from trunkline_desktop.widgets.text import Text
from trunkline_server.profiles.profile import Profile, Transport


class AppWays(FoldedSection):
    """Folded, because the way it begins with suits almost everybody; open, one choice for each.

    Object names: ``way-<profile id>`` with the segments ``segment-stdio`` and so on.

    Signals:
        changed(): the person chose another way for one of them.
    """

    changed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(QCoreApplication.translate("AppWays", "How it connects"), parent=parent)
        self._ways: dict[str, Transport] = {}
        self._about = Text("", "caption", "text2", wraps=True)
        self._lines = QWidget()
        self.body_layout().addWidget(self._lines)
        self.body_layout().addWidget(self._about)

    def show_ways(
        self,
        profiles: Iterable[Profile],
        ways: Mapping[str, Transport],
        can: Sequence[Transport],
    ) -> None:
        """Show the way of each of ``profiles``; ``can`` are the ways that the app knows."""
        known = tuple(profiles)
        self._ways = {p.id: ways.get(p.id, "stdio") for p in known}
        lines = QWidget()
        column = QVBoxLayout(lines)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(FIELD_GAP)
        for profile in known:
            column.addLayout(self._choice(profile, can))
        self._lines = swap(self.body_layout(), self._lines, lines)
        self._tell()

    def ways(self) -> dict[str, Transport]:
        """Return how each is to be reached, by profile id."""
        return dict(self._ways)

    def _choice(self, profile: Profile, can: Sequence[Transport]) -> QVBoxLayout:
        named = {**TRANSPORTS, "stdio": self.tr("Directly")}
        choice = SegmentedControl(
            [(way, named[way]) for way in can],
            self._ways[profile.id],
            name=self.tr("How it reaches “{name}”").format(name=profile.name),
        )
        choice.setObjectName(f"way-{profile.id}")
        choice.changed.connect(lambda way: self._on_chosen(profile.id, way))
        column = QVBoxLayout()
        column.setSpacing(LABEL_GAP)
        column.addWidget(Elided(profile.name, "head", "text2", is_name=True))
        column.addWidget(choice)
        return column

    def _tell(self) -> None:
        found = set(self._ways.values())
        directly = self.tr(
            "Directly, the app starts Trunkline’s small relay. It needs no access token and "
            "never has to change."
        )
        address = self.tr(
            "At an address, the app needs an access token, and the database has to be on."
        )
        self._about.setText(f"{directly} {address}")
        if found <= {"stdio"}:
            self.set_summary(self.tr("Directly (recommended)"))
        elif "stdio" in found:
            self.set_summary(self.tr("In different ways"))
        else:
            self.set_summary(self.tr("At an address"))

    @Slot(str, str)
    def _on_chosen(self, profile_id: str, way: Transport) -> None:
        self._ways[profile_id] = way
        self._tell()
        self.changed.emit()
