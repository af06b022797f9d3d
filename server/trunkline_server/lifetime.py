"""Ending with the program that started us: it may die without closing our input."""

from __future__ import annotations

import os
import sys
import threading
import time

TYPE_CHECKING = False  # typing's own costs a relay several milliseconds
if TYPE_CHECKING:
    from collections.abc import Callable


def watch_parent(ended: Callable[[], object], every_s: float = 1.0, parent: int = 0) -> None:
    """Call ``ended()`` once, from a thread, when the process that started this one is gone.

    ``parent`` is that process, where it is known; it may be gone by now.
    """
    parent = parent or os.getppid()
    if parent > 1:  # 1 from the beginning is a container's only program: nobody to outlive
        threading.Thread(
            target=_wait, args=(parent, ended, every_s), name="parent watch", daemon=True
        ).start()


if sys.platform != "win32":

    def _wait(parent: int, ended: Callable[[], object], every_s: float) -> None:
        while os.getppid() == parent:
            time.sleep(every_s)
        ended()

else:

    def _wait(parent: int, ended: Callable[[], object], _: float) -> None:
        import ctypes  # only here: nothing else can wait for a process that is not our child

        synchronize, forever = 0x00100000, 0xFFFFFFFF
        handle = ctypes.windll.kernel32.OpenProcess(synchronize, False, parent)
        if handle:
            ctypes.windll.kernel32.WaitForSingleObject(handle, forever)
            ended()
