"""Locks between processes: a file one of them holds at a time; the system frees a dead one's."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

_POLL_S = 0.05


@contextmanager
def held(path: Path) -> Iterator[None]:
    """Hold the lock file ``path`` (made when missing), waiting as long as another holds it."""
    while (file := try_hold(path)) is None:
        time.sleep(_POLL_S)  # Windows cannot wait for a lock for more than ten seconds
    with file:
        yield


def try_hold(path: Path) -> BinaryIO | None:
    """Return the locked open file, or ``None`` when somebody holds it; closing it lets go."""
    file = path.open("ab")
    try:
        _lock(file)
    except OSError:
        file.close()
        return None
    return file


if sys.platform == "win32":
    import msvcrt

    def _lock(file: BinaryIO) -> None:
        file.seek(0)
        msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)

else:
    import fcntl

    def _lock(file: BinaryIO) -> None:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
