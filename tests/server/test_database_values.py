"""Values of every type, and databases that are not written in UTF-8."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from typing import Any

import pytest

from tests.server.conftest import PASSWORD, Server
from trunkline_server.errors import TrunklineError
from trunkline_server.postgres.database import Database
from trunkline_server.profiles.profile import Profile

MADE = """
CREATE TYPE mood AS ENUM ('sad', 'glad');
CREATE DOMAIN short AS text CHECK (length(value) < 9);
CREATE TYPE spot AS (x int, label text);
ALTER ROLE shop_reader SET bytea_output = 'escape';
ALTER ROLE shop_reader SET intervalstyle = 'iso_8601';
ALTER ROLE shop_reader SET extra_float_digits = 0;
ALTER ROLE shop_reader SET datestyle = 'German';
"""
UNMADE = """
DROP TYPE mood, spot; DROP DOMAIN short; ALTER ROLE shop_reader RESET ALL;
"""
OTHERS = """
CREATE DATABASE latin ENCODING 'LATIN1' LOCALE 'C' TEMPLATE template0;
CREATE DATABASE bytes ENCODING 'SQL_ASCII' LOCALE 'C' TEMPLATE template0;
"""


@pytest.fixture(scope="module", autouse=True)
def types(server: Server) -> Iterator[None]:
    server.psql(MADE)
    yield
    server.psql(UNMADE)


@pytest.fixture(scope="module")
def others(server: Server) -> Iterator[None]:
    for statement in OTHERS.strip().split("\n"):
        server.psql(statement)
    yield
    for name in ("latin", "bytes"):
        server.psql(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
async def db(reader_profile: Profile) -> AsyncIterator[Database]:
    opened = Database(reader_profile, PASSWORD)
    yield opened
    await opened.close()


@pytest.mark.parametrize(
    ("expression", "type_", "value"),
    [
        ("'-infinity'::timestamp", "timestamp", "-infinity"),
        ("'infinity'::date", "date", "infinity"),
        ("'2026-01-02 03:04:05.678+00'::timestamptz AT TIME ZONE 'UTC'", "timestamp",
         "2026-01-02T03:04:05.678"),
        ("interval '1 year -2 days 00:00:01.5'", "interval", "1 year -2 days +00:00:01.5"),
        ("'24:00'::time", "time", "24:00:00"),
        ("'-Infinity'::numeric", "numeric", "-Infinity"),
        ("0.1::float8 + 0.2::float8", "float8", 0.30000000000000004),
        ("'-0'::float8", "float8", -0.0),
        ("'\\xdeadbeef'::bytea", "bytea", "\\xdeadbeef"),
        ("ARRAY['\\x00'::bytea]", "bytea[]", ["\\x00"]),
        ("int4multirange(int4range(1, 3), int4range(5, 7))", "int4multirange", "{[1,3),[5,7)}"),
        ("tstzrange(NULL, NULL)", "tstzrange", "(,)"),
        ("'glad'::mood", "mood", "glad"),
        ("ARRAY['sad'::mood, NULL]", "mood[]", ["sad", None]),
        ("'word'::short", "text", "word"),
        ("ROW(1, 'a,b')::spot", "spot", '(1,"a,b")'),
        ("ARRAY[ROW(1, 'a\"b')::spot]", "spot[]", ['(1,"a""b")']),
        ("'[2:3][0:1]={{1,2},{3,NULL}}'::int[]", "int4[]", [[1, 2], [3, None]]),
        ("ARRAY[ARRAY[]::int[]]", "int4[]", []),
        ("ARRAY[box '((0,0),(1,1))', box '((2,2),(3,3))']", "box[]",
         ["(1,1),(0,0)", "(3,3),(2,2)"]),
        ("ARRAY[true, false, NULL]", "bool[]", [True, False, None]),
        ("ARRAY['{\"a\": [1]}'::jsonb]", "jsonb[]", [{"a": [1]}]),
        ("'<a/>'::text", "text", "<a/>"),
        ("to_tsvector('simple', 'b a')", "tsvector", "'a':2 'b':1"),
        ("'fe80::1'::inet", "inet", "fe80::1"),
        ("'pg_class'::regclass", "regclass", "pg_class"),
        ("4294967295::oid", "oid", 4294967295),
        ("'1.10'::jsonb", "jsonb", 1.1),
        ("'0.1234567890123456789'::jsonb", "jsonb", "0.1234567890123456789"),
        ("'12345678901234567890'::jsonb", "jsonb", 12345678901234567890),
        ("'1e400'::json", "json", "1e400"),
        ("'{\"a\": 1, \"a\": 2}'::json", "json", '{"a": 1, "a": 2}'),
        ("'\"\\ud800\"'::json", "json", '"\\ud800"'),
        ("'\"\\ud83d\\ude00\"'::json", "json", "😀"),
        ("repeat('[', 500)::text || repeat(']', 500)", "text", "[" * 500 + "]" * 500),
        ("(repeat('[', 500) || repeat(']', 500))::json", "json", "[" * 500 + "]" * 500),
        ("chr(1) || chr(8232) || '\U0001f600'", "text", "\x01\u2028\U0001f600"),
    ],
)  # fmt: skip
async def test_a_value_keeps_what_it_says(
    expression: str, type_: str, value: Any, db: Database
) -> None:
    rows = await db.read(f"SELECT {expression}")
    assert (rows.rows, rows.types) == ([[value]], [type_])


@pytest.mark.usefixtures("others")
async def test_a_database_in_latin1_answers_in_utf8(
    server: Server, superuser_profile: Profile
) -> None:
    server.psql(
        "SET client_encoding = 'UTF8'; CREATE TABLE \"größe\" AS SELECT 'Zoë'::text AS näme",
        "latin",
    )
    db = Database(replace(superuser_profile, database="latin"), PASSWORD)
    rows = await db.read('SELECT näme FROM "größe" WHERE näme = $1', ["Zoë"])
    assert (rows.columns, rows.rows) == (["näme"], [["Zoë"]])
    with pytest.raises(TrunklineError):
        await db.read("SELECT '😀'")
    assert (await db.read("SELECT 1")).rows == [[1]]
    await db.close()


@pytest.mark.usefixtures("others")
async def test_bytes_that_are_no_text_do_not_end_the_answer(superuser_profile: Profile) -> None:
    db = Database(replace(superuser_profile, database="bytes"), PASSWORD)
    rows = await db.read("SELECT convert_from('\\xff61'::bytea, 'SQL_ASCII'), 'é'")
    assert rows.rows == [["�a", "é"]]
    with pytest.raises(TrunklineError) as refused:
        await db.read("SELECT convert_from('\\xff61'::bytea, 'SQL_ASCII')::int")
    assert "�a" in refused.value.failure.detail
    await db.close()


async def test_text_no_postgresql_can_hold_is_told(db: Database) -> None:
    for text in ("a\0b", "\ud800"):
        with pytest.raises(TrunklineError) as refused:
            await db.read("SELECT $1::text", [text])
        assert refused.value.code == "query.characters"
    assert (await db.read("SELECT 1")).rows == [[1]]
