"""Whether Trunkline starts when the person logs in: one small file or registry value."""

from __future__ import annotations

import os
import plistlib
import sys
from pathlib import Path

from PySide6.QtCore import QSettings

from trunkline_server import programs

_RUN_KEY = r"HKEY_CURRENT_USER\Software\Microsoft\Windows\CurrentVersion\Run"
_LABEL = "org.trunkline.Trunkline"


def is_on() -> bool:
    """Whether it starts at login."""
    if sys.platform == "win32":
        return QSettings(_RUN_KEY, QSettings.Format.NativeFormat).contains("Trunkline")
    return _file().exists()


def switch(*, on: bool) -> None:
    """Start at login from now on, or no longer.

    Raises:
        OSError: the file cannot be written.
        TrunklineError: ``program.missing``.
    """
    if sys.platform == "win32":
        _switch_registry(on=on)
    elif on:
        _file().parent.mkdir(parents=True, exist_ok=True)
        _file().write_bytes(content(programs.path_of("trunkline")))
    else:
        _file().unlink(missing_ok=True)


def content(program: Path) -> bytes:
    """Return what the file holds that starts ``program`` at login."""
    if sys.platform == "darwin":
        plist = {"Label": _LABEL, "ProgramArguments": [str(program)], "RunAtLoad": True}
        return plistlib.dumps(plist)
    # https://specifications.freedesktop.org/desktop-entry-spec/latest/exec-variables.html
    escaped = str(program)
    for sign in '\\"`$':
        escaped = escaped.replace(sign, f"\\{sign}")
    quoted = '"' + escaped.replace("\\", "\\\\").replace("%", "%%") + '"'
    lines = ("[Desktop Entry]", "Type=Application", "Name=Trunkline", f"Exec={quoted}")
    return ("\n".join((*lines, "Icon=trunkline", "X-GNOME-Autostart-enabled=true")) + "\n").encode()


def _file() -> Path:
    if sys.platform == "darwin":
        return Path.home() / "Library" / "LaunchAgents" / f"{_LABEL}.plist"
    config = os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config"
    return Path(config) / "autostart" / "trunkline.desktop"


def _switch_registry(*, on: bool) -> None:
    settings = QSettings(_RUN_KEY, QSettings.Format.NativeFormat)
    if on:
        settings.setValue("Trunkline", f'"{programs.path_of("trunkline-desktop")}"')
    else:
        settings.remove("Trunkline")
    settings.sync()
