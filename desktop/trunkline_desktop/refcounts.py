"""Keeps PySide6 6.12 from ending the program: its ``emit`` drops a reference to ``True``.

Every ``Signal.emit`` gives its result without counting it. Before Python 3.12, where ``True``
became immortal, the count reaches zero after some thousand signals and the interpreter aborts
("bool_dealloc"). A count that starts far away from zero never gets there.
"""

from __future__ import annotations

import ctypes
import sys

_FAR = 1 << 40


def guard() -> None:
    """Raise the reference counts of ``True`` and ``False`` out of reach; twice does no harm."""
    if sys.version_info < (3, 12) and sys.implementation.name == "cpython":
        for value in (True, False):
            # The count is the first field of a CPython object in a release build.
            ctypes.c_ssize_t.from_address(id(value)).value += _FAR
