"""The databases that an AI app may ask, each with its tick."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QApplication,
    QCheckBox,
    QFrame,
    QHBoxLayout,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from trunkline_desktop.style import move_focus
from trunkline_desktop.views.elided import Elided
from trunkline_desktop.widgets.tag import Tag
from trunkline_desktop.widgets.text import name_part
from trunkline_server.profiles.profile import Profile

_TALLEST = 232  # pixels; of more databases than fit, the last one is cut to say that it scrolls


class AppTicks(QScrollArea):
    """One line for each database: tick, name, label. Many scroll, so that what follows is seen.

    ``name`` is what screen readers call them together. Object names: ``mayAsk-<profile id>``.

    Signals:
        changed(): a tick was set or taken away.
    """

    changed = Signal()

    def __init__(self, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._ticks: dict[str, QCheckBox] = {}
        self.setAccessibleName(name)
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)

    def show_ticks(self, profiles: Iterable[Profile], ticked: Collection[str]) -> None:
        """Show other databases, or other ticks; a line that has the focus keeps it."""
        focused = QApplication.focusWidget()
        held = next((i for i, box in self._ticks.items() if box is focused), None)
        self._ticks, lines = {}, QWidget()
        name_part(lines, "DrawerBody")
        column = QVBoxLayout(lines)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(4)
        for profile in profiles:
            column.addLayout(self._line(profile, is_ticked=profile.id in ticked))
        self.setWidget(lines)
        self.setFixedHeight(min(lines.sizeHint().height(), _TALLEST))
        if held in self._ticks:
            move_focus(self._ticks[held])

    def ticked(self) -> tuple[str, ...]:
        """Return the ids of the ticked databases, in the order shown."""
        return tuple(name for name, box in self._ticks.items() if box.isChecked())

    def _line(self, profile: Profile, *, is_ticked: bool) -> QHBoxLayout:
        box = QCheckBox()
        box.setObjectName(f"mayAsk-{profile.id}")
        box.setAccessibleName(profile.name)
        box.setChecked(is_ticked)
        box.toggled.connect(self.changed)
        self._ticks[profile.id] = box
        row = QHBoxLayout()
        row.setSpacing(8)
        row.setContentsMargins(0, 4, 0, 4)
        row.addWidget(box)
        row.addWidget(_Name(box, profile.name))
        row.addStretch(1)
        row.addWidget(Tag(profile.label), 0, Qt.AlignmentFlag.AlignVCenter)
        return row


class _Name(Elided):
    """The words of a tick; clicking them ticks."""

    def __init__(self, box: QCheckBox, text: str) -> None:
        super().__init__(text, is_name=True)
        self._box = box
        self.setBuddy(box)

    def mouseReleaseEvent(self, event: object) -> None:
        """Tick the box, as its own words would."""
        self._box.click()
