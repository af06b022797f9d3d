"""``check`` and ``start``: a ``trunkline-server`` is started, its events are told."""

from __future__ import annotations

import signal
import subprocess
from argparse import Namespace
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, replace
from typing import Any, Never

from trunkline_desktop.verbs import say
from trunkline_server import events, programs, runfile
from trunkline_server.errors import EXIT_FAILED, TrunklineError, fail
from trunkline_server.profiles import saving
from trunkline_server.profiles.profile import Profile
from trunkline_server.profiles.store import Store, exactly
from trunkline_server.stages import title

_GRACE_S = 5.0


def check(options: Namespace) -> int:
    """Find out whether, and if not why, a connection works; one row per stage."""
    profile = Store().get(options.name)
    stages: list[events.Stage] = []

    def passed(stage: events.Stage) -> None:
        stages.append(stage)
        if not options.json:
            show_stage(stage, profile)

    failed = checked(profile, passed)
    if options.json:
        say.as_json({"ok": failed is None, "stages": [asdict(stage) for stage in stages],
                     "failed": asdict(failed) if failed else None})  # fmt: skip
    return _concluded(failed, profile, is_quiet=options.json)


def checked(
    profile: Profile, passed: Callable[[events.Stage], None] = lambda _: None
) -> events.Failed | None:
    """Check the connection of ``profile``; return why it does not work, None when it does.

    ``passed`` gets each stage when it has ended.

    Raises:
        TrunklineError: ``program.missing`` or ``program.ended``.
    """
    failed, has_ended = None, False
    with serving("check", "--profile", exactly(profile.id), "--events", is_quiet=True) as child:
        for event in told(child):
            if isinstance(event, events.Stage) and event.state != "running":
                has_ended = True
                passed(event)
            elif isinstance(event, events.Failed):
                failed = event
    if not has_ended and not failed:
        raise ended_at_once("check")
    return failed


def _concluded(failed: events.Failed | None, profile: Profile, *, is_quiet: bool) -> int:
    if failed:
        say.note(str(failed.failure))
        return EXIT_FAILED
    if not is_quiet:
        connect = say.typed(f"connect {profile.id} --client ID")
        say.line(f"Next: {connect}   (which: {say.typed('clients')})")
    return 0


def start(options: Namespace) -> int:
    """Serve a database in the foreground, until Ctrl+C."""
    profile = Store().get(options.name)
    transport = options.transport or profile.transport
    try:
        with (
            _sigterm_is_ctrl_c(),
            serving(
                *(
                    "run",
                    "--profile",
                    exactly(profile.id),
                    "--transport",
                    transport,
                    "--events",
                    "--until-eof",
                )
            ) as child,
        ):
            for event in told(child):
                _tell(_with_command(event, profile), profile, as_json=options.json)
            return 0 if child.wait() == 0 else EXIT_FAILED
    except KeyboardInterrupt:
        if not options.json:
            say.line("Stopped.")
        return 0


def is_running(profile: Profile) -> bool:
    """Whether a server of this database answers on its private link now."""
    found = runfile.find(profile.id)
    if found is None or found.id != profile.id:
        return False
    try:
        runfile.connect(found, 1.0).close()
    except (OSError, EOFError):
        return False
    return True


@contextmanager
def serving(
    *arguments: str, first_line: bytes = b"", is_quiet: bool = False
) -> Iterator[subprocess.Popen[bytes]]:
    """Run ``trunkline-server``; closing its input asks it to stop, and it is waited for.

    ``is_quiet`` hides its standard error: a check tells its failure there and as an event.

    Raises:
        TrunklineError: ``program.missing``.
    """
    child = subprocess.Popen(
        [str(programs.path_of("trunkline-server")), *arguments],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL if is_quiet else None,
    )
    try:
        if first_line and child.stdin:
            child.stdin.write(first_line + b"\n")
            child.stdin.flush()
        yield child
    finally:
        stop(child)


def stop(child: subprocess.Popen[bytes]) -> None:
    """End a server by ending its input; kill it when it does not listen."""
    try:
        if child.stdin:
            child.stdin.close()
        child.wait(_GRACE_S)
    except (subprocess.TimeoutExpired, BrokenPipeError):
        child.kill()
        child.wait()
    finally:
        if child.stdout:
            child.stdout.close()


def told(child: subprocess.Popen[bytes]) -> Iterator[events.Event]:
    """Return the events of a server as they come, until it ends."""
    assert child.stdout  # noqa: S101 - it was started with a pipe
    for line in child.stdout:
        yield events.decode(line)


def until_ready(child: subprocess.Popen[bytes]) -> events.Ready:
    """Return the event that says a server accepts questions.

    Raises:
        TrunklineError: it failed; the failure it told.
    """
    for event in told(child):
        if isinstance(event, events.Ready):
            return event
        if isinstance(event, events.Failed):
            raise TrunklineError(event.failure)
    raise ended_at_once("run")


def ended_at_once(verb: str) -> TrunklineError:
    """Return the failure of a child that said nothing."""
    return fail("program.ended", f"trunkline-server {verb} ended without a word.",
                "Start it in a terminal to see why.")  # fmt: skip


def show_stage(stage: events.Stage, profile: Profile, indent: str = "") -> None:
    """Write the row of one stage that has ended."""
    name = title(stage.stage, port=None if profile.is_socket else profile.port)
    took = "not reached" if stage.state == "skipped" else f"{stage.ms:.0f} ms"
    say.line(f"{indent}{say.sign(stage.state)} {name:<24}{took:>12}  {stage.note}")


def _tell(event: events.Event, profile: Profile, *, as_json: bool) -> None:
    if as_json:
        say.line(events.encode(event))
    elif isinstance(event, events.Ready):
        where = f" at {event.url}" if event.url else " to AI apps on this computer"
        say.line(f"Serving “{profile.name}”{where}. Stop with Ctrl+C.")
    elif isinstance(event, events.Client):
        say.line(f"{event.name} {event.version} is connected.")
    if isinstance(event, events.Failed):
        say.note(str(event.failure))


def _with_command(event: events.Event, profile: Profile) -> events.Event:
    """Return ``event``; that the port is taken comes with the command that gives another."""
    if not isinstance(event, events.Failed) or event.code != "run.port_taken":
        return event
    taken = [other.http_port for other in Store().load()]
    port = saving.free_port(taken, profile.http_port + 1)
    command = say.typed(f"edit {profile.id} --http-port {port}")
    return replace(event, hint=f"Choose another port: {command}")


@contextmanager
def _sigterm_is_ctrl_c() -> Iterator[None]:
    before = signal.signal(signal.SIGTERM, _interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _interrupt(*_: Any) -> Never:
    raise KeyboardInterrupt
