"""One server process for every database that is on: started, watched, started again, stopped."""

from __future__ import annotations

import logging
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import fields
from functools import partial
from typing import Final

from PySide6.QtCore import QObject, QTimer, Signal, Slot

from trunkline_desktop import jobs, run_state
from trunkline_desktop.models.profiles import Profiles
from trunkline_desktop.process import ServerProcess
from trunkline_desktop.run_state import MovePort, Run, Say, Start, Step, Stop, Wait
from trunkline_server import events, programs
from trunkline_server.errors import Failure, TrunklineError
from trunkline_server.profiles import saving
from trunkline_server.profiles.profile import Profile, Transport
from trunkline_server.profiles.store import exactly

Command = Callable[[str, Transport], Sequence[str]]

# A server reads the rest of its profile when it starts.
_NOT_READ: Final = {"label", "switched_on", "transport"}

_log = logging.getLogger(__name__)


def server_command(profile_id: str, transport: Transport) -> Sequence[str]:
    """Return program and arguments of a profile's server.

    Raises:
        TrunklineError: ``program.missing``.
    """
    program = str(programs.path_of("trunkline-server"))
    options = ("--transport", transport, "--events", "--until-eof")
    return (program, "run", "--profile", exactly(profile_id), *options)


class Supervisor(QObject):
    """Carries out what :mod:`run_state` decides.

    Signals:
        changed(str): the run of this profile is another than before.
        said(str, object): a :class:`Failure` or a sentence about this profile, told once.
        client_seen(str, str, str): profile id, the AI app's name for itself, its version.
        all_off(): after :meth:`stop_all`, when no process is left.
    """

    changed = Signal(str)
    said = Signal(str, object)
    client_seen = Signal(str, str, str)
    all_off = Signal()

    def __init__(
        self,
        profiles: Profiles,
        parent: QObject | None = None,
        *,
        command: Command = server_command,
    ) -> None:
        super().__init__(parent)
        self._profiles, self._command = profiles, command
        self._runs: dict[str, Run] = {}
        self._processes: dict[str, ServerProcess] = {}
        self._timers: dict[str, QTimer] = {}
        self._known = {p.id: p for p in profiles.all}
        self._unsaved: Counter[str] = Counter()
        self._moving: set[str] = set()
        self._contacts: dict[tuple[str, str], float] = {}
        self._is_ending = False
        profiles.changed.connect(self._on_profiles_changed)
        profiles.secret_changed.connect(self.restart)

    def run(self, profile_id: str) -> Run:
        """Return what is known of a profile's run; off if it never ran."""
        return self._runs.get(profile_id, Run())

    def runs(self) -> dict[str, Run]:
        """Return the run of every saved profile, by id."""
        return {p.id: self.run(p.id) for p in self._profiles.all}

    def contacts(self) -> dict[tuple[str, str], float]:
        """Return when clients last greeted: profile id and name to seconds since 1970."""
        return dict(self._contacts)

    def is_moving(self, profile_id: str) -> bool:
        """Whether a server is being given another port because its own is taken."""
        return profile_id in self._moving

    def start_switched_on(self) -> None:
        """Start what was on when the app last ended."""
        for profile in self._profiles.all:
            if profile.switched_on:
                self._wish(profile.id, profile.transport)

    @Slot(str)
    def switch_on(self, profile_id: str) -> None:
        """Start a database's server now and whenever the app starts."""
        if profile := self._profiles.get(profile_id):
            self._keep(profile, switched_on=True)
            self._wish(profile_id, self.run(profile_id).wanted or profile.transport)

    @Slot(str)
    def switch_off(self, profile_id: str) -> None:
        """Stop a database's server and leave it off when the app starts."""
        if profile := self._profiles.get(profile_id):
            self._keep(profile, switched_on=False)
        self._wish(profile_id, None)

    @Slot(str, str)
    def switch_transport(self, profile_id: str, transport: Transport) -> None:
        """Reach a database in another way from now on; one that is off stays off."""
        if profile := self._profiles.get(profile_id):
            self._keep(profile, transport=transport)
            if self.run(profile_id).wanted:
                self._wish(profile_id, transport)

    @Slot(str)
    def restart(self, profile_id: str) -> None:
        """Start a server anew, one that failed too; one that is off stays off."""
        self._take(profile_id, run_state.again(self.run(profile_id)))

    def stop_all(self) -> None:
        """Stop every server for good; ``all_off`` follows through the event loop."""
        self._is_ending = True
        for profile_id in tuple(self._runs):
            self._wish(profile_id, None)
        if not self._processes:
            QTimer.singleShot(0, self, self.all_off.emit)

    def kill_all(self) -> None:
        """End what :meth:`stop_all` has not ended by now."""
        for process in tuple(self._processes.values()):
            process.kill()

    def _wish(self, profile_id: str, transport: Transport | None) -> None:
        if not (self._is_ending and transport):
            self._take(profile_id, run_state.wish(self.run(profile_id), transport))

    def _keep(self, profile: Profile, **values: bool | str) -> None:
        if any(getattr(profile, name) != value for name, value in values.items()):
            job = self._profiles.change(profile.id, **values)
            self._unsaved[profile.id] += 1
            job.ended.connect(partial(self._on_kept, profile.id))

    def _take(self, profile_id: str, step: Step) -> None:
        before, self._runs[profile_id] = self.run(profile_id), step.run
        if step.run.state != "waiting":
            self._forget_timer(profile_id)
        if before != step.run:
            self.changed.emit(profile_id)
        for action in step.actions:
            self._act(profile_id, action)

    def _act(self, profile_id: str, action: run_state.Action) -> None:
        match action:
            case Start(transport):
                self._start(profile_id, transport)
            case Stop():
                self._processes[profile_id].stop()
            case Wait(seconds):
                self._wait(profile_id, seconds)
            case MovePort(taken):
                self._move_port(profile_id, taken)
            case Say(words):
                self.said.emit(profile_id, words)

    def _start(self, profile_id: str, transport: Transport) -> None:
        try:
            program, *arguments = self._command(profile_id, transport)
        except TrunklineError as exc:
            self._take(profile_id, run_state.broken(self.run(profile_id), exc.failure))
            return
        process = ServerProcess(self)
        process.heard.connect(partial(self._on_event, profile_id))
        process.log.connect(partial(_log.info, "%s: %s", profile_id))
        process.ended.connect(partial(self._on_ended, profile_id))
        self._processes[profile_id] = process
        process.start(program, arguments)

    def _wait(self, profile_id: str, seconds: float) -> None:
        timer = QTimer(self, singleShot=True, interval=round(seconds * 1000))
        timer.timeout.connect(partial(self._on_due, profile_id))
        self._forget_timer(profile_id)
        self._timers[profile_id] = timer
        timer.start()

    def _forget_timer(self, profile_id: str) -> None:
        if timer := self._timers.pop(profile_id, None):
            timer.stop()
            timer.deleteLater()

    def _move_port(self, profile_id: str, reason: Failure) -> None:
        profile = self._profiles.get(profile_id)
        if profile is None:
            self._wish(profile_id, None)
            return
        taken = frozenset(p.http_port for p in self._profiles.all)
        job = jobs.start(lambda: saving.free_port(taken, profile.http_port + 1))
        job.done.connect(partial(self._on_port_found, profile_id, reason))
        job.failed.connect(partial(self._on_no_port, profile_id))

    def _on_port_found(self, profile_id: str, reason: Failure, port: int) -> None:
        self._moving.add(profile_id)
        job = self._profiles.change(profile_id, http_port=port)
        said = f"{reason.title} Trunkline took {port} and tells your apps."
        job.done.connect(partial(self._on_port_saved, profile_id, said))
        job.failed.connect(partial(self._on_no_port, profile_id))
        job.ended.connect(partial(self._moving.discard, profile_id))

    def _on_port_saved(self, profile_id: str, note: str, _: Profile) -> None:
        self.said.emit(profile_id, note)
        self._on_due(profile_id)

    def _on_no_port(self, profile_id: str, failure: Failure) -> None:
        self._take(profile_id, run_state.broken(self.run(profile_id), failure))

    def _on_due(self, profile_id: str) -> None:
        self._take(profile_id, run_state.due(self.run(profile_id)))

    def _on_kept(self, profile_id: str) -> None:
        self._unsaved[profile_id] -= 1

    def _on_event(self, profile_id: str, event: events.Event) -> None:
        if isinstance(event, events.Client):
            self._contacts[profile_id, event.name] = time.time()
            self.client_seen.emit(profile_id, event.name, event.version)
        self._take(profile_id, run_state.happened(self.run(profile_id), event, time.time()))

    def _on_ended(self, profile_id: str, code: int) -> None:
        self._processes.pop(profile_id).deleteLater()
        self._take(profile_id, run_state.ended(self.run(profile_id), code, time.monotonic()))
        if self._is_ending and not self._processes:
            self.all_off.emit()

    @Slot()
    def _on_profiles_changed(self) -> None:
        before, self._known = self._known, {p.id: p for p in self._profiles.all}
        for profile_id in before.keys() - self._known.keys():
            self._wish(profile_id, None)
        for profile_id, profile in self._known.items():
            old = before.get(profile_id)
            if old and old != profile:
                self._on_profile_changed(old, profile)

    def _on_profile_changed(self, old: Profile, profile: Profile) -> None:
        if _must_restart(old, profile):
            self.restart(profile.id)
        is_ours = self._unsaved[profile.id] > 0  # and has been acted on; a terminal's has not
        if old.transport != profile.transport and not is_ours and self.run(profile.id).wanted:
            self._wish(profile.id, profile.transport)


def _must_restart(before: Profile, after: Profile) -> bool:
    names = (f.name for f in fields(Profile) if f.name not in _NOT_READ)
    return any(getattr(before, name) != getattr(after, name) for name in names)
