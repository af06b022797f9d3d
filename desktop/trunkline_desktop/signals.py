"""Ctrl+C and SIGTERM end the app as Quit does, without a timer that looks for them."""

from __future__ import annotations

import signal
import socket
from types import FrameType

from PySide6.QtCore import QObject, QSocketNotifier, Signal, Slot


class TerminalSignals(QObject):
    """Wakes Qt's loop through a socket that Python writes to when a signal arrives.

    Signals:
        asked_to_end(): SIGINT or SIGTERM came.
    """

    asked_to_end = Signal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._read, self._write = socket.socketpair()
        self._read.setblocking(False)
        self._write.setblocking(False)
        signal.set_wakeup_fd(self._write.fileno(), warn_on_full_buffer=False)
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, _keep_running)
        self._notifier = QSocketNotifier(self._read.fileno(), QSocketNotifier.Type.Read, self)
        self._notifier.activated.connect(self._on_signal)

    def close(self) -> None:
        """Give the signals back to Python."""
        self._notifier.setEnabled(False)
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGINT, signal.default_int_handler)
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        self._read.close()
        self._write.close()

    @Slot()
    def _on_signal(self) -> None:
        numbers = set(self._read.recv(64))
        if numbers & {signal.SIGINT, signal.SIGTERM}:
            self.asked_to_end.emit()


def _keep_running(_number: int, _frame: FrameType | None) -> None:
    """Do nothing: the byte in the socket tells the loop."""
