"""Which entries in other programs' files are ours: kept in our state folder, never in the files."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any, Literal

from trunkline_server import folders
from trunkline_server.clients.editors.text import Trace
from trunkline_server.clients.target import BearerBy
from trunkline_server.errors import TrunklineError, fail
from trunkline_server.profiles import atomic
from trunkline_server.profiles.profile import Transport

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
        since: when it was written, in seconds since 1970; 0 when it was found already written.
        transport: how the app reaches the database by it.
        bearer_by: how the app gets the token of an address; "" for stdio.
        asks: what of the question for the token is ours: the "item", the whole "list", or "".
        port: of the address that was written; 0 for stdio.
        verified: when the app was asked whether it reaches the database, and last said yes, in
            seconds since 1970; 0 for never.
    """

    client: str
    path: str
    name: str
    profile: str
    digest: str
    made: int = 0
    gap: str = ""
    is_new_file: bool = False
    since: float = 0.0
    transport: Transport = "stdio"
    bearer_by: BearerBy | Literal[""] = ""
    asks: Literal["", "item", "list"] = ""
    port: int = 0
    verified: float = 0.0

    @property
    def trace(self) -> Trace:
        """What the insertion found."""
        return Trace(self.made, self.gap)


def digest(entry: Any) -> str:
    """Return a short digest of a JSON value, whatever the order of its keys."""
    import hashlib  # OpenSSL, four megabytes: only with an app that is connected

    return hashlib.sha256(json.dumps(entry, sort_keys=True).encode()).hexdigest()[:16]


def from_json(entries: Iterable[dict[str, Any]]) -> tuple[Record, ...]:
    """Return the records that :func:`keep` wrote, whatever a later Trunkline wrote beside.

    Raises:
        TypeError: one lacks what each has.
    """
    known = {field.name for field in fields(Record)}
    return tuple(Record(**{k: v for k, v in entry.items() if k in known}) for entry in entries)


def records() -> tuple[Record, ...]:
    """Return every entry that is ours; none when the list is missing, damaged or not readable."""
    try:
        return listed()
    except (OSError, TrunklineError):
        return ()


def listed() -> tuple[Record, ...]:
    """Return every entry that is ours, to decide what is to stay; none of a damaged list.

    Raises:
        OSError: the list is there and cannot be read just now.
        TrunklineError: ``client.newer``.
    """
    try:
        return _read() or ()
    except FileNotFoundError:
        return ()


def is_sure() -> bool:
    """Whether every entry that is ours is known: no list was ever damaged or of a newer version.

    Raises:
        OSError, TrunklineError: see :func:`listed`.
    """
    listed()
    return not _damaged().exists()


def _read() -> tuple[Record, ...] | None:
    """Return what the list says; None when it is damaged."""
    try:
        document = json.loads(file().read_bytes())
        is_newer = document["version"] > _VERSION
        if not is_newer:
            return from_json(document["entries"])
    except (ValueError, KeyError, TypeError, AttributeError):
        return None
    title = "A newer Trunkline keeps the list of what it wrote into the settings of AI apps."
    raise fail("client.newer", title, "Use that one, or bring this one up to date.")


def place_of(path: Path) -> str:
    """Return the file that ``path`` leads to; the path itself when it leads in a circle."""
    try:
        return str(path.resolve())
    except (OSError, RuntimeError):  # before Python 3.13 a circle is an error
        return str(path.absolute())


def of(path: Path) -> tuple[Record, ...]:
    """Return the records of our entries in one file."""
    place = place_of(path)
    return tuple(record for record in records() if record.path == place)


def databases() -> frozenset[str]:
    """Return the ids of the databases to which entries of ours lead, removed ones included."""
    return frozenset(record.profile for record in records())


def watched() -> tuple[Path, ...]:
    """Return where something happens when our entries come or go, whether or not it is there.

    It is our list, or its folder while there is none, the files with our entries and their folders.
    """
    ours, files = file(), dict.fromkeys(Path(record.path) for record in records())
    first = ours if ours.exists() else ours.parent
    return (first, *files, *dict.fromkeys(file.parent for file in files))


def keep(path: Path, ours: Iterable[Record]) -> None:
    """Replace the records of one file. The caller holds :func:`alone`.

    Raises:
        OSError: nothing was changed.
    """
    place = place_of(path)
    others = (record for record in listed() if record.path != place)
    document = {"version": _VERSION, "entries": [asdict(record) for record in (*others, *ours)]}
    atomic.replace(file(), json.dumps(document, indent=2).encode() + b"\n")


@contextmanager
def alone() -> Iterator[None]:
    """Keep other Trunklines from changing apps' files meanwhile.

    A damaged list is put aside: what it told is only which entries are ours.

    Raises:
        TrunklineError: ``client.busy`` or ``client.newer``.
    """
    with ExitStack() as stack:
        try:
            stack.enter_context(atomic.locked(folders.state() / "clients.lock", _WAIT_S))
        except TimeoutError as exc:
            title = "Another Trunkline is changing the settings of an AI app."
            raise fail("client.busy", title, "Try again in a moment.") from exc
        with suppress(OSError):  # whoever writes it is told
            if _read() is None:
                atomic.rename(file(), _damaged())
        yield


def file() -> Path:
    """Return the file with all records."""
    return folders.state() / "clients.json"


def _damaged() -> Path:
    return folders.state() / "clients.damaged.json"
