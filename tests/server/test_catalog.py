"""What list_tables and describe_table say of a database with everything in it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest

from tests.server.conftest import PASSWORD, Server
from trunkline_server.errors import TrunklineError
from trunkline_server.postgres import catalog
from trunkline_server.postgres.database import Database
from trunkline_server.profiles.profile import Profile
from trunkline_server.serving.tools.tool import compact

LIBRARY = """
DROP SCHEMA IF EXISTS library CASCADE; DROP SCHEMA IF EXISTS hidden CASCADE;
CREATE SCHEMA library; CREATE SCHEMA hidden;
CREATE TYPE library.mood AS ENUM ('calm', 'tense');
CREATE TABLE library.author (id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, name text NOT NULL,
  secret text);
CREATE TABLE library."Book" (isbn text PRIMARY KEY, author int REFERENCES library.author,
  mood library.mood DEFAULT 'calm', moods library.mood[], pages int CHECK (pages > 0));
CREATE INDEX ON library."Book" (author);
COMMENT ON COLUMN library."Book".isbn IS 'Thirteen digits';
CREATE VIEW library.titles AS SELECT isbn FROM library."Book";
CREATE MATERIALIZED VIEW library.frozen AS SELECT 1 AS one;
CREATE TABLE library.loan (day date, n int) PARTITION BY RANGE (day);
CREATE TABLE library.loan_2026 PARTITION OF library.loan
  FOR VALUES FROM ('2026-01-01') TO ('2027-01-01');
