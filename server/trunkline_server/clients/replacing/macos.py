"""What macOS knows of files: how two change places, and which one is locked."""

from __future__ import annotations

import os
import stat
from pathlib import Path
from typing import Any

_SWAP = 2  # RENAME_SWAP
_LOCKED = stat.UF_IMMUTABLE | stat.UF_APPEND | stat.SF_IMMUTABLE | stat.SF_APPEND


def exchange(one: Path, other: Path, library: Any = None) -> None:
    """Let two files change places, see renamex_np(2); ``library`` is the C library.

    Raises:
        OSError: nothing was changed.
    """
    import ctypes  # not at the top: only a change needs it

    library = library or ctypes.CDLL(None, use_errno=True)
    if library.renamex_np(os.fsencode(one), os.fsencode(other), _SWAP):
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number), str(other))


def is_locked(path: Path) -> bool:
    """Whether a file has the flag that the Finder calls "Locked", or one of its kind.

    Raises:
        OSError: there is no such file.
    """
    return bool(getattr(path.stat(), "st_flags", 0) & _LOCKED)


def is_being_written(_path: Path) -> bool:
    """Return False: macOS does not tell which files are open for writing."""
    return False
