"""Where Trunkline keeps its files. ``TRUNKLINE_HOME`` moves all of it.

On Windows they are beside AppData, not in it: what an app from the Store starts sees its own copy
of AppData, in which it would neither find a running server nor be found, and a single file written
there would hide ours from it for good.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

APP = "Trunkline"


def config() -> Path:
    """Return the folder of ``profiles.json``, made on demand."""
    return _made(_home("config") or _platform("user_config_path"))


def data() -> Path:
    """Return the folder of the sample database, made on demand."""
    return _made(_home("data") or _platform("user_data_path"))


def state() -> Path:
    """Return the folder of the activity log, backups and ownership records, made on demand."""
    return _made(_home("state") or _platform("user_state_path"))


def run() -> Path:
    """Return the folder of run files and sockets, made on demand.

    The relay asks for it too, started by an AI app that hid most of the environment. So the
    answer depends on ``TRUNKLINE_HOME``, the home folder and the user only, and the standard
    library is enough to find it.
    """
    return _made(_home("run") or _runtime())


def _home(part: str) -> Path | None:
    if home := os.environ.get("TRUNKLINE_HOME"):
        return Path(home).expanduser().absolute() / part
    return Path.home() / ".trunkline" / part if sys.platform == "win32" else None


def _platform(function: str) -> Path:
    import platformdirs  # not at the top: the relay loads this module and nothing more

    path: Path = getattr(platformdirs, function)(APP, appauthor=False)
    return path


def _runtime() -> Path:
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Application Support" / APP / "run"
    assert sys.platform != "win32"  # noqa: S101 - see _home
    session = Path(f"/run/user/{os.getuid()}")
    if os.access(session, os.W_OK) and session.stat().st_uid == os.getuid():
        return session / APP.lower()
    return Path.home() / ".local" / "state" / APP / "run"


def _made(folder: Path) -> Path:
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return folder
