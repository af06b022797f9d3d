"""Lets two files change places in one step, so that nobody's writing in between is lost.

A rename alone throws away whatever another program wrote since we looked. After an exchange that is
still there, beside the file, and can be looked at and given back.
"""

from __future__ import annotations

import errno
import os
import sys
import time
from contextlib import suppress
from pathlib import Path

from trunkline_server.profiles import atomic

# What systems and file systems say that have no such step.
_UNKNOWN = {errno.ENOSYS, errno.EINVAL, errno.ENOTSUP, errno.EOPNOTSUPP, errno.EPERM}


def exchange(one: Path, other: Path) -> None:
    """Let two files of one folder change places; both names lead to a whole file at each moment.

    Where the file system cannot do that in one step, it is done in three, and ``one`` is the file
    that has no name of its own for a moment.

    Raises:
        OSError: nothing was changed; ``FileNotFoundError`` when one of them is not there.
    """
    try:
        _exchange(one, other)
    except OSError as exc:
        if exc.errno not in _UNKNOWN:
            raise
        _one_after_the_other(one, other)


def mend(one: Path) -> None:
    """Do the last step of an exchange in three, if that was left out.

    Raises:
        OSError: nothing was changed.
    """
    aside = _aside(one)
    if aside.exists() and not one.exists():
        atomic.rename(aside, one)


def place(new: Path, target: Path) -> None:
    """Move ``new`` to ``target``, where no file is.

    Raises:
        FileExistsError: there is one by now; nothing was changed.
        OSError: nothing was changed.
    """
    if sys.platform == "win32":
        new.rename(target)  # which refuses to replace anything there
        return
    try:
        target.hardlink_to(new)
    except OSError as exc:
        if exc.errno not in _UNKNOWN:
            raise
        if target.exists():
            raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), str(target)) from exc
        new.rename(target)
        return
    new.unlink()


def _aside(one: Path) -> Path:
    return one.with_name(f"{one.name}.old")


def _one_after_the_other(one: Path, other: Path) -> None:
    aside = _aside(one)
    aside.unlink(missing_ok=True)
    try:
        aside.hardlink_to(other)
    except OSError:
        aside.write_bytes(other.read_bytes())
    atomic.rename(one, other)
    atomic.rename(aside, one)


if sys.platform == "linux":
    import fcntl
    import signal

    def _exchange(one: Path, other: Path) -> None:
        """See renameat2(2): RENAME_EXCHANGE."""
        import ctypes  # not at the top: only a change needs it

        here, flag = -100, 2  # AT_FDCWD, RENAME_EXCHANGE
        library = ctypes.CDLL(None, use_errno=True)
        if not hasattr(library, "renameat2"):
            raise OSError(errno.ENOSYS, os.strerror(errno.ENOSYS))
        if library.renameat2(here, os.fsencode(one), here, os.fsencode(other), flag):
            raise _error(ctypes.get_errno(), other)

    def is_being_written(path: Path) -> bool:
        """Whether a program has the file open for writing; False where that cannot be known.

        A read lease is given only while nobody has (fcntl(2), F_SETLEASE). Some file systems, such
        as NFS, give none at all.
        """
        with suppress(OSError):
            descriptor = os.open(path, os.O_RDONLY)
            try:
                return _is_leased_out(descriptor) and _gives_leases(path.parent)
            finally:
                os.close(descriptor)
        return False

    def _gives_leases(folder: Path) -> bool:
        """Whether a lease is given on a file that nobody writes: one without a name."""
        writing = os.open(folder, os.O_TMPFILE | os.O_RDWR, 0o600)
        try:
            reading = os.open(f"/proc/self/fd/{writing}", os.O_RDONLY)
        finally:
            os.close(writing)
        try:
            return not _is_leased_out(reading)
        finally:
            os.close(reading)

    def _is_leased_out(descriptor: int) -> bool:
        # Whoever opens it now for writing breaks the lease with a signal, which must not end us.
        fcntl.fcntl(descriptor, fcntl.F_SETSIG, signal.SIGURG)
        try:
            fcntl.fcntl(descriptor, fcntl.F_SETLEASE, fcntl.F_RDLCK)
        except BlockingIOError:
            return True
        fcntl.fcntl(descriptor, fcntl.F_SETLEASE, fcntl.F_UNLCK)
        return False

elif sys.platform == "darwin":

    def _exchange(one: Path, other: Path) -> None:
        """See renamex_np(2): RENAME_SWAP."""
        import ctypes  # not at the top: only a change needs it

        swap = 2
        library = ctypes.CDLL(None, use_errno=True)
        if library.renamex_np(os.fsencode(one), os.fsencode(other), swap):
            raise _error(ctypes.get_errno(), other)

    def is_being_written(path: Path) -> bool:
        """Return False: macOS does not tell which files are open for writing."""
        return False

else:

    def _exchange(one: Path, other: Path) -> None:
        """See ReplaceFileW, which keeps the access rights of the file it replaces."""
        import ctypes  # not at the top: only a change needs it

        aside = _aside(one)
        library = ctypes.WinDLL("kernel32", use_last_error=True)
        for turn in range(_TURNS):
            if library.ReplaceFileW(str(other), str(one), str(aside), 0, None, None):
                break
            error = ctypes.WinError(ctypes.get_last_error())
            if error.winerror == _HALF_DONE:  # the old file has its new name already
                atomic.rename(aside, other)
            if not isinstance(error, PermissionError) or turn == _TURNS - 1:
                raise error
            time.sleep(_TURN_S)  # another program reads the file
        atomic.rename(aside, one)

    def is_being_written(path: Path) -> bool:
        """Whether a program has the file open for writing."""
        import ctypes  # not at the top: only a change needs it

        read, shared_read, existing = 0x80000000, 1, 3
        library = ctypes.WinDLL("kernel32", use_last_error=True)
        library.CreateFileW.restype = ctypes.c_void_p
        handle = library.CreateFileW(str(path), read, shared_read, None, existing, 0, None)
        if handle == ctypes.c_void_p(-1).value:
            return bool(ctypes.get_last_error() == _SHARING_VIOLATION)
        library.CloseHandle(ctypes.c_void_p(handle))
        return False

    _SHARING_VIOLATION = 32
    _HALF_DONE = 1177  # ERROR_UNABLE_TO_MOVE_REPLACEMENT_2
    _TURNS, _TURN_S = 50, 0.02


if sys.platform != "win32":

    def _error(number: int, path: Path) -> OSError:
        return OSError(number, os.strerror(number), str(path))
