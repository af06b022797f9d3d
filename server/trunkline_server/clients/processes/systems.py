"""How each system shows an app's process, asks it to quit and starts it again. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from fnmatch import fnmatchcase
from pathlib import PurePosixPath

from trunkline_server.clients.app import Process

Words = tuple[str, ...]

_SCRIPTS = (".js", ".cjs", ".mjs")
# ...\WindowsApps\Name_1.0.0.0_x64__publisher\...
_PACKAGE = re.compile(
    r"\\WindowsApps\\(?P<name>[^\\_]+)_[^\\]+__(?P<publisher>\w+)\\", re.IGNORECASE
)
# Set for Trunkline by what it was started with; another program would stumble over it.
_OURS = ("LD_LIBRARY_PATH", "LD_PRELOAD", "PYTHON", "QT_PLUGIN_PATH", "VIRTUAL_ENV", "TRUNKLINE_",
         "ELECTRON_RUN_AS_NODE", "NODE_OPTIONS", "APPDIR", "APPIMAGE")  # fmt: skip


def is_main(process: Process, platform: str, program: str, words: Sequence[str]) -> bool:
    """Whether a process is the app's main one.

    Electron starts itself for everything: its helpers have ``--type=``, and a program of
    JavaScript that runs in it has a script.

    Args:
        process: how the app is told from others.
        platform: as ``sys.platform``.
        program: the path of the program that runs.
        words: its command line, with the program's name first.
    """
    said = _split(program, words)
    if is_helper(said) or any(word.endswith(_SCRIPTS) for word in said[1:]):
        return False
    path = program.replace("\\", "/").lower() if platform == "win32" else program
    if any(fnmatchcase(path, pattern) for pattern in process.programs.get(platform, ())):
        return True
    return _is_electron(path) and any(
        fnmatchcase(word, pattern) for word in said[1:] for pattern in process.archives
    )


def is_helper(words: Sequence[str]) -> bool:
    """Whether a process is one that an Electron app started of itself."""
    return any(" --type=" in f" {word}" for word in words)


def how_to_start(
    process: Process,
    platform: str,
    program: str,
    words: Sequence[str],
    environment: Mapping[str, str],
) -> Words:
    """Return the command that starts the app again the way it was; see :func:`is_main`."""
    if platform == "darwin":
        return ("open", "-b", process.bundle)
    if platform == "win32":
        family = _family(program)
        place = rf"shell:AppsFolder\{family}!{process.package}"
        return ("explorer.exe", place) if family else (program,)
    if image := _image(program, environment):  # what is in it goes away with the program
        return (image,)
    first, *others = _split(program, words)
    # A link was for that one time.
    return (first, *(word for word in others if "://" not in word or word.startswith("-")))


def can_be_quit(platform: str) -> bool:
    """Whether another program can ask an app to quit.

    Not on Windows: an Electron app only hides in the tray when its windows are closed, and does not
    hear what an installer says to it (WM_QUERYENDSESSION); by force, unsent words would be lost.
    """
    return platform != "win32"


def how_to_quit(process: Process, platform: str) -> Words:
    """Return the command that asks the app to quit; () when it is to be asked by SIGTERM."""
    if platform == "darwin":
        return ("osascript", "-e", f'tell application id "{process.bundle}" to quit')
    return ()


def environment(theirs: Mapping[str, str], ours: Mapping[str, str]) -> dict[str, str]:
    """Return the variables to start the app with: its own, or else ours without what is ours.

    Chromium may have written its title over its own.
    """
    if {"PATH", "HOME"} <= theirs.keys():
        return dict(theirs)
    return {name: value for name, value in ours.items() if not name.startswith(_OURS)}


def _image(program: str, environment: Mapping[str, str]) -> str:
    """Return the AppImage that the program is in; another one may have left us its variables."""
    folder = environment.get("APPDIR", "")
    return environment.get("APPIMAGE", "") if folder and program.startswith(f"{folder}/") else ""


def _is_electron(path: str) -> bool:
    return PurePosixPath(path).name.startswith("electron")


def _split(program: str, words: Sequence[str]) -> Words:
    """Return the command line in words: Chromium writes its own anew, as one with blanks."""
    said = tuple(filter(None, words))
    line = " ".join(said)
    if said[:1] != (program,) and line.startswith(f"{program} "):
        return (program, *line.removeprefix(f"{program} ").split())
    return (program, *said[1:])


def _family(program: str) -> str:
    """Return the family of the Windows package that a program is in; "" when it is in none."""
    found = _PACKAGE.search(program)
    return f"{found['name']}_{found['publisher']}" if found else ""
