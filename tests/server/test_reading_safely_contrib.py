"""What must not run, and what must, on the system's own PostgreSQL with its extensions."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator

import pytest

from tests.server import installed
from tests.server.installed import PORT, System
from trunkline_server.errors import TrunklineError
from trunkline_server.postgres.database import Database
from trunkline_server.profiles.profile import Profile

EXTENSIONS = [
    *("citext", "cube", "dblink", "earthdistance", "file_fdw", "fuzzystrmatch", "hstore", "intagg"),
    *("intarray", "isn", "ltree", "pageinspect", "pg_buffercache", "pg_stat_statements", "pg_trgm"),
    *("pgcrypto", "pgrowlocks", "pgstattuple", "postgres_fdw", "sslinfo", "tablefunc"),
    *("tsm_system_rows", "unaccent", "uuid-ossp", "xml2", "postgis", "plpython3u", "hypopg"),
]

TRAPS = """
CREATE TABLE victim (id int PRIMARY KEY, note text);
INSERT INTO victim VALUES (1, 'one'), (2, 'two');
CREATE FUNCTION shout(int) RETURNS int LANGUAGE sql STABLE AS
  $$ SELECT 1 FROM pg_notify('c', 'x') $$;
CREATE SERVER files FOREIGN DATA WRAPPER file_fdw;
CREATE FOREIGN TABLE program (line text) SERVER files OPTIONS (program 'echo hello');
CREATE TABLE parts (line text) PARTITION BY LIST (line);
CREATE FOREIGN TABLE part PARTITION OF parts DEFAULT SERVER files OPTIONS (program 'echo hello');
CREATE TABLE parent (line text);
CREATE FOREIGN TABLE child () INHERITS (parent) SERVER files OPTIONS (program 'echo hello');
CREATE VIEW over_program AS SELECT * FROM program;
CREATE FOREIGN TABLE plain (line text) SERVER files OPTIONS (filename '/etc/hostname');
CREATE VIEW over_dblink AS SELECT * FROM dblink('dbname=traps', 'SELECT 1') AS x(one int);
CREATE VIEW over_crosstab AS SELECT * FROM crosstab('SELECT 1, 2, 3') AS x(a int, b int);
CREATE VIEW over_statements AS SELECT * FROM pg_stat_statements;
CREATE ROLE mallory;
CREATE FUNCTION smuggled() RETURNS int LANGUAGE plpgsql STABLE AS
  $$ BEGIN PERFORM pg_notify('c', 'x'); RETURN 1; END $$;
ALTER FUNCTION smuggled() OWNER TO mallory;
ALTER EXTENSION hstore ADD FUNCTION smuggled();
CREATE DOMAIN late AS int;
CREATE TABLE lates (one late);
INSERT INTO lates VALUES (1);
CREATE FUNCTION is_loud(int) RETURNS bool LANGUAGE sql IMMUTABLE AS
  $$ SELECT true FROM pg_notify('c', 'x') $$;
ALTER DOMAIN late ADD CHECK (is_loud(VALUE)) NOT VALID;
CREATE FUNCTION python() RETURNS int LANGUAGE plpython3u IMMUTABLE AS 'return 1';
CREATE FUNCTION python_rows() RETURNS SETOF text LANGUAGE plpython3u STABLE AS
  $$ import os; os.system("touch marker"); return [] $$;
CREATE VIEW over_python AS SELECT python();
CREATE FUNCTION merge_action() RETURNS int LANGUAGE sql STABLE AS
  $$ SELECT 1 FROM pg_notify('c', 'x') $$;
CREATE FUNCTION json_object(int) RETURNS int LANGUAGE sql STABLE AS
  $$ SELECT 1 FROM pg_notify('c', 'x') $$;
