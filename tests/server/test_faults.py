"""What others do to a server: processes killed, cables cut, disks filled, clocks moved.

No test here times anything. A call in flight ends because of our own limits: the peers that are
cut off never answer, and nothing else in these tests would ever end the call.
"""

from __future__ import annotations

import json
import os
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing, contextmanager
from dataclasses import replace
from pathlib import Path

import httpx2
import psutil
import pytest

from tests.server import faults
from tests.server.conftest import PASSWORD, READER, Server
from tests.server.faults import LASTING, LONG, Answer, Cable, Inside, ask, asked_and_left, until
from tests.server.processes import TOKEN, Process, running, talking
from tests.server.servers import LOCAL, Instance, instance
from trunkline_server import events
from trunkline_server.profiles.profile import Profile
from trunkline_server.programs import path_of

pytestmark = [
    pytest.mark.usefixtures("home"),
    pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such signals"),
]

HTTP = ("--transport", "http", "--port", "0")
FAULTS = 100


@contextmanager
def in_flight(url: str, query: str) -> Iterator[Callable[[], Answer]]:
    """Ask in the background; yield what waits for the answer."""
    with ThreadPoolExecutor(1) as pool:
        yield pool.submit(ask, url, query).result


def is_lasting(psql: Callable[[str], str], count: int = 1) -> Callable[[], bool]:
    return lambda: int(psql(LASTING)) == count


