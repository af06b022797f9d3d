"""What a profile hides is nowhere in the catalogue: not counted, not named, not hinted at."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from typing import Any

import pytest

from tests.server.conftest import PASSWORD, Server
from trunkline_server.errors import TrunklineError
from trunkline_server.postgres import catalog
from trunkline_server.postgres.database import Database
from trunkline_server.profiles.profile import Profile

CLINIC = """
DROP SCHEMA IF EXISTS clinic CASCADE; DROP SCHEMA IF EXISTS vaults CASCADE;
CREATE SCHEMA clinic; CREATE SCHEMA vaults;
CREATE TABLE vaults.keeper (id int PRIMARY KEY);
CREATE TABLE clinic.patient (id int PRIMARY KEY, ward text, zodiac text DEFAULT 'leo',
  loud text GENERATED ALWAYS AS (upper(zodiac)) STORED, kind text,
  CHECK (zodiac IN ('leo', 'virgo')), UNIQUE (zodiac, ward));
CREATE INDEX ON clinic.patient (zodiac);
CREATE INDEX patient_expression ON clinic.patient (lower(zodiac));
CREATE INDEX patient_partial ON clinic.patient (ward) WHERE zodiac = 'leo';
CREATE INDEX patient_fine ON clinic.patient (ward);
CREATE TABLE clinic.payroll (id int PRIMARY KEY, patient int REFERENCES clinic.patient,
  keeper int REFERENCES vaults.keeper);
CREATE TABLE clinic.visit (id int PRIMARY KEY, patient int REFERENCES clinic.patient,
  wage int REFERENCES clinic.payroll, keeper int REFERENCES vaults.keeper);
CREATE VIEW clinic.wages AS SELECT id, patient FROM clinic.payroll;
CREATE MATERIALIZED VIEW clinic.frozen AS
  SELECT 'virgo'::text AS sign FROM generate_series(1, 100);
CREATE TABLE clinic.reading (day date, omen text) PARTITION BY RANGE (day);
CREATE TABLE clinic.reading_2030 PARTITION OF clinic.reading
  FOR VALUES FROM ('2030-01-01') TO ('2031-01-01');
CREATE TABLE clinic.reading_2031 PARTITION OF clinic.reading
  FOR VALUES FROM ('2031-01-01') TO ('2032-01-01');
COMMENT ON COLUMN clinic.patient.zodiac IS 'astrology';
COMMENT ON TABLE clinic.payroll IS 'astronomical';
INSERT INTO clinic.patient (id, ward, zodiac, kind)
  SELECT n, 'ward ' || n % 3, CASE n % 2 WHEN 0 THEN 'leo' ELSE 'virgo' END || '', 'in' || n % 2
  FROM generate_series(1, 3) n;
