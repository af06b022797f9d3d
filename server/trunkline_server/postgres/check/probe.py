"""The network half of the check on raw sockets: find, reach, encrypt, greet. Needs no driver."""

from __future__ import annotations

import asyncio
import contextlib
import ipaddress
import socket
import ssl
import threading
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from trunkline_server.errors import fail
from trunkline_server.postgres.check import wire

Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]
Lookup = Callable[..., list[Any]]
Dial = Callable[[str, int], Awaitable[socket.socket]]

_SECOND_LOOK_S = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where a server may be: one address of one host.

    Attributes:
        host: as the person wrote it; the name a certificate must carry.
        port: TCP port, or the number in a socket's file name.
        address: numeric address, or the path of the Unix socket.
        is_socket: whether ``address`` is a path.
        dial: opens a connection there through a tunnel; ``None`` means directly.
    """

    host: str
    port: int
    address: str
    is_socket: bool = False
    dial: Dial | None = None

    @property
    def is_local(self) -> bool:
        """Whether the bytes never leave a computer in the open: this one, or an SSH server."""
        return self.is_socket or is_loopback(self.address)


def is_loopback(address: str) -> bool:
    """Say whether a name or an address means the computer that asks."""
    try:
        return ipaddress.ip_address(address.partition("%")[0]).is_loopback
    except ValueError:
        return address.lower() == "localhost"


async def resolve(
    host: str, port: int, *, timeout_s: float, lookup: Lookup = socket.getaddrinfo
) -> list[Place]:
    """Return every address of ``host``, in the system's order.

    Raises:
        OSError: ``socket.gaierror`` of the lookup. TimeoutError: no answer in time.
        UnicodeError: the name cannot be a host name.
    """
    if host.startswith(("/", "@")):
        path = f"{host}/.s.PGSQL.{port}"
        address = "\0" + path[1:] if path.startswith("@") else path
        return [Place(host=host, port=port, address=address, is_socket=True)]
    found = await asyncio.wait_for(
        _in_thread(lambda: lookup(host, port, type=socket.SOCK_STREAM)), timeout_s
    )
    addresses = dict.fromkeys(str(entry[4][0]) for entry in found)
    return [Place(host=host, port=port, address=a) for a in addresses]


async def _in_thread(call: Callable[[], list[Any]]) -> list[Any]:
    """Run a blocking call that may be abandoned.

    Not ``asyncio.to_thread``: the loop waits for those when it closes, and a name lookup cannot
    be interrupted, so cancelling a check would take as long as the slowest name server.
    """
    loop = asyncio.get_running_loop()
    answer: asyncio.Future[list[Any]] = loop.create_future()

    def settle(value: list[Any] | None, error: BaseException | None) -> None:
        if answer.done():
            return
        if error is not None:
            answer.set_exception(error)
        else:
            answer.set_result(value or [])

    def work() -> None:
        value, error = None, None
        try:
            value = call()
        except (OSError, UnicodeError) as exc:
            error = exc
        with contextlib.suppress(RuntimeError):  # the loop is closed: nobody waits any more
            loop.call_soon_threadsafe(settle, value, error)

    threading.Thread(target=work, daemon=True).start()
    return await answer


async def reach(place: Place, *, timeout_s: float) -> bool:
    """Connect, ask PostgreSQL's first question, hang up. Return whether it offers encryption.

    Raises:
        OSError: no connection. TimeoutError: no connection in time.
        TrunklineError: ``reach.silent``, ``reach.closed`` or ``reach.not_postgres.*``.
    """
    async with _opened(place, timeout_s) as (reader, writer):
        try:
            async with asyncio.timeout(timeout_s):
                answer = await _ask(reader, writer)
        except TimeoutError as exc:
            seen = await _second_look(place, min(timeout_s, _SECOND_LOOK_S))
            raise _silent(place, seen) from exc
        except (ConnectionError, asyncio.IncompleteReadError):
            answer = b""
    if not answer:
        raise fail(
            "reach.closed",
            f"The program at port {place.port} hangs up at once.",
            "Check the port; the server may also refuse this computer's address.",
        )
    if (seen := wire.program(answer)) != "postgres":
        raise _not_postgres(place, seen)
    return answer == b"S"


async def _ask(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bytes:
    writer.write(wire.SSL_REQUEST)
    await writer.drain()
    return await reader.read(512)


async def _second_look(place: Place, timeout_s: float) -> wire.Program:
    """Ask a silent program in HTTP: a web server waits for the end of a line."""
    with contextlib.suppress(OSError):  # TimeoutError is one
        async with _opened(place, timeout_s) as (reader, writer), asyncio.timeout(timeout_s):
            writer.write(wire.HTTP_REQUEST)
            return wire.program(await reader.read(512))
    return "other"


def _silent(place: Place, seen: wire.Program) -> Exception:
    if seen == "http":
        return _not_postgres(place, seen)
    return fail(
        "reach.silent",
        f"Something accepts connections at port {place.port} but says nothing.",
        "Check the port; a firewall or a tunnel may hold the connection.",
    )


_PROGRAMS: dict[wire.Program, tuple[str, str]] = {
    "http": ("a web server", "PostgreSQL usually listens on port 5432."),
    "ssh": ("an SSH server", "Use PostgreSQL's own port, usually 5432."),
    "mysql": ("a MySQL or MariaDB server", "Trunkline connects to PostgreSQL only."),
    "tls": ("a server for another encrypted service", "PostgreSQL usually listens on port 5432."),
    "other": ("another program", "PostgreSQL usually listens on port 5432."),
}


def _not_postgres(place: Place, seen: wire.Program) -> Exception:
    what, hint = _PROGRAMS[seen]
    return fail(
        f"reach.not_postgres.{seen}",
        f"At port {place.port} of {place.host} answers {what}, not PostgreSQL.",
        f"Check the port. {hint}",
    )


async def encrypt(place: Place, context: ssl.SSLContext, *, timeout_s: float) -> str:
    """Shake hands and hang up. Return the protocol's name, such as ``TLS 1.3``.

    Raises:
        OSError: ``ssl.SSLError`` of the handshake, or the connection broke. TimeoutError.
    """
    async with encrypted(place, context, timeout_s) as (_, writer):
        version: str = writer.get_extra_info("ssl_object").version()
        return version.replace("TLSv", "TLS ")


@contextlib.asynccontextmanager
async def encrypted(
    place: Place, context: ssl.SSLContext, timeout_s: float
) -> AsyncIterator[Streams]:
    """Open an encrypted connection for one ``async with``; raises as :func:`encrypt`."""
    async with _opened(place, timeout_s) as (reader, writer):
        async with asyncio.timeout(timeout_s):
            if await _ask(reader, writer) != b"S":
                raise ConnectionError("the server no longer offers encryption")
            await writer.start_tls(context, server_hostname=place.host)
        yield reader, writer


async def greet(
    place: Place,
    context: ssl.SSLContext | None,
    user: str,
    database: str,
    *,
    timeout_s: float,
    listen_s: float = 0.0,
) -> wire.Greeting | None:
    """Start a session without any parameter and return the first answer; ``None`` if it is odd.

    ``listen_s`` seconds are first spent listening: in TLS 1.3 a server judges our certificate only
    after the handshake, and what we say to one that has hung up destroys its last word.

    Raises:
        OSError: the connection broke, ``ssl.SSLError`` included. TimeoutError.
    """
    opened = encrypted(place, context, timeout_s) if context else _opened(place, timeout_s)
    listen_s = listen_s if context else 0.0
    async with opened as (reader, writer), asyncio.timeout(timeout_s + listen_s):
        if listen_s:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(reader.read(1), listen_s)
        writer.write(wire.startup_message(user, database))
        await writer.drain()
        return await _first_answer(reader, writer)


async def _first_answer(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter
) -> wire.Greeting | None:
    try:
        head = await reader.readexactly(5)
        length = min(int.from_bytes(head[1:], "big") - 4, wire.LONGEST_FIRST_MESSAGE)
        body = await reader.readexactly(max(length, 0))
    except asyncio.IncompleteReadError:
        return None
    writer.write(wire.TERMINATE)
    return wire.greeting(head[:1], body)


@contextlib.asynccontextmanager
async def _opened(place: Place, timeout_s: float) -> AsyncIterator[Streams]:
    async with asyncio.timeout(timeout_s):
        reader, writer = await _connected(place)
    transport = writer.transport  # the socket's own, also when TLS is laid over it
    try:
        yield reader, writer
    finally:
        writer.close()
        # Leaving it open would warn at exit; a peer that never says goodbye must not hold us.
        with contextlib.suppress(OSError, TimeoutError):
            await asyncio.wait_for(writer.wait_closed(), 0.1)
        transport.abort()
        await asyncio.sleep(0)  # the transport lets go of its socket in the loop's next turn


async def _connected(place: Place) -> Streams:
    if place.is_socket:
        return await asyncio.open_unix_connection(place.address)
    if place.dial is None:
        return await asyncio.open_connection(place.address, place.port)
    sock = await place.dial(place.host, place.port)
    if sock.family == getattr(socket, "AF_UNIX", None):  # a pair of sockets, where there are some
        return await asyncio.open_unix_connection(sock=sock)
    return await asyncio.open_connection(sock=sock)
