"""What a run does next, decided from what happened. Pure: knows no process and no clock.

Every function takes the run as it is and returns a :class:`Step`: the run as it will be and what
the supervisor has to do for it.

    off ──wish──▶ starting ──ready──▶ on ──wish for nothing──▶ stopping ──ended──▶ off
                     ▲  │ ended by itself │                       │ a wish was left: starting
                     │  ▼                 ▼
                  waiting ◀───────────────┘   after a final failure, or too many crashes: failed
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final, Literal

from trunkline_server import events
from trunkline_server.errors import Failure
from trunkline_server.profiles.profile import Transport

State = Literal["off", "starting", "on", "stopping", "waiting", "failed"]

CRASH_DELAYS_S: Final = (0.5, 1.0, 2.0, 5.0, 10.0, 10.0)
CRASH_WINDOW_S: Final = 300.0
PATIENT_DELAYS_S: Final = (2.0, 5.0, 10.0, 30.0, 60.0)
PORT_TAKEN: Final = "run.port_taken"

# Passes by itself: the network comes back, PostgreSQL finishes starting, the server that a
# terminal or a killed app left ends. Tried again for ever.
_PASSING: Final = (
    "resolve.",
    "reach.",
    "login.starting_up",
    "login.too_many",
    "query.server_stopped",
    "run.already_running",
)

CRASHED: Final = Failure(
    code="run.crashed",
    title="The server stopped unexpectedly.",
    hint="Trunkline is starting it again.",
)
GAVE_UP: Final = Failure(
    code="run.gave_up",
    title="The server stopped again and again.",
    hint="Look at its log, then switch it on again.",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """One profile's server, as far as the app knows.

    Attributes:
        state: ``waiting`` means that it will be started again by itself.
        wanted: the transport it should run with; None when it should be off.
        transport: the transport it was last started with.
        url: the address for HTTP and SSE clients while on; "" otherwise.
        since: when it came on, in seconds since 1970; 0 while it is not on.
        pid: process id while on, else 0.
        failure: why it is failed or waiting, what ends it, or while on, why the database cannot
            be asked; None when all is well.
        crashes: when it crashed lately, in seconds of the supervisor's clock.
        tries: how often in a row it could not start for a reason that passes.
    """

    state: State = "off"
    wanted: Transport | None = None
    transport: Transport = "stdio"
    url: str = ""
    since: float = 0.0
    pid: int = 0
    failure: Failure | None = None
    crashes: tuple[float, ...] = ()
    tries: int = 0

    @property
    def is_alive(self) -> bool:
        """Whether a process belongs to it."""
        return self.state in {"starting", "on", "stopping"}


@dataclass(frozen=True, slots=True)
class Start:
    """Start a process with this transport."""

    transport: Transport


@dataclass(frozen=True, slots=True)
class Stop:
    """Ask the process to end."""


@dataclass(frozen=True, slots=True)
class Wait:
    """Call :func:`due` after so many seconds."""

    seconds: float


@dataclass(frozen=True, slots=True)
class MovePort:
    """Choose another port for this profile because of ``taken``, then call :func:`due`."""

    taken: Failure


@dataclass(frozen=True, slots=True)
class Say:
    """Tell the person, once: a failure, or one sentence worth knowing."""

    words: Failure | str


Action = Start | Stop | Wait | MovePort | Say


@dataclass(frozen=True, slots=True)
class Step:
    """The run after something happened, and what to do for it, in order."""

    run: Run
    actions: tuple[Action, ...] = ()


def wish(run: Run, transport: Transport | None) -> Step:
    """The person wants ``transport``, or None for off. The last wish wins."""
    if not run.is_alive:
        return _start(Run(), transport) if transport else Step(Run(transport=run.transport))
    wanted = replace(run, wanted=transport)
    if run.state == "stopping" or transport == run.transport:
        return Step(wanted)
    return Step(replace(wanted, state="stopping", url="", pid=0, since=0.0), (Stop(),))


def again(run: Run) -> Step:
    """Something the server reads has changed: run it anew with the same wish."""
    if run.state in {"starting", "on"}:
        return Step(replace(run, state="stopping", url="", pid=0, since=0.0), (Stop(),))
    if run.state in {"waiting", "failed"} and run.wanted:
        return _start(Run(), run.wanted)
    return Step(run)


def happened(run: Run, event: events.Event, at: float = 0.0) -> Step:
    """The process said ``event`` at ``at`` seconds since 1970."""
    if isinstance(event, events.Failed):
        is_trouble = run.state == "on" and bool(event.stage)
        return Step(replace(run, failure=event.failure), (Say(event.failure),) * is_trouble)
    if isinstance(event, events.Stage) and run.state == "on" and event.state == "done":
        return Step(replace(run, failure=None))
    if isinstance(event, events.Ready) and run.state == "starting":
        run = replace(run, state="on", since=at, failure=None, tries=0)
        on = replace(run, url=event.url, pid=event.pid)
        return Step(on, (Say(event.note),) if event.note else ())
    return Step(run)


def ended(run: Run, code: int, now: float) -> Step:
    """The process ended with exit ``code`` at ``now`` seconds."""
    gone = replace(run, url="", pid=0, since=0.0)
    if run.state == "stopping":
        return _stopped(gone)
    if run.failure is None:
        return _crashed(gone, code, now)
    if run.failure.code == PORT_TAKEN and run.state == "starting":
        return Step(replace(gone, state="waiting", failure=None), (MovePort(run.failure),))
    if run.failure.code.startswith(_PASSING):
        return _passing(gone, run.failure)
    return Step(replace(gone, state="failed"), (Say(run.failure),))


def due(run: Run) -> Step:
    """The waiting time is over."""
    if run.state != "waiting" or run.wanted is None:
        return Step(run)
    return _start(run, run.wanted)


def broken(run: Run, failure: Failure) -> Step:
    """What the run needs could not be had: no port, no program."""
    return Step(replace(run, state="failed", failure=failure), (Say(failure),))


def _start(run: Run, transport: Transport) -> Step:
    started = replace(run, state="starting", wanted=transport, transport=transport, failure=None)
    return Step(started, (Start(transport),))


def _stopped(run: Run) -> Step:
    if run.wanted is None:
        return Step(Run(transport=run.transport))
    return _start(Run(), run.wanted)


def _crashed(run: Run, code: int, now: float) -> Step:
    recent = (*(t for t in run.crashes if now - t < CRASH_WINDOW_S), now)
    detail = f"It ended with exit code {code}."
    if len(recent) > len(CRASH_DELAYS_S):
        gave_up = replace(GAVE_UP, detail=detail)
        return Step(replace(run, state="failed", failure=gave_up, crashes=()), (Say(gave_up),))
    crashed = replace(CRASHED, detail=detail)
    waiting = replace(run, state="waiting", failure=crashed, crashes=recent)
    wait = Wait(CRASH_DELAYS_S[len(recent) - 1])
    return Step(waiting, (wait, Say(crashed)) if len(recent) == 1 else (wait,))


def _passing(run: Run, failure: Failure) -> Step:
    delay = PATIENT_DELAYS_S[min(run.tries, len(PATIENT_DELAYS_S) - 1)]
    waiting = replace(run, state="waiting", failure=failure, tries=run.tries + 1)
    return Step(waiting, (Wait(delay), Say(failure)) if run.tries == 0 else (Wait(delay),))
