"""Saving an export: a file whole or not at all, or into a pipe that somebody reads."""

from __future__ import annotations

import errno
import os
import stat
import sys
import tempfile
from contextlib import suppress
from pathlib import Path

from trunkline_server.errors import TrunklineError, fail
from trunkline_server.profiles import atomic

# Asked at the opening: waiting for a reader could last for ever.
_NOW = getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_NOCTTY", 0) | getattr(os, "O_BINARY", 0)


def save(file: Path, content: bytes, *, may_replace: bool) -> None:
    """Give ``file`` this content, readable by this user only: a token may be in it.

    A pipe, or a device such as a terminal, takes it as it comes and stays what it is. A symbolic
    link stays too, and what it leads to is written.

    Args:
        file: where; its folder is there.
        content: its bytes.
        may_replace: whether another file of that name may go. It could be an app's settings,
            which ``connect`` changes without a loss.

    Raises:
        TrunklineError: ``export.exists`` or ``export.unwritable``; nothing was changed.
    """
    try:
        mode = _mode(file)
        if _is_stream(mode):
            _send(file, mode, content)
            return
        place = file.resolve() if file.is_symlink() else file
        if may_replace or not _is_there(place, content):
            _replace(place, content)
    except OSError as exc:
        raise _unwritable(file, exc.strerror or "the system refused it") from exc


def is_stream(file: Path) -> bool:
    """Whether ``file`` is a pipe, a terminal or the like; False when that cannot be known."""
    with suppress(OSError):
        return _is_stream(_mode(file))
    return False


def _mode(file: Path) -> int:
    """Return what kind of thing is there, as ``stat`` has it; 0 for nothing.

    Raises:
        OSError: that cannot be known, or links lead in a circle.
    """
    try:
        return file.stat().st_mode
    except FileNotFoundError:
        return 0


def _is_stream(mode: int) -> bool:
    return bool(mode) and not (stat.S_ISREG(mode) or stat.S_ISDIR(mode))


def _send(file: Path, mode: int, content: bytes) -> None:
    if not (stat.S_ISFIFO(mode) or stat.S_ISCHR(mode)):
        raise _unwritable(file, "it is a disk or a socket")
    try:
        descriptor = os.open(file, os.O_WRONLY | _NOW)
    except OSError as exc:
        if exc.errno != errno.ENXIO:
            raise
        raise _unwritable(file, "nobody reads it", "Start what reads it first.") from exc
    with os.fdopen(descriptor, "wb") as stream:
        if sys.platform != "win32":
            os.set_blocking(descriptor, True)
        stream.write(content)


def _is_there(file: Path, content: bytes) -> bool:
    """Whether the file has this content already.

    Raises:
        TrunklineError: ``export.exists``: it has another.
    """
    if not file.exists():
        return False
    if file.read_bytes() == content:
        return True
    title = f"There is a file {file} already."
    raise fail("export.exists", title, "Name another one, or replace it with --force.")


def _replace(file: Path, content: bytes) -> None:
    descriptor, neighbour = tempfile.mkstemp(dir=file.parent, prefix=f".{file.name}.")
    try:
        with os.fdopen(descriptor, "wb") as writing:
            writing.write(content)
        atomic.rename(Path(neighbour), file)
    except OSError:
        with suppress(OSError):
            Path(neighbour).unlink()
        raise


def _unwritable(file: Path, why: str, hint: str = "Choose another place.") -> TrunklineError:
    return fail("export.unwritable", f"The file {file} cannot be written: {why}.", hint)
