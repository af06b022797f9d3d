"""Reading through a real PgBouncer, in each of its three ways to pool."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace

import pytest

from tests.server import servers
from tests.server.conftest import PASSWORD, READER, Server
from trunkline_server.errors import TrunklineError
from trunkline_server.postgres.database import Database
from trunkline_server.profiles.profile import Profile

POOLED = ["shop", "shop_by_session"]


@pytest.fixture(scope="module")
def pooler(server: Server) -> Iterator[int]:
    program = shutil.which("pgbouncer") or shutil.which("pgbouncer", path="/usr/sbin")
    if program is None:
        pytest.skip("pgbouncer is not installed")
    with servers.pgbouncer(program, server.port, PASSWORD, READER) as port:
        yield port


def _profile(pooler: int, database: str) -> Profile:
    return Profile(
        id="t", name="T", host=servers.LOCAL, port=pooler, database=database, user=READER,
        sslmode="disable", statement_timeout=5.0,
    )  # fmt: skip


@pytest.fixture(params=POOLED)
async def db(request: pytest.FixtureRequest, pooler: int) -> AsyncIterator[Database]:
    opened = Database(_profile(pooler, request.param), PASSWORD)
    yield opened
    await opened.close()


async def test_a_question_is_answered(db: Database):
    assert (await db.read("SELECT name FROM customers WHERE id = 1")).rows == [["Ada"]]


async def test_parameters_and_types_of_extensions_are_read(db: Database):
    rows = await db.read("SELECT $1::int[], '[1,2]'::vector", [[1, None]])
    assert (rows.rows, rows.types) == ([[[1, None], "[1,2]"]], ["int4[]", "vector"])


async def test_many_batches_come_from_one_portal(db: Database):
    rows = await db.read("SELECT n, repeat('x', n % 7) FROM generate_series(1, 400) n")
    assert [row[0] for row in rows.rows] == list(range(1, 401))


async def test_the_limits_hold_on_every_connection_behind(pooler: int):
    db = Database(replace(_profile(pooler, "shop"), statement_timeout=3.0), PASSWORD)
    shown = await asyncio.gather(*(db.read("SHOW statement_timeout") for _ in range(8)))
    assert {row for rows in shown for (row,) in rows.rows} == {"3s"}
    await db.close()


async def test_nothing_of_ours_stays_with_a_shared_connection(pooler: int, server: Server):
    db = Database(_profile(pooler, "shop"), PASSWORD)
    await asyncio.gather(*(db.read("SELECT pg_sleep(0.05), $1::int", [n]) for n in range(8)))
    await db.close()
    mine = f"SELECT count(*) FROM pg_stat_activity WHERE usename = '{READER}' AND state <> 'idle'"
    assert server.psql(mine) == "0"
    other = Database(_profile(pooler, "shop"), PASSWORD)
    shown = await other.read("SELECT count(*) FROM pg_prepared_statements")
    assert shown.rows == [[0]]
    await other.close()


async def test_a_slow_question_is_stopped_behind_it(pooler: int, server: Server):
    db = Database(replace(_profile(pooler, "shop"), statement_timeout=60.0), PASSWORD)
    task = asyncio.create_task(db.read("SELECT pg_sleep(60) /* behind */"))
    running = (
        "SELECT count(*) FROM pg_stat_activity "
        "WHERE state = 'active' AND query LIKE '%/* behind */'"
    )
    while await asyncio.to_thread(server.psql, running) != "1":
        pass
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert server.psql(running) == "0"
    assert (await db.read("SELECT 1")).rows == [[1]]
    await db.close()


async def test_statement_pooling_is_refused_with_what_to_change(pooler: int):
    db = Database(_profile(pooler, "shop_by_statement"), PASSWORD)
    with pytest.raises(TrunklineError) as refused:
        await db.read("SELECT 1")
    assert refused.value.code == "database.pooler"
    assert "transaction" in refused.value.failure.hint
    await db.close()


async def test_a_restarted_pooler_is_not_noticed(server: Server):
    program = shutil.which("pgbouncer") or shutil.which("pgbouncer", path="/usr/sbin")
    if program is None:
        pytest.skip("pgbouncer is not installed")
    port = servers.free_port()
    with servers.pgbouncer(program, server.port, PASSWORD, READER, own=port):
        db = Database(_profile(port, "shop"), PASSWORD)
        await db.read("SELECT 1")
    with servers.pgbouncer(program, server.port, PASSWORD, READER, own=port):
        assert (await db.read("SELECT 2")).rows == [[2]]
        await db.close()
