"""Servers for the check: real PostgreSQLs with their own rules, small ones that misbehave."""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
import socket
import ssl
import struct
import subprocess
import sys
import tempfile
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import psutil

from tests.ports import free_port
from tests.server.accepting import Handler, accepting
from trunkline_server.postgres.check import wire

Answer = Callable[[bool], bytes]

LOCAL = "127.0.0.1"
IS_ROOT = sys.platform != "win32" and os.geteuid() == 0
NOBODY = 65534


@contextlib.asynccontextmanager
async def listening(handler: Handler, host: str = LOCAL) -> AsyncIterator[int]:
    """Serve ``handler``, who may be hung up on, on a free port of ``host``; yield the port."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            with contextlib.suppress(OSError, asyncio.IncompleteReadError):
                await handler(reader, writer)
        finally:
            writer.close()

    async with accepting(serve, host) as port:
        yield port


def saying(words: bytes) -> Handler:
    """Speak first, then listen for ever: SSH, MySQL."""

    async def handler(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(words)
        await reader.read()

    return handler


def answering(words: bytes, *, until: bytes = b"") -> Handler:
    """Answer ``words`` to anything, or to what contains ``until``."""

    async def handler(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if until:
            await reader.readuntil(until)
        else:
            await reader.read(512)
        writer.write(words)
        await writer.drain()

    return handler


async def silent(reader: asyncio.StreamReader, _: asyncio.StreamWriter) -> None:
    """Accept and say nothing."""
    while await reader.read(512):
        pass


async def hanging_up(_reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> None:
    """Close at once."""


def postgres_like(answer: Answer, context: ssl.SSLContext | None = None) -> Handler:
    """Speak PostgreSQL up to the start-up message, then say ``answer(is_encrypted)``."""

    async def handler(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        is_encrypted = await start_up(reader, writer, context)
        writer.write(answer(is_encrypted))
        await writer.drain()
        await reader.read()

    return handler


async def start_up(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, context: ssl.SSLContext | None
) -> bool:
    head = await reader.readexactly(8)
    is_encrypted = False
    if head == wire.SSL_REQUEST:
        writer.write(b"S" if context else b"N")
        await writer.drain()
        if context:
            await writer.start_tls(context)
            is_encrypted = True
        head = await reader.readexactly(8)
    await reader.readexactly(int.from_bytes(head[:4], "big") - 8)
    return is_encrypted


async def offering(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, instead: bytes
) -> None:
    """Offer TLS, then answer the client's handshake with ``instead``."""
    await reader.readexactly(8)
    writer.write(b"S")
    await writer.drain()
    await reader.read(512)
    writer.write(instead)
    await writer.drain()


