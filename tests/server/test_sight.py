"""What a profile hides stays hidden on every way to it, from a superuser's connection too."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from dataclasses import replace

import pytest

from tests.server.conftest import PASSWORD, Server
from trunkline_server.errors import TrunklineError
from trunkline_server.postgres.database import Database
from trunkline_server.profiles.profile import Profile

SECRET = "s3cr3t-value"

OBJECTS = f"""
CREATE SCHEMA app; CREATE SCHEMA extra; CREATE SCHEMA vault;
ALTER DATABASE sighted SET search_path = app, public;
SET search_path = app, public;
CREATE TABLE people (id int PRIMARY KEY, name text, email text, city_id int);
INSERT INTO people VALUES (1, 'Ada', '{SECRET}', 7), (2, 'Grace', '{SECRET}', 8);
CREATE INDEX people_by_email ON people (email);
CREATE TABLE cities (id int PRIMARY KEY, name text, email text);
INSERT INTO cities VALUES (7, 'London', 'hall@london'), (8, 'New York', 'hall@ny');
CREATE TABLE salaries (id serial PRIMARY KEY, person_id int, amount int);
INSERT INTO salaries (person_id, amount) VALUES (1, 424242);
CREATE TABLE vault.keys (id int, key text);
INSERT INTO vault.keys VALUES (1, '{SECRET}');
CREATE TABLE extra.notes (id int, note text);
INSERT INTO extra.notes VALUES (1, '{SECRET}');
CREATE TABLE events (day date, what text, token text) PARTITION BY RANGE (day);
CREATE TABLE events_old PARTITION OF events FOR VALUES FROM ('2020-01-01') TO ('2025-01-01');
CREATE TABLE events_new PARTITION OF events DEFAULT;
INSERT INTO events VALUES ('2024-01-01', 'old', '{SECRET}'), ('2026-01-01', 'new', '{SECRET}');
CREATE TABLE secret_parts (n int, text text) PARTITION BY LIST (n);
CREATE TABLE secret_part PARTITION OF secret_parts DEFAULT;
INSERT INTO secret_parts VALUES (1, '{SECRET}');
CREATE TABLE animals (name text); CREATE TABLE cats (claws text) INHERITS (animals);
INSERT INTO cats VALUES ('{SECRET}', '{SECRET}');
CREATE VIEW people_view AS SELECT id, name FROM people;
CREATE VIEW emails AS SELECT id, email FROM people;
CREATE VIEW all_people AS SELECT * FROM people;
CREATE VIEW whole_people AS SELECT p AS person FROM people p;
CREATE VIEW over_emails AS SELECT id FROM emails WHERE email <> '';
CREATE MATERIALIZED VIEW kept_emails AS SELECT email AS e FROM people;
CREATE VIEW pay AS SELECT amount FROM salaries;
CREATE VIEW window_to_vault AS SELECT id FROM vault.keys;
CREATE VIEW names_of_tables AS SELECT relname FROM pg_class;
CREATE VIEW common_emails AS SELECT most_common_vals::text FROM pg_stats WHERE tablename = 'people';
CREATE FUNCTION email_of(int) RETURNS text LANGUAGE sql STABLE AS
  'SELECT email FROM people WHERE id = $1';
CREATE FUNCTION name_of(int) RETURNS text LANGUAGE sql STABLE AS
  'SELECT name FROM app.people WHERE id = $1';
CREATE FUNCTION atomic_email(int) RETURNS text STABLE
  BEGIN ATOMIC SELECT email FROM app.people WHERE id = $1; END;
CREATE FUNCTION plpgsql_email(int) RETURNS text LANGUAGE plpgsql STABLE AS
  $$ DECLARE r record; BEGIN SELECT * INTO r FROM people WHERE id = $1; RETURN r.email; END $$;
CREATE FUNCTION pay_of(int) RETURNS int LANGUAGE plpgsql STABLE AS
  $$ BEGIN RETURN (SELECT amount FROM salaries WHERE person_id = $1); END $$;
