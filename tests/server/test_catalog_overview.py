"""What database_overview tells, and what completions offer."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from dataclasses import replace

import pytest

from tests.server.conftest import PASSWORD, Server
from trunkline_server.postgres import catalog
from trunkline_server.postgres.database import Database
from trunkline_server.profiles.profile import Profile
from trunkline_server.serving.tools.overview import DATABASE_OVERVIEW
from trunkline_server.serving.tools.schema import DESCRIBE_TABLE, LIST_TABLES, SEARCH_SCHEMA
from trunkline_server.serving.tools.tool import compact

ODD_NAMES = ("'", '"', "a.b", "x" * 63, "ünï", "line\nbreak", " lead", "$1", "%s", "Select", "日本")


def quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


@pytest.fixture(scope="module")
def odd(server: Server) -> Iterator[None]:
    server.psql("DROP SCHEMA IF EXISTS \"My ''schema.x\" CASCADE; CREATE SCHEMA \"My ''schema.x\"")
    server.psql("GRANT USAGE ON SCHEMA \"My ''schema.x\" TO shop_reader")
    server.psql("COMMENT ON SCHEMA \"My ''schema.x\" IS 'Odd things'")
    for name in ODD_NAMES:
        table = f"\"My ''schema.x\".{quoted(name)}"
        server.psql(
            f"CREATE TABLE {table} (id int PRIMARY KEY, {quoted(name)} text);"
            f"CREATE INDEX ON {table} ({quoted(name)}); GRANT SELECT ON {table} TO shop_reader"
        )
    yield
    server.psql("DROP SCHEMA \"My ''schema.x\" CASCADE")


@pytest.fixture
async def db(odd: None, reader_profile: Profile) -> AsyncIterator[Database]:
    database = Database(reader_profile, PASSWORD)
    yield database
    await database.close()


async def test_the_overview_says_what_the_database_is(db: Database):
    reply = await catalog.database_overview(db)
    assert reply["database"] == "shop"
    assert reply["server"].startswith("PostgreSQL 18")
    assert reply["size"].endswith("MB")
    assert reply["search_path"] == ["public"]
    assert any(e.startswith("vector ") for e in reply["extensions"])
    assert reply["table_count"] == len(ODD_NAMES) + 2
    assert {"name": "My ''schema.x", "tables": len(ODD_NAMES), "comment": "Odd things"} in reply[
        "schemas"
    ]
    assert {"public.orders", "public.customers"} <= {t["name"] for t in reply["main_tables"]}


async def test_the_overview_holds_description_and_label(odd: None, reader_profile: Profile):
    profile = replace(reader_profile, description="Orders.\n" * 900, label="production")
    database = Database(profile, PASSWORD)
    reply = await catalog.database_overview(database)
    await database.close()
    assert reply["description"].startswith("Orders. Orders.")
    assert reply["label"] == "production"
    assert len(compact(reply).encode()) <= 4_000


@pytest.mark.parametrize("max_bytes", [1024, 2048, 100_000])
async def test_every_reply_stays_within_its_bytes(db: Database, max_bytes: int):
    replies = [
        await catalog.database_overview(db, max_bytes=max_bytes),
        await catalog.list_tables(db, max_bytes=max_bytes),
        await catalog.search_schema(db, "schema id", max_bytes=max_bytes),
        await catalog.describe_table(db, "orders", max_bytes=max_bytes),
    ]
    assert max(len(compact(reply).encode()) for reply in replies) <= min(max_bytes, 10_000)


@pytest.mark.parametrize("name", ODD_NAMES)
async def test_a_table_of_any_name_is_listed_found_described_and_completed(db: Database, name: str):
    told = f"\"My ''schema.x\".{quoted(name)}"
    reply = await catalog.table_resource(db, "My ''schema.x", name)
    assert reply == await catalog.describe_table(db, told)
    assert [c["name"] for c in reply["columns"]] == ["id", name]
    assert name in await catalog.complete_table(db, name, schema="My ''schema.x")
    assert await catalog.complete_column(db, told, name) == [name]


async def test_completions_of_a_table_begin_so_before_they_contain_it(db: Database):
    assert (await catalog.complete_table(db, "O"))[0] == "public.orders"
    assert await catalog.complete_table(db, "order") == ["public.orders"]
    assert await catalog.complete_table(db, "public.cust") == ["public.customers"]
    assert await catalog.complete_table(db, "", schema="public") == ["orders", "customers"]


async def test_completions_of_schemas_and_columns(db: Database):
    assert await catalog.complete_schema(db, "pub") == ["public"]
    assert await catalog.complete_schema(db, "") == ["public", "My ''schema.x"]
    assert await catalog.complete_column(db, "orders", "") == [
        "id", "customer_id", "total", "placed", "note",
    ]  # fmt: skip
    assert await catalog.complete_column(db, "orders", "ID") == ["id", "customer_id"]


@pytest.mark.parametrize(
    "prefix", ["%", "_", "\\", "'", "\0", "\ud800", "x" * 9999, "no.such.thing"]
)
async def test_completions_take_any_text(db: Database, prefix: str):
    assert isinstance(await catalog.complete_schema(db, prefix), list)
    assert isinstance(await catalog.complete_table(db, prefix), list)
    assert await catalog.complete_column(db, f"no.{prefix}", prefix) == []


async def test_a_search_path_with_somebody_s_operators_first_changes_nothing(
    server: Server, db: Database
):
    kinds = ["oid", "name", "text", '"char"', "int2", "int4", "int8", "float4", "float8", "boolean"]
    signs = ["=", "<>", "<", ">", "<=", ">=", "~", "!~", "||", "+", "-", "*", "/"]
    traps = ["CREATE SCHEMA evil; GRANT USAGE ON SCHEMA evil TO shop_reader;"]
    for a in kinds:
        traps += [
            f"CREATE FUNCTION evil.trap({a}, {b}) RETURNS bool LANGUAGE plpgsql STABLE AS "
            "$$ BEGIN RAISE 'a trap was stepped on'; END $$;"
            for b in kinds
        ]
        traps += [
            f"CREATE OPERATOR evil.{sign} (LEFTARG={a}, RIGHTARG={b}, FUNCTION=evil.trap);"
            for b in kinds
            for sign in signs
        ]
    traps += [
        f"CREATE DOMAIN evil.{kind} AS int CHECK (false);" for kind in ("text", "name", "oid")
    ]
    server.psql("".join(traps))
    server.psql("ALTER ROLE shop_reader SET search_path = evil, pg_catalog, public")
    path = Database(db.profile, PASSWORD)
    try:
        assert (await catalog.list_tables(path))["total"] == len(ODD_NAMES) + 2
        assert (await catalog.describe_table(path, "orders"))["name"] == "public.orders"
        assert (await catalog.search_schema(path, "customer note"))["total"] >= 2
        assert (await catalog.search_schema(path, "custmer"))["total"] >= 2
        assert (await catalog.database_overview(path))["search_path"][0] == "evil"
        assert await catalog.complete_table(path, "cust") == ["public.customers"]
        assert await catalog.complete_schema(path, "pub") == ["public"]
        assert await catalog.complete_column(path, "orders", "tot") == ["total"]
    finally:
        await path.close()
        server.psql("ALTER ROLE shop_reader RESET search_path; DROP SCHEMA evil CASCADE")


def test_the_four_tools_cost_few_tokens():
    tools = (LIST_TABLES, DESCRIBE_TABLE, SEARCH_SCHEMA, DATABASE_OVERVIEW)
    listed = [
        {"name": t.name, "title": t.title, "description": t.description, "inputSchema": t.schema()}
        for t in tools
    ]
    assert len(compact(listed).encode()) <= 2_600
