"""Who gets a connection: places, TLS, and the time both may take."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import logging
import socket
import ssl
import sys
from collections.abc import Callable
from typing import Any

from trunkline_server.serving.gate.addresses import Address, address, bucket
from trunkline_server.serving.gate.certificate import Certificate
from trunkline_server.serving.gate.places import Place, Places
from trunkline_server.serving.gate.rules import OnRefused
from trunkline_server.serving.gate.sizes import Sizes
from trunkline_server.serving.gate.watch import Watch, plain

_LOG = logging.getLogger("trunkline.gate")
_EXHAUSTED = (errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM)
_PAUSE_S = 0.5
_TURN_S, _LONGEST_TURN_S = 0.001, 0.02
_UNANSWERED_MS = 60_000
_FULL = plain(503, "busy", "There is no place for another connection.", b"retry-after: 5")


class Reception:
    """Accepts connections for uvicorn and keeps them to their sizes.

    Accepting ourselves is what makes three things possible: a place is counted before TLS costs
    anything, a TLS handshake has a deadline, and each connection gets the newest certificate.
    """

    def __init__(
        self,
        speak: Callable[[], asyncio.Protocol],
        sizes: Sizes,
        certificate: Certificate | None,
        on_refused: OnRefused | None,
        *,
        is_shared: bool = False,
    ) -> None:
        self._is_shared = is_shared
        self._speak = speak
        self._sizes = sizes
        self._certificate = certificate
        self._on_refused = on_refused or (lambda _kind, _who: None)
        self._places = Places(sizes)
        self._listening: set[asyncio.Task[None]] = set()
        self._greeting: set[asyncio.Task[None]] = set()
        self._is_exhausted = False

    def open(self, listener: socket.socket, *, on_end: Callable[[], None]) -> None:
        """Accept on ``listener`` until :meth:`close`; ``on_end`` is called if it breaks before."""
        listener.setblocking(False)
        task = asyncio.create_task(self._accept(listener))
        self._listening.add(task)
        task.add_done_callback(lambda done: None if done.cancelled() else on_end())

    async def close(self) -> None:
        """Accept nobody any more; connections that were made stay."""
        tasks = self._listening | self._greeting
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks)

    async def _accept(self, listener: socket.socket) -> None:
        loop = asyncio.get_running_loop()
        while True:
            try:
                connection, peer = await loop.sock_accept(listener)
            except OSError as exc:
                await self._after(exc)
                continue
            self._is_exhausted = False
            self._greet(connection, peer)
            await asyncio.sleep(self._pause_s())

    def _pause_s(self) -> float:
        """Return how long to let others go first.

        Alone it is a turn of the loop: a flood of connections must not keep those who have one
        from being served. Workers on one socket leave the next connection to whoever has fewer.
        """
        return min(self._places.taken * _TURN_S, _LONGEST_TURN_S) if self._is_shared else 0

    async def _after(self, exc: OSError) -> None:
        """Go on after a connection that could not be accepted; a broken listener ends it all."""
        if exc.errno in _EXHAUSTED:
            if not self._is_exhausted:
                self._is_exhausted = True
                _LOG.warning("The system has no room for more connections: %s.", exc.strerror)
            await asyncio.sleep(_PAUSE_S)
        elif exc.errno not in (errno.ECONNABORTED, errno.EPROTO, errno.EPERM):
            raise exc

    def _greet(self, connection: socket.socket, peer: Any) -> None:
        where = address(peer[0]) if isinstance(peer, tuple) else None
        place = self._places.take(where)
        if place is None:
            self._on_refused("connections", bucket(where))
            _turn_away(connection, is_plain=self._certificate is None)
            return
        _drop_when_dead(connection)
        task = asyncio.create_task(self._connect(connection, where, place))
        self._greeting.add(task)
        task.add_done_callback(self._greeting.discard)

    async def _connect(
        self, connection: socket.socket, where: Address | None, place: Place
    ) -> None:
        def protocol() -> Watch:
            who = bucket(where)
            return Watch(
                self._speak(), self._sizes, lambda kind: self._on_refused(kind, who), place.leave
            )

        loop = asyncio.get_running_loop()
        tls: dict[str, Any] = {}
        if self._certificate is not None:
            tls["ssl"] = self._certificate.context()
            tls["ssl_handshake_timeout"] = self._sizes.header_s
        try:
            await loop.connect_accepted_socket(protocol, connection, **tls)
        except (OSError, ssl.SSLError):  # no handshake, or gone during it
            connection.close()
            place.leave()
        except asyncio.CancelledError:
            connection.close()
            place.leave()
            raise


def _turn_away(connection: socket.socket, *, is_plain: bool) -> None:
    """Close a connection that got no place; with a word where that costs no handshake."""
    with contextlib.suppress(OSError):
        connection.setblocking(False)
        if is_plain:
            connection.send(_FULL)
            connection.shutdown(socket.SHUT_WR)
            connection.recv(65536)  # what is unread at the close would cut the answer short
    connection.close()


def _drop_when_dead(connection: socket.socket) -> None:
    """Let the system end connections whose other end vanished or never reads what we send."""
    if sys.platform == "linux" and connection.family != socket.AF_UNIX:
        with contextlib.suppress(OSError):
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, _UNANSWERED_MS)
