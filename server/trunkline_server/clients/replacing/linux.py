"""What Linux knows of files: how two change places, who writes one, and which one is locked."""

from __future__ import annotations

import errno
import fcntl
import os
import signal
import struct
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any

assert sys.platform == "linux"  # noqa: S101 - a type checker reads the rest for Linux alone

_HERE, _EXCHANGE = -100, 2  # AT_FDCWD, RENAME_EXCHANGE
# FS_IOC_GETFLAGS: _IOR('f', 1, long)
_GET_FLAGS = 2 << 30 | struct.calcsize("l") << 16 | ord("f") << 8 | 1
_LOCKED = 0x10 | 0x20  # FS_IMMUTABLE_FL, FS_APPEND_FL


def exchange(one: Path, other: Path, library: Any = None) -> None:
    """Let two files change places, see renameat2(2); ``library`` is the C library.

    Raises:
        OSError: nothing was changed.
    """
    import ctypes  # not at the top: only a change needs it

    library = library or ctypes.CDLL(None, use_errno=True)
    if not hasattr(library, "renameat2"):
        raise OSError(errno.ENOSYS, os.strerror(errno.ENOSYS), str(other))
    if library.renameat2(_HERE, os.fsencode(one), _HERE, os.fsencode(other), _EXCHANGE):
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number), str(other))


def is_locked(path: Path) -> bool:
    """Whether a file has the flag that keeps everybody from changing it (``chattr +i`` or ``+a``).

    False where the file system has no such flags.
    """
    with suppress(OSError):
        descriptor = os.open(path, os.O_RDONLY)
        try:
            flags = fcntl.ioctl(descriptor, _GET_FLAGS, bytes(struct.calcsize("l")))
            return bool(struct.unpack("i", flags[:4])[0] & _LOCKED)
        finally:
            os.close(descriptor)
    return False


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