@pytest.fixture(scope="module")
def own() -> Iterator[Instance]:
    """A PostgreSQL that may be killed."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    if not found:
        pytest.skip("PostgreSQL is not installed below /usr/lib/postgresql.")
    rules = f"local all all trust\nhost all all {LOCAL}/32 trust\n"
    with instance(found[-1].parent, rules=rules) as made:
        yield made


@pytest.fixture
def own_profile(own: Instance) -> Profile:
    return Profile(
        id="own", name="Own", host=LOCAL, port=own.port, database="postgres", user="postgres",
        sslmode="disable", statement_timeout=60.0,
    )  # fmt: skip


def test_a_killed_postgresql_is_told_plainly_and_asked_again_after_its_restart(
    own: Instance, own_profile: Profile
):
    with running(own_profile, *HTTP) as run:
        url = run.ready().url
        with in_flight(url, LONG) as answer:
            until(is_lasting(own.psql), "the statement did not start")
            own.kill()
            answer().is_plain()
        ask(url, "SELECT 1").is_plain()
        own.start()
        assert ask(url, "SELECT 2").rows == [[2]]


def test_a_crash_of_postgresql_s_own_is_told_plainly_and_the_next_call_works(
    own: Instance, own_profile: Profile
):
    with running(own_profile, *HTTP) as run:
        url = run.ready().url
        with in_flight(url, LONG) as answer:
            until(is_lasting(own.psql), "the statement did not start")
            pid = int(own.psql(LASTING.replace("count(*)", "pid")))
            os.kill(pid, 9)
            answer().is_plain()
        until(lambda: not ask(url, "SELECT 3").failed, "PostgreSQL did not recover")


def test_a_killed_relay_stops_its_statement_and_leaves_nothing_behind(
    server: Server, reader_profile: Profile
):
    with running(reader_profile, "--statement-timeout", "60") as run:
        pid = run.ready().pid
        with talking("trunkline-stdio", "shop") as steady:
            steady.introduce()
            steady.ask(1, "SELECT 1")
            assert steady.rows() == [[1]]
            before = faults.sockets(pid)
            with talking("trunkline-stdio", "shop") as relay:
                relay.introduce()
                relay.ask("long", LONG)
                until(is_lasting(server.psql), "the statement did not start")
                relay.popen.kill()
            until(is_lasting(server.psql, 0), "the statement went on")
            steady.ask(2, "SELECT 2")
            assert steady.rows() == [[2]]
            until(lambda: faults.sockets(pid) <= before + 1, "sockets were kept")


def test_a_client_that_hangs_up_stops_its_statement(server: Server, reader_profile: Profile):
    with running(reader_profile, *HTTP, "--statement-timeout", "60") as run:
        url = run.ready().url
        with asked_and_left(url, LONG):
            until(is_lasting(server.psql), "the statement did not start")
        until(is_lasting(server.psql, 0), "the statement went on")
        assert ask(url, "SELECT 1").rows == [[1]]


def test_a_killed_worker_is_replaced_and_the_others_answer_meanwhile(reader_profile: Profile):
    with running(reader_profile, *HTTP, "--workers", "2") as run:
        event = run.event()
        assert isinstance(event, events.Ready), event
        parent = psutil.Process(run.popen.pid)
        first = set(workers_of(parent))
        assert len(first) == 2
        min(first, key=lambda p: p.pid).kill()
        until(lambda: len(set(workers_of(parent)) - first) == 1, "no worker took its place")
        for number in range(20):
            assert ask(event.url, f"SELECT {number}").rows == [[number]]


def workers_of(parent: psutil.Process) -> list[psutil.Process]:
    return [p for p in parent.children(recursive=True) if p.status() != psutil.STATUS_ZOMBIE]


def impatient(profile: Profile, host: str, port: int) -> Profile:
    return replace(profile, host=host, port=port, connect_timeout=2.0, statement_timeout=2.0)


def test_a_silent_network_ends_the_call_in_flight_and_later_calls_until_it_is_mended(
    server: Server, reader_profile: Profile
):
    with Cable(server.port) as cable:
        profile = impatient(reader_profile, LOCAL, cable.port)
        with running(profile, *HTTP) as run:
            url = run.ready().url
            with in_flight(url, LONG) as answer:
                until(is_lasting(server.psql), "the statement did not start")
                cable.cut()
                answer().is_plain()
            ask(url, "SELECT 1").is_plain()
            cable.mend()
            assert ask(url, "SELECT 2").rows == [[2]]


def test_an_idle_connection_that_went_silent_costs_one_call_at_most(
    server: Server, reader_profile: Profile
):
    with Cable(server.port) as cable:
        profile = impatient(reader_profile, LOCAL, cable.port)
        with running(profile, *HTTP) as run:
            url = run.ready().url
            assert ask(url, "SELECT 1").rows == [[1]]
            cable.cut()
            cable.mend()
            first = ask(url, "SELECT 2")
            assert not first.failed or first.is_plain()
            assert ask(url, "SELECT 3").rows == [[3]]


def test_a_pulled_cable_ends_the_call_in_flight_and_later_calls_until_it_is_back(
    server: Server, reader_profile: Profile, home: Path
):
    if reason := faults.why_not_apart():
        pytest.skip(reason)
    with faults.apart() as (network, near, cable), Cable(server.port, near) as way:
        profile = impatient(reader_profile, near, way.port)
        with run_in(network, profile), talking("trunkline-stdio", "shop") as app:
            app.introduce()
            app.ask(1, "SELECT 1")
            assert app.rows() == [[1]]
            app.ask(2, LONG)
            until(is_lasting(server.psql), "the statement did not start")
            cable("down")
            assert app.reply()["result"]["isError"]
            app.ask(3, "SELECT 3")
            assert app.reply()["result"]["isError"]
            cable("up")
            app.ask(4, "SELECT 4")
            assert app.rows() == [[4]]


@contextmanager
def run_in(network: str, profile: Profile) -> Iterator[None]:
    """Run a server for relays in a network of its own."""
    command = [str(path_of("trunkline-server")), "run", "--profile", "-", "--events", "--until-eof"]
    process = Process("ip", "netns", "exec", network, *command)
    try:
        secrets = {"password": PASSWORD, "token": TOKEN}
        process.say(json.dumps({"profile": profile.as_json(), **secrets}))
        event = events.decode(process.hear())
        assert isinstance(event, events.Ready), event
        yield
    finally:
        process.close()


def test_a_full_disk_never_fails_a_query_and_is_told_once(
    reader_profile: Profile, home: Path, tmp_path: Path
):
    disk = tmp_path / "disk"
    disk.mkdir()
    with ExitStack() as stack:
        try:
            stack.enter_context(faults.small_disk(disk, "1m"))
        except (OSError, subprocess.CalledProcessError):
            pytest.skip("only the administrator of a Linux computer can mount a small disk")
        arguments = (*HTTP, "--audit-log", str(disk / "audit.jsonl"))
        run = stack.enter_context(running(reader_profile, *arguments, TRUNKLINE_HOME=str(disk)))
        url = run.ready().url
        assert ask(url, "SELECT 'before'").rows == [["before"]]
        faults.fill(disk / "filler")
        for number in range(30):
            assert ask(url, f"SELECT {number}").rows == [[number]]
        (disk / "filler").unlink()
        assert ask(url, "SELECT 'after'").rows == [["after"]]
        run.close_input()
        assert run.ended() == 0
        kept = remembered(next(disk.rglob("activity.sqlite3")))
        assert "SELECT 'before'" in kept
        assert "SELECT 'after'" in kept
        assert run.errors.count("Activity is not being kept") == 1
        assert run.errors.count("The audit log is not being written") == 1


def remembered(file: Path) -> list[str]:
    with closing(sqlite3.connect(file)) as database:
        return [row[0] for row in database.execute("SELECT statement FROM call")]


@pytest.fixture
def inside(tmp_path: Path) -> Inside:
    folder = tmp_path / "inside"
    folder.mkdir()
    return Inside(folder)


@pytest.mark.parametrize("hours", [10, -10])
def test_a_clock_that_jumps_ends_no_call_early_and_none_late(
    reader_profile: Profile, inside: Inside, server: Server, hours: int
):
    profile = replace(reader_profile, statement_timeout=2.0)
    with running(profile, *HTTP, **inside.environment) as run:
        url = run.ready().url
        slow = "SELECT 5 FROM generate_series(1, 3) AS lasting, pg_sleep(0.2)"
        with in_flight(url, slow) as answer:
            until(is_lasting(server.psql), "the statement did not start")
            inside.move_clock(hours * 3600)
            assert answer().rows == [[5]] * 3
        assert ask(url, "SELECT 1").rows == [[1]]
        ask(url, LONG).is_plain()
        assert ask(url, "SELECT 2").rows == [[2]]


def test_a_clock_set_back_shuts_nobody_out(reader_profile: Profile, inside: Inside):
    limits = ("--rate-limit", "3/minute")
    with running(reader_profile, *HTTP, *limits, **inside.environment) as run:
        url = run.ready().url
        until(lambda: is_turned_away(url), "the limit was never met")
        inside.move_clock(-10 * 3600)
        until(lambda: is_turned_away(url), "the limit was never met")
        inside.move_clock(-10 * 3600 + 121)
        assert ask(url, "SELECT 1").rows == [[1]]


def is_turned_away(url: str) -> bool:
    headers, body = faults.request("SELECT 1")
    return httpx2.post(url, json=body, headers=headers).status_code == 429


def test_a_hundred_faults_leave_no_descriptor_task_or_backend_behind(
    server: Server, reader_profile: Profile, inside: Inside
):
    unlimited = ("--rate-limit", "100000/minute", "--address-rate-limit", "100000/minute")
    arguments = (*HTTP, *unlimited, "--statement-timeout", "60")
    with running(reader_profile, *arguments, **inside.environment) as run:
        ready = run.ready()
        for _ in range(5):  # what is loaded and opened once
            fault_of_a_kind(ready.url, server, 0)
            fault_of_a_kind(ready.url, server, 1)
            assert ask(ready.url, "SELECT 1").rows == [[1]]
        before = (faults.descriptors(ready.pid), inside.tasks(ready.pid), backends(server))
        for number in range(FAULTS):
            fault_of_a_kind(ready.url, server, number)
        assert ask(ready.url, "SELECT 1").rows == [[1]]

        def is_as_before() -> bool:
            now = (faults.descriptors(ready.pid), inside.tasks(ready.pid), backends(server))
            return all(n <= b + 2 for n, b in zip(now, before, strict=True))

        until(is_as_before, f"more than the {before} descriptors, tasks and backends of before")


def fault_of_a_kind(url: str, server: Server, number: int) -> None:
    """Do one of four things to the server: two clients' hang-ups, a lost backend, a lost relay."""
    match number % 10:
        case 1 | 4 | 7:
            server.psql(f"SELECT pg_terminate_backend(pid) FROM ({OURS}) AS ours")
        case 9:
            with talking("trunkline-stdio", "shop") as relay:
                relay.introduce()
                relay.popen.kill()
        case 2 | 5:
            with asked_and_left(url, "SELECT 1"):
                pass
        case _:
            with asked_and_left(url, LONG):
                until(is_lasting(server.psql), "the statement did not start")
            until(is_lasting(server.psql, 0), "the statement went on")


OURS = f"""SELECT pid FROM pg_stat_activity
WHERE usename = '{READER}' AND datname = 'shop'"""


def backends(server: Server) -> int:
    return int(server.psql(f"SELECT count(*) FROM ({OURS}) AS ours"))
