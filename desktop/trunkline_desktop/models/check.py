"""One check of a connection, running in a process of its own, as rows that fill in place."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from PySide6.QtCore import QObject, Signal, Slot

from trunkline_desktop.process import ServerProcess
from trunkline_server import events, programs, stages
from trunkline_server.errors import Failure, TrunklineError
from trunkline_server.profiles.profile import Profile

NO_ANSWER = Failure(
    code="check.ended",
    title="The check ended without a result.",
    hint="Test the connection again.",
)


@dataclass(frozen=True, slots=True)
class Row:
    """One stage: ``waiting, running, done, warned, failed`` or ``skipped``.

    Attributes:
        stage: one of ``stages.names()``.
        ms: how long it took, in milliseconds.
        note: a few words for its right end.
    """

    stage: str
    state: str = "waiting"
    ms: float = 0.0
    note: str = ""


def check_command() -> Sequence[str]:
    """Return program and arguments of a check.

    Raises:
        TrunklineError: ``program.missing``.
    """
    program = str(programs.path_of("trunkline-server"))
    return (program, "check", "--profile", "-", "--events")


class Check(QObject):
    """Runs ``trunkline-server check``; one at a time, a new one ends the one before.

    Signals:
        stage(Stage): one stage began or ended; :attr:`rows` already says so.
        failed(Failure, str): why it does not work, and the stage it was found in ("" if none).
        ended(bool): once for each start that was not cancelled; True if everything works.
    """

    stage = Signal(object)
    failed = Signal(object, str)
    ended = Signal(bool)

    def __init__(
        self,
        parent: QObject | None = None,
        *,
        command: Callable[[], Sequence[str]] = check_command,
    ) -> None:
        super().__init__(parent)
        self._command = command
        self._process: ServerProcess | None = None
        self._failure: events.Failed | None = None
        self.rows: tuple[Row, ...] = ()

    @property
    def is_running(self) -> bool:
        """Whether a check is under way."""
        return self._process is not None

    def start(self, profile: Profile, password: str, ssh_secret: str = "") -> None:
        """Check what the form holds; nothing needs to be saved."""
        self.cancel()
        names = stages.names(has_tunnel=bool(profile.ssh_host))
        self._failure, self.rows = None, tuple(map(Row, names))
        try:
            program, *arguments = self._command()
        except TrunklineError as exc:
            self._tell(events.failed(exc.failure))
            return
        self._process = process = ServerProcess(self)
        process.heard.connect(self._on_event)
        process.ended.connect(self._on_ended)
        process.start(program, arguments, _first_line(profile, password, ssh_secret))

    def cancel(self) -> None:
        """End the check under way, if any; nothing more is heard of it."""
        if self._process is None:
            return
        process, self._process = self._process, None
        process.heard.disconnect(self._on_event)
        process.ended.disconnect(self._on_ended)
        process.ended.connect(process.deleteLater)
        process.stop()

    @Slot(object)
    def _on_event(self, event: events.Event) -> None:
        if isinstance(event, events.Failed):
            self._failure = event
        if isinstance(event, events.Stage):
            self.rows = tuple(_filled(row, event) for row in self.rows)
            self.stage.emit(event)

    @Slot(int)
    def _on_ended(self, code: int) -> None:
        if self._process:
            self._process.deleteLater()
        self._process = None
        if self._failure is None and code:
            self._failure = events.failed(replace(NO_ANSWER, detail=f"Exit code {code}."))
        self._tell(self._failure)

    def _tell(self, failed: events.Failed | None) -> None:
        if failed:
            self.failed.emit(failed.failure, failed.stage)
        self.ended.emit(failed is None)


def _first_line(profile: Profile, password: str, ssh_secret: str) -> bytes:
    document = {"profile": profile.as_json(), "password": password, "ssh": ssh_secret}
    return json.dumps(document).encode() + b"\n"


def _filled(row: Row, event: events.Stage) -> Row:
    if row.stage != event.stage:
        return row
    return Row(row.stage, event.state, event.ms, event.note)