CREATE FUNCTION everybody() RETURNS SETOF people LANGUAGE sql STABLE AS 'SELECT * FROM app.people';
CREATE FUNCTION described(people) RETURNS text LANGUAGE sql IMMUTABLE AS 'SELECT $1.email';
CREATE FUNCTION vault.opened() RETURNS text LANGUAGE sql STABLE AS 'SELECT key FROM vault.keys';
CREATE FUNCTION vault.doubled(int) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT $1 * 2';
CREATE FUNCTION shown() RETURNS int LANGUAGE sql STABLE AS 'SELECT id FROM vault.keys';
ANALYZE;
"""

HIDDEN = """
SELECT email FROM people
SELECT * FROM people
TABLE people
TABLE app.people
SELECT p.* FROM app.people p
SELECT p FROM people p
SELECT people FROM people
SELECT to_jsonb(p) FROM people p
SELECT p.described FROM people p
SELECT described(p) FROM people p
SELECT (p).email FROM people p
SELECT email_of(1)
SELECT atomic_email(1)
SELECT plpgsql_email(1)
SELECT * FROM everybody()
SELECT everybody()
SELECT id FROM people ORDER BY email
SELECT id FROM people WHERE email ~ '^s'
SELECT c.name FROM cities c JOIN people p USING (email)
SELECT name FROM cities NATURAL JOIN people
SELECT x.c FROM people AS x(a, b, c)
SELECT j.* FROM (people p JOIN cities c ON true) AS j
SELECT (SELECT p.email) FROM people p
SELECT x.email FROM people p, LATERAL (SELECT p.email) x
WITH p AS (SELECT * FROM people) SELECT id FROM p
SELECT string_agg(p::text, ',') FROM people p
SELECT NULL::people
SELECT NULL::people[]
SELECT * FROM json_populate_record(NULL::app.people, '{}')
SELECT * FROM emails
SELECT * FROM all_people
SELECT * FROM whole_people
SELECT * FROM over_emails
SELECT * FROM kept_emails
SELECT e FROM kept_emails
EXPLAIN SELECT email FROM people
EXPLAIN ANALYZE SELECT * FROM people
SELECT most_common_vals FROM pg_stats WHERE tablename = 'people'
SELECT * FROM pg_catalog.pg_statistic
SELECT * FROM pg_stats_ext
SELECT * FROM pg_stats_ext_exprs
SELECT * FROM common_emails
SELECT * FROM names_of_tables
SELECT attname FROM pg_attribute
SELECT column_name FROM information_schema.columns
SELECT relname FROM pg_class
SELECT indexdef FROM pg_indexes
SELECT definition FROM pg_views
SELECT prosrc FROM pg_proc
SELECT typname FROM pg_type
SELECT pg_get_indexdef('people_by_email'::regclass)
SELECT pg_get_viewdef('emails'::regclass)
SELECT pg_get_viewdef('emails')
SELECT 'salaries'::regclass
SELECT 'app.salaries'::regclass::oid
SELECT CAST('salaries' AS regclass)
SELECT regclass 'salaries'
SELECT regclass('salaries')
SELECT to_regclass('salaries')
SELECT ('sala' || 'ries')::regclass
SELECT '{salaries}'::regclass[]
SELECT '{salaries}'::_regclass
SELECT n::oid::regclass FROM generate_series(16384, 16500) n
SELECT '16400'::regclass
SELECT 'salaries'::regtype
SELECT pg_input_is_valid('salaries', 'regclass')
SELECT * FROM json_to_record('{"a": "salaries"}') AS x(a regclass)
SELECT pg_relation_size('salaries')
SELECT has_table_privilege('salaries', 'SELECT')
SELECT col_description(1, 1)
SELECT format_type(16400, NULL)
SELECT count(*) FROM salaries
SELECT * FROM app.salaries
SELECT last_value FROM salaries_id_seq
SELECT * FROM salaries_pkey
SELECT 1 FROM (SELECT 1) x WHERE EXISTS (SELECT FROM salaries)
SELECT pay_of(1)
SELECT * FROM pay
SELECT NULL::salaries
EXPLAIN SELECT * FROM salaries
EXPLAIN SELECT * FROM pay
SELECT * FROM secret_parts
SELECT * FROM secret_part
SELECT text FROM app.secret_part
SELECT * FROM animals
SELECT * FROM ONLY animals
SELECT * FROM cats
SELECT token FROM events
SELECT * FROM events
SELECT token FROM events_old
SELECT * FROM events_new
SELECT key FROM vault.keys
SELECT * FROM extra.notes
SELECT vault.opened()
SELECT * FROM pg_toast.pg_toast_2619
SELECT query_to_xml('SELECT email FROM people', true, true, '')
SELECT table_to_xml('people', true, true, '')
SELECT ctid, xmin, email FROM people
SELECT * FROM people TABLESAMPLE system (100)
SELECT relation FROM pg_locks
SELECT pg_lock_status()
SELECT relname FROM pg_stat_user_tables
SELECT pg_stat_get_live_tuples(1)
SELECT * FROM pg_partition_tree('events')
"""

IN_SIGHT = """
SELECT id, name FROM people
SELECT count(*) FROM people
SELECT p.id, c.email FROM people p JOIN cities c ON c.id = p.city_id
SELECT p.id, c.* FROM people p, cities c
SELECT * FROM cities
SELECT email FROM cities
SELECT email FROM cities WHERE id IN (SELECT city_id FROM people)
SELECT * FROM people_view
SELECT name_of(1)
SELECT * FROM window_to_vault
SELECT shown()
SELECT vault.doubled(2)
SELECT day, what FROM events
SELECT what FROM events_old
WITH salaries AS (SELECT 1 AS amount) SELECT * FROM salaries
WITH people AS (SELECT 'x' AS email) SELECT people.*, email FROM people
SELECT x.salaries FROM (SELECT 1 AS salaries) x
SELECT id AS email FROM people ORDER BY email
SELECT 'cities'::regclass::text, 'app.cities'::regclass
SELECT tableoid::regclass FROM events
SELECT datname FROM pg_database
SELECT name FROM pg_timezone_names LIMIT 1
SELECT now(), version(), current_database(), current_setting('work_mem')
SHOW work_mem
EXPLAIN SELECT id FROM people
SELECT jsonb_agg(jsonb_build_object('id', id, 'name', name)) FROM people
SELECT '{"a": 1}'::jsonb -> 'a', ARRAY[1, 2], row(1, 2), 'x'::text COLLATE "C"
"""


@pytest.fixture(scope="module")
def sighted(server: Server) -> Iterator[Server]:
    server.psql("CREATE DATABASE sighted")
    server.psql(OBJECTS, "sighted")
    yield server
    server.psql("DROP DATABASE sighted WITH (FORCE)")


@pytest.fixture
def profile(sighted: Server, superuser_profile: Profile) -> Profile:
    return replace(
        superuser_profile,
        database="sighted",
        schemas=("app", "public"),
        hidden=(
            "app.people.email",
            "app.salaries",
            "app.secret_parts",
            "app.cats",
            "app.events.token",
        ),
    )


@pytest.fixture
async def db(profile: Profile) -> AsyncIterator[Database]:
    opened = Database(profile, PASSWORD)
    yield opened
    await opened.close()


@pytest.mark.parametrize("sql", HIDDEN.strip().splitlines())
async def test_what_is_hidden_cannot_be_reached(sql: str, db: Database) -> None:
    with pytest.raises(TrunklineError) as refused:
        await db.read(sql)
    code = refused.value.code
    assert code.startswith("guard.") or code in {"query.no_table", "query.no_column"}
    assert SECRET not in str(refused.value.failure)


@pytest.mark.parametrize("sql", IN_SIGHT.strip().splitlines())
async def test_what_is_in_sight_can_be_read(sql: str, db: Database) -> None:
    rows = await db.read(sql)
    assert rows.row_count
    assert SECRET not in str(rows.rows)


@pytest.mark.parametrize("name", ["salaries", "app.salaries", "vault.keys", "keys", "people_nope"])
async def test_a_hidden_table_is_refused_in_the_words_of_an_unknown_one(
    name: str, db: Database
) -> None:
    failures = []
    for asked in (name, "nobody_made_this"):
        with pytest.raises(TrunklineError) as refused:
            await db.read(f"SELECT 1 FROM {asked}")
        failures.append(str(refused.value.failure.as_json()).replace(asked, "x"))
    assert failures[0] == failures[1]


async def test_a_refused_star_names_the_columns_of_the_catalogue(db: Database) -> None:
    with pytest.raises(TrunklineError) as refused:
        await db.read("SELECT * FROM people")
    assert refused.value.failure.hint == "Name the columns: id, name, city_id."


async def test_postgresqls_guess_at_a_wrong_name_names_nothing_hidden(db: Database) -> None:
    with pytest.raises(TrunklineError) as refused:
        await db.read("SELECT emial FROM people")
    assert "email" not in str(refused.value.failure.as_json())


async def test_a_statement_that_differs_in_its_values_is_looked_at_again(db: Database) -> None:
    await db.read("SELECT p.id FROM people p JOIN cities email ON true")
    with pytest.raises(TrunklineError):
        await db.read("SELECT p.email FROM people p JOIN cities id ON true")


async def test_an_allow_list_alone_leaves_views_as_windows(profile: Profile) -> None:
    opened = Database(replace(profile, hidden=(), schemas=("app",)), PASSWORD)
    try:
        assert (await opened.read("SELECT * FROM window_to_vault")).rows == [[1]]
        assert (await opened.read("SELECT email FROM people WHERE id = 1")).rows == [[SECRET]]
        with pytest.raises(TrunklineError, match=r"vault\.keys"):
            await opened.read("SELECT * FROM vault.keys")
    finally:
        await opened.close()


async def test_a_catalogue_on_the_allow_list_is_shown_when_nothing_is_hidden(
    profile: Profile,
) -> None:
    opened = Database(replace(profile, hidden=(), schemas=("app", "pg_catalog")), PASSWORD)
    try:
        assert (await opened.read("SELECT count(*) FROM pg_class")).row_count == 1
    finally:
        await opened.close()


async def test_hidden_names_differ_in_upper_and_lower_case(
    profile: Profile, sighted: Server
) -> None:
    sighted.psql('CREATE TABLE IF NOT EXISTS app."Salaries" (n int)', "sighted")
    opened = Database(profile, PASSWORD)
    try:
        await opened.read('SELECT * FROM "Salaries"')
        with pytest.raises(TrunklineError):
            await opened.read("SELECT * FROM Salaries")
    finally:
        await opened.close()
