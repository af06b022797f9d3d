"""One child process of ours, seen from the GUI thread: the only QProcess."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QByteArray, QObject, QProcess, QTimer, Signal, Slot

from trunkline_server import events

GRACE_MS = 5000
NEVER_STARTED = -1


class ServerProcess(QObject):
    """One run of ``trunkline-server`` that speaks in events.

    It lives no longer than this program: the child ends at the end of its input, and a pipe
    closes whenever the program that holds it ends, in whatever way. ``terminate()`` is not used:
    it does not reach console programs on Windows.

    Signals:
        heard(Event): one decoded event, in order.
        log(str): one line of the child's standard error.
        ended(int): exit code, once, after the last event; -1 if it never started or was killed.
    """

    heard = Signal(object)  # QObject.event is a method Qt calls
    log = Signal(str)
    ended = Signal(int)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._out, self._err = b"", b""
        self._process = QProcess(self)
        self._grace = QTimer(self, singleShot=True, interval=GRACE_MS)
        self._grace.timeout.connect(self._process.kill)
        self._process.readyReadStandardOutput.connect(self._on_output)
        self._process.readyReadStandardError.connect(self._on_errors)
        self._process.errorOccurred.connect(self._on_error)
        self._process.finished.connect(self._on_finished)

    @property
    def is_running(self) -> bool:
        """Whether the child has been started and has not ended."""
        return self._process.state() != QProcess.ProcessState.NotRunning

    @property
    def pid(self) -> int:
        """The child's process id; 0 when there is none."""
        return self._process.processId()

    def start(self, program: str, arguments: Sequence[str], first_line: bytes = b"") -> None:
        """Start and return at once. Secrets go in ``first_line``, never in ``arguments``."""
        self._process.start(program, list(arguments))
        if first_line and self.is_running:
            self._process.write(QByteArray(first_line))

    def stop(self) -> None:
        """Ask the child to end by ending its input; kill it after 5 seconds."""
        if self.is_running and not self._grace.isActive():
            self._process.closeWriteChannel()
            self._grace.start()

    def kill(self) -> None:
        """End the child without asking; ``ended`` follows."""
        self._process.kill()

    @Slot()
    def _on_output(self) -> None:
        self._out += self._process.readAllStandardOutput().data()
        *lines, self._out = self._out.split(b"\n")
        for line in lines:
            self.heard.emit(events.decode(line))

    @Slot()
    def _on_errors(self) -> None:
        self._err += self._process.readAllStandardError().data()
        *lines, self._err = self._err.split(b"\n")
        for line in lines:
            self.log.emit(_text(line))

    @Slot(QProcess.ProcessError)
    def _on_error(self, error: QProcess.ProcessError) -> None:
        if error == QProcess.ProcessError.FailedToStart:
            self.log.emit(self._process.errorString())
            self.ended.emit(NEVER_STARTED)

    @Slot(int, QProcess.ExitStatus)
    def _on_finished(self, code: int, status: QProcess.ExitStatus) -> None:
        self._grace.stop()
        self._on_output()
        self._on_errors()
        self._flush()
        was_killed = status == QProcess.ExitStatus.CrashExit
        self.ended.emit(NEVER_STARTED if was_killed else code)

    def _flush(self) -> None:
        out, err, self._out, self._err = self._out, self._err, b"", b""
        if out:
            self.heard.emit(events.decode(out))
        if err:
            self.log.emit(_text(err))


def _text(line: bytes) -> str:
    return line.decode("utf-8", "replace").rstrip("\r")
