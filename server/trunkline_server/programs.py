"""Where our own commands are: absolute paths that an AI app or a supervisor can start."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from trunkline_server.errors import TrunklineError, fail

# For ``creationflags``: a program that is started opens no console window. Nothing elsewhere.
NO_WINDOW = 0x08000000 if sys.platform == "win32" else 0
_SUFFIX = ".exe" if sys.platform == "win32" else ""


def path_of(command: str) -> Path:
    """Return the absolute path of ``trunkline``, ``trunkline-server`` or ``trunkline-stdio``.

    Raises:
        TrunklineError: ``program.missing`` when the installation has lost it.
    """
    for folder in _folders():
        candidate = folder / f"{command}{_SUFFIX}"
        if candidate.is_file():
            return candidate.absolute()
    if found := shutil.which(command):
        return Path(found).absolute()
    raise fail(
        "program.missing",
        f"The program {command} is missing from this installation.",
        "Install Trunkline again.",
    )


def relay() -> Path:
    """Return the program that AI apps start; on Windows its twin, which opens no console window.

    Raises:
        TrunklineError: ``program.missing``.
    """
    if sys.platform == "win32":
        with suppress(TrunklineError):
            return path_of("trunkline-stdiow")
    return path_of("trunkline-stdio")


def as_typed(command: str) -> str:
    """Return what a person types to start one of our commands here: its name, or its path."""
    path = path_of(command)
    if (found := shutil.which(command)) and Path(found).samefile(path):
        return command
    return os.path.relpath(path) if path.is_relative_to(Path.cwd()) else str(path)


def _folders() -> Iterator[Path]:
    yield Path(sys.executable).parent
    import sysconfig  # half a megabyte: only installations without a folder of their own need it

    yield Path(sysconfig.get_path("scripts"))
    yield Path(sys.argv[0]).parent
