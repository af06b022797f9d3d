"""What Windows knows of files: how one takes the place of another, and who writes one."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from trunkline_server.profiles import atomic

# What it says of a way that the file system does not know: ERROR_INVALID_FUNCTION,
# ERROR_NOT_SUPPORTED, ERROR_CALL_NOT_IMPLEMENTED.
UNKNOWN = frozenset({1, 50, 120})
_SHARING_VIOLATION = 32
_HALF_DONE = 1177  # ERROR_UNABLE_TO_MOVE_REPLACEMENT_2: the old file has its new name already
# What it says while another program reads a file: ERROR_ACCESS_DENIED, ERROR_SHARING_VIOLATION,
# ERROR_LOCK_VIOLATION, ERROR_UNABLE_TO_REMOVE_REPLACED, ERROR_UNABLE_TO_MOVE_REPLACEMENT and
# ..._2, ERROR_USER_MAPPED_FILE.
_BUSY = frozenset({5, _SHARING_VIOLATION, 33, 1175, 1176, _HALF_DONE, 1224})
_TURNS, _TURN_S = 50, 0.02
_READ, _SHARED_READ, _EXISTING = 0x80000000, 1, 3


class Windows:
    """The calls of one ``kernel32``.

    Args:
        library: what has ``ReplaceFileW``, ``CreateFileW`` and ``CloseHandle``.
        last_error: returns the number of the last call's error.
        error: makes an ``OSError`` of such a number, with ``winerror``.
    """

    def __init__(
        self, library: Any, last_error: Callable[[], int], error: Callable[[int], OSError]
    ) -> None:
        self._library, self._last_error, self._error = library, last_error, error

    def exchange(self, one: Path, other: Path, aside: Path) -> None:
        """Let two files change places; ``aside`` is a name for what was in ``other`` meanwhile.

        ``ReplaceFileW`` keeps the access rights of the file it replaces.

        Raises:
            OSError: nothing was changed, or ``aside`` is there and ``swapping.mend`` is needed.
        """
        for left in reversed(range(_TURNS)):
            if self._library.ReplaceFileW(str(other), str(one), str(aside), 0, None, None):
                break
            code = self._last_error()
            if code == _HALF_DONE:  # not over what another program has put there by now
                atomic.patiently(lambda: aside.rename(other))
            if code not in _BUSY or not left:
                raise self._error(code)
            time.sleep(_TURN_S)
        atomic.rename(aside, one)

    def is_being_written(self, path: Path) -> bool:
        """Whether a program has the file open for writing."""
        import ctypes  # not at the top: only a change needs it

        library = self._library
        library.CreateFileW.restype = ctypes.c_void_p
        handle = library.CreateFileW(str(path), _READ, _SHARED_READ, None, _EXISTING, 0, None)
        if handle == ctypes.c_void_p(-1).value:
            return self._last_error() == _SHARING_VIOLATION
        library.CloseHandle(ctypes.c_void_p(handle))
        return False


if sys.platform == "win32":

    def exchange(one: Path, other: Path, aside: Path) -> None:
        """See :meth:`Windows.exchange`."""
        _this_one().exchange(one, other, aside)

    def is_being_written(path: Path) -> bool:
        """See :meth:`Windows.is_being_written`."""
        return _this_one().is_being_written(path)

    def _this_one() -> Windows:
        import ctypes  # not at the top: only a change needs it

        library = ctypes.WinDLL("kernel32", use_last_error=True)
        return Windows(library, ctypes.get_last_error, ctypes.WinError)
