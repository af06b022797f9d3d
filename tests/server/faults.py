"""What breaks things for the tests: a cable, a clock, and a look inside a running server."""

from __future__ import annotations

import asyncio
import json
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import httpx2
import psutil

from tests.server.accepting import accepting
from tests.server.processes import PATIENCE_S, TOKEN

CLASS_NAME = re.compile(r"\b[A-Z]\w*(Error|Exception|Warning)\b|\[Errno|Traceback|<class|asyncpg")
LONG = "SELECT count(*) FROM generate_series(1, 100000000000) AS lasting"
LASTING = """SELECT count(*) FROM pg_stat_activity
WHERE state = 'active' AND query LIKE '%lasting%' AND pid <> pg_backend_pid()"""

# Runs inside the server's process before its own first line: moves its clock, tells its tasks.
INSIDE = """
import asyncio, os, signal, time
_real, _real_ns = time.time, time.time_ns
def _moved():
    try:
        with open(os.environ["TRUNKLINE_TEST_FOLDER"] + "/clock") as told:
            return float(told.read() or 0)
    except OSError:
        return 0.0
time.time = lambda: _real() + _moved()
time.time_ns = lambda: _real_ns() + int(_moved() * 1e9)
def _tell(*_):
    folder = os.environ["TRUNKLINE_TEST_FOLDER"]
    with open(folder + "/tasks.new", "w") as out:
        out.write(str(len(asyncio.all_tasks())))
    os.replace(folder + "/tasks.new", folder + "/tasks")
signal.signal(signal.SIGUSR2, _tell)
"""


@dataclass(frozen=True)
class Answer:
    """What a call got: whether it failed, and the words or the JSON."""

    failed: bool
    text: str

    @property
    def rows(self) -> Any:
        assert not self.failed, self.text
        return json.loads(self.text)["rows"]

    def is_plain(self) -> Answer:
        """Assert a failure in words: no class name, no path, no exclamation mark."""
        assert self.failed, self.text
        assert not CLASS_NAME.search(self.text), self.text
        assert "/tmp" not in self.text
        assert "!" not in self.text
        return self