GRANT USAGE ON SCHEMA clinic, vaults TO shop_reader;
GRANT SELECT ON ALL TABLES IN SCHEMA clinic, vaults TO shop_reader;
ANALYZE;
"""
HIDDEN = ("clinic.payroll", "clinic.patient.zodiac", "clinic.reading_2030")


@pytest.fixture(scope="module")
def clinic(server: Server) -> Iterator[None]:
    server.psql(CLINIC)
    yield
    server.psql("DROP SCHEMA clinic CASCADE; DROP SCHEMA vaults CASCADE")


@pytest.fixture
async def db(clinic: None, reader_profile: Profile) -> AsyncIterator[Database]:
    notes = ("clinic.payroll: ghostly", "clinic.visit: one row each time")
    profile = replace(reader_profile, schemas=("clinic",), hidden=HIDDEN, notes=notes)
    database = Database(profile, PASSWORD)
    yield database
    await database.close()


@pytest.fixture
async def seeing(clinic: None, reader_profile: Profile) -> AsyncIterator[Database]:
    database = Database(reader_profile, PASSWORD)
    yield database
    await database.close()


async def everything(db: Database) -> list[Any]:
    """Return whatever the catalogue says when asked for everything."""
    told: list[Any] = [
        await catalog.list_tables(db),
        await catalog.database_overview(db),
        await catalog.complete_schema(db, ""),
        await catalog.complete_table(db, ""),
        await catalog.complete_table(db, "", schema="clinic"),
    ]
    for table in ("patient", "visit", "wages", "reading", "reading_2031", "frozen"):
        told.append(await catalog.table_resource(db, "clinic", table))
        told.append(await catalog.complete_column(db, f"clinic.{table}", ""))
    queries = ("patient", "id", "keep", "astronomical", "astrology", "ghostly", "leo")
    return [*told, *[(await catalog.search_schema(db, q))["matches"] for q in queries]]


WORDS = ("payroll", "zodiac", "vaults", ".keeper", "leo", "virgo", "astro", "ghostly")


async def test_what_is_hidden_is_named_nowhere(db: Database):
    told = str(await everything(db))
    assert [word for word in (*WORDS, "reading_2030") if word in told] == []


async def test_all_of_it_would_be_told_without_the_profile(clinic: None, reader_profile: Profile):
    database = Database(replace(reader_profile, notes=("clinic.payroll: ghostly",)), PASSWORD)
    told = str(await everything(database))
    await database.close()
    assert [word for word in WORDS if word not in told] == []


async def test_hidden_tables_are_not_counted(db: Database, seeing: Database):
    shown, all_of_it = [await catalog.list_tables(d, schema="clinic") for d in (db, seeing)]
    assert (shown["total"], all_of_it["total"]) == (5, 6)
    assert (await catalog.list_tables(db))["total"] == 5
    assert (await catalog.database_overview(db))["table_count"] == 5


async def test_foreign_keys_from_and_to_a_hidden_table_are_not_counted(db: Database):
    tables = {t["name"]: t for t in (await catalog.list_tables(db))["tables"]}
    assert tables["clinic.patient"]["referenced_by"] == 1
    assert tables["clinic.visit"]["references"] == ["patient"]


async def test_only_keys_checks_and_indexes_of_shown_columns_are_told(db: Database):
    reply = await catalog.describe_table(db, "clinic.patient")
    assert [c["name"] for c in reply["columns"]] == ["id", "ward", "loud", "kind"]
    assert reply["indexes"] == ["patient_fine: btree (ward)"]
    assert "checks" not in reply
    assert "unique" not in reply
    assert next(c for c in reply["columns"] if c["name"] == "loud")["default"] == "generated:"


async def test_a_hidden_partition_is_not_counted(db: Database):
    assert (await catalog.describe_table(db, "clinic.reading"))["partitions"] == 1


async def test_what_is_hidden_in_a_table_is_hidden_in_its_partitions(
    clinic: None, reader_profile: Profile
):
    database = Database(replace(reader_profile, hidden=("clinic.reading.omen",)), PASSWORD)
    reply = await catalog.describe_table(database, "clinic.reading_2031")
    await database.close()
    assert [c["name"] for c in reply["columns"]] == ["day"]


async def test_the_partitions_of_a_hidden_table_are_hidden(clinic: None, reader_profile: Profile):
    database = Database(replace(reader_profile, hidden=("clinic.reading",)), PASSWORD)
    with pytest.raises(TrunklineError) as caught:
        await catalog.describe_table(database, "clinic.reading_2031")
    await database.close()
    assert caught.value.code == "query.no_table"


@pytest.mark.parametrize("name", ["clinic.payroll", "payroll", "CLINIC.PAYROLL", "vaults.keeper"])
async def test_a_hidden_table_does_not_exist(db: Database, name: str):
    with pytest.raises(TrunklineError) as caught:
        await catalog.describe_table(db, name)
    assert caught.value.code == "query.no_table"


@pytest.mark.parametrize("name", ["payrol", "kepeer", "vaults.keepr", "reading_203"])
async def test_a_hidden_table_is_not_the_nearest_of_any_name(db: Database, name: str):
    with pytest.raises(TrunklineError) as caught:
        await catalog.describe_table(db, name)
    hint = caught.value.failure.hint
    assert "payroll" not in hint
    assert "keeper" not in hint
    assert "reading_2030" not in hint


@pytest.mark.parametrize("word", ["payrol", "zodiak", "keepre"])
async def test_a_misspelt_hidden_name_is_not_put_right(db: Database, word: str):
    reply = str(await catalog.search_schema(db, word))
    assert "payroll" not in reply
    assert "zodiac" not in reply


async def test_an_unknown_schema_names_only_the_allowed(db: Database):
    with pytest.raises(TrunklineError) as caught:
        await catalog.list_tables(db, schema="vaults")
    assert caught.value.failure.hint == "There are: clinic."


async def test_a_cursor_cannot_reach_what_is_hidden(db: Database, seeing: Database):
    from trunkline_server.postgres.catalog import cursor

    mark = cursor.mark_of("list_tables", None)
    before = cursor.written(cursor.Cursor(mark, (2**30, "", "")))
    assert "payroll" in str(await catalog.list_tables(seeing, cursor=before))
    assert "payroll" not in str(await catalog.list_tables(db, cursor=before))
