"""Reads an AI app's settings file, and says in plain words why that cannot be done."""

from __future__ import annotations

import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from trunkline_server.clients.app import App
from trunkline_server.clients.editors.text import MalformedError, UnusualError
from trunkline_server.errors import TrunklineError, fail

_TOO_BIG = 50_000_000


def read(path: Path) -> bytes | None:
    """Return the bytes of a settings file; None when there is none.

    Raises:
        TrunklineError: ``client.unreadable``.
    """
    try:
        found = path.stat()
        if why := _no_settings_file(found.st_mode, found.st_size):
            raise _unreadable(path, why)
        return path.read_bytes()
    except FileNotFoundError:
        return None
    except OSError as exc:
        raise _unreadable(path, exc.strerror or "the system refused it") from exc


@contextmanager
def explained(app: App, path: Path) -> Iterator[None]:
    """Turn what an editor found wrong with the file into ``client.malformed``."""
    try:
        yield
    except MalformedError as exc:
        title = f"{path}, line {exc.line}, column {exc.column}: {exc.reason}."
        hint = f"Nothing was changed. Correct it there; {app.name} cannot read it either."
        if isinstance(exc, UnusualError):
            hint = "Nothing was changed. Write it there in a plainer way, then try again."
        raise fail("client.malformed", title, hint) from exc


def _no_settings_file(mode: int, size: int) -> str:
    """Return why what is there is no settings file, judged before it is opened; "" if it may be.

    Reading a pipe waits for ever, and replacing a device takes it away from the whole computer.
    """
    if stat.S_ISDIR(mode):
        return "it is a folder"
    if not stat.S_ISREG(mode):
        return "it is a pipe or a device"
    return "it is far too big for a settings file" if size > _TOO_BIG else ""


def _unreadable(path: Path, why: str) -> TrunklineError:
    title = f"The file {path} cannot be read: {why}."
    return fail("client.unreadable", title, "Nothing was changed. Check the file and its rights.")
