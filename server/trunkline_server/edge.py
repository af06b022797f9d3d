"""The edge of a command: its words are understood, and whatever went wrong ends in a sentence."""

from __future__ import annotations

import argparse
import errno
import io
import os
import re
import sys
from collections.abc import Callable
from typing import NoReturn

from trunkline_server.errors import EXIT_FAILED, EXIT_USAGE, Failure, TrunklineError, fail

_CHOICE = re.compile(r"argument (.+?): invalid choice: (.+) \(choose from (.+)\)")


class Parser(argparse.ArgumentParser):
    """Understands a command's words; what it does not understand raises ``usage.arguments``."""

    def error(self, message: str) -> NoReturn:
        """Raise what argparse would have written after its usage."""
        help_ = f"See: {self.prog} --help"
        if wrong := _CHOICE.fullmatch(message):
            name, given, choices = wrong[1], wrong[2].strip("'"), wrong[3].replace("'", "")
            raise _not_one_of(name, given, choices.split(", "))
        title = message.removeprefix("argument ")
        raise fail("usage.arguments", f"{title[:1].upper()}{title[1:]}.", help_)


def whole(text: str) -> int:
    """Return a whole number; for ``type=`` of an option."""
    try:
        return int(text)
    except ValueError as exc:
        raise argparse.ArgumentTypeError(f"“{text}” is not a whole number") from exc


def number(text: str) -> float:
    """Return a number; for ``type=`` of an option."""
    try:
        return float(text)
    except ValueError as exc:
        raise argparse.ArgumentTypeError(f"“{text}” is not a number") from exc


def exit_code(work: Callable[[], int], tell: Callable[[Failure], None]) -> int:
    """Do the work of a command and return its exit code; a failure is told, never raised.

    Ctrl+C and a reader that hung up end it without a word.
    """
    try:
        code = work()
        if sys.stdout is not None:
            sys.stdout.flush()
    except SystemExit as exc:  # argparse has shown its help
        return _flushed(exc.code if isinstance(exc.code, int) else EXIT_USAGE)
    except BrokenPipeError:
        return _silent()
    except KeyboardInterrupt:
        return EXIT_FAILED
    except Exception as exc:  # noqa: BLE001  the edge of the process: it ends in a sentence
        return _told(failure_of(exc), tell)
    return code


def failure_of(exc: Exception) -> Failure:
    """Return what to tell of an exception that nobody below has explained."""
    if isinstance(exc, TrunklineError):
        return exc.failure
    if isinstance(exc, OSError) and exc.filename:
        what = (exc.strerror or "the system refused it").lower()
        title = f"Trunkline cannot use {os.fsdecode(exc.filename)}: {what}."
        return Failure(code="file.failed", title=title, hint="Check that path and its rights.")
    if isinstance(exc, OSError) and exc.errno in {errno.ENOSPC, errno.EDQUOT}:
        title = "There was no room left where the answer was to go."
        return Failure(code="file.full", title=title, hint="Make room there, then try again.")
    return Failure(code="internal", title="Something in Trunkline went wrong.",
                   hint=f"Please report this: {exc!r}", detail=repr(exc))  # fmt: skip


def open_streams() -> None:
    """Make the three streams usable: there, and in UTF-8, whatever the terminal or locale says."""
    sys.stdin = sys.stdin or _nothing("r")
    sys.stdout = sys.stdout or _nothing("w")
    sys.stderr = sys.stderr or _nothing("w")
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(encoding="utf-8", errors="replace")
    if isinstance(sys.stdin, io.TextIOWrapper):
        sys.stdin.reconfigure(encoding="utf-8", errors="strict")


def _nothing(mode: str) -> io.TextIOWrapper:
    stream = open(os.devnull, mode, encoding="utf-8")  # noqa: PTH123, SIM115  as long as we live
    assert isinstance(stream, io.TextIOWrapper)  # noqa: S101  a text mode
    return stream


def _not_one_of(name: str, given: str, choices: list[str]) -> TrunklineError:
    import difflib  # not at the top: only a mistake needs it

    is_verb = name == "VERB"
    title = f"There is no verb “{given}”." if is_verb else f"{name} cannot be “{given}”."
    near = difflib.get_close_matches(given, choices, n=1, cutoff=0.5)
    named = ", ".join(choice or "“”" for choice in choices)
    hint = f"Did you mean “{near[0]}”?" if near else f"Choose one of: {named}."
    return fail("usage.arguments", title, hint)


def _told(failure: Failure, tell: Callable[[Failure], None]) -> int:
    try:
        tell(failure)
    except OSError:
        return _silent()
    if failure.code == "file.full":
        return _silent()
    return EXIT_USAGE if failure.code.startswith("usage.") else EXIT_FAILED


def _flushed(code: int) -> int:
    try:
        if sys.stdout is not None:
            sys.stdout.flush()
    except OSError:
        return _silent()
    return code


def _silent() -> int:
    """Let nothing be written at exit either: nobody takes our output any more."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    return EXIT_FAILED
