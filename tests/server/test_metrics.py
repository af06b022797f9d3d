"""Metrics as Prometheus scrapes them: of one process, and of several that share a port."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import httpx2
import pytest
from prometheus_client.parser import text_string_to_metric_families

from trunkline_server.errors import TrunklineError
from trunkline_server.profiles.profile import Profile
from trunkline_server.serving.activity import Call
from trunkline_server.serving.metrics.counting import LONGEST_LIST, Metrics
from trunkline_server.serving.metrics.pool import Pool
from trunkline_server.serving.observe import Observer, Settings

pytestmark = pytest.mark.usefixtures("home")

PATIENCE_S = 60
Figures = dict[tuple[str, frozenset[tuple[str, str]]], float]


def call(**more: Any) -> Call:
    return Call(**{"at": 4e9, "profile_id": "p1", "tool": "execute_query", **more})


def figures(text: str) -> Figures:
    return {
        (sample.name, frozenset(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def figure(text: str, name: str, **labels: str) -> float | None:
    return figures(text).get((name, frozenset(labels.items())))


@pytest.fixture
def metrics() -> Metrics:
    return Metrics({"p1": "Sales"})


def page(metrics: Metrics) -> str:
    return metrics.exposition.page()[1].decode()


# --- what is counted


def test_calls_are_counted_by_profile_tool_and_outcome(metrics: Metrics):
    for outcome in ("ok", "ok", "refused"):
        metrics.record(call(outcome=outcome, rows=5, bytes=100))
    where = {"profile": "Sales", "tool": "execute_query"}
    assert figure(page(metrics), "trunkline_calls_total", **where, outcome="ok") == 2
    assert figure(page(metrics), "trunkline_calls_total", **where, outcome="refused") == 1
    assert figure(page(metrics), "trunkline_rows_total", **where) == 15
    assert figure(page(metrics), "trunkline_answer_bytes_total", **where) == 300


def test_a_duration_is_in_the_bucket_of_its_seconds(metrics: Metrics):
    metrics.record(call(duration_ms=40.0))
    where = {"profile": "Sales", "tool": "execute_query"}
    name = "trunkline_call_duration_seconds"
    assert figure(page(metrics), f"{name}_bucket", **where, le="0.025") == 0
    assert figure(page(metrics), f"{name}_bucket", **where, le="0.05") == 1
    assert figure(page(metrics), f"{name}_sum", **where) == pytest.approx(0.04)


def test_refusals_are_counted_by_kind(metrics: Metrics):
    for kind in ("rate", "rate", "token"):
        metrics.refused(kind)
    assert figure(page(metrics), "trunkline_gate_refusals_total", kind="rate") == 2


def test_what_is_under_way_goes_up_and_down(metrics: Metrics):
    for change in (1, 1, -1):
        metrics.active("requests", change)
    assert figure(page(metrics), "trunkline_active_requests") == 1


def test_the_pool_is_looked_at_when_somebody_scrapes(metrics: Metrics):
    now = [Pool(in_use=1, idle=3, is_up=True)]
    metrics.watch("p1", lambda: now[0])
    where = {"profile": "Sales"}
    assert figure(page(metrics), "trunkline_database_connections", **where, state="idle") == 3
    assert figure(page(metrics), "trunkline_database_up", **where) == 1
    now[0] = Pool(in_use=4, is_up=False)
    assert figure(page(metrics), "trunkline_database_connections", **where, state="in_use") == 4
    assert figure(page(metrics), "trunkline_database_up", **where) == 0


def test_a_database_nobody_asked_is_neither_up_nor_down(metrics: Metrics):
    metrics.watch("p1", Pool)
    assert figure(page(metrics), "trunkline_database_up", profile="Sales") is None


def test_the_build_is_told(metrics: Metrics):
    assert "trunkline_build_info{" in page(metrics)


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells what a process uses")
def test_memory_and_processor_time_are_told(metrics: Metrics):
    assert (figure(page(metrics), "process_resident_memory_bytes") or 0) > 1_000_000
    assert (figure(page(metrics), "process_cpu_seconds_total") or 0) > 0


def test_names_that_clients_choose_make_no_series(metrics: Metrics):
    before = len(page(metrics).splitlines())
    metrics.record(call(client="a"))
    one = len(page(metrics).splitlines())
    for number in range(500):
        metrics.record(call(client=f"app {number}", caller=f"t{number}", statement=f"{number}"))
    assert len(page(metrics).splitlines()) == one > before


def test_ever_new_tools_kinds_and_profiles_are_bounded(metrics: Metrics):
    for number in range(1_000):
        metrics.record(call(tool=f"tool {number}", profile_id=f"p{number}"))
        metrics.refused(f"kind {number}")
    names = [name for name, _ in figures(page(metrics))]
    assert names.count("trunkline_calls_total") <= 2 * LONGEST_LIST
    assert names.count("trunkline_gate_refusals_total") <= LONGEST_LIST + 1
    total = sum(v for (n, _), v in figures(page(metrics)).items() if n == "trunkline_calls_total")
    assert total == 1_000


# --- the port and the path


@contextmanager
def port_of(metrics: Metrics) -> Iterator[str]:
    with metrics.exposition.serve(0) as port:
        yield f"http://127.0.0.1:{port}"


def test_the_port_answers_prometheus_in_its_two_languages(metrics: Metrics):
    metrics.record(call())
    with port_of(metrics) as url:
        plain = httpx2.get(f"{url}/metrics")
        asked = {"Accept": "application/openmetrics-text; version=1.0.0"}
        modern = httpx2.get(f"{url}/metrics", headers=asked)
    assert figure(plain.text, "trunkline_calls_total", profile="Sales", tool="execute_query",
                  outcome="ok") == 1  # fmt: skip
    assert modern.headers["content-type"].startswith("application/openmetrics-text")
    assert modern.text.endswith("# EOF\n")


@pytest.mark.parametrize(
    ("path", "host", "status"),
    [
        ("/metrics", "127.0.0.1:1", 200),
        ("/metrics", "localhost:1", 200),
        ("/metrics", "evil.example:1", 421),
        ("/metrics", "evil.example", 421),
        ("/", "127.0.0.1:1", 404),
    ],
)
def test_the_port_answers_programs_here_and_no_web_page(
    metrics: Metrics, path: str, host: str, status: int
):
    with port_of(metrics) as url:
        assert httpx2.get(url + path, headers={"Host": host}).status_code == status


def test_the_port_is_not_open_to_other_computers(metrics: Metrics):
    with metrics.exposition.serve(0) as port, socket.socket() as other:
        other.bind(("0.0.0.0", 0))
        with pytest.raises(OSError):  # 127.0.0.2 is this computer too, but not that address
            socket.create_connection(("127.0.0.2", port), timeout=5)


def test_a_taken_port_is_said_in_words(metrics: Metrics):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        serving = metrics.exposition.serve(taken.getsockname()[1])
        with pytest.raises(TrunklineError) as caught:
            serving.__enter__()
    assert caught.value.code == "run.port_taken"


def test_nothing_is_left_of_the_port_afterwards(metrics: Metrics):
    before = threading.active_count()
    with port_of(metrics) as url:
        httpx2.get(f"{url}/metrics")
    with pytest.raises(httpx2.ConnectError):
        httpx2.get(f"{url}/metrics")
    assert threading.active_count() == before


async def elsewhere(scope: Any, receive: Any, send: Any) -> None:
    await send({"type": "http.response.start", "status": 299, "headers": []})
    await send({"type": "http.response.body"})


@asynccontextmanager
async def behind_the_gate(
    caller: object, *, has_path: bool = True
) -> AsyncIterator[httpx2.AsyncClient]:
    """Ask an observer's ``/metrics`` as somebody whom the gate let in."""
    settings = Settings(has_metrics=True, has_metrics_path=has_path, keep_days=0)
    observer = Observer(settings, profiles=SERVED)
    observer.record(call(profile_id=""))
    app = observer.with_metrics(elsewhere)

    async def gate(scope: Any, receive: Any, send: Any) -> None:
        await app({**scope, "state": {"caller": caller}}, receive, send)

    transport = httpx2.ASGITransport(app=gate)
    async with httpx2.AsyncClient(transport=transport, base_url="http://here") as client:
        yield client
    observer.close()


