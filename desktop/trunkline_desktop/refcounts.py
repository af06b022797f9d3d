"""Keeps PySide6 6.12 from ending the program: it drops references to ``True`` and ``None``.

Every ``Signal.emit`` gives its result without counting it, and so do many calls that answer
``None``. Before Python 3.12, where these became immortal, the count reaches zero after some
thousand calls and the interpreter aborts ("bool_dealloc", "none_dealloc"). A count that starts
far away from zero never gets there.
"""

from __future__ import annotations

import ctypes
import sys

_FAR = 1 << 40


def guard() -> None:
    """Raise the counts of ``None``, ``True`` and ``False`` out of reach; twice does no harm."""
    if sys.version_info < (3, 12) and sys.implementation.name == "cpython":
        for value in (None, True, False):
            # The count is the first field of a CPython object in a release build.
            ctypes.c_ssize_t.from_address(id(value)).value += _FAR
