"""Changes that could not be cleaned up yet: tried again before each later change, in nobody's way.

Some are to be taken back still; of the others only the file beside is to go.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from contextlib import suppress
from functools import partial
from pathlib import Path

from trunkline_server import folders
from trunkline_server.clients.replacing.change import Change
from trunkline_server.profiles import atomic


def are_there() -> bool:
    """Whether there are any."""
    return _file().exists()


def add(*, back: Iterable[Change] = (), gone: Iterable[Change] = ()) -> None:
    """Remember changes: ``back`` those to be taken back, ``gone`` those whose file beside may go.

    Raises:
        OSError: nothing was remembered.
    """
    old_back, old_gone = _read()
    more_back = [change for change in back if change not in old_back]
    more_gone = [change for change in gone if change not in old_gone]
    if more_back or more_gone:
        _write([*old_back, *more_back], [*old_gone, *more_gone])


def settle(path: Path) -> None:
    """Let a file stay as it is, because it is about to be changed anew.

    Raises:
        OSError: nothing was changed.
    """
    back, gone = _read()
    settled = [change for change in back if change.path == path]
    if settled:
        _write([change for change in back if change.path != path], [*gone, *settled])


def retry() -> None:
    """Clean up what can be by now; the rest stays remembered. The caller holds ``owned.alone``."""
    back, gone = _read()
    still_back = [change for change in back if not succeeds(partial(_take_back, change))]
    loose = [*gone, *(change for change in back if change not in still_back)]
    still_gone = [change for change in loose if not succeeds(change.discard)]
    if (still_back, still_gone) != (back, gone):
        with suppress(OSError):  # what is cleaned up twice is no worse
            _write(still_back, still_gone)


def asides() -> frozenset[Path]:
    """Return the names beside files that are taken."""
    back, gone = _read()
    return frozenset(change.aside for change in (*back, *gone))


def succeeds(step: Callable[[], None]) -> bool:
    """Take a step; return whether the system did not refuse it."""
    try:
        step()
    except OSError:  # the first failure is the one to tell
        return False
    return True


def _take_back(change: Change) -> None:
    if change.is_untouched():
        change.undo()


def _read() -> tuple[list[Change], list[Change]]:
    try:
        document = json.loads(_file().read_bytes())
        back, gone = ([Change.from_json(c) for c in document[key]] for key in ("back", "gone"))
    except FileNotFoundError:
        return [], []
    except (ValueError, KeyError, TypeError):
        return [], []  # not as we write it: it tells nothing
    return back, gone


def _write(back: list[Change], gone: list[Change]) -> None:
    if not back and not gone:
        _file().unlink(missing_ok=True)
        return
    lists = {"back": back, "gone": gone}
    known = {key: [change.as_json() for change in changes] for key, changes in lists.items()}
    atomic.replace(_file(), json.dumps({"version": 1, **known}).encode())


def _file() -> Path:
    return folders.state() / "clients.leftovers.json"
