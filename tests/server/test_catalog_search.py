"""How search_schema finds tables and columns by words."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import pytest

from tests.server.conftest import PASSWORD, Server
from trunkline_server.errors import TrunklineError
from trunkline_server.postgres import catalog
from trunkline_server.postgres.database import Database
from trunkline_server.profiles.profile import Profile
from trunkline_server.serving.tools.tool import compact

STORE = """
DROP SCHEMA IF EXISTS store CASCADE; CREATE SCHEMA store;
CREATE TYPE store.stage AS ENUM ('drafted', 'shipped');
CREATE TABLE store.category (id int PRIMARY KEY, title text);
CREATE TABLE store.address_book (id int, e_mail text, stage store.stage);
CREATE TABLE store."OrderItem" (id int, "unitPrice" numeric, category_id int);
CREATE TABLE store.parcel (id int, secret_note text);
CREATE TABLE store.warehouse (id int, label text);
CREATE TABLE store.visit (id int, day date) PARTITION BY RANGE (day);
CREATE TABLE store.visit_y2031 PARTITION OF store.visit
  FOR VALUES FROM ('2031-01-01') TO ('2032-01-01');
COMMENT ON TABLE store.parcel IS 'What a courier takes along';
COMMENT ON COLUMN store.warehouse.label IS 'Painted on the gate';
GRANT USAGE ON SCHEMA store TO shop_reader;
GRANT SELECT ON ALL TABLES IN SCHEMA store TO shop_reader;
REVOKE SELECT ON store.parcel FROM shop_reader; GRANT SELECT (id) ON store.parcel TO shop_reader;
CREATE TABLE store.locked_drawer (id int);
ANALYZE;
"""


@pytest.fixture(scope="module")
def store(server: Server):
    server.psql(STORE)
    yield
    server.psql("DROP SCHEMA store CASCADE")


@pytest.fixture
async def db(store: None, reader_profile: Profile) -> AsyncIterator[Database]:
    database = Database(reader_profile, PASSWORD)
    yield database
    await database.close()


def names(reply: dict[str, Any]) -> list[str]:
    return [match["name"] for match in reply["matches"]]


@pytest.mark.parametrize(
    ("query", "first"),
    [
        ("category", "store.category"),
        ("Categories", "store.category"),
        ("order items", 'store."OrderItem"'),
        ("orderItem", 'store."OrderItem"'),
        ("order_items", 'store."OrderItem"'),
        ("addresses", "store.address_book"),
        ("addressbook", "store.address_book"),
        ("unit price", 'store."OrderItem"'),
        ("the email of the address", "store.address_book"),
        ("courier", "store.parcel"),
        ("painted gate", "store.warehouse"),
        ("shipped", "store.address_book"),
        ("warehose", "store.warehouse"),
        ("2031", "store.visit"),
    ],
)
async def test_the_table_that_is_meant_comes_first(db: Database, query: str, first: str):
    assert names(await catalog.search_schema(db, query))[0] == first


async def test_the_name_of_a_table_counts_more_than_that_of_a_column(db: Database):
    assert names(await catalog.search_schema(db, "category")) == [
        "store.category", 'store."OrderItem"',
    ]  # fmt: skip


async def test_the_columns_that_match_are_named_with_type_and_comment(db: Database):
    [match] = (await catalog.search_schema(db, "label"))["matches"]
    assert match["columns"] == ["label text: Painted on the gate"]


async def test_a_misspelt_word_is_read_as_the_nearest_and_that_is_said(db: Database):
    reply = await catalog.search_schema(db, "warehuose label")
    assert names(reply)[0] == "store.warehouse"
    assert reply["hint"] == "Nothing is called “warehuose”; searched for “warehouse”."


async def test_what_nothing_is_like_finds_nothing_and_says_so(db: Database):
    assert await catalog.search_schema(db, "zzqxj") == {
        "matches": [], "total": 0, "hint": "Nothing is called “zzqxj”.",
    }  # fmt: skip


@pytest.mark.parametrize("query", ["drawer", "secret note"])
async def test_what_the_login_may_not_read_is_not_found(db: Database, query: str):
    reply = await catalog.search_schema(db, query)
    assert "drawer" not in str(reply["matches"])
    assert "secret_note" not in str(reply["matches"])


async def test_a_schema_narrows_the_search(db: Database):
    assert names(await catalog.search_schema(db, "id", schema="public")) == [
        "public.orders", "public.customers",
    ]  # fmt: skip


async def test_the_note_of_a_profile_is_searched_too(store: None, reader_profile: Profile):
    profile = replace(reader_profile, notes=("store.visit: footfall, one row a day",))
    database = Database(profile, PASSWORD)
    reply = await catalog.search_schema(database, "footfall")
    await database.close()
    assert [(m["name"], m["note"]) for m in reply["matches"]] == [
        ("store.visit", "footfall, one row a day")
    ]


@pytest.mark.parametrize("query", ["", "  ", "_-_", "%", "''"])
async def test_a_search_without_a_word_is_told(db: Database, query: str):
    with pytest.raises(TrunklineError) as caught:
        await catalog.search_schema(db, query)
    assert caught.value.code == "arguments.type"


@pytest.mark.parametrize(
    "query", ["a" * 5000, "x' OR '1'='1", "\\ x", "größe\ud800", "a\0b", "$1 $2"]
)
async def test_any_text_can_be_searched_for(db: Database, query: str):
    reply = await catalog.search_schema(db, query)
    assert len(compact(reply).encode(errors="replace")) <= 10_000


async def test_pages_together_are_all_matches_without_repeating(server: Server, db: Database):
    many = "".join(f"CREATE TABLE store.gauge_{n:03} (reading int);" for n in range(90))
    grant = "GRANT SELECT ON ALL TABLES IN SCHEMA store TO shop_reader;"
    server.psql(many + grant)
    seen, cursor = [], None
    while True:
        page = await catalog.search_schema(db, "gauges", cursor=cursor, max_bytes=2000)
        assert len(compact(page).encode()) <= 2000
        seen += names(page)
        cursor = page.get("next_cursor")
        if cursor is None:
            break
    server.psql("".join(f"DROP TABLE store.gauge_{n:03};" for n in range(90)))
    assert len(seen) == len(set(seen)) == page["total"] == 90


async def test_a_cursor_of_another_search_is_refused(db: Database):
    page = await catalog.search_schema(db, "id", max_bytes=800)
    with pytest.raises(TrunklineError) as caught:
        await catalog.search_schema(db, "title", cursor=page["next_cursor"])
    assert caught.value.code == "arguments.cursor"
