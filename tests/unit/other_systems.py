"""Stand-ins for what Windows and macOS do with files, so that their halves run on every system."""

from __future__ import annotations

import ctypes
import errno
import os
from collections.abc import Iterable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from trunkline_server.clients.replacing.windows import Windows

# As Python translates them (PC/errmap.h); all others become EINVAL.
_ERRNO = {2: errno.ENOENT, 5: errno.EACCES, 32: errno.EACCES, 33: errno.EACCES}
INVALID_HANDLE = ctypes.c_void_p(-1).value


class Kernel32:
    """The calls that are made, doing what is documented; each of ``errors`` ends one of them.

    Attributes:
        calls: the arguments of each ``ReplaceFileW``.
        opened: the arguments of each ``CreateFileW``.
        closed: how many handles were closed.
    """

    def __init__(self, *errors: int) -> None:
        self._errors: Iterable[int] = iter(errors)
        self._last = 0
        self.calls: list[tuple[Any, ...]] = []
        self.opened: list[tuple[Any, ...]] = []
        self.closed = 0
        # A function of ctypes has attributes, a method has none that can be set.
        self.CreateFileW = _Function(self._open)

    def ReplaceFileW(self, replaced: str, new: str, backup: str, *more: object) -> int:  # noqa: N802
        self.calls.append((replaced, new, backup, *more))
        self._last = next(self._errors, 0)
        if not Path(replaced).exists():
            self._last = 2
        if self._last in {0, 1177}:  # the latter: the new file could not be moved any more
            os.replace(replaced, backup)  # noqa: PTH105 - a test may refuse Path.replace
        if self._last == 0:
            os.replace(new, replaced)  # noqa: PTH105
        return int(self._last == 0)

    def CloseHandle(self, _handle: object) -> int:  # noqa: N802
        self.closed += 1
        return 1

    def windows(self) -> Windows:
        return Windows(self, lambda: self._last, error)

    def _open(self, *arguments: object) -> int | None:
        self.opened.append(arguments)
        self._last = next(self._errors, 0)
        return INVALID_HANDLE if self._last else 7


class _Function(SimpleNamespace):
    def __init__(self, does: Any) -> None:
        super().__init__(restype=None, does=does)

    def __call__(self, *arguments: object) -> Any:
        return self.does(*arguments)


def error(number: int) -> OSError:
    """Return what ``ctypes.WinError`` makes of a number."""
    made = OSError(_ERRNO.get(number, errno.EINVAL), f"error {number} of Windows")
    made.winerror = number  # type: ignore[attr-defined,unused-ignore]
    return made


class LibSystem:
    """The C library of macOS; its disk may not know how two files change places."""

    def __init__(self, number: int = 0) -> None:
        self._number = number
        self.calls: list[tuple[bytes, bytes, int]] = []

    def renamex_np(self, one: bytes, other: bytes, flags: int) -> int:
        self.calls.append((one, other, flags))
        if self._number:
            ctypes.set_errno(self._number)
            return -1
        kept = os.fsencode(one) + b"-kept"
        for source, target in ((one, kept), (other, one), (kept, other)):
            os.rename(source, target)  # noqa: PTH104 - bytes, as they are given
        return 0
