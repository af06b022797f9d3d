"""Lets the driver connect through an SSH tunnel while it believes to connect to the real host.

So the certificate's name is checked against that host, several hosts are tried in order, and a
running statement can be cancelled, all by the driver's own rules.
"""

from __future__ import annotations

import asyncio
import socket
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from trunkline_server.postgres.tunnel import Tunnel


async def dialling(tunnel: Tunnel) -> Any:
    """Return the running loop, with connections to a host and port made through ``tunnel``.

    Raises:
        SshError: the tunnel cannot be opened.
    """
    await tunnel.ready()
    return _Dialling(asyncio.get_running_loop(), tunnel)


class _Dialling:
    """An event loop for ``asyncpg.connect(loop=…)``; all but one method are the real one's."""

    def __init__(self, loop: asyncio.AbstractEventLoop, tunnel: Tunnel) -> None:
        self._loop = loop
        self._tunnel = tunnel

    def __getattr__(self, name: str) -> Any:
        return getattr(self._loop, name)

    async def create_connection(self, factory: Any, host: str, port: int) -> tuple[Any, Any]:
        """Do as the loop's own method, through the tunnel."""
        return await adopted(self._loop, factory, await self._tunnel.dial(host, port))


async def adopted(
    loop: asyncio.AbstractEventLoop, factory: Any, sock: socket.socket
) -> tuple[Any, Any]:
    """Return the transport and protocol of one end of a pair of sockets."""
    if sock.family == getattr(socket, "AF_UNIX", None):
        return await loop.create_unix_connection(factory, sock=sock)
    return await loop.create_connection(factory, sock=sock)