def request(query: str) -> tuple[dict[str, str], dict[str, Any]]:
    """Return headers and body of one call that needs no handshake."""
    meta = {
        "io.modelcontextprotocol/protocolVersion": "2026-07-28",
        "io.modelcontextprotocol/clientInfo": {"name": "tester", "version": "7"},
        "io.modelcontextprotocol/clientCapabilities": {},
    }
    params = {"name": "execute_query", "arguments": {"query": query}, "_meta": meta}
    headers = {
        "authorization": f"Bearer {TOKEN}",
        "accept": "application/json, text/event-stream",
        "mcp-protocol-version": "2026-07-28",
        "mcp-method": "tools/call",
        "mcp-name": "execute_query",
    }
    return headers, {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": params}


def ask(url: str, query: str) -> Answer:
    """Call ``execute_query`` once, over a connection of its own."""
    headers, body = request(query)
    reply = httpx2.post(url, json=body, headers=headers, timeout=PATIENCE_S)
    assert reply.status_code == 200, reply.text
    document = json.loads(reply.text[reply.text.index('{"') :])
    result = document["result"]
    return Answer(bool(result.get("isError")), result["content"][0]["text"])


@contextmanager
def asked_and_left(url: str, query: str) -> Iterator[socket.socket]:
    """Call ``execute_query`` over a raw connection, which is cut at the end of the block."""
    headers, body = request(query)
    payload = json.dumps(body).encode()
    where = httpx2.URL(url)
    headers |= {"host": f"{where.host}:{where.port}", "content-type": "application/json"}
    lines = "".join(f"{k}: {v}\r\n" for k, v in headers.items())
    with socket.create_connection((where.host, where.port)) as connection:
        connection.sendall(
            f"POST {where.path} HTTP/1.1\r\n{lines}content-length: {len(payload)}\r\n\r\n".encode()
            + payload
        )
        yield connection


def until(condition: Callable[[], bool], what: str) -> None:
    """Ask again until ``condition`` holds; fail with ``what`` after a generous while."""
    deadline = time.monotonic() + PATIENCE_S
    while not condition():
        assert time.monotonic() < deadline, what
        threading.Event().wait(0.01)


class Cable:
    """A TCP way to a port of this computer that can be cut without a word, and mended.

    A cut one keeps its connections open and passes nothing, in neither direction; after mending,
    new connections pass and the old ones stay dead, as behind a firewall that forgot them.
    """

    def __init__(self, port: int, host: str = "127.0.0.1") -> None:
        self._behind = port
        self._host = host
        self._is_cut = False
        self._loop = asyncio.new_event_loop()
        self._started = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self.port = 0

    def __enter__(self) -> Self:
        self._thread.start()
        assert self._started.wait(PATIENCE_S)
        return self

    def __exit__(self, *_: object) -> None:
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join(PATIENCE_S)

    def cut(self) -> None:
        """Pass nothing from now on."""
        self._is_cut = True

    def mend(self) -> None:
        """Let new connections pass."""
        self._is_cut = False

    def _run(self) -> None:
        with suppress(asyncio.CancelledError):
            self._loop.run_until_complete(self._serve())
        self._loop.close()

    async def _serve(self) -> None:
        self._stop = asyncio.Event()
        async with accepting(self._connected, self._host) as self.port:
            self._started.set()
            await self._stop.wait()

    async def _connected(self, near: asyncio.StreamReader, out: asyncio.StreamWriter) -> None:
        with suppress(OSError):
            if self._is_cut:
                await self._stop.wait()
            else:
                far, back = await asyncio.open_connection("127.0.0.1", self._behind)
                try:
                    await self._pass(near, back, far, out)
                finally:
                    back.transport.abort()
        out.transport.abort()

    async def _pass(
        self,
        near: asyncio.StreamReader,
        back: asyncio.StreamWriter,
        far: asyncio.StreamReader,
        out: asyncio.StreamWriter,
    ) -> None:
        ways = {
            asyncio.create_task(self._one_way(near, back)),
            asyncio.create_task(self._one_way(far, out)),
        }
        try:
            await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for way in ways:
                way.cancel()
            await asyncio.gather(*ways, return_exceptions=True)

    async def _one_way(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while data := await reader.read(65536):
            if self._is_cut:
                await self._stop.wait()
            writer.write(data)
            await writer.drain()
        if self._is_cut:
            await self._stop.wait()


@dataclass(frozen=True)
class Inside:
    """A look into a server's process, and a hand on its clock."""

    folder: Path

    @property
    def environment(self) -> dict[str, str]:
        """What its process needs to have in its environment."""
        (self.folder / "sitecustomize.py").write_text(INSIDE)
        paths = [str(self.folder), *filter(None, [os.environ.get("PYTHONPATH")])]
        return {
            "PYTHONPATH": os.pathsep.join(paths),
            "TRUNKLINE_TEST_FOLDER": str(self.folder),
        }

    def move_clock(self, seconds: float) -> None:
        """Set the process's wall clock this far from the right time."""
        (self.folder / "clock.new").write_text(str(seconds))
        (self.folder / "clock.new").replace(self.folder / "clock")

    def tasks(self, pid: int) -> int:
        """Return how many asyncio tasks the process has."""
        told = self.folder / "tasks"
        told.unlink(missing_ok=True)
        os.kill(pid, signal.SIGUSR2)
        until(told.exists, "the server did not tell its tasks")
        return int(told.read_text())


def descriptors(pid: int) -> int:
    """Return how many descriptors a process holds."""
    return psutil.Process(pid).num_fds()


def sockets(pid: int) -> int:
    """Return how many of them are sockets: files are opened in the background, at any moment."""
    links = (entry.readlink() for entry in Path("/proc", str(pid), "fd").iterdir())
    return sum(link.name.startswith("socket:") for link in links)


@contextmanager
def apart() -> Iterator[tuple[str, str, Callable[[str], None]]]:
    """Make a network of its own, joined to ours by a cable.

    Yields its name, our address on the cable, and a function that takes "down" or "up".
    """
    name, ours = f"tl{os.getpid()}", f"tlh{os.getpid()}"[:15]
    near, far = "198.18.77.1", "198.18.77.2"
    _ip("netns", "add", name)
    try:
        _ip("link", "add", ours, "type", "veth", "peer", "name", "cable", "netns", name)
        _ip("address", "add", f"{near}/30", "dev", ours)
        _ip("-n", name, "address", "add", f"{far}/30", "dev", "cable")
        for network in (["link", "set", ours, "up"], ["-n", name, "link", "set", "cable", "up"]):
            _ip(*network)
        yield name, near, lambda state: _ip("link", "set", ours, state)
    finally:
        with suppress(subprocess.CalledProcessError):
            _ip("link", "delete", ours)
        _ip("netns", "delete", name)


def why_not_apart() -> str:
    """Return why no network of its own can be made here; "" when it can."""
    if sys.platform != "linux" or os.geteuid() != 0:
        return "only the administrator of a Linux computer can cut a network cable"
    try:
        _ip("netns", "add", "tl-try")
        _ip("netns", "delete", "tl-try")
    except (OSError, subprocess.CalledProcessError):
        return "this system lets nobody make a network of its own"
    return ""


def _ip(*arguments: str) -> None:
    subprocess.run(["ip", *arguments], check=True, capture_output=True)


@contextmanager
def small_disk(folder: Path, size: str) -> Iterator[None]:
    """Put a small disk at ``folder`` until the block ends. Linux, as the administrator.

    Raises:
        CalledProcessError: this system lets nobody mount.
    """
    mount = ["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(folder)]
    subprocess.run(mount, check=True, capture_output=True)
    try:
        yield
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


def fill(file: Path) -> None:
    """Write to ``file`` until the disk is full."""
    with suppress(OSError), file.open("wb", buffering=0) as out:
        while True:
            out.write(b"x" * 4096)