ALL = SimpleNamespace(profiles=None)
SERVED = [Profile(id=name, name=name, host="h") for name in ("p1", "p2")]


@pytest.mark.parametrize(
    ("profiles", "status"),
    [(None, 200), ({"p1", "p2"}, 200), ({"p1", "p2", "p3"}, 200), ({"p1"}, 403), (set(), 403)],
)
async def test_an_access_key_for_some_databases_learns_nothing_about_the_others(
    profiles: set[str] | None, status: int
):
    async with behind_the_gate(SimpleNamespace(profiles=profiles)) as client:
        assert (await client.get("/metrics")).status_code == status


async def test_every_other_path_is_the_servers_own():
    async with behind_the_gate(ALL) as client:
        assert (await client.get("/mcp")).status_code == 299


async def test_a_port_for_metrics_opens_no_path():
    async with behind_the_gate(ALL, has_path=False) as client:
        assert (await client.get("/metrics")).status_code == 299


async def test_the_path_behind_the_token_tells_the_same():
    async with behind_the_gate(ALL) as client:
        got, posted = await client.get("/metrics"), await client.post("/metrics")
    assert figure(got.text, "trunkline_calls_total", profile="", tool="execute_query",
                  outcome="ok") == 1  # fmt: skip
    assert posted.status_code == 405


