"""One file that several processes replace: never half written, never two writers at once."""

from __future__ import annotations

import errno
import os
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path

HALF = ".trunkline-new"  # the ending of a file that is being written; no person's file has it
_POLL_S = 0.02
_RENAMES = 50 if sys.platform == "win32" else 0
_TAKEN = (errno.EACCES, errno.EAGAIN, errno.EDEADLK)


@contextmanager
def locked(lock: Path, wait_s: float) -> Iterator[None]:
    """Hold the operating system's lock on the file ``lock`` inside the ``with`` block.

    The lock ends with its process however that ends; the empty file stays, because deleting it
    would let two processes hold two locks of one name.

    Raises:
        TimeoutError: another writer kept it for ``wait_s`` seconds.
        OSError: the file cannot be made.
    """
    descriptor = os.open(lock, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        _wait(descriptor, time.monotonic() + wait_s)
        yield
    finally:
        os.close(descriptor)


def replace(path: Path, content: bytes) -> None:
    """Give ``path`` a new content at once, readable by this user only.

    The caller holds the lock: the neighbour file has a fixed name, so what a killed writer left
    is written over by the next one.

    Raises:
        OSError: nothing was changed.
    """
    neighbour = path.with_name(f"{path.name}{HALF}")
    neighbour.unlink(missing_ok=True)
    try:
        _write(neighbour, content)
        rename(neighbour, path)
    except OSError:
        with suppress(OSError):
            neighbour.unlink(missing_ok=True)
        raise
    _sync_folder(path.parent)


def _write(path: Path, content: bytes) -> None:
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)
    with os.fdopen(os.open(path, flags, 0o600), "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def rename(source: Path, target: Path) -> None:
    """Let ``source`` take the name and the place of ``target``, which may be there.

    Raises:
        OSError: nothing was changed.
    """
    patiently(partial(source.replace, target))


def patiently(step: Callable[[], object]) -> None:
    """Take one step with a file, again and again on Windows while another process reads it.

    Raises:
        OSError: what the step raised at last.
    """
    for _ in range(_RENAMES):
        with suppress(PermissionError):
            step()
            return
        time.sleep(_POLL_S)
    step()


def _sync_folder(folder: Path) -> None:
    """Make the new name survive a power cut, where folders can be opened at all."""
    with suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def _wait(descriptor: int, deadline: float) -> None:
    while True:
        try:
            return _take(descriptor)
        except OSError as exc:
            if exc.errno not in _TAKEN:
                raise
            if time.monotonic() > deadline:
                raise TimeoutError(exc.errno, "locked by another process") from exc
        time.sleep(_POLL_S)


if sys.platform == "win32":
    import msvcrt

    def _take(descriptor: int) -> None:
        msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
else:
    import fcntl

    def _take(descriptor: int) -> None:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
