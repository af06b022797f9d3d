"""What a question costs: a large table's beginning, ten thousand calls, the relay, a huge cell."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from statistics import median
from time import perf_counter
from typing import Any

from tests.benchmarks.measure import Row, limit, memory_mb
from tests.benchmarks.servers import at_home, first_line, running_server
from trunkline_server import sample
from trunkline_server.postgres.database import Database
from trunkline_server.programs import path_of

LARGE = (
    "SELECT n, md5(n::text) AS word, n * 1.5 AS price "
    "FROM (SELECT generate_series(1, 100000) AS n) AS large"
)
HUGE = "SELECT repeat('x', 1000000000) AS body"
TIMES = 15
CALLS = 10_000
WARM = 2_000
RELAYED = 600
BATCH = 200


def rows() -> Iterator[Row]:
    """Measure all of it over the sample database."""
    with tempfile.TemporaryDirectory(prefix="tl-") as home, at_home(home) as env:
        yield from asyncio.run(_large())
        yield from _long_life(env)
        yield from _relayed(env)
        yield from _huge(env)


async def _large() -> list[Row]:
    profile = sample.profile()
    db = Database(profile, sample.password())
    await db.read("SELECT 1")
    before = memory_mb(os.getpid(), "VmHWM")
    seconds = []
    for _ in range(TIMES):
        begun = perf_counter()
        found = await db.read(LARGE)
        json.dumps(found.as_json())
        seconds.append(perf_counter() - begun)
        assert found.row_count == 500
        assert found.truncated
    await db.close()
    extra = memory_mb(os.getpid(), "VmHWM") - before
    return [
        limit("first 500 of 100,000 rows", median(seconds) * 1000, 30, "ms", 1),
        limit("first 500 of 100,000 rows, extra memory", extra, 10, "MB", 1),
    ]


class _App:
    """An AI app before a program that speaks MCP on standard input and output."""

    def __init__(self, command: Sequence[str], env: Mapping[str, str], greeting: bytes = b""):
        self.process = subprocess.Popen(
            command, env=env, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )  # fmt: skip
        self._number = 0
        self._write(greeting)
        hello = {
            "protocolVersion": "2025-06-18",
            "capabilities": {},
            "clientInfo": {"name": "bench", "version": "1"},
        }
        self.call("initialize", hello)
        self._write(b'{"jsonrpc":"2.0","method":"notifications/initialized"}\n')

    def query(self, sql: str) -> dict[str, Any]:
        arguments = {"name": "execute_query", "arguments": {"query": sql}}
        return self.call("tools/call", arguments)

    def call(self, method: str, params: Mapping[str, Any]) -> dict[str, Any]:
        self._number += 1
        message = {"jsonrpc": "2.0", "id": self._number, "method": method, "params": params}
        self._write(json.dumps(message).encode() + b"\n")
        assert self.process.stdout is not None
        while True:
            reply: dict[str, Any] = json.loads(self.process.stdout.readline())
            if reply.get("id") == self._number:
                return reply

    def close(self) -> None:
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.close()
        self.process.wait(20)
        self.process.stdout.close()

    def _write(self, data: bytes) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(data)
        self.process.stdin.flush()


def _serving() -> list[str]:
    return [str(path_of("trunkline-server")), "run", "--profile", "-"]


def _long_life(env: Mapping[str, str]) -> Iterator[Row]:
    app = _App(_serving(), env, first_line())
    for number in range(WARM):
        app.query(f"SELECT {number} AS n")
    early = memory_mb(app.process.pid)
    for number in range(WARM, CALLS):
        app.query(f"SELECT {number} AS n")
    late = memory_mb(app.process.pid)
    app.close()
    yield Row(f"memory after {WARM:,} calls", f"{early:.1f} MB", "", None)
    yield limit(f"growth of memory up to {CALLS:,} calls", late - early, 2, "MB", 1)


def _relayed(env: Mapping[str, str]) -> Iterator[Row]:
    """Compare a call through the relay with one to a server on standard input and output."""
    with running_server(dict(env)):
        relayed = _App([str(path_of("trunkline-stdio")), "sample"], env)
        plain = _App(_serving(), env, first_line())
        spans: dict[str, list[float]] = {"relayed": [], "plain": []}
        for _ in range(RELAYED // BATCH + 1):
            spans["relayed"] += _spans(relayed)
            spans["plain"] += _spans(plain)
        relayed.close()
        plain.close()
    extra_ms = (median(spans["relayed"]) - median(spans["plain"])) * 1000
    yield Row("call on standard input and output", f"{median(spans['plain']) * 1000:.2f} ms", "",
              None)  # fmt: skip
    yield limit("call through the relay, extra", extra_ms, 0.2, "ms", 2)


def _spans(app: _App) -> list[float]:
    spans = []
    for _ in range(BATCH):
        begun = perf_counter()
        app.query("SELECT 1")
        spans.append(perf_counter() - begun)
    return spans


def _huge(env: Mapping[str, str]) -> Iterator[Row]:
    app = _App(_serving(), env, first_line())
    app.query("SELECT 1")
    before = memory_mb(app.process.pid, "VmHWM")
    begun = perf_counter()
    text = app.query(HUGE)["result"]["content"][0]["text"]
    seconds = perf_counter() - begun
    assert text, "an answer, or PostgreSQL's own refusal of so much"
    peak = memory_mb(app.process.pid, "VmHWM")
    app.close()
    yield Row("one cell of a gigabyte", f"{seconds:.1f} s", "", None)
    yield Row("one cell of a gigabyte, extra memory", f"{peak - before:.1f} MB", "", None)
    yield limit("one cell of a gigabyte, peak memory", peak, 200, "MB")
