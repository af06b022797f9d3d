"""What must not run, and what must, on the system's own PostgreSQL with its extensions."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from trunkline_server.errors import TrunklineError
from trunkline_server.postgres.database import Database
from trunkline_server.profiles.profile import Profile

PORT = 5432  # of a socket in a folder of our own; nothing listens on the network

EXTENSIONS = [
    *("citext", "cube", "dblink", "earthdistance", "file_fdw", "fuzzystrmatch", "hstore", "intagg"),
    *("intarray", "isn", "ltree", "pageinspect", "pg_buffercache", "pg_stat_statements", "pg_trgm"),
    *("pgcrypto", "pgrowlocks", "pgstattuple", "postgres_fdw", "sslinfo", "tablefunc"),
    *("tsm_system_rows", "unaccent", "uuid-ossp", "xml2"),
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
SELECT json_object('{a,1}'), json_build_object('a', 1), json_agg(id) FROM victim
"""


@dataclass(frozen=True)
class System:
    """A PostgreSQL of the system's own, on a socket in ``folder``."""

    folder: Path
    bin: Path

    def psql(self, sql: str, database: str = "traps") -> str:
        return self.run("psql", "-XqAt", "-v", "ON_ERROR_STOP=1", "-h", str(self.folder),
                        "-U", "postgres", "-d", database, "-c", sql)  # fmt: skip

    def run(self, program: str, *arguments: str) -> str:
        user = _other_user()
        log = self.folder / "out"
        with log.open("w+b") as output:
            done = subprocess.run(
                [str(self.bin / program), *arguments],
                user=user,
                extra_groups=None if user is None else [],
                stdout=output,
                stderr=subprocess.STDOUT,
                check=False,
                cwd=self.folder,
            )
        text = log.read_text("utf-8", "replace")
        assert done.returncode == 0, text
        return text.rstrip("\n")


def _other_user() -> int | None:
    """Return whom PostgreSQL runs as: it refuses to be root."""
    return pwd.getpwnam("nobody").pw_uid if os.geteuid() == 0 else None


def _programs() -> Path | None:
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    return found[-1].parent if found else None


@pytest.fixture(scope="session")
def system() -> Iterator[System]:
    programs = _programs()
    if programs is None:
        pytest.skip("PostgreSQL is not installed below /usr/lib/postgresql.")
    available = programs.parent.name
    missing = [
        e
        for e in EXTENSIONS
        if not Path(f"/usr/share/postgresql/{available}/extension/{e}.control").exists()
    ]
    if missing:
        pytest.skip(f"The installed PostgreSQL lacks {', '.join(missing)}.")
    folder = Path(tempfile.mkdtemp(prefix="tls", dir="/tmp"))
    user = _other_user()
    if user is not None:
        os.chown(folder, user, -1)
    running = System(folder, programs)
    data = str(folder / "data")
    try:
        running.run("initdb", "-D", data, "-A", "trust", "-U", "postgres", "-E", "UTF8",
                    "--locale=C", "--no-sync")  # fmt: skip
        with (folder / "data" / "postgresql.conf").open("a") as conf:
            conf.write(f"listen_addresses = ''\nunix_socket_directories = '{folder}'\n"
                       f"port = {PORT}\nfsync = off\n"
                       "shared_preload_libraries = 'pg_stat_statements'\n")  # fmt: skip
        running.run("pg_ctl", "-w", "-D", data, "-l", str(folder / "log"), "start")
        try:
            yield running
        finally:
            running.run("pg_ctl", "-w", "-D", data, "-m", "immediate", "stop")
    finally:
        shutil.rmtree(folder, ignore_errors=True)


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
