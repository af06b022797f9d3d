"""Servers that restart, crash and change places, and connections that nobody needs."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import psutil
import pytest

from tests.server import installed, servers
from tests.server.conftest import PASSWORD, Server
from trunkline_server.errors import TrunklineError
from trunkline_server.postgres.database import Database, database, pool
from trunkline_server.profiles.profile import Profile

# What may be told of a server that goes while a statement runs, or stays away for long.
HONEST = {"ok", "query.server_stopped", "query.failed", "login.starting_up", "reach.refused",
          "reach.failed", "reach.broken"}  # fmt: skip
OURS = "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'Trunkline'"


@dataclass(frozen=True)
class Pair:
    """A primary with a user table, and its standby."""

    primary: servers.Instance
    standby: servers.Instance


def programs() -> Path:
    found = installed.versions()
    if not found:
        pytest.skip("PostgreSQL is not installed below /usr/lib/postgresql.")
    return found[max(found)]


TRUST = "local all all trust\nhost all all 127.0.0.1/32 trust\nlocal replication all trust\n"


@pytest.fixture(scope="module")
def pair() -> Iterator[Pair]:
    with servers.instance(programs(), rules=TRUST) as primary, _standby(primary) as standby:
        yield Pair(primary, standby)


@contextmanager
def _standby(primary: servers.Instance) -> Iterator[servers.Instance]:
    """Copy the primary with ``pg_basebackup -R`` and start the copy beside it."""
    data, port = primary.folder / "standby", servers.free_port()
    servers.run(
        [primary.programs / "pg_basebackup", "-h", primary.folder, "-p", str(primary.port),
         "-U", "postgres", "-D", data, "-R", "-X", "stream", "-c", "fast"]
    )  # fmt: skip
    options = f"-p {port} -k {primary.folder}"
    control = [primary.programs / "pg_ctl", "-w", "-D", data]
    servers.run([*control, "-l", primary.folder / "standby.log", "-o", options, "start"])
    try:
        yield replace(primary, port=port)
    finally:
        servers.run([*control, "-m", "immediate", "stop"], check=False)


def _profile(instance: servers.Instance, *others: servers.Instance, **fields: object) -> Profile:
    made = Profile(
        id="t", name="T", host=servers.LOCAL, port=instance.port, database="postgres",
        user="postgres", sslmode="disable", statement_timeout=5.0,
        fallback_hosts=tuple(f"{servers.LOCAL}:{other.port}" for other in others),
    )  # fmt: skip
    return replace(made, **fields)


@pytest.mark.parametrize(
    ("wanted", "is_standby_first", "in_recovery"),
    [
        ("any", True, True),
        ("any", False, False),
        ("primary", True, False),
        ("standby", False, True),
        ("read-write", True, False),
        ("read-only", False, True),
        ("prefer-standby", False, True),
    ],
)
async def test_the_server_of_the_wanted_kind_is_found(
    wanted: str, is_standby_first: bool, in_recovery: bool, pair: Pair
):
    places = [pair.standby, pair.primary] if is_standby_first else [pair.primary, pair.standby]
    db = Database(_profile(*places, target_session_attrs=wanted), None)
    # Twice: what tidies a connection must work on a standby too.
    for _ in range(2):
        assert (await db.read("SELECT pg_is_in_recovery()")).rows == [[in_recovery]]
    await db.close()


async def test_no_server_of_the_wanted_kind_is_told(pair: Pair):
    db = Database(_profile(pair.standby, target_session_attrs="primary"), None)
    with pytest.raises(TrunklineError) as refused:
        await db.read("SELECT 1")
    assert refused.value.code == "login.wrong_kind"
    await db.close()


async def test_the_promoted_standby_takes_over():
    with servers.instance(programs(), rules=TRUST) as first, _standby(first) as second:
        db = Database(_profile(first, second, target_session_attrs="primary"), None)
        assert (await db.read("SELECT pg_is_in_recovery()")).rows == [[False]]
        stop = [first.programs / "pg_ctl", "-D", first.folder / "data", "-m", "immediate", "stop"]
        promote = [first.programs / "pg_ctl", "-w", "-D", first.folder / "standby", "promote"]
        await asyncio.to_thread(servers.run, stop)
        await asyncio.to_thread(servers.run, promote)
        rows = await db.read("SELECT inet_server_port(), pg_is_in_recovery()")
        assert rows.rows == [[second.port, False]]
        await db.close()


@pytest.fixture
async def db(reader_profile: Profile) -> AsyncIterator[Database]:
    opened = Database(reader_profile, PASSWORD)
    yield opened
    await opened.close()


@pytest.mark.parametrize("mode", ["smart", "fast", "immediate"])
async def test_no_kind_of_restart_is_noticed(mode: str, server: Server, db: Database):
    if mode != "smart":  # that one waits for everybody to leave
        await asyncio.gather(*(db.read("SELECT pg_sleep(0.05)") for _ in range(4)))
    await asyncio.to_thread(server.control, "-m", mode, "restart")
    assert [r.rows for r in await asyncio.gather(*(db.read("SELECT 1") for _ in range(8)))] == [
        [[1]]
    ] * 8


async def test_a_killed_postmaster_is_not_noticed_once_it_is_back(server: Server, db: Database):
    await db.read("SELECT 1")
    _kill(server)
    await asyncio.to_thread(server.control, "start")
    assert (await db.read("SELECT 2")).rows == [[2]]


async def test_who_asks_while_the_server_restarts_waits_for_it(server: Server, db: Database):
    await db.read("SELECT 1")
    await asyncio.to_thread(server.control, "-m", "immediate", "stop")
    asking = asyncio.create_task(db.read("SELECT 2"))  # one that was under way would be lost
    await asyncio.to_thread(server.control, "start")
    assert (await asking).rows == [[2]]


async def test_a_server_that_is_gone_for_good_is_told(
    server: Server, db: Database, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(database, "COMES_BACK_S", 0.5)
    await db.read("SELECT 1")
    _kill(server)
    with pytest.raises(TrunklineError) as told:
        await db.read("SELECT 1")
    await asyncio.to_thread(server.control, "start")
    assert told.value.code.startswith("reach.")
    assert (await db.read("SELECT 1")).rows == [[1]]


async def test_restarts_under_load_fail_only_what_was_running(server: Server, db: Database):
    restarts = asyncio.create_task(asyncio.to_thread(_restart_often, server))
    codes: list[str] = []

    async def ask() -> None:
        while not restarts.done():
            try:
                await db.read("SELECT count(*) FROM orders")
                codes.append("ok")
            except TrunklineError as exc:
                codes.append(exc.code)

    await asyncio.gather(*(ask() for _ in range(8)))
    assert set(codes) <= HONEST
    assert "ok" in codes
    assert (await db.read("SELECT 1")).rows == [[1]]
    assert int(server.psql(OURS)) <= pool.MAX_CONNECTIONS


async def test_connections_nobody_uses_are_closed(
    server: Server, db: Database, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(pool, "IDLE_S", 0.1)
    await asyncio.gather(*(db.read("SELECT pg_sleep(0.05)") for _ in range(4)))
    while await asyncio.to_thread(server.psql, OURS) != "0":
        pass
    assert (await db.read("SELECT 1")).rows == [[1]]


def _restart_often(server: Server) -> None:
    for mode in ("fast", "immediate", "fast"):
        server.control("-m", mode, "restart")


def _kill(server: Server) -> None:
    """Kill PostgreSQL itself; its children notice and leave."""
    pid = int((server.data / "postmaster.pid").read_text().split("\n", 1)[0])
    children = psutil.Process(pid).children(recursive=True)
    os.kill(pid, signal.SIGKILL)
    psutil.wait_procs(children, timeout=20)
