"""The relay's end of the link: what ``multiprocessing.connection`` says on a Unix socket, lighter.

That module drags in temporary files, compression and pickle: a quarter of a relay's time and
memory. On Windows, where the link is a named pipe, it is used after all. Standard library only.
"""

from __future__ import annotations

import hmac
import os
import select
import socket
import struct

TYPE_CHECKING = False  # typing's own costs a relay several milliseconds
if TYPE_CHECKING:
    from typing import Protocol

    class Connection(Protocol):
        """What a relay needs of a connection."""

        def send_bytes(self, frame: bytes, /) -> None:
            """Send one frame."""

        def recv_bytes(self) -> bytes:
            """Block for one frame."""

        def poll(self, timeout_s: float, /) -> bool:
            """Whether a frame or the end is there in time."""

        def close(self) -> None:
            """Hang up."""


_LENGTH = struct.Struct("!i")
_LONG = struct.Struct("!Q")
_LONGEST_SHORT = 0x7FFFFFFF
_CHALLENGE = b"#CHALLENGE#"
_WELCOME = b"#WELCOME#"
_FAILURE = b"#FAILURE#"
_NONCE_OF_OLD = 20
_NONCE = 40


class RefusedError(OSError):
    """The two ends do not know the same key."""


class SocketConnection:
    """Frames with a length in front of them, over one Unix socket."""

    def __init__(self, path: str, timeout_s: float) -> None:
        self._socket = socket.socket(socket.AF_UNIX)
        self._socket.settimeout(timeout_s)
        try:
            self._socket.connect(path)
        except BaseException:
            self._socket.close()
            raise

    def prove(self, key: bytes) -> None:
        """Answer the server's challenge, then let it answer ours; waits for ever afterwards.

        Raises:
            RefusedError: it does not know the key, or refuses ours.
            OSError, EOFError: it says nothing, or hangs up.
        """
        challenge = self.recv_bytes()
        if not challenge.startswith(_CHALLENGE):
            raise RefusedError("no challenge")
        asked = challenge[len(_CHALLENGE) :]
        digest = _digest_of(asked)
        self.send_bytes(_answer(key, asked, digest))
        if self.recv_bytes() != _WELCOME:
            raise RefusedError("our key was refused")
        self._challenge(key, digest)
        self._socket.settimeout(None)

    def _challenge(self, key: bytes, digest: str) -> None:
        # Python before 3.12 knows MD5 only and tells it by the length; newer ones name a digest.
        nonce = os.urandom(_NONCE if digest else _NONCE_OF_OLD)
        asked = b"{%s}%s" % (digest.encode(), nonce) if digest else nonce
        self.send_bytes(_CHALLENGE + asked)
        is_known = hmac.compare_digest(self.recv_bytes(), _answer(key, asked, digest))
        self.send_bytes(_WELCOME if is_known else _FAILURE)
        if not is_known:
            raise RefusedError("the server does not know the key")

    def send_bytes(self, frame: bytes) -> None:
        """Send one frame."""
        size = len(frame)
        short = size <= _LONGEST_SHORT
        head = _LENGTH.pack(size) if short else _LENGTH.pack(-1) + _LONG.pack(size)
        self._socket.sendall(head + frame)

    def recv_bytes(self) -> bytes:
        """Block for one frame; raises ``EOFError`` at the end."""
        (size,) = _LENGTH.unpack(self._exactly(_LENGTH.size))
        if size == -1:
            (size,) = _LONG.unpack(self._exactly(_LONG.size))
        return self._exactly(size)

    def _exactly(self, size: int) -> bytes:
        whole = bytearray()
        while len(whole) < size:
            part = self._socket.recv(min(size - len(whole), 1 << 20))
            if not part:
                raise EOFError
            whole += part
        return bytes(whole)

    def poll(self, timeout_s: float) -> bool:
        """Return whether something, or the end, is there within the time."""
        return bool(select.select([self._socket], [], [], timeout_s)[0])

    def close(self) -> None:
        """Hang up."""
        self._socket.close()


def _digest_of(asked: bytes) -> str:
    """Return the digest named in front of a nonce, or "" for the old form."""
    if len(asked) == _NONCE_OF_OLD or not asked.startswith(b"{"):
        return ""
    return asked[1 : asked.index(b"}")].decode("ascii")


def _answer(key: bytes, asked: bytes, digest: str) -> bytes:
    proof = hmac.new(key, asked, digest or "md5").digest()
    return b"{%s}%s" % (digest.encode(), proof) if digest else proof


if os.name == "nt":

    def connect(address: str, key: bytes, timeout_s: float) -> Connection:
        """Return a connection whose other end knows the key; the errors of ``prove``."""
        from multiprocessing import AuthenticationError
        from multiprocessing.connection import Client

        try:
            return Client(address, authkey=key)
        except AuthenticationError as exc:
            raise RefusedError(str(exc)) from exc

else:

    def connect(address: str, key: bytes, timeout_s: float) -> Connection:
        """Return a connection whose other end knows the key; the errors of ``prove``."""
        connection = SocketConnection(address, timeout_s)
        try:
            connection.prove(key)
        except BaseException:
            connection.close()
            raise
        return connection
