"""Changes the file of an app that writes it back from memory: quit, write, start, look."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import replace

from trunkline_server.clients import writer
from trunkline_server.clients.drafts import Step
from trunkline_server.clients.plan import Plan
from trunkline_server.clients.processes import running as processes
from trunkline_server.clients.processes.running import RunningApp
from trunkline_server.clients.upkeep import vanished
from trunkline_server.clients.writer import Applied
from trunkline_server.errors import TrunklineError, fail

WATCH_S = 6.0  # it writes when it starts and when its window is there
_LOOK_S = 0.1


def _silent(_step: str) -> None:
    pass


def apply(
    plan: Plan,
    running: RunningApp,
    *,
    tell: Callable[[str], None] = _silent,
    patience_s: float = processes.PATIENCE_S,
    watch_s: float = WATCH_S,
) -> Applied:
    """Quit the app, make the change, start the app again, and see that the change stays.

    Returns the change; its ``trouble`` is ``client.not_started`` when the app does not run again.

    Args:
        plan: the change.
        running: the app; it is started again whether or not the change could be made.
        tell: gets a sentence before each step.
        patience_s: how long it may take to quit, in seconds.
        watch_s: how long to look for the app writing its file back, in seconds.

    Raises:
        TrunklineError: ``client.still_running``, or those of ``writer.apply``: nothing was changed;
            ``client.vanished`` or ``client.overwritten``: it was, and the app took it back.
    """
    name = running.app.name
    running = processes.find(running.app) or running  # it may have been started again meanwhile
    tell(f"Quitting {name} …")
    processes.quit(running, patience_s)
    try:
        applied = writer.apply(plan)
    except BaseException:
        with suppress(TrunklineError):  # the first failure is the one to tell
            processes.start(running)
        raise
    try:
        tell(f"Starting {name} again …")
        processes.start(running)
        tell(f"Looking whether {name} keeps the change …")
        _watch(applied.plan, watch_s)
    except TrunklineError as exc:
        if exc.code == "client.not_started":
            return replace(applied, trouble=exc.failure)
        raise
    return applied


def _watch(done: Plan, watch_s: float) -> None:
    end = time.monotonic() + watch_s
    while True:
        if undone := next(_undone(done), None):
            raise _taken_back(done, undone)
        if time.monotonic() >= end:
            break
        time.sleep(_LOOK_S)
    if processes.find(done.app) is None:
        raise processes.not_started(done.app)


def _undone(done: Plan) -> Iterator[Step]:
    """Yield the steps that the file does not show; none while it cannot be told."""
    there = vanished.names_there(done.app, done.path, (step.name for step in done.steps))
    if there is not None:
        yield from (s for s in done.steps if (s.name in there) != (s.verb == "connect"))


def _taken_back(done: Plan, step: Step) -> TrunklineError:
    app, name = done.app.name, step.name
    quit_it = f"Quit {app} yourself, from its icon in the tray or menu bar"
    if step.verb == "connect":
        title = f"{app} wrote its file again without “{name}”."
        return fail("client.vanished", title, f"{quit_it}, then connect it again.")
    title = f"{app} wrote “{name}” into its file again."
    return fail("client.overwritten", title, f"{quit_it}, then disconnect it again.")
