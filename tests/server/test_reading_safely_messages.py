"""What a refusal says: the construct, the next step, and nothing of the server's own."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from tests.server import installed, statements
from tests.server.conftest import PASSWORD, Server
from trunkline_server.errors import Failure, TrunklineError
from trunkline_server.postgres.database import Database
from trunkline_server.profiles.profile import Profile

OBJECTS = """
CREATE TABLE numbers (n int, t text);
INSERT INTO numbers VALUES (1, 'a');
CREATE FUNCTION fails() RETURNS int LANGUAGE plpgsql STABLE AS
  $$ BEGIN RAISE EXCEPTION 'a rule of ours' USING HINT = 'ask us'; END $$;
CREATE FUNCTION ends() RETURNS int LANGUAGE plpgsql STABLE AS $$ BEGIN NULL; END $$;
CREATE FUNCTION recurses() RETURNS int LANGUAGE sql STABLE AS 'SELECT 1';
CREATE OR REPLACE FUNCTION recurses() RETURNS int LANGUAGE sql STABLE AS 'SELECT recurses()';
"""

FAILING = """
SELECT 1 / 0
SELECT 'x'::int
SELECT 1::nothing
SELECT nothing FROM numbers
SELECT * FROM nothing
SELECT nothing(1)
SELECT 1 + 'x'::text
SELECT n FROM numbers GROUP BY t
SELECT n, n FROM numbers a, numbers b
SELECT sum(sum(n)) FROM numbers
SELECT ('{"a": 1'::jsonb)
SELECT '2026-13-45'::date
SELECT (SELECT n FROM generate_series(1, 2) n)
SELECT ARRAY[1, 'x']
SELECT ln(0)
SELECT sqrt(-1)
SELECT 9999999999::int
SELECT repeat('x', 2000000000)
SELECT '\\x0g'::bytea
SELECT chr(0)
SELECT to_date('x', 'YYYY')
SELECT 'x' ~ '('
SELECT substring('x' FROM 1 FOR -1)
SELECT $1
SELECT fails()
SELECT ends()
SELECT recurses()
SELECT now() AT TIME ZONE 'Nowhere/City'
SELECT 'a' COLLATE nothing
SELECT * FROM numbers ORDER BY 5
SELECT n FROM numbers UNION SELECT 1, 2
SELECT t FROM numbers UNION SELECT 1
SELECT * FROM numbers LIMIT -1
SELECT row_number() FROM numbers
SELECT * FROM generate_series(1, 10, 0)
SHOW nothing
SELECT current_setting('nothing')
SELECT 'english'::regconfig, 'nothing'::regconfig
SELECT * FROM numbers TABLESAMPLE nothing (1)
SELECT * FROM numbers TABLESAMPLE system (500)
SELECT n FROM nothing.numbers
SELECT numbers.n FROM numbers x
SELECT pg_get_viewdef(1, 'x')
WITH RECURSIVE r AS (SELECT 1 UNION ALL SELECT * FROM r) SELECT (SELECT 1 FROM r)
SELECT xmlparse(DOCUMENT 'x')
SELECT nothing.* FROM numbers
SELECT convert_from('\\xff', 'UTF8')
SELECT 1 FROM numbers WHERE n
SELECT json_object('{a}')
SELECT pg_input_is_valid('1', 'nothing')
SELECT '' || ARRAY[1] || '{"a": 1}'::json
"""


@pytest.fixture(scope="module")
def talkative(server: Server) -> Iterator[Server]:
    server.psql("CREATE DATABASE talkative")
    server.psql(OBJECTS + statements.TRAPS, "talkative")
    yield server
    server.psql("DROP DATABASE talkative WITH (FORCE)")


@pytest.fixture
async def db(talkative: Server, superuser_profile: Profile) -> AsyncIterator[Database]:
    opened = Database(replace(superuser_profile, database="talkative"), PASSWORD)
    yield opened
    await opened.close()


async def _failures(sqls: list[str], db: Database) -> dict[str, Failure]:
    found = {}
    for sql in sqls:
        with pytest.raises(TrunklineError) as refused:
            await db.read(sql)
        found[sql] = refused.value.failure
    return found


def _own_things(failure: Failure, server: Server) -> list[str]:
    """Return what of this computer or its secrets the words show."""
    words = f"{failure.title}\n{failure.hint}\n{failure.detail}"
    planted = [
        PASSWORD,
        str(server.folder),
        str(server.bin),
        str(Path(__file__).parents[2]),
        "/usr/",
        "site-packages",
    ]
    marks = ["Traceback", 'File "', ".py", "asyncpg", "pglast", "Exception:"]
    return [thing for thing in (*planted, *marks) if thing in words]


async def test_no_error_shows_a_password_a_path_or_a_stack(db: Database, talkative: Server) -> None:
    failures = await _failures(statements.lines(FAILING), db)
    assert len(failures) >= 40
    assert {sql: f for sql, f in failures.items() if _own_things(f, talkative)} == {}
    assert {f.code for f in failures.values()} <= {
        "query.failed", "query.no_table", "query.no_column", "query.no_function", "query.syntax",
        "query.params", "query.too_large", "query.timeout",
    }  # fmt: skip


async def test_every_refusal_is_one_sentence_and_one_next_step(
    db: Database, talkative: Server
) -> None:
    sqls = [sql.replace("{folder}", "/srv/planted") for sql in statements.REFUSED]
    failures = await _failures(sqls, db)
    guarded = {sql: f for sql, f in failures.items() if f.code.startswith("guard.")}
    assert len(guarded) > 350
    for sql, failure in guarded.items():
        assert not _own_things(failure, talkative), sql
        assert "/srv/planted" not in str(failure.as_json()), sql
        assert re.fullmatch(r"\S.*\.", failure.title), sql
        assert re.fullmatch(r"[A-Z].*\.", failure.hint), sql
        assert "!" not in failure.title.replace("!", "", sql.count("!")), sql


@pytest.mark.parametrize(
    ("sql", "names", "says"),
    [
        ("INSERT INTO t VALUES (1)", "INSERT", "SELECT"),
        ("COPY t TO '/tmp/x'", "COPY", "SELECT"),
        ("SET search_path = x", "SET search_path", "schemas"),
        ("SET TIME ZONE 'UTC'", "SET timezone", "AT TIME ZONE"),
        ("RESET ALL", "SET", "Leave it out"),
        ("BEGIN", "BEGIN", "Leave it out"),
        ("ROLLBACK TO s", "ROLLBACK TO", "Leave it out"),
        ("PREPARE p AS SELECT 1", "PREPARE", "params"),
        ("DO $$ BEGIN END $$", "DO", "SELECT"),
        ("CREATE INDEX ON t (a)", "CREATE INDEX", "person"),
        ("ALTER DOMAIN d SET NOT NULL", "ALTER DOMAIN", "person"),
        ("GRANT ALL ON t TO u", "GRANT", "administrator"),
        ("VACUUM t", "VACUUM", "administrator"),
        ("DECLARE c CURSOR FOR SELECT 1", "DECLARE CURSOR", "LIMIT"),
        ("LISTEN c", "LISTEN", "SELECT"),
        ("LOCK TABLE t", "LOCK", "Leave it out"),
        ("SELECT 1; SELECT 2", "2", "one by one"),
        ("SELECT 1 INTO x", "SELECT INTO", "Leave INTO out"),
        ("SELECT 1 FROM pg_class FOR UPDATE", "FOR UPDATE", "Leave the locking clause out"),
        ("SELECT pg_read_file('x')", "pg_read_file", "tables"),
        ("SELECT lo_get(1)", "lo_get", "tables"),
        ("SELECT nextval('s')", "nextval", "last_value"),
        ("SELECT set_config('a.b', 'c', true)", "set_config", "AT TIME ZONE"),
        ("SELECT pg_notify('c', 'x')", "pg_notify", "Leave it out"),
        ("SELECT pg_terminate_backend(1)", "pg_terminate_backend", "pid"),
        ("SELECT query_to_xml('SELECT 1', true, true, '')", "query_to_xml", "subquery"),
        ("SELECT txid_current()", "txid_current", "pg_current_snapshot"),
        ("SELECT pg_reload_conf()", "pg_reload_conf", "administrator"),
        ("SELECT volatile_sql()", "volatile_sql", "STABLE"),
        ("SELECT definer()", "definer", "plain SQL"),
        ("SELECT * FROM shouting", "shouting", "plain SQL"),
        ("TABLE pg_authid", "pg_authid", "pg_roles"),
        ("SHOW data_directory", "data_directory", "another setting"),
        ("SHOW ALL", "SHOW ALL", "one setting"),
        ("SELECT query FROM pg_stat_activity", "query", "Name the columns"),
    ],
)
async def test_a_refusal_names_the_construct_and_says_what_to_write_instead(
    sql: str, names: str, says: str, db: Database
) -> None:
    with pytest.raises(TrunklineError) as refused:
        await db.read(sql)
    assert names in refused.value.failure.title
    assert says in refused.value.failure.hint


async def test_a_file_of_the_server_is_not_named_when_it_cannot_be_read() -> None:
    versions = installed.versions()
    if not versions or installed.missing_extensions(max(versions), ["file_fdw"]):
        pytest.skip("No PostgreSQL with file_fdw is installed below /usr/lib/postgresql.")
    with installed.running(versions[max(versions)]) as system:
        system.psql(
            "CREATE EXTENSION file_fdw; CREATE SERVER f FOREIGN DATA WRAPPER file_fdw;"
            "CREATE FOREIGN TABLE gone (t text) SERVER f OPTIONS (filename '/srv/planted/x.csv');",
            "postgres",
        )
        opened = Database(
            Profile(id="x", name="x", host=str(system.folder), port=installed.PORT, user="postgres",
                    sslmode="disable"), None,
        )  # fmt: skip
        with pytest.raises(TrunklineError) as refused:
            await opened.read("SELECT * FROM gone")
        await opened.close()
    assert "could not open file" in refused.value.failure.detail
    assert "planted" not in str(refused.value.failure.as_json())
