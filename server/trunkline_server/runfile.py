"""The run file: where a running server listens and the key to it. Standard library only.

Nothing here imports ``typing`` or ``dataclasses``: an AI app starts a relay for every window, and
these two would add a third to what it costs.
"""

from __future__ import annotations

import json
import os
from pathlib import Path

from trunkline_server import folders, frames

TYPE_CHECKING = False  # typing's own costs a relay several milliseconds
if TYPE_CHECKING:
    from trunkline_server.frames import Connection

VERSION = 1
_ID_LETTERS = frozenset("abcdefghijklmnopqrstuvwxyz0123456789-")


class RunFile:
    """One running server as others find it.

    Attributes:
        id: the profile's id.
        name: the profile's name.
        pid: the server's process id.
        address: path of its Unix socket, or name of its pipe on Windows.
        key: what both ends prove to each other, as bytes.
        transport: ``stdio``, ``http`` or ``sse``.
        url: its address for HTTP or SSE clients, or "".
        started: when it began, ISO 8601.
    """

    __slots__ = ("address", "id", "key", "name", "pid", "started", "transport", "url")

    def __init__(
        self,
        *,
        id: str,  # noqa: A002  the word of the file's contract
        name: str,
        pid: int,
        address: str,
        key: bytes,
        transport: str,
        url: str = "",
        started: str = "",
    ) -> None:
        self.id = id
        self.name = name
        self.pid = pid
        self.address = address
        self.key = key
        self.transport = transport
        self.url = url
        self.started = started

    def as_bytes(self) -> bytes:
        """Return the file's content."""
        fields = {name: getattr(self, name) for name in self.__slots__}
        return json.dumps({"version": VERSION, **fields, "key": self.key.hex()}).encode()


def path_of(profile_id: str) -> Path:
    """Return where the run file of a profile is, whether or not it exists."""
    return folders.run() / f"{profile_id}.json"


def write(found: RunFile) -> None:
    """Write the run file at once and readable by this user only."""
    path = path_of(found.id)
    fresh = path.with_name(f".{path.name}.{found.pid}")
    fresh.unlink(missing_ok=True)
    handle = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "wb") as file:
        file.write(found.as_bytes())
    fresh.replace(path)


def remove(profile_id: str, pid: int) -> None:
    """Remove the run file if it is still the one of process ``pid``."""
    found = _read(path_of(profile_id))
    if found is not None and found.pid == pid:
        path_of(profile_id).unlink(missing_ok=True)


def find(profile_id: str) -> RunFile | None:
    """Return the run file of the profile with exactly this id, of which an AI app's entry speaks.

    A name would not do: another database may have it by now.
    """
    if not profile_id or not set(profile_id) <= _ID_LETTERS:
        return None
    return _read(path_of(profile_id))


def running() -> list[RunFile]:
    """Return every run file that can be read; its server may be gone."""
    files = sorted(folders.run().glob("[!.]*.json"))
    return [found for path in files if (found := _read(path))]


def _read(path: Path) -> RunFile | None:
    try:
        with path.open("rb") as file:
            if not _is_ours(file.fileno()):
                return None
            document = json.loads(file.read())
        if document.pop("version") != VERSION:
            return None
        key = bytes.fromhex(document.pop("key"))
        known = {k: v for k, v in document.items() if k in RunFile.__slots__}
        return RunFile(**known, key=key)
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None


def _is_ours(handle: int) -> bool:
    """Return whether this user wrote the file: somebody else's would lead to a server of theirs."""
    return os.name == "nt" or os.fstat(handle).st_uid == os.getuid()


def connect(found: RunFile, timeout_s: float = 5.0) -> Connection:
    """Return a connection to the server, after each end proved to know the key.

    Raises:
        OSError: nobody listens there, answers in time, or knows the key.
        EOFError: the other end hung up.
    """
    return frames.connect(found.address, found.key, timeout_s)
