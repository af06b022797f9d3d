"""One AI app: which databases it may ask, and what that changes in its settings file."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from PySide6.QtCore import Qt, QUrl, Signal, Slot
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import QCheckBox, QHBoxLayout, QVBoxLayout, QWidget

from trunkline_desktop.views.elided import Elided
from trunkline_desktop.views.facts import AppFacts
from trunkline_desktop.views.flush import flush
from trunkline_desktop.widgets.button import Button
from trunkline_desktop.widgets.diff_view import DiffView
from trunkline_desktop.widgets.drawer import Drawer
from trunkline_desktop.widgets.inline_message import InlineMessage
from trunkline_desktop.widgets.monogram import Monogram
from trunkline_desktop.widgets.shapes import IconLabel
from trunkline_desktop.widgets.tag import Tag
from trunkline_desktop.widgets.text import Text
from trunkline_server.errors import Failure
from trunkline_server.profiles.profile import Profile


class AppPanel(Drawer):
    """The choice above, its consequence below, and the button that makes it so.

    Object names: ``mayAsk-<profile id>`` (the ticks), ``diff``, ``changeFile``, ``cancelChange``,
    ``showInFolder``, ``panelProblem``.

    Signals:
        choice_changed(str, tuple): app id, and the ids of the ticked databases.
        change_wanted(str, tuple): make it so.
    """

    choice_changed = Signal(str, tuple)
    change_wanted = Signal(str, tuple)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent=parent)
        self._app: AppFacts | None = None
        self._ticks: dict[str, QCheckBox] = {}
        self._monogram = Monogram("", 32)
        self.lead.addWidget(self._monogram)
        self._choices = QWidget()
        self._diff, self._counts = DiffView(), Text("", "caption", "text2")
        self._diff.setObjectName("diff")
        self._about = InlineMessage("info")
        self._problem = InlineMessage("failed")
        self._problem.setObjectName("panelProblem")
        self._make_file_line()
        self._make_buttons()
        self._arrange()

    def show_app(
        self, app: AppFacts, profiles: Iterable[Profile], ticked: Iterable[str], afterwards: str
    ) -> None:
        """Begin with an app; ``afterwards`` says what to do once its file has changed."""
        self._app = app
        self._monogram.set_letters(app.monogram)
        self.set_title(app.name, self.tr("Found on this computer"))
        self._show_choices(tuple(profiles), set(ticked))
        self._file.set_whole(Path(app.path).name)
        self._file.setToolTip(app.path)
        kept = self.tr("Everything else in the file stays as it is. {afterwards}")
        title = self.tr("A copy is kept before the change.")
        self._about.set_message("info", title, kept.format(afterwards=afterwards))
        self._show_parts(has_change=False, has_problem=False)
        self.choice_changed.emit(app.id, self.ticked())

    def ticked(self) -> tuple[str, ...]:
        """Return the ids of the ticked databases, in the order shown."""
        return tuple(name for name, box in self._ticks.items() if box.isChecked())

    def show_change(self, diff: str) -> None:
        """Show what the choice changes; "" says that the file stays as it is."""
        self._diff.set_diff(diff)
        added, removed = self._diff.counts()
        self._counts.setText(f"+{added}  −{removed}" if diff else "")
        self._show_parts(has_change=bool(diff), has_problem=False)

    def show_problem(self, failure: Failure) -> None:
        """Say why the file is not changed."""
        self._problem.set_message("failed", failure.title, failure.hint)
        self._show_parts(has_change=False, has_problem=True)
        self._problem.announce()

    def set_busy(self) -> None:
        """Keep the person from changing the file twice."""
        self._change.setEnabled(False)

    def set_width(self, width: int) -> None:
        """Be ``width`` pixels wide, more than usual when it has the page to itself."""
        self._width = width
        if self.isVisible():
            self.setFixedWidth(width)

    def _make_file_line(self) -> None:
        self._file = Elided("", "caption", "text2")
        self._in_folder = Button(self.tr("Show in folder"), "link", small=True)
        self._in_folder.setObjectName("showInFolder")
        self._in_folder.clicked.connect(self._on_show_in_folder)

    def _make_buttons(self) -> None:
        cancel = Button(self.tr("Cancel"))
        cancel.setObjectName("cancelChange")
        cancel.clicked.connect(self.close_drawer)
        self._change = Button(self.tr("Change the file"), "primary")
        self._change.setObjectName("changeFile")
        self._change.clicked.connect(self._on_change)
        self.footer.addStretch(1)
        self.footer.addWidget(cancel)
        self.footer.addWidget(self._change)

    def _arrange(self) -> None:
        self._change_head = QWidget()
        head = QHBoxLayout(self._change_head)
        head.setContentsMargins(0, 8, 0, 0)
        told = Text(self.tr("What will change in its settings file"), "head", "text2", wraps=True)
        head.addWidget(told, 1)
        head.addWidget(self._counts)
        line = QHBoxLayout()
        line.setSpacing(8)
        line.addWidget(IconLabel("file-text"))
        line.addWidget(self._file)
        line.addStretch(1)
        line.addWidget(flush(self._in_folder))
        self._nothing = Text("", "caption", "text2", wraps=True)
        self.body.addWidget(Text(self.tr("May ask these databases"), "head", "text2"))
        self.body.addWidget(self._choices)
        self.body.addWidget(self._problem)
        for widget in (self._change_head, self._diff):
            self.body.addWidget(widget)
        self.body.addWidget(self._nothing)
        self.body.addLayout(line)
        self.body.addWidget(self._about)
        self.body.addStretch(1)

    def _show_choices(self, profiles: tuple[Profile, ...], ticked: set[str]) -> None:
        choices = QWidget()
        column = QVBoxLayout(choices)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(4)
        self._ticks = {}
        for profile in profiles:
            box = QCheckBox()
            box.setObjectName(f"mayAsk-{profile.id}")
            box.setAccessibleName(profile.name)
            box.setChecked(profile.id in ticked)
            box.toggled.connect(self._on_ticked)
            self._ticks[profile.id] = box
            column.addLayout(_choice(box, profile))
        self.body.replaceWidget(self._choices, choices)
        self._choices.hide()  # it goes only when the event loop comes round
        self._choices.deleteLater()
        self._choices = choices

    def _show_parts(self, *, has_change: bool, has_problem: bool) -> None:
        for widget in (self._change_head, self._diff, self._about):
            widget.setVisible(has_change)
        self._problem.setVisible(has_problem)
        self._nothing.setVisible(not has_change and not has_problem)
        self._nothing.setText(self.tr("The settings file stays as it is."))
        self._change.setEnabled(has_change)

    @Slot()
    def _on_ticked(self) -> None:
        if self._app is not None:
            self.choice_changed.emit(self._app.id, self.ticked())

    @Slot()
    def _on_change(self) -> None:
        if self._app is not None:
            self.change_wanted.emit(self._app.id, self.ticked())

    @Slot()
    def _on_show_in_folder(self) -> None:
        if self._app is not None:
            folder = str(Path(self._app.path).parent)
            QDesktopServices.openUrl(QUrl.fromLocalFile(folder))


class _Name(Elided):
    """The words of a tick; clicking them ticks."""

    def __init__(self, box: QCheckBox, text: str) -> None:
        super().__init__(text)
        self._box = box
        self.setBuddy(box)

    def mouseReleaseEvent(self, event: object) -> None:
        """Tick the box, as its own words would."""
        self._box.click()


def _choice(box: QCheckBox, profile: Profile) -> QHBoxLayout:
    row = QHBoxLayout()
    row.setSpacing(8)
    row.setContentsMargins(0, 4, 0, 4)
    row.addWidget(box)
    row.addWidget(_Name(box, profile.name))
    row.addStretch(1)
    row.addWidget(Tag(profile.label), 0, Qt.AlignmentFlag.AlignVCenter)
    return row