# --- several processes

WORKERS = """
import asyncio, os, signal, sys, time
from trunkline_server.profiles.profile import Profile
from trunkline_server.serving.activity import Call
from trunkline_server.serving.metrics import processes
import prometheus_client  # before it is known that several processes count
from trunkline_server.serving.metrics.pool import Pool
from trunkline_server.serving.observe import Observer, Settings

PROFILES = [Profile(id="p1", name="Sales", host="h")]

async def work(number):
    observer = Observer(Settings(has_metrics=True, metrics_port=0, keep_days=0), profiles=PROFILES)
    observer.watch("p1", lambda: Pool(in_use=1, idle=2, is_up=True))
    observer.active("sessions", 1)
    for n in range(100 * (number + 1)):
        observer.record(Call(at=4e9, profile_id="p1", tool="t", duration_ms=7, rows=2))
    observer.refused("rate", "192.0.2.7")
    async with observer.serve(has_port=number == 0) as port:
        await asyncio.sleep(0)
        os.write(1, f"{number} {os.getpid()} {port}\\n".encode())  # one write: others write too
        await asyncio.Event().wait()

with processes.shared() as folder:
    children = []
    for number in range(3):
        pid = os.fork()
        if pid == 0:
            signal.signal(signal.SIGTERM, signal.SIG_DFL)
            asyncio.run(work(number))
        children.append(pid)
    sys.stdin.readline()
    for child in children:
        os.kill(child, signal.SIGTERM)
        os.waitpid(child, 0)
"""


