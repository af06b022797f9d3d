"""Which entries in other programs' files are ours: kept in our state folder, never in the files."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from trunkline_server import folders
from trunkline_server.clients.editors.text import Trace
from trunkline_server.errors import fail
from trunkline_server.profiles import atomic

_VERSION = 1
_WAIT_S = 5.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """One entry that we wrote.

    Attributes:
        client: the app's id.
        path: the file, without symbolic links.
        name: the entry's key.
        profile: the profile's id.
        digest: of the entry as we wrote it, to see later whether the person changed it.
        made: see ``Trace``.
        gap: see ``Trace``.
        is_new_file: whether the file was not there before.
    """

    client: str
    path: str
    name: str
    profile: str
    digest: str
    made: int = 0
    gap: str = ""
    is_new_file: bool = False

    @property
    def trace(self) -> Trace:
        """What the insertion found."""
        return Trace(self.made, self.gap)

    @property
    def place(self) -> tuple[str, str]:
        """What it is found by: file and name."""
        return self.path, self.name


def digest(entry: Any) -> str:
    """Return a short digest of a JSON value, whatever the order of its keys."""
    return hashlib.sha256(json.dumps(entry, sort_keys=True).encode()).hexdigest()[:16]


def records() -> tuple[Record, ...]:
    """Return every entry that is ours; none when the list is missing or damaged."""
    try:
        found = json.loads(_path().read_bytes())["entries"]
        return tuple(Record(**entry) for entry in found)
    except (OSError, ValueError, KeyError, TypeError):
        return ()  # what it told is only whether an entry is ours; then nothing is, and we ask


def find(path: Path, name: str) -> Record | None:
    """Return the record of an entry, if it is ours."""
    wanted = (str(path.resolve()), name)
    return next((record for record in records() if record.place == wanted), None)


def keep(place: tuple[str, str], record: Record | None) -> None:
    """Replace the record of a place; None takes it out. The caller holds :func:`alone`."""
    others = [asdict(other) for other in records() if other.place != place]
    entries = others + ([asdict(record)] if record else [])
    document = {"version": _VERSION, "entries": entries}
    atomic.replace(_path(), json.dumps(document, indent=2).encode() + b"\n")


@contextmanager
def alone() -> Iterator[None]:
    """Keep other Trunklines from changing apps' files meanwhile.

    Raises:
        TrunklineError: ``client.busy``.
    """
    with ExitStack() as stack:
        try:
            stack.enter_context(atomic.locked(folders.state() / "clients.lock", _WAIT_S))
        except TimeoutError as exc:
            title = "Another Trunkline is changing the settings of an AI app."
            raise fail("client.busy", title, "Try again in a moment.") from exc
        yield


def _path() -> Path:
    return folders.state() / "clients.json"
