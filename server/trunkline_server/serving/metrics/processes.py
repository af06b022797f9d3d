"""The processes of one server count together, in files of one folder."""

from __future__ import annotations

import contextlib
import os
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

from trunkline_server import folders

_VARIABLE = "PROMETHEUS_MULTIPROC_DIR"
_KINDS = ("counter", "histogram", "gauge_livesum", "gauge_livemostrecent")
_SIZE = 1024 * 1024  # some thousand series; the library doubles it when that is not enough


@contextlib.contextmanager
def shared() -> Iterator[Path]:
    """Let this process and those it starts count together; for the parent, before they start.

    The folder is in the environment, which they inherit, and is deleted in the end.
    """
    home = folders.run()
    _tidy(home)
    folder = home / f"metrics-{os.getpid()}"
    folder.mkdir(mode=0o700)
    os.environ[_VARIABLE] = str(folder)
    try:
        yield folder
    finally:
        os.environ.pop(_VARIABLE, None)
        shutil.rmtree(folder, ignore_errors=True)


def settle() -> None:
    """Take out of the environment what another program's processes count in."""
    if is_shared() and Path(os.environ[_VARIABLE]).parent != folders.run():
        del os.environ[_VARIABLE]


def is_shared() -> bool:
    """Whether this process is one of several that count together."""
    return bool(os.environ.get(_VARIABLE))


def forget(pid: int) -> None:
    """Leave out what a process that ended had open; what it counted stays. For the parent."""
    if is_shared():
        for file in Path(os.environ[_VARIABLE]).glob(f"gauge_live*_{pid}.db"):
            file.unlink(missing_ok=True)


def reserve() -> None:
    """Have the disk space that this process counts in: writing to a map of a full disk kills.

    Called before the library opens its files, and now and then because they grow.

    Raises:
        OSError: there is none.
    """
    if is_shared() and sys.platform != "win32" and hasattr(os, "posix_fallocate"):
        for kind in _KINDS:
            file = Path(os.environ[_VARIABLE], f"{kind}_{os.getpid()}.db")
            descriptor = os.open(file, os.O_RDWR | os.O_CREAT, 0o600)
            try:
                size = max(_SIZE, os.fstat(descriptor).st_size)
                os.posix_fallocate(descriptor, 0, size)
            finally:
                os.close(descriptor)


def counting() -> set[int]:
    """Return the ids of the processes of this server that live."""
    own = {os.getpid()}
    if not is_shared():
        return own
    pids = map(_pid, Path(os.environ[_VARIABLE]).glob("*.db"))
    return own | {pid for pid in pids if pid is not None and _lives(pid)}


def forget_dead() -> None:
    """Leave out what processes had open that ended without a word."""
    for file in _left("gauge_live*"):
        file.unlink(missing_ok=True)


def inherit() -> None:
    """Go on counting where a process stopped that ended, so that files do not pile up.

    Called before the library opens its files.
    """
    for kind in ("counter", "histogram"):
        own = Path(os.environ[_VARIABLE], f"{kind}_{os.getpid()}.db") if is_shared() else None
        for file in _left(kind):
            with contextlib.suppress(FileNotFoundError):  # another process was faster
                if own and not own.exists():
                    file.rename(own)


def _left(kind: str) -> list[Path]:
    """Return the files of a kind whose processes have ended."""
    if not is_shared():
        return []
    files = {file: _pid(file) for file in Path(os.environ[_VARIABLE]).glob(f"{kind}_*.db")}
    return [file for file, pid in files.items() if pid is not None and not _lives(pid)]


def _pid(file: Path) -> int | None:
    last = file.stem.rpartition("_")[2]
    return int(last) if last.isdigit() else None


if sys.platform == "linux":

    def _lives(pid: int) -> bool:
        """Whether a process runs; not one that ended and whose parent has not looked yet."""
        try:
            state = Path("/proc", str(pid), "stat").read_bytes().rpartition(b")")[2].split()[0]
        except (OSError, IndexError):
            return False
        return state not in {b"Z", b"X"}

elif sys.platform == "win32":

    def _lives(pid: int) -> bool:
        """Several processes cannot share a port there."""
        return pid == os.getpid()

else:

    def _lives(pid: int) -> bool:
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return False
        except PermissionError:
            return True
        return True


def _tidy(home: Path) -> None:
    """Delete what servers left that were killed."""
    for folder in home.glob("metrics-*"):
        pid = folder.name.removeprefix("metrics-")
        if pid.isdigit() and not _lives(int(pid)):
            shutil.rmtree(folder, ignore_errors=True)