INSERT INTO library.loan VALUES ('2026-05-05', 1), ('2026-05-06', 2);
CREATE TABLE library.diary (page text);
CREATE TABLE hidden.vault (gold int);
GRANT USAGE ON SCHEMA library TO shop_reader;
GRANT SELECT ON library."Book", library.titles, library.frozen, library.loan TO shop_reader;
GRANT SELECT (id, name) ON library.author TO shop_reader;
ANALYZE;
"""


@pytest.fixture
async def db(server: Server, reader_profile: Profile) -> AsyncIterator[Database]:
    server.psql(LIBRARY)
    database = Database(reader_profile, PASSWORD)
    yield database
    await database.close()
    server.psql("DROP SCHEMA library CASCADE; DROP SCHEMA hidden CASCADE")


def by_name(reply: dict[str, Any]) -> list[dict[str, Any]]:
    return sorted(reply["tables"], key=lambda table: table["name"])


async def test_every_kind_of_relation_the_login_may_read_is_listed(db: Database):
    reply = await catalog.list_tables(db, schema="library")
    assert [(t["name"], t.get("kind"), t.get("rows")) for t in by_name(reply)] == [
        ('library."Book"', None, 0),
        ("library.author", None, 0),
        ("library.frozen", "materialized view", 1),
        ("library.loan", "partitioned table", 2),
        ("library.titles", "view", None),
    ]
    assert reply["total"] == 5


async def test_an_unknown_schema_names_the_ones_there_are(db: Database):
    with pytest.raises(TrunklineError) as caught:
        await catalog.list_tables(db, schema="hidden")
    assert str(caught.value).endswith("There are: library, public.")


async def test_pages_together_are_the_whole_list(server: Server, db: Database):
    many = "".join(f"CREATE TABLE library.t{n:03} ();" for n in range(60))
    server.psql(f"{many} GRANT SELECT ON ALL TABLES IN SCHEMA library TO shop_reader")
    seen, cursor = [], None
    while True:
        page = await catalog.list_tables(db, schema="library", cursor=cursor, max_bytes=1500)
        assert len(compact(page).encode()) <= 1500
        seen += [t["name"] for t in page["tables"]]
        cursor = page.get("next_cursor")
        if cursor is None:
            break
    assert len(seen) == len(set(seen)) == page["total"]


async def test_tables_made_meanwhile_do_not_shift_the_pages(server: Server, db: Database):
    many = "".join(f"CREATE TABLE library.t{n:03} ();" for n in range(60))
    grant = "GRANT SELECT ON ALL TABLES IN SCHEMA library TO shop_reader;"
    server.psql(many + grant)
    first = await catalog.list_tables(db, schema="library", max_bytes=2048)
    server.psql('CREATE TABLE library."A" (); DROP TABLE library.t000;' + grant)
    rest = await catalog.list_tables(db, schema="library", cursor=first["next_cursor"])
    names = [t["name"] for t in first["tables"] + rest["tables"]]
    assert len(names) == len(set(names))
    assert set(names) >= {f"library.t{n:03}" for n in range(60)}


@pytest.mark.parametrize(
    "cursor", ["", "x", "!!", "bm8", "W10", "eyJhIjoxfQ", "WzEsMiwzLDRd", "é" * 99]
)
async def test_a_garbled_cursor_is_told_in_words(db: Database, cursor: str):
    with pytest.raises(TrunklineError) as caught:
        await catalog.list_tables(db, cursor=cursor or "=")
    assert caught.value.code == "arguments.cursor"


async def test_a_cursor_of_another_list_is_refused(server: Server, db: Database):
    many = "".join(f"CREATE TABLE library.t{n:03} ();" for n in range(60))
    server.psql(f"{many} GRANT SELECT ON ALL TABLES IN SCHEMA library TO shop_reader")
    page = await catalog.list_tables(db, schema="library", max_bytes=1500)
    with pytest.raises(TrunklineError) as caught:
        await catalog.list_tables(db, schema="public", cursor=page["next_cursor"])
    assert caught.value.code == "arguments.cursor"


async def test_a_table_is_described_whole(db: Database):
    reply = await catalog.describe_table(db, 'library."Book"')
    assert reply.pop("size").endswith("kB")
    assert reply == {
        "name": 'library."Book"',
        "kind": "table",
        "rows": 0,
        "columns": [
            {"name": "isbn", "type": "text", "nullable": False, "comment": "Thirteen digits"},
            {"name": "author", "type": "integer"},
            {"name": "mood", "type": "library.mood",
             "default": "'calm'::library.mood", "values": ["calm", "tense"]},
            {"name": "moods", "type": "library.mood[]", "values": ["calm", "tense"]},
            {"name": "pages", "type": "integer"},
        ],
        "primary_key": ["isbn"],
        "foreign_keys": [
            {"columns": ["author"], "table": "library.author", "its_columns": ["id"]}
        ],
        "checks": ["pages > 0"],
        "indexes": ['"Book_author_idx": btree (author)'],
    }  # fmt: skip


async def test_who_points_here_is_told_and_columns_the_login_may_not_read_are_not(db: Database):
    reply = await catalog.describe_table(db, "author")
    assert [c["name"] for c in reply["columns"]] == ["id", "name"]
    assert reply["referenced_by"] == [
        {"table": 'library."Book"', "its_columns": ["author"], "columns": ["id"]}
    ]


@pytest.mark.parametrize("name", ["Book", "book", "library.book", '"library"."Book"', " Book "])
async def test_a_table_is_found_however_it_is_written(db: Database, name: str):
    assert (await catalog.describe_table(db, name))["name"] == 'library."Book"'


@pytest.mark.parametrize("name", ["library.diary", "hidden.vault", "pg_authid", "", "a.b.c.d", '"'])
async def test_what_the_login_may_not_read_does_not_exist(db: Database, name: str):
    with pytest.raises(TrunklineError) as caught:
        await catalog.describe_table(db, name)
    assert caught.value.code == "query.no_table"


async def test_a_name_in_two_schemas_asks_which(server: Server, db: Database):
    server.psql(
        "CREATE TABLE library.orders (); GRANT SELECT ON library.orders TO shop_reader;"
        "ALTER ROLE shop_reader SET search_path = ''"
    )
    try:
        with pytest.raises(TrunklineError) as caught:
            await catalog.describe_table(db, "orders")
    finally:
        server.psql("ALTER ROLE shop_reader RESET search_path")
    assert caught.value.code == "query.which_table"
    assert caught.value.failure.hint == "Use: library.orders, public.orders."


async def test_a_very_wide_table_stays_within_its_bytes(server: Server, db: Database):
    columns = ", ".join(f"column_number_{n} text" for n in range(800))
    server.psql(
        f"CREATE TABLE library.wide ({columns}); GRANT SELECT ON library.wide TO shop_reader"
    )
    reply = await catalog.describe_table(db, "wide", max_bytes=8192)
    assert len(compact(reply).encode()) <= 8192
    assert "of 800 columns" in reply["hint"]
