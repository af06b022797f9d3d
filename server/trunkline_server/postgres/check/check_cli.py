"""The verb ``trunkline-server check``: which profile, and the check as events, rows or JSON."""

from __future__ import annotations

import asyncio
import contextlib
import io
import json
import os
import sys
import threading
import time
from argparse import Namespace
from collections.abc import AsyncIterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

from trunkline_server import events, subjects
from trunkline_server.errors import EXIT_FAILED, EXIT_USAGE, Failure, TrunklineError
from trunkline_server.postgres.check.check import check
from trunkline_server.profiles.profile import Profile
from trunkline_server.stages import title
from trunkline_server.subjects import Subject

FROM_INPUT = "-"

_LAST_WORD_S = 0.15
_SIGNS = {"done": "✓", "warned": "!", "failed": "✗", "skipped": "○"}
_CANCELLED = "The check was stopped."


def run(options: Namespace) -> int:
    """Check one database and return the exit code: 0 passed, 1 failed, 2 unusable input.

    ``options`` has ``profile`` (a name, an id, ``-`` for the first input line, or nothing), may
    have ``url``, ``events`` and ``json``. Without profile and url, ``DATABASE_URL``, ``PG*`` or
    those of a ``.env`` file are checked.
    Under ``events`` with ``-`` the end of the input cancels the check.
    """
    _speak_utf8()
    try:
        subject = _subject(options)
        profile, secrets = subject.profile, (_password(subject), subject.ssh())
    except TrunklineError as exc:
        return _refuse(exc.failure, as_event=options.events)
    try:
        return asyncio.run(_watched(profile, secrets, options))
    except BrokenPipeError:
        # Whoever read our output is gone; nothing of it may be written at exit either.
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        return EXIT_FAILED


def _speak_utf8() -> None:
    # A Windows console may not have the signs of the rows.
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(encoding="utf-8", errors="replace")


def _subject(options: Namespace) -> Subject:
    name = _name(options)
    if name == FROM_INPUT:
        return subjects.from_first_line(sys.stdin.buffer.readline(), is_form=True)
    if name:
        return subjects.saved(name)
    # A program that reads JSON or events wants the failure alone on standard error.
    say = _unsaid if options.events or _is_json(options) else subjects.tell
    if url := getattr(options, "url", None):
        return subjects.from_url(url, say)
    return subjects.from_surroundings(os.environ, Path.cwd(), say)


def _unsaid(_sentence: str) -> None:
    return None


def _password(subject: Subject) -> str | None:
    if not subject.profile.sample:
        return subject.password()
    from trunkline_server import sample  # the extra "sample" may be absent

    try:
        return subject.password() or sample.password()
    except TrunklineError:
        return None  # the first stage finds the same, as an event of its own


def _name(options: Namespace) -> str:
    chosen = options.profile
    return str((chosen[0] if isinstance(chosen, list | tuple) else chosen) or "")


def _refuse(failure: Failure, *, as_event: bool) -> int:
    if as_event:
        _write(events.encode(events.failed(failure)))
    sys.stderr.write(f"{failure}\n")
    return EXIT_USAGE if failure.code.startswith("usage.") else EXIT_FAILED


async def _watched(
    profile: Profile, secrets: tuple[str | None, str | None], options: Namespace
) -> int:
    told = asyncio.ensure_future(_told(check(profile, *secrets), profile, options))
    if options.events and _name(options) == FROM_INPUT:
        _cancel_at_end_of_input(told)
    try:
        return await told
    except asyncio.CancelledError:
        if options.events:
            _write(events.encode(events.Stopped(reason=_CANCELLED)))
        sys.stderr.write(f"{_CANCELLED}\n")
        return EXIT_FAILED


def _cancel_at_end_of_input(task: asyncio.Future[int]) -> None:
    loop = asyncio.get_running_loop()

    def watch() -> None:
        # Not sys.stdin: a thread inside it would break the interpreter's own exit.
        with contextlib.suppress(OSError):
            while os.read(0, 4096):
                pass
        with contextlib.suppress(RuntimeError):  # the loop is closed: the check is over
            loop.call_soon_threadsafe(task.cancel)
            time.sleep(_LAST_WORD_S)
            # Still here: a name lookup inside the driver, which nothing can interrupt, and for
            # which the interpreter would wait.
            os._exit(EXIT_FAILED)

    threading.Thread(target=watch, daemon=True).start()


async def _told(
    found: AsyncIterator[events.Stage | events.Failed], profile: Profile, options: Namespace
) -> int:
    seen: list[events.Stage | events.Failed] = []
    async for event in found:
        seen.append(event)
        if options.events:
            _write(events.encode(event))
        elif not _is_json(options):
            _row(event, profile)
    failed = next((e for e in seen if isinstance(e, events.Failed)), None)
    if _is_json(options):
        _write(json.dumps(_summary(seen, failed), ensure_ascii=False))
    if failed is None:
        return 0
    sys.stderr.write(f"{failed.failure}\n")
    return EXIT_FAILED


def _is_json(options: Namespace) -> bool:
    return bool(getattr(options, "json", False))


def _row(event: events.Stage | events.Failed, profile: Profile) -> None:
    if isinstance(event, events.Failed) or event.state == "running":
        return
    end = "Not reached" if event.state == "skipped" else f"{event.ms:.0f} ms"
    name = title(event.stage, port=None if profile.is_socket else profile.port)
    _write(f"{_SIGNS[event.state]} {name:<24}{end:>11}  {event.note}".rstrip())


def _summary(
    seen: list[events.Stage | events.Failed], failed: events.Failed | None
) -> dict[str, Any]:
    ended = [e for e in seen if isinstance(e, events.Stage) and e.state != "running"]
    return {
        "ok": failed is None,
        "stages": [asdict(e) for e in ended],
        "failed": asdict(failed) if failed else None,
    }


def _write(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()