class Workers:
    """A parent and its three workers; the first has the port."""

    def __init__(self) -> None:
        self.parent = subprocess.Popen(
            [sys.executable, "-c", WORKERS],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self.parent.stdout
        told = [self.parent.stdout.readline().split() for _ in range(3)]
        self.pids = {int(number): int(pid) for number, pid, _ in told}
        self.port = next(int(port) for _, _, port in told if port != "None")

    def page(self) -> str:
        return httpx2.get(f"http://127.0.0.1:{self.port}/metrics", timeout=PATIENCE_S).text


@contextmanager
def working() -> Iterator[Workers]:
    workers = Workers()
    try:
        yield workers
    finally:
        workers.parent.communicate("stop\n", PATIENCE_S)


posix_only = pytest.mark.skipif(sys.platform == "win32", reason="Windows cannot share a port so")


@posix_only
def test_what_several_workers_counted_adds_up():
    with working() as workers:
        text = workers.page()
    where = {"profile": "Sales", "tool": "t"}
    assert figure(text, "trunkline_calls_total", **where, outcome="ok") == 600
    assert figure(text, "trunkline_rows_total", **where) == 1_200
    assert figure(text, "trunkline_call_duration_seconds_count", **where) == 600
    assert figure(text, "trunkline_gate_refusals_total", kind="rate") == 3
    assert figure(text, "trunkline_active_sessions") == 3
    assert figure(text, "trunkline_database_connections", profile="Sales", state="idle") == 6
    assert figure(text, "trunkline_database_up", profile="Sales") == 1
    assert figure(text, "trunkline_processes") == 3


@posix_only
def test_a_worker_that_died_leaves_what_it_counted_and_takes_what_it_had_open():
    with working() as workers:
        os.kill(workers.pids[2], signal.SIGKILL)
        # Dead, but its parent has not looked: its number is taken until then.
        text = workers.page()
        assert figure(text, "trunkline_calls_total", profile="Sales", tool="t", outcome="ok") == 600
        assert figure(text, "trunkline_active_sessions") == 2
        assert figure(text, "trunkline_processes") == 2


@posix_only
def test_the_files_of_workers_are_deleted_in_the_end_and_those_of_killed_servers_at_the_next_start(
    home: Path,
):
    with working() as first:
        folders = list((home / "run").glob("metrics-*"))
        for pid in first.pids.values():
            os.kill(pid, signal.SIGTERM)
        first.parent.kill()
        first.parent.wait(PATIENCE_S)
    assert [folder.is_dir() for folder in folders] == [True]
    with working():
        assert not folders[0].exists()
    assert not list((home / "run").glob("metrics-*"))


DYING = """
import os
from trunkline_server.serving.activity import Call
from trunkline_server.serving.metrics import processes

def count():
    from trunkline_server.serving.metrics.counting import Metrics
    metrics = Metrics({"p1": "Sales"})
    metrics.active("sessions", 1)
    for _ in range(100):
        metrics.record(Call(at=4e9, profile_id="p1", tool="t", duration_ms=7))

with processes.shared() as folder:
    for _ in range(5):
        if (pid := os.fork()) == 0:
            count()
            os._exit(1)
        os.waitpid(pid, 0)
    print(len(list(folder.glob("counter_*.db"))))
    from trunkline_server.serving.metrics.exposition import Exposition
    print(Exposition().page()[1].decode())
"""


@posix_only
def test_one_who_replaces_a_worker_that_died_goes_on_counting_in_its_files():
    done = subprocess.run(
        [sys.executable, "-c", DYING],
        capture_output=True,
        text=True,
        check=True,
        timeout=PATIENCE_S,
    )
    files, _, text = done.stdout.partition("\n")
    where = {"profile": "Sales", "tool": "t"}
    assert files == "1"
    assert figure(text, "trunkline_calls_total", **where, outcome="ok") == 500
    assert figure(text, "trunkline_call_duration_seconds_count", **where) == 500
    assert not figure(text, "trunkline_active_sessions")


def test_a_folder_of_another_program_in_the_environment_is_not_counted_in(tmp_path: Path):
    code = (
        "from trunkline_server.serving.observe import Observer, Settings;"
        "from trunkline_server.serving.activity import Call;"
        "o = Observer(Settings(has_metrics=True, keep_days=0));"
        "o.record(Call(at=0.0, profile_id='', tool='t')); o.close()"
    )
    environment = {**os.environ, "PROMETHEUS_MULTIPROC_DIR": str(tmp_path)}
    subprocess.run([sys.executable, "-c", code], env=environment, check=True, timeout=PATIENCE_S)
    assert list(tmp_path.glob("*.db")) == []
