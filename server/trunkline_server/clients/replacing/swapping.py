"""Lets two files change places in one step, so that nobody's writing in between is lost.

A rename alone throws away whatever another program wrote since we looked. After an exchange that is
still there, beside the file, and can be looked at and given back. Where the file system has no such
step, what is lost is what another program writes between a look and the rename in the next moment.
"""

from __future__ import annotations

import errno
import os
import sys
from contextlib import suppress
from pathlib import Path
from typing import NoReturn

from trunkline_server.clients.replacing import rights, windows
from trunkline_server.profiles import atomic

if sys.platform == "linux":
    from trunkline_server.clients.replacing import linux as system
elif sys.platform == "win32":
    from trunkline_server.clients.replacing import windows as system
else:
    from trunkline_server.clients.replacing import macos as system

# What systems and file systems say that have no such step; a sandbox says the last, and a disk
# without hard links.
_UNKNOWN = {errno.ENOSYS, errno.EINVAL, errno.ENOTSUP, errno.EOPNOTSUPP, errno.EPERM}


class InterferedError(Exception):
    """Another program wrote the file at the same moment; it is as that program left it."""


def exchange(one: Path, other: Path) -> None:
    """Let two files of one folder change places; both names lead to a whole file at each moment.

    Where the file system cannot do that in one step, it is done in three, and ``one`` is the file
    that has no name of its own for a moment.

    Raises:
        InterferedError: another program wrote ``other``; nothing was changed.
        OSError: nothing was changed, but for what :func:`mend` puts right; ``FileNotFoundError``
            when one of them is not there.
    """
    try:
        _exchange(one, other)
    except OSError as exc:
        if not _is_unknown(exc):
            raise
        _one_after_the_other(one, other)


def mend(one: Path, other: Path) -> None:
    """Finish an exchange that stopped half way, so that each name leads to a file again.

    Raises:
        OSError: it could not be done; nothing was changed.
    """
    aside = aside_of(one)
    if not aside.exists():
        return
    if not other.exists():
        place(aside, other)
    elif not one.exists():
        atomic.rename(aside, one)


def place(new: Path, target: Path) -> None:
    """Move ``new`` to ``target``, where no file is.

    Raises:
        FileExistsError: there is one by now; nothing was changed.
        OSError: nothing was changed.
    """
    if sys.platform == "win32":
        atomic.patiently(lambda: new.rename(target))  # which refuses to replace anything there
        return
    try:
        target.hardlink_to(new)
    except OSError as exc:
        if not _is_unknown(exc):
            raise
        _rename_to_nothing(new, target)
        return
    new.unlink()


def is_being_written(path: Path) -> bool:
    """Whether a program has the file open for writing; False where that cannot be known."""
    return system.is_being_written(path)


def aside_of(one: Path) -> Path:
    """Return where :func:`exchange` keeps what was in the other file, between two of its steps."""
    return one.with_name(f"{one.name}.old")


def _exchange(one: Path, other: Path) -> None:
    if sys.platform == "win32":
        system.exchange(one, other, aside_of(one))
    else:
        system.exchange(one, other)


def _is_unknown(exc: OSError) -> bool:
    """Whether it says that there is no such step here, not that it was refused this time.

    Python knows only some of Windows' numbers, and takes all others for EINVAL.
    """
    number: int | None = getattr(exc, "winerror", None)
    return exc.errno in _UNKNOWN if number is None else number in windows.UNKNOWN


def _one_after_the_other(one: Path, other: Path) -> None:
    aside = aside_of(one)
    aside.unlink(missing_ok=True)
    was, content = other.stat(), other.read_bytes()
    _keep(other, aside, content)
    atomic.patiently(lambda: _rename_to_the_same(one, other, was, content))
    atomic.rename(aside, one)


def _keep(file: Path, aside: Path, content: bytes) -> None:
    """Let ``aside`` be ``file`` too; a copy of it where it cannot be, or could not be removed."""
    if rights.are_ours(file):
        with suppress(OSError):
            aside.hardlink_to(file)
            return
    atomic.replace(aside, content)
    rights.give(file, aside)


# A look and a step on one line: nothing of ours takes time in between.


def _rename_to_the_same(one: Path, other: Path, was: os.stat_result, content: bytes) -> None:
    _ = one.replace(other) if _is_the_same(other, was, content) else _interfered()


def _rename_to_nothing(new: Path, target: Path) -> None:
    _ = _exists(target) if target.exists() else new.rename(target)


def _is_the_same(file: Path, was: os.stat_result, content: bytes) -> bool:
    return file.read_bytes() == content and os.path.samestat(file.stat(), was)


def _interfered() -> NoReturn:
    raise InterferedError


def _exists(target: Path) -> NoReturn:
    raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), str(target))