def tls_before(port: int, context: ssl.SSLContext) -> Handler:
    """Stand before the PostgreSQL at ``port`` and speak TLS for it."""

    async def handler(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if await reader.readexactly(8) != wire.SSL_REQUEST:
            return
        writer.write(b"S")
        await writer.drain()
        await writer.start_tls(context)
        behind_reader, behind_writer = await asyncio.open_connection(LOCAL, port)
        try:
            there = asyncio.create_task(_pump(reader, behind_writer))
            await _pump(behind_reader, writer)
            there.cancel()
            await asyncio.gather(there, return_exceptions=True)
        finally:
            behind_writer.transport.abort()

    return handler


@contextlib.contextmanager
def blocking_tls(context: ssl.SSLContext) -> Iterator[int]:
    """Offer TLS with OpenSSL writing to the socket itself.

    asyncio drops the alert that says why the server ended the handshake.
    """

    def serve(listener: socket.socket) -> None:
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            with connection, contextlib.suppress(OSError):
                connection.settimeout(5)
                connection.recv(8)
                connection.sendall(b"S")
                with context.wrap_socket(connection, server_side=True) as secure:
                    secure.recv(512)

    with socket.create_server((LOCAL, 0)) as listener:
        thread = threading.Thread(target=serve, args=(listener,))
        thread.start()
        yield listener.getsockname()[1]
        listener.shutdown(socket.SHUT_RDWR)
        thread.join()


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while data := await reader.read(65536):
        writer.write(data)
        await writer.drain()
    if writer.can_write_eof():
        writer.write_eof()


def error(sqlstate: str, message: str, routine: str = "") -> bytes:
    """Return an error message; without a routine it looks like a pooler's."""
    fields = {"S": "FATAL", "C": sqlstate, "M": message, **({"R": routine} if routine else {})}
    body = b"".join(k.encode() + v.encode() + b"\0" for k, v in fields.items()) + b"\0"
    return _message(b"E", body)


def auth(method: int, more: bytes = b"") -> bytes:
    """Return the request of a login method, by its number in the protocol."""
    return _message(b"R", struct.pack("!i", method) + more)


def welcome(server_version: str) -> bytes:
    """Let the client in as a server of this version would."""
    settings = {"server_version": server_version, "client_encoding": "UTF8"}
    told = b"".join(
        _message(b"S", k.encode() + b"\0" + v.encode() + b"\0") for k, v in settings.items()
    )
    return auth(0) + told + _message(b"K", struct.pack("!ii", 1, 1)) + _message(b"Z", b"I")


def _message(kind: bytes, body: bytes) -> bytes:
    return kind + struct.pack("!i", len(body) + 4) + body


@contextlib.contextmanager
def full_backlog() -> Iterator[int]:
    """Yield a port that drops every new connection attempt, as a firewall does."""
    with socket.socket() as server:
        server.bind((LOCAL, 0))
        server.listen(0)
        with contextlib.ExitStack() as fillers:
            for _ in range(4):
                filler = fillers.enter_context(socket.socket())
                filler.setblocking(False)
                filler.connect_ex(server.getsockname())
            yield server.getsockname()[1]


def own_address() -> str | None:
    """Return an address of this computer other computers use, if it has one."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asking, contextlib.suppress(OSError):
        asking.connect(("192.0.2.1", 9))  # sends nothing; picks the way there
        found: str = asking.getsockname()[0]
        return None if found.startswith("127.") else found
    return None


@dataclass(frozen=True)
class Instance:
    """A PostgreSQL of our own: its programs, folder and port."""

    programs: Path
    folder: Path
    port: int

    def psql(self, sql: str, database: str = "postgres") -> str:
        """Run ``sql`` as the superuser and return the unaligned answer."""
        command = [str(self.programs / "psql"), "-XqAt", "-v", "ON_ERROR_STOP=1"]
        command += ["-h", str(self.folder), "-p", str(self.port), "-U", "postgres", "-d", database]
        done = subprocess.run(command, input=sql, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()

    def kill(self) -> None:
        """End all its processes at once, as a power cut does."""
        told = (self.folder / "data" / "postmaster.pid").read_text()
        postmaster = psutil.Process(int(told.partition("\n")[0]))
        family = [postmaster, *postmaster.children(recursive=True)]
        for process in family:
            with contextlib.suppress(psutil.NoSuchProcess):
                process.kill()
        psutil.wait_procs(family)

    def start(self) -> None:
        """Start it, whatever it was through before."""
        log = self.folder / "log"
        run([self.programs / "pg_ctl", "-w", "-D", self.folder / "data", "-l", log, "start"])


@contextlib.contextmanager
def instance(
    programs: Path, *, rules: str, settings: str = "", files: Path | None = None
) -> Iterator[Instance]:
    """Make and start a PostgreSQL with this ``pg_hba.conf`` and these extra settings."""
    folder = Path(tempfile.mkdtemp(prefix="tlc"))
    data, port = folder / "data", free_port()
    _give(folder)
    try:
        run([programs / "initdb", "-D", data, "-U", "postgres", "--auth=trust", "--no-sync"])
        for file in files.iterdir() if files else ():
            shutil.copy(file, data)
            _give(data / file.name)
        (data / "pg_hba.conf").write_text(rules)
        with (data / "postgresql.conf").open("a") as conf:
            conf.write(f"listen_addresses = '{LOCAL}'\nport = {port}\nfsync = off\n"
                       f"unix_socket_directories = '{folder}'\n{settings}\n")  # fmt: skip
        made = Instance(programs, folder, port)
        made.start()
        yield made
    finally:
        run([programs / "pg_ctl", "-D", data, "-m", "immediate", "stop"], check=False)
        shutil.rmtree(folder, ignore_errors=True)


@contextlib.contextmanager
def pgbouncer(
    program: str, port: int, password: str, user: str, *, own: int | None = None
) -> Iterator[int]:
    """Start pgbouncer before the PostgreSQL at ``port``; yield its own port.

    Databases: ``shop`` pools by transaction, ``shop_by_statement`` by statement,
    ``shop_by_session`` by session; two connections each.
    """
    folder, own = Path(tempfile.mkdtemp(prefix="tlp")), own or free_port()
    behind = f"host={LOCAL} port={port} dbname=shop"
    (folder / "users.txt").write_text(f'"{user}" "{password}"\n')
    (folder / "pgbouncer.ini").write_text(
        f"[databases]\nshop = {behind} pool_mode=transaction\n"
        f"shop_by_statement = {behind} pool_mode=statement\n"
        f"shop_by_session = {behind} pool_mode=session\n"
        f"[pgbouncer]\nlisten_addr = {LOCAL}\nlisten_port = {own}\nunix_socket_dir =\n"
        f"default_pool_size = 2\nauth_type = scram-sha-256\nauth_file = {folder}/users.txt\n"
    )
    for path in (folder, *folder.iterdir()):
        _give(path)
    command = [program, str(folder / "pgbouncer.ini")]
    user_id = NOBODY if IS_ROOT else None
    with (
        (folder / "log").open("wb") as log,
        subprocess.Popen(command, stderr=log, stdout=log, user=user_id, cwd=folder) as running,
    ):
        try:
            wait_for(own, running)
            yield own
        finally:
            running.terminate()
            running.wait(10)
            shutil.rmtree(folder, ignore_errors=True)


def wait_for(port: int, running: subprocess.Popen[bytes]) -> None:
    while running.poll() is None:
        with contextlib.suppress(ConnectionRefusedError), socket.create_connection((LOCAL, port)):
            return
    raise AssertionError(f"{running.args} did not start")


def _give(path: Path) -> None:
    if path.is_dir():
        path.chmod(0o755)
    if IS_ROOT:
        os.chown(path, NOBODY, NOBODY)


def run(command: list[str | Path], *, check: bool = True) -> None:
    with tempfile.TemporaryFile() as output:
        done = subprocess.run(
            [str(part) for part in command], stdout=output, stderr=output, check=False,
            user=NOBODY if IS_ROOT else None, cwd="/tmp",
        )  # fmt: skip
        output.seek(0)
        assert not check or done.returncode == 0, output.read().decode()
