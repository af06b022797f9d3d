"""Reads an AI app's settings file, and says in plain words why that cannot be done."""

from __future__ import annotations

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
        if path.stat().st_size > _TOO_BIG:
            raise _unreadable(path, "it is far too big for a settings file")
        return path.read_bytes()
    except FileNotFoundError:
        return None
    except IsADirectoryError as exc:
        raise _unreadable(path, "it is a folder") from exc
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


def _unreadable(path: Path, why: str) -> TrunklineError:
    title = f"The file {path} cannot be read: {why}."
    return fail("client.unreadable", title, "Nothing was changed. Check the file and its rights.")
