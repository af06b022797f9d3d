"""One tunnel of one profile: opened when needed, shared by its connections, opened again later."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from typing import Any, cast

import asyncssh

from trunkline_server.postgres.tunnel import words
from trunkline_server.postgres.tunnel.opening import Chain, closed, opened
from trunkline_server.profiles.profile import Profile

LONGEST_PAUSE_S = 30.0
_PATIENCE_S = 1.0  # a pause this short is waited for; in a longer one the failure is told again


def pause_after(failures: int) -> float:
    """Return how many seconds to leave a server alone after so many failures in a row.

    A server that counts wrong logins would lock the person out.
    """
    return min(LONGEST_PAUSE_S, 0.5 * 2.0 ** min(failures - 1, 10)) if failures else 0.0


class Tunnel:
    """Dials hosts as the last SSH server of a profile sees them."""

    def __init__(self, profile: Profile, secret: str | None) -> None:
        self._profile = profile
        self._secret = secret
        self._chain: Chain = []
        self._opening: asyncio.Task[None] | None = None
        self._failures = 0
        self._failure: words.SshError | None = None
        self._not_before = 0.0
        self._is_closed = False

    @property
    def is_open(self) -> bool:
        """Whether every SSH server on the way is connected."""
        return bool(self._chain) and not any(c.is_closed() for c in self._chain)

    async def ready(self) -> None:
        """Open it, unless it is open; everybody who waits shares one attempt.

        Takes at most ``connect_timeout`` seconds.

        Raises:
            SshError: why not. After failures, the same one again until a pause is over.
        """
        if self._is_closed:
            raise words.switched_off()
        if self.is_open:
            return
        if self._opening is None:
            self._opening = asyncio.get_running_loop().create_task(self._open())
            self._opening.add_done_callback(self._opened)
        # Shielded: who gives up must not end the attempt of the others.
        await asyncio.shield(self._opening)

    async def dial(self, host: str, port: int) -> socket.socket:
        """Return one end of a new connection to ``host``; the other end is pumped by us.

        A pair of sockets: no port and no path that another user of this computer could use.

        Raises:
            SshError: ``ssh.forbidden``, ``.target``, ``.target_filtered``, or as :meth:`ready`.
        """
        await self.ready()
        ours, theirs = socket.socketpair()
        for end in (ours, theirs):
            end.setblocking(False)
        try:
            await self._join(theirs, host, port)
        except BaseException:
            ours.close()
            raise
        return ours

    async def close(self) -> None:
        """Hang up; connections through it break."""
        self._is_closed = True
        if self._opening is not None:
            self._opening.cancel()
            await asyncio.wait({self._opening})
        chain, self._chain = self._chain, []
        await closed(chain)

    async def _open(self) -> None:
        chain, self._chain = self._chain, []
        await closed(chain)
        left_s = self._not_before - asyncio.get_running_loop().time()
        if self._failure is not None and left_s > _PATIENCE_S:
            raise self._failure
        await asyncio.sleep(max(left_s, 0))
        try:
            self._chain = await opened(self._profile, self._secret)
        except words.SshError as exc:
            self._failures += 1
            self._failure = exc
            self._not_before = asyncio.get_running_loop().time() + pause_after(self._failures)
            raise
        self._failures, self._failure = 0, None

    def _opened(self, task: asyncio.Task[None]) -> None:
        self._opening = None
        if not task.cancelled():
            task.exception()  # everybody who waited may have given up

    async def _join(self, theirs: socket.socket, host: str, port: int) -> None:
        """Let bytes flow between ``theirs`` and a new channel to ``host``."""
        loop = asyncio.get_running_loop()
        near = asyncssh.SSHForwarder()
        far = cast("Any", lambda: asyncssh.SSHForwarder(near))  # a session in all but its type
        try:
            # Before the channel opens: some servers speak first.
            await loop.create_connection(lambda: near, sock=theirs)
        except BaseException:
            theirs.close()
            raise
        try:
            async with asyncio.timeout(self._profile.connect_timeout):
                await self._last().create_connection(far, host, port)
        except BaseException as exc:
            near.close()
            with contextlib.suppress(asyncio.CancelledError):
                await asyncio.sleep(0)  # the socket is let go in the loop's next turn
            if isinstance(exc, asyncssh.Error | OSError):
                raise self._why(exc, host, port) from exc
            raise

    def _last(self) -> asyncssh.SSHClientConnection:
        if not self.is_open:
            raise ConnectionResetError("The tunnel dropped a moment ago.")
        return self._chain[-1]

    def _why(self, exc: Exception, host: str, port: int) -> words.SshError:
        server = self._profile.ssh_host
        if isinstance(exc, TimeoutError):
            return words.target_slow(server, host, port)
        if not self.is_open or not isinstance(exc, asyncssh.ChannelOpenError):
            return words.closed(server, str(exc))
        if exc.code == asyncssh.OPEN_ADMINISTRATIVELY_PROHIBITED:
            return words.forbidden(server, exc.reason)
        return words.target(server, host, port, exc.reason)
