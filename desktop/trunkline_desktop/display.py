"""Whether there is a screen for the app, told before Qt does, which would abort the program."""

from __future__ import annotations

import os
import sys

_NEED_NONE = {"offscreen", "minimal", "vnc", "linuxfb", "eglfs", "vkkhrdisplay"}


def is_there() -> bool:
    """Return whether windows can be shown."""
    if sys.platform in {"win32", "darwin"}:
        return True
    chosen = os.environ.get("QT_QPA_PLATFORM", "")
    if chosen.split(":")[0] in _NEED_NONE:
        return True
    return bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))
