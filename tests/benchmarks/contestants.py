"""The servers that are compared: how each is started, asked, and how much it takes."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from time import perf_counter
from typing import IO

import psutil

from tests.benchmarks.load import Connection, Job
from tests.journeys import node_tools
from tests.ports import free_port
from tests.server.servers import LOCAL, instance
from trunkline_server.profiles.profile import Profile
from trunkline_server.programs import path_of

OURS = "Trunkline"
OURS_TWICE = "Trunkline, `--workers 2`"
YARDSTICK = "one-tool FastMCP server"
ASKING = "one-tool FastMCP server that asks PostgreSQL"
TOKEN = "a-token-for-the-benchmark"
PEERS = Path(__file__).parents[2] / ".node" / "peers" / "node_modules"
DBHUB = PEERS / "@bytebase/dbhub/dist/index.js"
TOOLBOX = PEERS / "@toolbox-sdk/server-linux-x64/bin/toolbox"
START_S = 30.0

# Every layer is on; the limits are only too high to be met.
LAYERS = {
    "--rate-limit": "10000000/minute",
    "--address-rate-limit": "10000000/minute",
    "--allow-ip": "127.0.0.0/8",
    "--audit-log": "audit.jsonl",
    "--metrics-port": "0",
}

ONE = {"query": "SELECT 1"}


class NotStartedError(Exception):
    """A server did not answer; the words say what it said last."""


@dataclass(frozen=True)
class Contestant:
    """A server that can be started.

    Attributes:
        command: its program and arguments.
        job: what to ask it; its port is where it listens.
        first_line: what it reads from standard input, which then stays open.
        is_modern: whether it speaks the protocol of 2026 too.
    """

    name: str
    command: Sequence[str]
    job: Job
    environment: Mapping[str, str] = field(default_factory=dict)
    first_line: bytes = b""
    is_modern: bool = False


@dataclass(frozen=True)
class Standing:
    """A started server; ``start_s`` is from spawn to its first answer."""

    name: str
    process: psutil.Process
    job: Job
    start_s: float
    is_modern: bool

    def _family(self) -> list[psutil.Process]:
        return [self.process, *self.process.children(recursive=True)]

    def cpu_seconds(self) -> float:
        """Return what its processes have spent so far, in user and system mode."""
        times = [p.cpu_times() for p in self._family()]
        return sum(t.user + t.system for t in times)

    def memory_mb(self) -> float:
        """Return the resident memory of its processes in MB."""
        return sum(p.memory_info().rss for p in self._family()) / 2**20

    def list_tools(self) -> bytes:
        """Return its reply to ``tools/list``."""
        return Connection(self.job).list_tools()


def entered(stack: ExitStack, home: Path) -> tuple[list[Contestant], list[str]]:
    """Return who takes part, ours first, on a PostgreSQL that lives as long as ``stack``.

    The second list says in words who is missing and why.
    """
    postgres = stack.enter_context(_postgres())
    missing = []
    found = [_ours(postgres, home), _yardstick(), _asking(postgres)]
    if _accepts("--workers"):
        found.insert(1, _ours(postgres, home, "--workers", "2", name=OURS_TWICE))
    else:
        missing.append(f"{OURS_TWICE}: this server has no such option yet")
    for peer in (_dbhub(postgres), _toolbox(postgres)):
        if isinstance(peer, Contestant):
            found.append(peer)
        else:
            missing.append(peer)
    return found, missing


@contextmanager
def _postgres() -> Iterator[int]:
    programs = sorted(Path("/usr/lib/postgresql").glob("*/bin"))
    rules = f"local all all trust\nhost all all {LOCAL}/32 trust\n"
    with instance(programs[-1], rules=rules) as running:
        yield running.port


@contextmanager
def standing(contestant: Contestant) -> Iterator[Standing]:
    """Run a server until the block ends; it has answered once.

    Raises:
        NotStartedError: it ended, or did not answer in time.
    """
    begun = perf_counter()
    with (
        tempfile.TemporaryFile() as said,
        subprocess.Popen(
            contestant.command,
            env={**os.environ, **contestant.environment},
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=said,
        ) as process,
    ):
        assert process.stdin is not None
        try:
            process.stdin.write(contestant.first_line)
            process.stdin.flush()
            _until_it_answers(process, contestant.job, begun, said)
            start_s = perf_counter() - begun
            root = psutil.Process(process.pid)
            yield Standing(contestant.name, root, contestant.job, start_s, contestant.is_modern)
        finally:
            _end(process)


def _until_it_answers(
    process: subprocess.Popen[bytes], job: Job, begun: float, said: IO[bytes]
) -> None:
    while process.poll() is None and perf_counter() - begun < START_S:
        with suppress(OSError), socket.create_connection((LOCAL, job.port)):
            Connection(job).socket.close()
            return
        subprocess.run(["sleep", "0.01"], check=True)
    process.kill()
    said.seek(0)
    words = said.read().decode(errors="replace").strip()
    raise NotStartedError(words.rpartition("\n")[2] or "it did not answer")


def _end(process: subprocess.Popen[bytes]) -> None:
    process.terminate()  # each of them ends its own children
    try:
        process.wait(10)
    except subprocess.TimeoutExpired:
        process.kill()


def _ours(postgres: int, home: Path, *more: str, name: str = OURS) -> Contestant:
    port = free_port()
    folder = home / str(port)
    folder.mkdir()
    profile = Profile(
        id="bench", name="Bench", host=LOCAL, port=postgres, database="postgres",
        user="postgres", sslmode="disable",
    )  # fmt: skip
    document = {"profile": profile.as_json(), "password": "", "token": TOKEN}
    return Contestant(
        name,
        [
            *(str(path_of("trunkline-server")), "run", "--profile", "-", "--transport", "http"),
            *("--port", str(port), "--events", "--until-eof", *_layers(folder), *more),
        ],
        Job(port, {"authorization": f"Bearer {TOKEN}"}, "execute_query", ONE, "[[1]]"),
        {"TRUNKLINE_HOME": str(folder)},
        json.dumps(document).encode() + b"\n",
        is_modern=True,
    )


def _layers(folder: Path) -> Iterator[str]:
    for option, value in LAYERS.items():
        if _accepts(option):
            yield from (option, str(folder / value) if option == "--audit-log" else value)


@cache
def _accepts(option: str) -> bool:
    command = [path_of("trunkline-server"), "run", "--help"]
    told = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    return option in told


def _yardstick(name: str = YARDSTICK, *dsn: str) -> Contestant:
    port = free_port()
    script = str(Path(__file__).with_name("one_tool_http.py"))
    command = [sys.executable, script, str(port), *dsn]
    return Contestant(name, command, Job(port, {}, "answer", {}, "[[1]]"), is_modern=True)


def _asking(postgres: int) -> Contestant:
    return _yardstick(ASKING, f"postgresql://postgres@{LOCAL}:{postgres}/postgres?sslmode=disable")


def _dbhub(postgres: int) -> Contestant | str:
    node = node_tools.node_program()
    if not DBHUB.exists() or node is None:
        return "DBHub: not installed; `make bench` installs it when npm is there"
    port = free_port()
    dsn = f"postgres://postgres:none@{LOCAL}:{postgres}/postgres?sslmode=disable"
    command = [str(node), str(DBHUB), "--transport", "http", "--port", str(port), "--dsn", dsn]
    return Contestant(
        f"DBHub {_version(DBHUB.parents[1])}",
        command,
        Job(port, {}, "execute_sql", {"sql": "SELECT 1"}, 'column?\\": 1'),
    )


def _toolbox(postgres: int) -> Contestant | str:
    if not TOOLBOX.exists():
        return "MCP Toolbox: not installed; `make bench` installs it on Linux when npm is there"
    port = free_port()
    environment = {
        "POSTGRES_HOST": LOCAL,
        "POSTGRES_PORT": str(postgres),
        "POSTGRES_DATABASE": "postgres",
        "POSTGRES_USER": "postgres",
        "POSTGRES_PASSWORD": "none",
    }
    command = [str(TOOLBOX), "--prebuilt", "postgres", "--port", str(port)]
    return Contestant(
        f"MCP Toolbox {_version(TOOLBOX.parents[1])}",
        [*command, "--disable-version-check", "--log-level", "ERROR"],
        Job(port, {}, "execute_sql", {"sql": "SELECT 1"}, 'column?\\":1'),
        environment,
    )


def _version(package: Path) -> str:
    found: str = json.loads((package / "package.json").read_text())["version"]
    return found
