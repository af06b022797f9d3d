"""Finds an AI app among the processes, asks it to quit and starts it again.

The only module that looks at processes; what differs from system to system is in ``systems``.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from threading import Thread
from typing import TYPE_CHECKING, Any

from trunkline_server.clients.app import App, Process
from trunkline_server.clients.processes import systems
from trunkline_server.errors import TrunklineError, fail
from trunkline_server.programs import NO_WINDOW

if TYPE_CHECKING:
    import psutil

PATIENCE_S = 10.0
_LOOK_S = 0.05
_CLOCK_S = 2.0  # a clock that is set right moves the moment, too


@dataclass(frozen=True, slots=True, kw_only=True)
class RunningApp:
    """An app that runs, by its main process.

    Attributes:
        app: which one.
        pid: of its main process.
        started: when, in seconds since 1970; with ``pid`` it names one process for ever.
        command: what starts it again.
        environment: the variables to start it with.
    """

    app: App
    pid: int
    started: float
    command: tuple[str, ...]
    environment: Mapping[str, str] = field(default_factory=dict, repr=False, compare=False)


def find(app: App) -> RunningApp | None:
    """Return ``app`` as it runs for this user; None when it does not, or may be written to.

    Apps without ``App.process`` are never looked for: they notice a change of their file.
    """
    if app.process is None:
        return None
    found = (_described(app, app.process, main) for main in _mains(app.process))
    mains = (running for running in found if running)
    return min(mains, key=lambda running: running.started, default=None)


def quit(running: RunningApp, patience_s: float = PATIENCE_S) -> None:  # noqa: A001
    """Ask the app to quit and wait until it has; nothing to do when it is gone already.

    Raises:
        TrunklineError: ``client.still_running`` when it has not within ``patience_s`` seconds, or
            cannot be asked on this system.
    """
    if family := _family(running):
        if not systems.can_be_quit(sys.platform):
            raise _not_asked(running.app)
        _ask(running, family[0], patience_s)
    if not _have_ended(family, patience_s) or find(running.app):
        raise still_running(running.app)


def start(running: RunningApp) -> None:
    """Start the app again, as nobody's child: it outlives us, without a window of a console.

    Raises:
        TrunklineError: ``client.not_started``.
    """
    try:
        started = subprocess.Popen(
            running.command,
            cwd=Path.home(),
            env=running.environment or None,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
            creationflags=NO_WINDOW,
        )
    except OSError as exc:
        raise not_started(running.app) from exc
    Thread(target=started.wait, daemon=True).start()  # so that it leaves no zombie when it ends


def still_running(app: App) -> TrunklineError:
    """Return that the app did not quit, to be raised."""
    title = f"{app.name} does not quit, so nothing was changed."
    hint = f"Quit {app.name} from its icon in the tray or menu bar, then try again."
    return fail("client.still_running", title, hint)


def _not_asked(app: App) -> TrunklineError:
    title = f"On Windows only you can quit {app.name}, so nothing was changed."
    hint = f"Quit {app.name} from its icon in the tray, then try again."
    return fail("client.still_running", title, hint)


def not_started(app: App) -> TrunklineError:
    """Return that the app could not be started again, to be raised."""
    title = f"{app.name} did not start again."
    return fail("client.not_started", title, "Start it yourself: its file is as it should be.")


def _mains(known: Process) -> Iterator[psutil.Process]:
    """Yield what looks like the app's main process: it and what it started of itself."""
    import psutil

    me = psutil.Process().username()
    for process in psutil.process_iter(["exe", "cmdline", "username"]):
        told: dict[str, Any] = process.info
        if told["username"] != me or not (told["exe"] and told["cmdline"]):
            continue  # another's, or one that tells nothing: a kernel's, a zombie
        if systems.is_main(known, sys.platform, told["exe"], told["cmdline"]):
            yield process


def _described(app: App, known: Process, main: psutil.Process) -> RunningApp | None:
    import psutil

    with suppress(psutil.Error):  # it ended meanwhile
        theirs: dict[str, str] = {}
        with suppress(psutil.AccessDenied):
            theirs = main.environ()
        return RunningApp(
            app=app,
            pid=main.pid,
            started=main.create_time(),
            command=systems.how_to_start(known, sys.platform, main.exe(), main.cmdline(), theirs),
            environment=systems.environment(theirs, os.environ),
        )
    return None


def _family(running: RunningApp) -> list[psutil.Process]:
    """Return the main process and its helpers; nothing when the main one is gone."""
    import psutil

    with suppress(psutil.Error):
        main = psutil.Process(running.pid)
        if abs(main.create_time() - running.started) < _CLOCK_S and _lives(main):
            return [main, *filter(_is_helper, main.children(recursive=True))]
    return []


def _have_ended(family: list[psutil.Process], patience_s: float) -> bool:
    """Wait for all of them; returns whether they have ended."""
    end = time.monotonic() + patience_s
    while any(map(_lives, family)):
        if time.monotonic() >= end:
            return False
        time.sleep(_LOOK_S)
    return True


def _lives(process: psutil.Process) -> bool:
    """Whether a process has not ended, be it fetched by its parent or not."""
    import psutil

    with suppress(psutil.NoSuchProcess):
        return process.is_running() and bool(process.status() != psutil.STATUS_ZOMBIE)
    return False


def _is_helper(process: psutil.Process) -> bool:
    import psutil

    with suppress(psutil.Error):
        return systems.is_helper(process.cmdline())
    return False


def _ask(running: RunningApp, main: psutil.Process, patience_s: float) -> None:
    import psutil

    known = running.app.process or Process()
    command = systems.how_to_quit(known, sys.platform)
    if command and _is_done(command, patience_s):
        return
    with suppress(psutil.Error):
        main.terminate()


def _is_done(command: tuple[str, ...], patience_s: float) -> bool:
    """Whether a program of the system did what it was asked."""
    with suppress(OSError, subprocess.TimeoutExpired):
        done = subprocess.run(
            command,
            capture_output=True,
            timeout=patience_s,
            check=False,
            creationflags=NO_WINDOW,
        )
        return done.returncode == 0
    return False
