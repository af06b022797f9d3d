"""Several workers behind one port, as clients and the system see them."""

from __future__ import annotations

import json
import os
import signal
import subprocess
from contextlib import suppress

import psutil
import pytest
from fastmcp import Client
from fastmcp.client.transports import StreamableHttpTransport

from tests.server.conftest import Server
from tests.server.processes import PATIENCE_S, TOKEN, Run, running
from trunkline_server import events
from trunkline_server.profiles.profile import Profile
from trunkline_server.programs import path_of
from trunkline_server.serving.activity import Activity

pytestmark = [
    pytest.mark.usefixtures("home"),
    pytest.mark.skipif(not hasattr(os, "fork"), reason="workers are forks: not on Windows"),
]

HTTP = ("--transport", "http", "--port", "0", "--workers", "2")
WHO = "SELECT pg_backend_pid()"


def asking(url: str) -> Client[StreamableHttpTransport]:
    return Client(StreamableHttpTransport(url, headers={"Authorization": f"Bearer {TOKEN}"}))


async def rows(client: Client[StreamableHttpTransport], query: str) -> list[list[object]]:
    result = await client.call_tool("execute_query", {"query": query})
    found: list[list[object]] = json.loads(result.content[0].text)["rows"]
    return found


def workers_of(run: Run) -> list[psutil.Process]:
    return psutil.Process(run.popen.pid).children()


async def test_two_workers_answer_behind_one_address(server: Server, reader_profile: Profile):
    with running(reader_profile, *HTTP) as run:
        url = run.ready().url
        assert len(workers_of(run)) == 2
        backends: set[object] = set()
        while len(backends) < 2:  # whoever is free answers: sooner or later that is the other
            async with asking(url) as one, asking(url) as other:
                backends |= {(await rows(client, WHO))[0][0] for client in (one, other)}


async def test_the_name_of_a_client_is_known_to_every_worker(
    server: Server, reader_profile: Profile
):
    with running(reader_profile, *HTTP) as run:
        url = run.ready().url
        for _ in range(4):
            async with asking(url) as client:
                await rows(client, "SELECT 1")
        run.close_input()
        assert run.ended() == 0
    activity = Activity()
    calls = activity.recent("shop")
    activity.close()
    assert len(calls) == 4
    assert {call.client for call in calls} == {"mcp"}


async def test_a_worker_that_is_killed_is_replaced(server: Server, reader_profile: Profile):
    with running(reader_profile, *HTTP) as run:
        url = run.ready().url
        before = {worker.pid for worker in workers_of(run)}
        for pid in before:
            os.kill(pid, signal.SIGKILL)
        while len({w.pid for w in workers_of(run)} - before) < 2:
            pass
        async with asking(url) as client:
            assert await rows(client, "SELECT 42") == [[42]]


def test_the_workers_end_with_a_parent_that_is_killed(server: Server, reader_profile: Profile):
    with running(reader_profile, *HTTP) as run:
        run.ready()
        workers = workers_of(run)
        run.popen.kill()
        gone, alive = psutil.wait_procs(workers, timeout=30)
    assert not alive
    assert len(gone) == 2


def test_the_end_of_the_input_ends_all_of_them(server: Server, reader_profile: Profile):
    with running(reader_profile, *HTTP) as run:
        run.ready()
        workers = workers_of(run)
        run.close_input()
        assert run.ended() == 0
        last = [run.event()]
        with suppress(ValueError):
            while not isinstance(last[-1], events.Stopped):
                last.append(run.event())
    assert isinstance(last[-1], events.Stopped)
    assert not any(worker.is_running() for worker in workers)


def test_an_input_that_has_no_end_to_wait_for_ends_at_once(dsn: str):
    done = subprocess.run(
        [str(path_of("trunkline-server")), "run", "--events", "--until-eof", *HTTP],
        env={**os.environ, "DATABASE_URL": dsn, "TRUNKLINE_TOKEN": TOKEN},
        stdin=subprocess.DEVNULL, capture_output=True, timeout=PATIENCE_S, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert events.decode(done.stdout.splitlines()[-1]) == events.Stopped(reason="end of input")


def test_a_login_that_cannot_work_ends_them_with_the_reason(
    server: Server, reader_profile: Profile
):
    from dataclasses import replace

    with running(replace(reader_profile, database="nowhere"), *HTTP) as run:
        seen = [run.event()]
        while not isinstance(seen[-1], events.Failed):
            seen.append(run.event())
        assert run.ended() == 1
    assert seen[-1].code == "database.unknown"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--transport", "stdio", "--workers", "2"), "http transport only"),
        (("--transport", "sse", "--workers", "2"), "http transport only"),
        (("--transport", "http", "--workers", "0"), "1 to 64 workers"),
    ],
)
def test_workers_that_cannot_be_are_refused(
    reader_profile: Profile, arguments: tuple[str, ...], said: str
):
    with running(reader_profile, *arguments) as run:
        failed = run.event()
        assert run.ended() == 2
    assert isinstance(failed, events.Failed)
    assert said in failed.title
