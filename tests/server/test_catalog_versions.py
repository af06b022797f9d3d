"""The catalogue on another PostgreSQL than the embedded one: Debian's, when it is installed."""

from __future__ import annotations

import shutil
import sys
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from tests.server import servers
from trunkline_server.postgres import catalog
from trunkline_server.postgres.database import Database
from trunkline_server.profiles.profile import Profile
from trunkline_server.serving.tools.tool import compact

SHOP = """
CREATE SCHEMA shop; CREATE TYPE shop.stage AS ENUM ('new', 'paid');
CREATE TABLE shop.client (id int PRIMARY KEY, name text, country varchar(2));
CREATE TABLE shop.sale (id int, day date, stage shop.stage, client int REFERENCES shop.client,
  note text, PRIMARY KEY (id, day)) PARTITION BY RANGE (day);
CREATE TABLE shop.sale_2030 PARTITION OF shop.sale FOR VALUES FROM ('2030-01-01') TO ('2031-01-01');
CREATE INDEX ON shop.sale (note);
CREATE VIEW shop.notes AS SELECT note FROM shop.sale;
INSERT INTO shop.client SELECT n, 'n' || n, CASE n % 2 WHEN 0 THEN 'DE' ELSE 'FR' END
  FROM generate_series(1, 100) n;
INSERT INTO shop.sale SELECT n, '2030-02-02', 'new', n, 'x' FROM generate_series(1, 30) n;
ANALYZE;
"""


def installed() -> Path | None:
    """Return the programs of the newest PostgreSQL under Debian's folder."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    return found[-1].parent if found and sys.platform != "win32" and shutil.which("psql") else None


@pytest.fixture(scope="module")
def debian() -> Iterator[servers.Instance]:
    programs = installed()
    if programs is None:
        pytest.skip("no second PostgreSQL is installed under /usr/lib/postgresql")
    with servers.instance(programs, rules="local all all trust\n") as running:
        running.psql(SHOP)
        yield running


@pytest.fixture(params=[(), ("shop.client.country",)], ids=["open", "hiding"])
async def db(debian: servers.Instance, request: pytest.FixtureRequest) -> AsyncIterator[Database]:
    database = Database(
        Profile(id="shop", name="Shop", host=str(debian.folder), port=debian.port,
                database="postgres", user="postgres", sslmode="disable", hidden=request.param),
        None,
    )  # fmt: skip
    yield database
    await database.close()


async def test_tables_are_listed_searched_and_told_of(db: Database):
    listed = {t["name"]: t for t in (await catalog.list_tables(db))["tables"]}
    assert set(listed) == {"shop.sale", "shop.client", "shop.notes"}
    assert (listed["shop.sale"]["rows"], listed["shop.sale"]["partitions"]) == (30, 1)
    assert (await catalog.search_schema(db, "clients"))["matches"][0]["name"] == "shop.client"
    assert (await catalog.search_schema(db, "cleint"))["matches"][0]["name"] == "shop.client"
    assert (await catalog.database_overview(db))["table_count"] == 3
    assert await catalog.complete_table(db, "sa") == ["shop.sale"]
    assert await catalog.complete_schema(db, "") == ["shop"]


async def test_a_table_is_described(db: Database):
    sale = await catalog.describe_table(db, "sale")
    assert sale["primary_key"] == ["id", "day"]
    assert sale["foreign_keys"][0]["table"] == "shop.client"
    assert sale["indexes"] == ["sale_note_idx: btree (note)"]
    assert sale["columns"][2]["values"] == ["new", "paid"]
    client = compact(await catalog.describe_table(db, "shop.client"))
    assert ('"common_values":["DE","FR"]' in client) == (not db.profile.hidden)
