"""Accepting connections for a stand-in server, so that at its end none is left half accepted.

``asyncio.start_server`` forgets who it accepts in the turn in which it is closed, and leaves the
socket open (seen with Python 3.11).
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator, Awaitable, Callable

Handler = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@contextlib.asynccontextmanager
async def accepting(handler: Handler, host: str) -> AsyncIterator[int]:
    """Run ``handler`` for each connection to a free port of ``host``; yield the port.

    At the end handlers are cancelled and every connection is hung up.
    """
    running: list[asyncio.Future[None]] = []
    transports: list[asyncio.WriteTransport] = []

    def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        transports.append(writer.transport)  # the socket's own, also when TLS is laid over it
        running.append(asyncio.ensure_future(handler(reader, writer)))

    with socket.create_server((host, 0)) as listener:
        listener.setblocking(False)
        ending = asyncio.Event()
        everyone = asyncio.create_task(_accept(listener, connected, ending))
        try:
            yield listener.getsockname()[1]
        finally:
            ending.set()
            with socket.create_connection(listener.getsockname()):  # the last one to be accepted
                await everyone
    for work in running:
        work.cancel()
    await asyncio.gather(*running, return_exceptions=True)
    for transport in transports:  # a goodbye of TLS can wait longer than the loop lives
        transport.abort()
    await asyncio.sleep(0)  # a transport lets go of its socket in the loop's next turn


async def _accept(
    listener: socket.socket,
    connected: Callable[[asyncio.StreamReader, asyncio.StreamWriter], None],
    ending: asyncio.Event,
) -> None:
    """Take connections in, the last one when ``ending`` is set."""

    def streams() -> asyncio.StreamReaderProtocol:
        return asyncio.StreamReaderProtocol(asyncio.StreamReader(), connected)

    loop = asyncio.get_running_loop()
    while True:
        sock, _ = await loop.sock_accept(listener)
        await loop.connect_accepted_socket(streams, sock)
        if ending.is_set():
            return
