"""The starts of the relay, the server, the sample database and the whole demo."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from time import perf_counter
from unittest import mock

from tests.benchmarks.measure import (
    Row,
    Sample,
    bare,
    in_turn,
    limit,
    mid_mb,
    mid_seconds,
    spawn_to_tools_list,
)
from trunkline_server import events, sample
from trunkline_server.programs import path_of

RELAYS = 15
SERVERS = 7


def rows() -> Iterator[Row]:
    """Measure both; the sample database stands behind them."""
    with tempfile.TemporaryDirectory(prefix="tl-") as home, at_home(home) as env:
        yield from _relay(env)
        yield from _server(env)


def sample_rows() -> Iterator[Row]:
    """Measure the sample database's first start and a later one, then the demo."""
    with tempfile.TemporaryDirectory(prefix="tl-") as home:
        with _timed() as first, at_home(home):
            first.stop()
        with _timed() as later, at_home(home):
            later.stop()
    with _timed() as demo:
        subprocess.run([path_of("trunkline"), "demo"], stdout=subprocess.DEVNULL, check=True)
    yield limit("sample database, first start", first.seconds, 5, "s", 1)
    yield limit("sample database, a later start", later.seconds, 1, "s", 1)
    yield limit("`trunkline demo`", demo.seconds, 15, "s", 1)


class _Watch:
    """Seconds since it was made, until :meth:`stop`."""

    def __init__(self) -> None:
        self._begun = perf_counter()
        self.seconds = 0.0

    def stop(self) -> None:
        self.seconds = self.seconds or perf_counter() - self._begun


@contextmanager
def _timed() -> Iterator[_Watch]:
    watch = _Watch()
    yield watch
    watch.stop()


@contextmanager
def at_home(home: str) -> Iterator[dict[str, str]]:
    """Start the sample database in ``home``; yield the environment of our commands there."""
    with mock.patch.dict(os.environ, {"TRUNKLINE_HOME": home}):
        sample.start()
        try:
            yield dict(os.environ)
        finally:
            sample.stop()


@contextmanager
def running_server(env: dict[str, str], transport: str = "stdio") -> Iterator[events.Ready]:
    """Run a server over the sample database until the block ends."""
    command = [path_of("trunkline-server"), "run", "--profile", "-", "--transport", transport]
    with subprocess.Popen(
        [*command, "--events", "--until-eof"],
        env=env,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(first_line())
        process.stdin.flush()
        ready = next(e for e in map(events.decode, process.stdout) if e.event == "ready")
        assert isinstance(ready, events.Ready)
        yield ready
        process.stdin.close()
        process.wait(20)


def first_line() -> bytes:
    """Return what ``--profile -`` reads: the sample's profile and its password."""
    secrets = {"password": sample.password(), "token": "bench-bench-bench-bench"}
    return json.dumps({"profile": sample.profile().as_json(), **secrets}).encode() + b"\n"


def _relay(env: dict[str, str]) -> Iterator[Row]:
    command = [str(path_of("trunkline-stdio")), "sample"]
    with running_server(env):
        samples, empty, sockets = in_turn(
            RELAYS,
            lambda: spawn_to_tools_list(command, env),
            lambda: bare([sys.executable, "-c", "pass"], env),
            lambda: bare([sys.executable, "-I", "-c", "import socket"], env),
        )
    yield Row("`python -c pass`, all of it", f"{mid_seconds(empty) * 1000:.0f} ms", "", None)
    yield Row("`python -I -c 'import socket'`", f"{mid_seconds(sockets) * 1000:.0f} ms", "", None)
    yield limit("relay, spawn to `tools/list`", mid_seconds(samples) * 1000, 60, "ms")
    yield limit("relay, peak memory", mid_mb(samples), 18, "MB", 1)


def _server(env: dict[str, str]) -> Iterator[Row]:
    env = env | _as_pg_variables()
    ours = [str(path_of("trunkline-server")), "run"]
    yardstick = [sys.executable, str(Path(__file__).with_name("one_tool.py"))]
    mine, theirs = in_turn(SERVERS, lambda: _spawn(ours, env), lambda: _spawn(yardstick, env))
    ratio = mid_seconds(mine) / mid_seconds(theirs)
    yield Row(
        "one-tool FastMCP server, spawn to `tools/list`", f"{mid_seconds(theirs):.2f} s", "", None
    )
    yield Row("server, spawn to `tools/list`", f"{mid_seconds(mine):.2f} s", "", None)
    yield limit("server ÷ one-tool FastMCP server", ratio, 1.15, "×", 2)
    yield Row("server, peak memory", f"{mid_mb(mine):.0f} MB", "", None)


def _spawn(command: list[str], env: dict[str, str]) -> Sample:
    return spawn_to_tools_list(command, env)


def _as_pg_variables() -> dict[str, str]:
    profile = sample.profile()
    address = sample.start()
    return {
        "PGHOST": address.host,
        "PGPORT": str(address.port),
        "PGDATABASE": profile.database,
        "PGUSER": profile.user,
        "PGPASSWORD": sample.password(),
    }
