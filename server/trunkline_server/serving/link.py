"""The private link: where relays of this user reach the running server.

A thread accepts; every connection proves itself in a thread of its own, so that one that says
nothing keeps nobody waiting; then it is an MCP session like any other.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import secrets
import shutil
import socket
import struct
import sys
import tempfile
import threading
from collections.abc import Awaitable, Callable, Iterator
from datetime import UTC, datetime
from multiprocessing import AuthenticationError
from multiprocessing.connection import (
    Client,
    Connection,
    Listener,
    answer_challenge,
    deliver_challenge,
)
from pathlib import Path

from trunkline_server import folders, runfile
from trunkline_server.errors import fail
from trunkline_server.profiles.profile import Profile
from trunkline_server.serving.lines import Balance, Inbox, Outbox

Serve = Callable[[Inbox, Outbox], Awaitable[None]]

_LONGEST_SOCKET_PATH = 100  # sockaddr_un has 104 bytes on macOS and 108 on Linux
_BACKLOG = 64
_PROOF_S = 5.0


class Claim:
    """The right to be the one server of a profile; the system takes it back when we die.

    Raises:
        TrunklineError: ``run.already_running``.
    """

    def __init__(self, profile: Profile) -> None:
        path = folders.run() / f"{profile.id}.lock"
        self._handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            _lock(self._handle)
        except OSError as exc:
            os.close(self._handle)
            raise fail(
                "run.already_running",
                f"A server for “{profile.name}” is already running.",
                "Stop it first, or use the one that runs.",
            ) from exc

    def release(self) -> None:
        """Let another server take the profile."""
        os.close(self._handle)


def _lock(handle: int) -> None:
    if sys.platform == "win32":
        import msvcrt

        msvcrt.locking(handle, msvcrt.LK_NBLCK, 1)
    else:
        import fcntl

        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)


class Link:
    """Accepts relays and runs one session for each."""

    def __init__(self, profile: Profile, serve: Serve) -> None:
        self._profile = profile
        self._serve = serve
        self._key = secrets.token_bytes(32)
        self._loop = asyncio.get_running_loop()
        self._sessions: set[asyncio.Task[None]] = set()
        self._connections: set[Connection] = set()
        self._is_closing = False
        self._temporary: Path | None = None
        self.address = self._new_address()
        self._listener = Listener(self.address, backlog=_BACKLOG)
        if sys.platform != "win32":
            Path(self.address).chmod(0o600)
        threading.Thread(target=self._accept, name="link", daemon=True).start()

    def announce(self, transport: str, url: str = "") -> None:
        """Write the run file: from now on relays find this server."""
        runfile.write(
            runfile.RunFile(
                id=self._profile.id,
                name=self._profile.name,
                pid=os.getpid(),
                address=self.address,
                key=self._key,
                transport=transport,
                url=url,
                started=datetime.now(UTC).isoformat(timespec="seconds"),
            )
        )

    async def close(self) -> None:
        """Hang up on everybody and leave nothing behind."""
        self._is_closing = True
        runfile.remove(self._profile.id, os.getpid())
        await asyncio.to_thread(self._stop_listening)
        for session in self._sessions:
            session.cancel()
        await asyncio.gather(*self._sessions, return_exceptions=True)
        if self._temporary is not None:
            shutil.rmtree(self._temporary, ignore_errors=True)

    def _stop_listening(self) -> None:
        # A blocked accept does not notice that its socket is closed: knock once.
        with contextlib.suppress(OSError, EOFError):
            Client(self.address).close()
        self._listener.close()

    def _new_address(self) -> str:
        if sys.platform == "win32":
            return rf"\\.\pipe\trunkline-{self._profile.id}-{secrets.token_hex(8)}"
        path = folders.run() / f"{self._profile.id}.sock"
        if len(os.fsencode(path)) > _LONGEST_SOCKET_PATH:
            self._temporary = Path(
                tempfile.mkdtemp(prefix="trunkline-", dir="/tmp")
            )  # TMPDIR may be too long again
            path = self._temporary / "link"
        path.unlink(missing_ok=True)  # we hold the claim: what is left there is of a dead server
        return str(path)

    def _accept(self) -> None:
        while not self._is_closing:
            try:
                connection = self._listener.accept()
            except (OSError, EOFError):
                continue
            threading.Thread(target=self._admit, args=(connection,), daemon=True).start()

    def _admit(self, connection: Connection) -> None:
        try:
            _require_same_user(connection)
            _admit(connection, self._key)
            self._loop.call_soon_threadsafe(self._begin, connection)
        except (OSError, EOFError, AuthenticationError, RuntimeError):
            connection.close()

    def _begin(self, connection: Connection) -> None:
        session = self._loop.create_task(self._session(connection))
        self._sessions.add(session)
        session.add_done_callback(self._sessions.discard)

    async def _session(self, connection: Connection) -> None:
        balance = Balance()
        outbox = Outbox(connection.send_bytes, balance)
        try:
            inbox = Inbox(connection.recv_bytes, balance, listens_on=False)
            await self._serve(inbox, outbox)
        finally:
            _hang_up(connection)


def _hang_up(connection: Connection) -> None:
    """Wake the thread that reads: closing a descriptor alone does not."""
    with contextlib.suppress(OSError, ValueError):
        if sys.platform != "win32":
            with socket.socket(fileno=os.dup(connection.fileno())) as twin:
                twin.shutdown(socket.SHUT_RDWR)
        connection.close()


def _require_same_user(connection: Connection) -> None:
    """Refuse a peer of another user, where the system tells."""
    if sys.platform != "linux":
        return
    with socket.socket(fileno=os.dup(connection.fileno())) as twin:
        credentials = twin.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12)
    _, uid, _ = struct.unpack("3i", credentials)
    if uid != os.getuid():
        raise AuthenticationError("another user")


def _admit(connection: Connection, key: bytes) -> None:
    """Make the one who connected prove it knows the key, and prove it too."""
    with _deadline(connection, _PROOF_S):
        deliver_challenge(connection, key)
        answer_challenge(connection, key)


@contextlib.contextmanager
def _deadline(connection: Connection, timeout_s: float) -> Iterator[None]:
    """Make reads and writes fail after so many seconds of silence, where there are sockets."""
    _limit(connection, timeout_s)
    yield
    _limit(connection, 0.0)


def _limit(connection: Connection, timeout_s: float) -> None:
    if sys.platform == "win32":
        return
    interval = struct.pack("@ll", int(timeout_s), int(timeout_s % 1 * 1_000_000))
    with socket.socket(fileno=os.dup(connection.fileno())) as twin:
        twin.setsockopt(socket.SOL_SOCKET, socket.SO_RCVTIMEO, interval)
        twin.setsockopt(socket.SOL_SOCKET, socket.SO_SNDTIMEO, interval)
