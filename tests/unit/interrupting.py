"""Does something at the n-th line that the code which changes settings files executes."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from types import FrameType, ModuleType
from typing import Any

from trunkline_server.clients import owned, reading, tokens, writer
from trunkline_server.clients.replacing import (
    backups,
    change,
    leftovers,
    rights,
    swapping,
    transaction,
)
from trunkline_server.profiles import atomic

WATCHED: tuple[ModuleType, ...] = (
    atomic, backups, change, leftovers, owned, reading, rights, swapping, tokens, transaction,
    writer,
)  # fmt: skip
_FILES = {module.__file__ for module in WATCHED}
_FILES |= {swapping.system.__file__}
# While it has its lease, a program that opens the file waits for it: for ever in one thread.
_WHOLE = {"_is_leased_out"}


@contextmanager
def at_lines(actions: Mapping[int, Callable[[], None]]) -> Iterator[Callable[[], int]]:
    """Call each action before the line of its number, of those executed inside the ``with`` block.

    What is yielded tells how many there were.
    """
    count = 0

    def trace(frame: FrameType, event: str, _argument: Any) -> Any:
        nonlocal count
        if frame.f_code.co_filename not in _FILES or frame.f_code.co_name in _WHOLE:
            return None
        if event == "line":
            count += 1
            if count in actions:
                actions[count]()
        return trace

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        yield lambda: count
    finally:
        sys.settrace(before)
