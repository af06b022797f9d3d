"""One app for each person and home folder: a second start raises the first one's window."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QLockFile, QObject, Signal, Slot

from trunkline_server import folders

if TYPE_CHECKING:
    from PySide6.QtNetwork import QLocalServer

_ANSWER_MS = 2000


class SingleInstance(QObject):
    """Holds a lock that ends with its process, and listens for those that come second.

    Signals:
        raised(): another start asked for the window.
    """

    raised = Signal()

    def __init__(self, folder: Path | None = None, parent: QObject | None = None) -> None:
        super().__init__(parent)
        folder = folder or folders.run()
        self._name = _socket_name(folder)
        self._lock = QLockFile(str(folder / "app.lock"))
        self._lock.setStaleLockTime(0)  # stale when its process is gone, however old it is
        self._server: QLocalServer | None = None

    def claim(self) -> bool:
        """Become the app; return False when there is one, which was then asked to come forward."""
        if not self._lock.tryLock(0):
            self._ask()
            return False
        return True

    @Slot()
    def listen(self) -> None:
        """Hear from now on those that come second; earlier ones end unheard."""
        from PySide6.QtNetwork import QLocalServer  # 40 ms: after the icon is there

        self._server = QLocalServer(self)
        self._server.setSocketOptions(QLocalServer.SocketOption.UserAccessOption)
        self._server.newConnection.connect(self._on_connection)
        QLocalServer.removeServer(self._name)  # what a killed app left behind
        self._server.listen(self._name)

    def release(self) -> None:
        """Let another app start."""
        if self._server:
            self._server.close()
        self._lock.unlock()

    def _ask(self) -> None:
        from PySide6.QtNetwork import QLocalSocket  # only the second start needs it

        socket = QLocalSocket()
        socket.connectToServer(self._name)
        if socket.waitForConnected(_ANSWER_MS):
            socket.waitForDisconnected(_ANSWER_MS)

    @Slot()
    def _on_connection(self) -> None:
        while self._server and (connection := self._server.nextPendingConnection()):
            connection.disconnected.connect(connection.deleteLater)
            connection.disconnectFromServer()
            self.raised.emit()


def _socket_name(folder: Path) -> str:
    # A name, not a path: Windows has no other, and a path of a deep home would be too long.
    return f"trunkline-{hashlib.sha256(str(folder).encode()).hexdigest()[:16]}"
