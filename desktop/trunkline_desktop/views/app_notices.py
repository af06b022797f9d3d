"""What an AI app does by itself: it runs and would overwrite a change, or it removed our entry."""

from __future__ import annotations

from PySide6.QtCore import Signal, Slot
from PySide6.QtWidgets import QVBoxLayout, QWidget

from trunkline_desktop.views.flush import flush
from trunkline_desktop.widgets.button import Button
from trunkline_desktop.widgets.inline_message import InlineMessage


class AppNotices(QWidget):
    """Two messages, each shown while it is true.

    Object names: ``gone`` with ``putBack`` and ``leaveOut``; ``running`` with ``changeByHand``.

    Signals:
        back_wanted(), leave_wanted(): put the entry back; leave it out.
        by_hand_wanted(): change the file only; the person quits and starts the app.
    """

    back_wanted = Signal()
    leave_wanted = Signal()
    by_hand_wanted = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._gone, self._running = InlineMessage("attention"), InlineMessage("attention")
        self._gone.setObjectName("gone")
        self._gone.acted.connect(self._on_acted)
        self._running.setObjectName("running")
        self._gone_told, self._running_told = ("", False), ""
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(8)
        for message in (self._gone, self._running):
            message.hide()
            column.addWidget(message)

    def show_gone(self, name: str, *, is_running: bool, can_quit: bool = True) -> None:
        """Say that the app ``name`` removed our entry; "" takes it back."""
        self._gone.setVisible(bool(name))
        if name and self._gone_told != (name, is_running):  # else its buttons keep the focus
            self._gone_told = name, is_running
            title = self.tr("Trunkline’s entry is gone from the settings of {app}.")
            quits = self.tr("To put it back, {app} is quit and started again.")
            if not can_quit:
                quits = self.tr("Before it is put back, quit {app} from its icon in the tray.")
            self._gone.set_message(
                "attention",
                title.format(app=name),
                quits.format(app=name) if is_running else "",
                [("putBack", self.tr("Put it back")), ("leaveOut", self.tr("Leave it out"))],
            )

    def show_running(self, name: str, *, can_quit: bool = True) -> None:
        """Say that the app ``name`` runs; "" takes it back."""
        self._running.setVisible(bool(name))
        if name and self._running_told != name:
            self._running_told = name
            title = self.tr("{app} is running: it would overwrite the change.")
            told = self.tr("Trunkline can quit it and start it again. Or quit it yourself.")
            if not can_quit:
                told = self.tr(
                    "Quit it from its icon in the tray: closing its window hides it only."
                )
            by_hand = Button(self.tr("Change the file only"), "link")
            by_hand.setObjectName("changeByHand")
            by_hand.clicked.connect(self.by_hand_wanted)
            self._running.set_message("attention", title.format(app=name), told, [flush(by_hand)])

    def show_progress(self, sentence: str) -> None:
        """Say what is being done with the app."""
        self._gone.hide()
        self._running_told = ""
        self._running.show()
        self._running.set_message("info", sentence, "")
        self._running.announce()

    @Slot(str)
    def _on_acted(self, action: str) -> None:
        (self.back_wanted if action == "putBack" else self.leave_wanted).emit()