CREATE TABLE places (id int, at geometry(Point, 4326));
INSERT INTO places SELECT n, ST_SetSRID(ST_MakePoint(n, n), 4326) FROM generate_series(1, 5) n;
CREATE INDEX ON places USING gist (at);
"""

#: Names that are syntax since PostgreSQL 16 and were anybody's before.
FORMERLY_FREE = ["json_scalar", "json_serialize", "json", "json_value", "json_query", "json_exists"]

REFUSED = """
SELECT * FROM program
SELECT * FROM parts
SELECT * FROM parent
SELECT * FROM part
SELECT * FROM over_program
SELECT smuggled()
SELECT * FROM dblink('dbname=traps', 'SELECT 1') AS x(one int)
SELECT dblink_exec('dbname=traps', 'DELETE FROM victim')
SELECT dblink_connect('dbname=traps')
SELECT ('dbname=traps'::text).dblink_connect
SELECT * FROM over_dblink
SELECT * FROM over_crosstab
SELECT * FROM crosstab('SELECT 1, 2, 3') AS x(a int, b int)
SELECT * FROM crosstab2('SELECT 1, 2, 3')
SELECT * FROM connectby('victim', 'id', 'id', '1', 0) AS x(a text, b text, c int)
SELECT * FROM xpath_table('id', 'note', 'victim', '/x', 'true') AS x(a int, b text)
SELECT xslt_process('<a/>', '<b/>')
SELECT query_to_xml('SELECT shout(1)', true, true, '')
SELECT table_to_xml_and_xmlschema('victim', true, true, '')
SELECT get_raw_page('victim', 0)
SELECT pgrowlocks('victim')
SELECT postgres_fdw_get_connections()
SELECT postgres_fdw_disconnect_all()
SELECT query FROM pg_stat_statements
SELECT * FROM pg_stat_statements
SELECT * FROM over_statements
SELECT * FROM pg_stat_statements(true)
SELECT pg_stat_statements_reset()
SELECT populate_record(l, 'one=>1'::hstore) FROM lates l
SELECT l #= 'one=>1'::hstore FROM lates l
SELECT set_limit(0.5)
SELECT json_scalar(1)
SELECT json_serialize('1')
SELECT json('1')
SELECT json_value('1', '$')
SELECT json_query('1', '$')
SELECT json_exists('1', '$')
SELECT json_object(1)
SELECT merge_action()
SELECT python()
SELECT * FROM python_rows()
SELECT * FROM over_python
SELECT hypopg_reset()
SELECT * FROM hypopg_create_index('CREATE INDEX ON victim (note)')
SELECT xpath_nodeset('<a/>', '/a') FROM xslt_process('a', 'b')
SELECT UpdateGeometrySRID('places', 'at', 0)
SELECT AddGeometryColumn('places', 'x', 0, 'POINT', 2)
SELECT DropGeometryTable('places')
SELECT postgis_extensions_upgrade()
"""

HONEST = """
SELECT 'a=>1'::hstore -> 'a', hstore('a', 'b'), each('a=>1'::hstore), akeys('a=>1')
SELECT ('a=>1'::hstore || 'b=>2') ? 'b', hstore(v) FROM victim v
SELECT 'a.b'::ltree @> 'a'::ltree, subpath('a.b.c'::ltree, 1), nlevel('a.b')
SELECT digest('a', 'sha256'), crypt('a', gen_salt('bf', 4)), gen_random_bytes(2)
SELECT similarity('a', 'ab'), 'a' % 'b', show_trgm('abc'), word_similarity('a', 'b')
SELECT 'A'::citext = 'a', unaccent('é'), uuid_generate_v4(), levenshtein('a', 'b'), soundex('a')
SELECT earth_distance(ll_to_earth(1, 1), ll_to_earth(2, 2)), cube(1, 2), metaphone('a', 4)
SELECT id FROM victim TABLESAMPLE system_rows(1)
SELECT icount('{1,2}'::int[]), isbn('978-0-393-04002-9'), int_array_aggregate(id) FROM victim
SELECT queryid, calls FROM pg_stat_statements ORDER BY total_exec_time DESC LIMIT 3
SELECT dealloc FROM pg_stat_statements_info
SELECT tuple_count, dead_tuple_percent FROM pgstattuple('victim')
SELECT count(*) FROM pg_buffercache
SELECT ssl_is_used()
SELECT normal_rand(2, 1, 1)
SELECT xpath('/a/text()', '<a>1</a>'), xmlparse(CONTENT '<a/>'), xml_is_well_formed('<a/>')
SELECT * FROM XMLTABLE('/r/x' PASSING '<r><x>1</x></r>' COLUMNS n int PATH '.')
SELECT count(*) FROM plain
SELECT ST_AsText(at), ST_X(at), ST_Distance(at, ST_Point(0, 0, 4326)) FROM places ORDER BY 3
SELECT id FROM places WHERE at && ST_MakeEnvelope(0, 0, 3, 3, 4326) AND ST_Intersects(at, at)
SELECT id FROM places ORDER BY at <-> ST_SetSRID(ST_MakePoint(1, 1), 4326) LIMIT 2
SELECT ST_AsGeoJSON(at)::jsonb, ST_DWithin(at::geography, at::geography, 10) FROM places
SELECT ST_Union(at), ST_Extent(at), count(*) FROM places
SELECT * FROM geometry_columns
SELECT postgis_version(), srid FROM spatial_ref_sys LIMIT 1
SELECT xpath('/r', '<!DOCTYPE r [<!ENTITY x SYSTEM "file:///etc/passwd">]><r>&x;</r>')::text
SELECT json_build_object('a', 1), json_agg(id) FROM victim
"""


@pytest.fixture(scope="session")
def system() -> Iterator[System]:
    versions = installed.versions()
    if not versions:
        pytest.skip("PostgreSQL is not installed below /usr/lib/postgresql.")
    newest = max(versions)
    if missing := installed.missing_extensions(newest, EXTENSIONS):
        pytest.skip(f"The installed PostgreSQL {newest} lacks {', '.join(missing)}.")
    with installed.running(
        versions[newest], "shared_preload_libraries = 'pg_stat_statements'"
    ) as started:
        yield started


@pytest.fixture(scope="session")
def traps(system: System) -> System:
    system.psql("CREATE DATABASE traps", "postgres")
    system.psql("".join(f'CREATE EXTENSION "{name}" CASCADE;' for name in EXTENSIONS))
    system.psql(TRAPS)
    for name in FORMERLY_FREE:
        system.psql(
            f'CREATE FUNCTION "{name}"(VARIADIC text[]) RETURNS int LANGUAGE sql STABLE AS '
            "$$ SELECT 1 FROM pg_notify('c', 'x') $$"
        )
    return system


def _profile(system: System, database: str = "traps") -> Profile:
    return Profile(
        id="traps", name="Traps", host=str(system.folder), port=PORT, database=database,
        user="postgres", sslmode="disable", statement_timeout=5.0,
    )  # fmt: skip


@pytest.fixture
async def db(traps: System) -> AsyncIterator[Database]:
    opened = Database(_profile(traps), None)
    yield opened
    await opened.close()


@pytest.mark.parametrize("sql", REFUSED.strip().splitlines())
async def test_a_superuser_cannot(sql: str, db: Database) -> None:
    with pytest.raises(TrunklineError) as refused:
        await db.read(sql)
    assert refused.value.code.startswith("guard.") or refused.value.code == "query.syntax"


@pytest.mark.parametrize("sql", HONEST.strip().splitlines())
async def test_an_analyst_can(sql: str, db: Database) -> None:
    rows = await db.read(sql)
    assert rows.row_count == len(rows.rows)
