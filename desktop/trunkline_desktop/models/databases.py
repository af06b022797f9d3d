"""The rows of the sidebar: every profile with the state of its run."""

from __future__ import annotations

from enum import IntEnum
from typing import Any

from PySide6.QtCore import (
    QAbstractListModel,
    QByteArray,
    QModelIndex,
    QObject,
    QPersistentModelIndex,
    Qt,
    Slot,
)

from trunkline_desktop import run_words
from trunkline_desktop.models.profiles import Profiles
from trunkline_desktop.supervisor import Supervisor
from trunkline_server.profiles.profile import Profile

Index = QModelIndex | QPersistentModelIndex


class Role(IntEnum):
    """What a row can be asked for, beside the display, tool-tip and accessible-text roles."""

    ID = Qt.ItemDataRole.UserRole + 1
    NAME = Qt.ItemDataRole.UserRole + 2
    LABEL = Qt.ItemDataRole.UserRole + 3  # "", production, staging or test
    LABEL_WORD = Qt.ItemDataRole.UserRole + 4
    STATUS = Qt.ItemDataRole.UserRole + 5  # on, starting, off, failed or attention
    STATE_WORDS = Qt.ItemDataRole.UserRole + 6  # "On · HTTP", "Password refused"
    SECOND_LINE = Qt.ItemDataRole.UserRole + 7  # label and state
    PROFILE = Qt.ItemDataRole.UserRole + 8
    RUN = Qt.ItemDataRole.UserRole + 9


_NAMES: dict[int, QByteArray] = {r.value: QByteArray(r.name.lower().encode()) for r in Role}


class DatabasesModel(QAbstractListModel):
    """One row for each profile, in the order of the file. Rows keep their identity on changes."""

    def __init__(
        self, profiles: Profiles, supervisor: Supervisor, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._profiles, self._supervisor = profiles, supervisor
        self._rows = profiles.all
        profiles.changed.connect(self._on_profiles_changed)
        supervisor.changed.connect(self._on_run_changed)

    def rowCount(self, parent: Index | None = None) -> int:
        """Return how many databases there are; rows have no children."""
        return 0 if parent is not None and parent.isValid() else len(self._rows)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """Return what ``role`` asks for."""
        if not index.isValid() or index.row() >= len(self._rows):
            return None
        return self._value(self._rows[index.row()], role)

    def roleNames(self) -> dict[int, QByteArray]:
        """Return the names of the roles, for debuggers."""
        return {**super().roleNames(), **_NAMES}

    def index_of(self, profile_id: str) -> QModelIndex:
        """Return the row of a profile; an invalid index when there is none."""
        ids = [p.id for p in self._rows]
        return self.index(ids.index(profile_id)) if profile_id in ids else QModelIndex()

    def _value(self, profile: Profile, role: int) -> Any:
        run = self._supervisor.run(profile.id)
        match role:
            case Role.ID:
                return profile.id
            case Qt.ItemDataRole.DisplayRole | Role.NAME | Qt.ItemDataRole.ToolTipRole:
                return profile.name
            case Role.LABEL:
                return profile.label
            case Role.PROFILE:
                return profile
            case Role.RUN:
                return run
            case _:
                return self._words(profile, role)

    def _words(self, profile: Profile, role: int) -> str | None:
        run = self._supervisor.run(profile.id)
        match role:
            case Role.LABEL_WORD:
                return run_words.label(profile)
            case Role.STATUS:
                return run_words.status(run)
            case Role.STATE_WORDS:
                return run_words.state(run)
            case Role.SECOND_LINE:
                return run_words.second_line(profile, run)
            case Qt.ItemDataRole.AccessibleTextRole:
                return run_words.spoken(profile, run)
        return None

    @Slot()
    def _on_profiles_changed(self) -> None:
        """Change single rows where the list is the same, so that a view keeps its choice."""
        wanted = {p.id for p in self._profiles.all}
        for row in reversed(range(len(self._rows))):
            if self._rows[row].id not in wanted:
                self._take_out(row)
        for row, profile in enumerate(self._profiles.all):
            if row == len(self._rows):
                self._put_in(row, profile)
        if [p.id for p in self._rows] != [p.id for p in self._profiles.all]:
            self._reset()
        elif self._rows:
            self._rows = self._profiles.all
            self.dataChanged.emit(self.index(0), self.index(len(self._rows) - 1))

    def _take_out(self, row: int) -> None:
        self.beginRemoveRows(QModelIndex(), row, row)
        self._rows = self._rows[:row] + self._rows[row + 1 :]
        self.endRemoveRows()

    def _put_in(self, row: int, profile: Profile) -> None:
        self.beginInsertRows(QModelIndex(), row, row)
        self._rows = (*self._rows[:row], profile, *self._rows[row:])
        self.endInsertRows()

    def _reset(self) -> None:
        self.beginResetModel()
        self._rows = self._profiles.all
        self.endResetModel()

    @Slot(str)
    def _on_run_changed(self, profile_id: str) -> None:
        index = self.index_of(profile_id)
        if index.isValid():
            self.dataChanged.emit(index, index)
