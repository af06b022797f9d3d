"""Saving an export as a file: whole, or not at all."""

from __future__ import annotations

import os
import tempfile
from contextlib import suppress
from pathlib import Path

from trunkline_server.errors import fail
from trunkline_server.profiles import atomic


def save(file: Path, content: bytes, *, may_replace: bool) -> None:
    """Give ``file`` this content, readable by this user only: a token may be in it.

    Args:
        file: where; its folder is there.
        content: its bytes.
        may_replace: whether another file of that name may go. It could be an app's settings,
            which ``connect`` changes without a loss.

    Raises:
        TrunklineError: ``export.exists`` or ``export.unwritable``; nothing was changed.
    """
    try:
        if not may_replace and file.exists():
            if file.read_bytes() == content:
                return
            title = f"There is a file {file} already."
            raise fail("export.exists", title, "Name another one, or replace it with --force.")
        _replace(file, content)
    except OSError as exc:
        title = f"The file {file} cannot be written: {exc.strerror}."
        raise fail("export.unwritable", title, "Choose another place.") from exc


def _replace(file: Path, content: bytes) -> None:
    descriptor, neighbour = tempfile.mkstemp(dir=file.parent, prefix=f".{file.name}.")
    try:
        with os.fdopen(descriptor, "wb") as writing:
            writing.write(content)
        atomic.rename(Path(neighbour), file)
    except OSError:
        with suppress(OSError):
            Path(neighbour).unlink()
        raise
