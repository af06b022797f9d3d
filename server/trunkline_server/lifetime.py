"""Ending with the program that started us: it may die without closing our input."""

from __future__ import annotations

import os
import sys
import threading
import time

if sys.platform != "win32":

    def watch_parent(ended, every_s: float = 1.0) -> None:  # type: ignore[no-untyped-def]  # its type would import typing
        """Call ``ended()`` once, from a thread, when the process that started this one is gone."""
        parent = os.getppid()
        if parent > 1:
            _in_background(_poll, parent, ended, every_s)

    def _poll(parent: int, ended, every_s: float) -> None:  # type: ignore[no-untyped-def]  # as above
        while os.getppid() == parent:
            time.sleep(every_s)
        ended()

else:

    def watch_parent(ended, every_s: float = 1.0) -> None:  # type: ignore[no-untyped-def]  # its type would import typing
        """Call ``ended()`` once, from a thread, when the process that started this one is gone."""
        _in_background(_wait_on_windows, os.getppid(), ended)

    def _wait_on_windows(parent: int, ended) -> None:  # type: ignore[no-untyped-def]  # as above
        import ctypes  # only here: nothing else can wait for a process that is not our child

        synchronize, forever = 0x00100000, 0xFFFFFFFF
        handle = ctypes.windll.kernel32.OpenProcess(synchronize, False, parent)
        if handle:
            ctypes.windll.kernel32.WaitForSingleObject(handle, forever)
            ended()


def _in_background(target, *arguments) -> None:  # type: ignore[no-untyped-def]  # as above
    threading.Thread(target=target, args=arguments, name="parent watch", daemon=True).start()
