"""What PostgreSQL keeps and computes for its planner: no secret and no function comes out of it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from dataclasses import replace

import pytest

from tests.server.conftest import PASSWORD, READER, Server
from trunkline_server.errors import TrunklineError
from trunkline_server.postgres.database import Database
from trunkline_server.profiles.profile import Profile

_TRAPS = """
CREATE FUNCTION loud(int) RETURNS int LANGUAGE plpgsql IMMUTABLE AS
  $$ BEGIN PERFORM pg_advisory_lock(4711); RETURN $1; END $$;
CREATE TABLE parts (x int) PARTITION BY RANGE ((x + loud(1)));
CREATE TABLE part PARTITION OF parts FOR VALUES FROM (0) TO (100);
CREATE VIEW over_parts AS SELECT x FROM parts;
CREATE TABLE honest_parts (x int) PARTITION BY RANGE ((x + abs(1)));
CREATE TABLE honest_part PARTITION OF honest_parts FOR VALUES FROM (0) TO (100);
CREATE VIEW kept_values AS SELECT attname, histogram_bounds::text FROM pg_stats;
CREATE FUNCTION kept_passwords() RETURNS text LANGUAGE plpgsql STABLE AS
  $$ BEGIN RETURN (SELECT histogram_bounds::text FROM pg_stats
    WHERE tablename = 'pg_authid' AND attname = 'rolpassword'); END $$;
ANALYZE pg_authid;
ANALYZE orders;
"""

_SHOWING = [
    "SELECT histogram_bounds::text FROM pg_stats WHERE attname = 'rolpassword'",
    "SELECT * FROM pg_stats",
    "SELECT to_jsonb(s) FROM pg_stats s",
    "SELECT x FROM pg_stats AS s(a, b, c, d, e, f, g, h, i, x)",
    "SELECT stavalues1::text FROM pg_statistic",
    "SELECT * FROM kept_values",
    "SELECT kept_passwords()",
]


@pytest.fixture(scope="module")
def planned(server: Server) -> Iterator[Server]:
    server.psql("CREATE DATABASE planned TEMPLATE shop")
    server.psql(_TRAPS, "planned")
    yield server
    server.psql("DROP DATABASE planned WITH (FORCE)")


@pytest.fixture
async def db(planned: Server, superuser_profile: Profile) -> AsyncIterator[Database]:
    opened = Database(replace(superuser_profile, database="planned"), PASSWORD)
    yield opened
    await opened.close()


@pytest.mark.parametrize("sql", _SHOWING)
async def test_the_statistics_show_no_password(sql: str, db: Database) -> None:
    with pytest.raises(TrunklineError) as refused:
        await db.read(sql)
    assert refused.value.code == "guard.secret"


async def test_the_rest_of_the_statistics_is_shown(db: Database) -> None:
    found = await db.read(
        "SELECT attname, n_distinct FROM pg_stats WHERE tablename = 'orders' ORDER BY 1"
    )
    assert [name for name, _ in found.rows] == ["customer_id", "id", "note", "placed", "total"]


async def test_values_are_shown_to_who_sees_no_secret_among_them(
    db: Database, superuser_profile: Profile
) -> None:
    reader = Database(replace(superuser_profile, database="planned", user=READER), PASSWORD)
    found = await reader.read("SELECT tablename FROM pg_stats WHERE histogram_bounds IS NOT NULL")
    await reader.close()
    assert ["orders"] in found.rows


@pytest.mark.parametrize("table", ["parts", "part", "over_parts"])
async def test_a_partition_key_is_looked_into(table: str, db: Database) -> None:
    with pytest.raises(TrunklineError) as refused:
        await db.read(f"SELECT x FROM {table} WHERE x > 2")
    assert refused.value.code == "guard.function"


async def test_partitions_by_an_honest_key_are_read(db: Database) -> None:
    assert (await db.read("SELECT x FROM honest_parts")).rows == []
