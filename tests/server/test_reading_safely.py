"""What must not run, as superuser, with the database compared from outside; and what must."""

from __future__ import annotations

import tracemalloc
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from typing import Any

import pytest

from tests.server.conftest import PASSWORD, SUPERUSER, Server
from tests.server.outside import Outside
from tests.server.statements import HONEST_OBJECTS, TRAPS, lines
from trunkline_server.errors import TrunklineError
from trunkline_server.postgres.catalog import describe_table, list_tables
from trunkline_server.postgres.check import check
from trunkline_server.postgres.database import Database, connect
from trunkline_server.postgres.guard.lookup import Lookup
from trunkline_server.postgres.roles.posture import posture
from trunkline_server.profiles.profile import Profile

VECTOR_TRAP = """
CREATE FUNCTION norm(vector) RETURNS float8 LANGUAGE c IMMUTABLE STRICT
  AS '$libdir/vector', 'vector_norm';
"""


@pytest.fixture(scope="module")
def traps(server: Server) -> Iterator[Server]:
    server.psql("CREATE DATABASE traps TEMPLATE shop")
    server.psql(TRAPS + HONEST_OBJECTS + VECTOR_TRAP, "traps")
    yield server
    server.psql("DROP DATABASE traps WITH (FORCE)")


@pytest.fixture
async def unchanged(traps: Server) -> AsyncIterator[None]:
    outside = await Outside.of(
        {"host": str(traps.socket), "port": traps.port, "user": SUPERUSER, "password": PASSWORD,
         "database": "traps"}, traps.data,
    )  # fmt: skip
    before = await outside.seen()
    yield
    assert await outside.seen() == before
    await outside.close()


@pytest.fixture
def profile(traps: Server, superuser_profile: Profile) -> Profile:
    return replace(superuser_profile, database="traps")


@pytest.fixture
async def db(profile: Profile) -> AsyncIterator[Database]:
    opened = Database(profile, PASSWORD)
    yield opened
    await opened.close()


@pytest.fixture
async def unguarded(profile: Profile) -> AsyncIterator[Database]:
    """A database whose first layers are gone: whatever is asked reaches PostgreSQL."""
    opened = Database(profile, PASSWORD)

    async def let_all_pass(_fetch: object, _sql: str) -> None:
        return None

    opened._lookup.check = let_all_pass  # type: ignore[method-assign] # takes a layer away
    yield opened
    await opened.close()


WRITES = """
INSERT INTO victim VALUES (3)
UPDATE victim SET note = 'z'
DELETE FROM victim
TRUNCATE victim
DROP TABLE victim
CREATE TABLE other (id int)
SELECT nextval('counter')
SELECT setval('counter', 100)
SELECT writes()
SELECT 1 INTO other
SELECT * FROM victim FOR UPDATE
WITH gone AS (DELETE FROM victim RETURNING *) SELECT * FROM gone
ALTER ROLE postgres PASSWORD 'x'
CREATE ROLE intruder SUPERUSER
SELECT set_config('transaction_read_only', 'off', true)
COPY victim FROM PROGRAM 'echo 3'
SELECT lo_unlink(4711)
"""


@pytest.mark.parametrize("sql", lines(WRITES))
@pytest.mark.usefixtures("unchanged")
async def test_the_transaction_alone_stops(sql: str, unguarded: Database) -> None:
    with pytest.raises(TrunklineError):
        await unguarded.read(sql)


@pytest.mark.parametrize("sql", ["SELECT 1; DELETE FROM victim", "COMMIT; DELETE FROM victim"])
@pytest.mark.usefixtures("unchanged")
async def test_the_protocol_alone_stops_stacked_statements(sql: str, unguarded: Database) -> None:
    with pytest.raises(TrunklineError) as refused:
        await unguarded.read(sql)
    assert refused.value.code == "query.syntax"


@pytest.mark.usefixtures("unchanged")
async def test_the_rollback_alone_undoes_what_a_commit_would_keep(unguarded: Database) -> None:
    await unguarded.read("SELECT pg_notify('c', 'x')")
    assert (await unguarded.read("SELECT 1")).rows == [[1]]


@pytest.mark.parametrize(
    ("change", "shown", "expected"),
    [
        ("SET SESSION AUTHORIZATION shop_reader", "SELECT session_user", "postgres"),
        ("SET ROLE shop_owner", "SELECT current_user", "postgres"),
        ("SET work_mem = '123MB'", "SELECT current_setting('work_mem')", "4MB"),
        ("PREPARE p AS SELECT 1", "SELECT count(*)::int4 FROM pg_prepared_statements", 0),
        ("SELECT pg_advisory_lock(7)::text",
         "SELECT count(*)::int4 FROM pg_locks WHERE locktype = 'advisory'", 0),
        ("LISTEN c", "SELECT count(*)::int4 FROM pg_listening_channels()", 0),
    ],
)  # fmt: skip
async def test_the_session_is_new_for_the_next_question(
    change: str, shown: str, expected: object, unguarded: Database
) -> None:
    await unguarded.read(change)
    assert (await unguarded.read(shown)).rows == [[expected]]


@pytest.mark.parametrize("user", ["shop_owner", "shop_reader"])
@pytest.mark.parametrize("sql", ["DELETE FROM orders", "SELECT pg_notify('c', 'x')", "COMMIT"])
@pytest.mark.usefixtures("unchanged")
async def test_no_role_can(user: str, sql: str, profile: Profile) -> None:
    opened = Database(replace(profile, user=user), PASSWORD)
    with pytest.raises(TrunklineError, match="Nothing was changed"):
        await opened.read(sql)
    await opened.close()


async def test_settings_stay_readable_until_they_hold_a_secret(db: Database, traps: Server) -> None:
    assert (await db.read("SELECT name FROM pg_settings LIMIT 1")).row_count == 1
    traps.psql("ALTER SYSTEM SET primary_conninfo = 'host=x password=y'")
    traps.psql("SELECT pg_reload_conf()")
    other = Database(db.profile, PASSWORD)
    try:
        with pytest.raises(TrunklineError) as refused:
            await other.read("SELECT * FROM pg_settings")
        assert refused.value.code == "guard.secret"
    finally:
        await other.close()
        traps.psql("ALTER SYSTEM RESET primary_conninfo")
        traps.psql("SELECT pg_reload_conf()")


async def test_strings_end_where_the_guard_thinks_they_end(db: Database, traps: Server) -> None:
    traps.psql("ALTER DATABASE traps SET standard_conforming_strings = off")
    other = Database(db.profile, PASSWORD)
    hidden = r" , pg_read_file($$PG_VERSION$$) --"
    try:
        assert (await other.read(rf"SELECT '\''{hidden}'")).rows == [[rf"\'{hidden}"]]
    finally:
        await other.close()
        traps.psql("ALTER DATABASE traps RESET standard_conforming_strings")


OVERTAKING = """
CREATE FUNCTION public.overtaken({left}, {right}) RETURNS {result} LANGUAGE plpgsql STABLE AS
  $$ BEGIN RAISE 'an operator of ours was overtaken: {left} {sign} {right}'; END $$;
CREATE OPERATOR public.{sign} (LEFTARG = {left}, RIGHTARG = {right}, FUNCTION = public.overtaken);
"""


@pytest.fixture(scope="module")
def overtaken(server: Server) -> Iterator[str]:
    """A database where every operator that fits catalogue columns better is a trap."""
    server.psql("CREATE DATABASE overtaken TEMPLATE shop")
    kinds = ["oid", "int2", "int4", "int8", "text", "name", '"char"', "regclass", "regproc",
             "real", "double precision", "boolean"]  # fmt: skip
    pairs = [(left, right) for left in kinds for right in kinds]
    signs = ["=", "<>", "<", "<=", ">", ">=", "~", "!~", "~~", "!~~", "||"]
    has = set(server.psql(
        "SELECT oprname || format_type(oprleft, NULL) || format_type(oprright, NULL) "
        "FROM pg_operator", "overtaken",
    ).splitlines())  # fmt: skip
    long = {"int2": "smallint", "int4": "integer", "int8": "bigint"}
    server.psql("".join(
        OVERTAKING.format(left=a, right=b, sign=sign, result="bool")
        .replace("CREATE FUNCTION", "CREATE OR REPLACE FUNCTION")
        for a, b in pairs for sign in signs
        if sign + long.get(a, a) + long.get(b, b) not in has
    ), "overtaken")  # fmt: skip
    yield "overtaken"
    server.psql("DROP DATABASE overtaken WITH (FORCE)")


async def test_our_own_questions_use_postgresqls_operators(
    profile: Profile, overtaken: str
) -> None:
    opened = Database(replace(profile, database=overtaken), PASSWORD)
    connection = await connect(opened.profile, PASSWORD)
    try:
        assert await list_tables(opened)
        assert await list_tables(opened, schema="public")
        assert await describe_table(opened, "customers")
        assert await posture(connection)
        await connection.fetchrow(check._RIGHTS)
        assert (await opened.read("SELECT name FROM customers WHERE id = 1")).rows == [["Ada"]]
        await opened.read("SELECT '{1}'::regclass[], relname FROM pg_class LIMIT 1")
    finally:
        await connection.close()
        await opened.close()


@pytest.mark.parametrize("schema", ["hidden", "public"])
async def test_the_search_path_of_the_login_counts(
    schema: str, db: Database, traps: Server
) -> None:
    traps.psql(f"ALTER DATABASE traps SET search_path = {schema}")
    other = Database(db.profile, PASSWORD)
    try:
        with pytest.raises(TrunklineError, match="pg_notify"):
            await other.read("SELECT lying()")
        assert (await other.read("SHOW search_path")).rows == [[schema]]
        assert (await other.read("SELECT 1 WHERE 'pg_class'::regclass = 1259")).rows == [[1]]
    finally:
        await other.close()
        traps.psql("ALTER DATABASE traps RESET search_path")


async def test_postgresqls_words_are_cut_when_they_quote_a_whole_value(db: Database) -> None:
    with pytest.raises(TrunklineError) as refused:
        await db.read("SELECT (repeat('y', 3000000))::int")
    assert len(refused.value.failure.detail) <= 2000


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT array_agg(n) FROM generate_series(1, 1500000) n",
        "SELECT jsonb_agg(n) FROM generate_series(1, 1500000) n",
        "SELECT decode(repeat('ab', 15000000), 'hex')",
        "SELECT repeat('é', 8000000)",
    ],
)
async def test_a_large_value_costs_memory_once(sql: str, db: Database) -> None:
    await db.read("SELECT 1")
    tracemalloc.start()
    try:
        assert (await db.read(sql)).truncated
        assert tracemalloc.get_traced_memory()[1] < 100 * 1024**2
    finally:
        tracemalloc.stop()


async def test_statements_that_differ_in_values_only_are_looked_up_once(db: Database) -> None:
    lookup, asked = Lookup(), []
    async with db.asking() as asking:

        async def fetch(sql: str, *args: Any) -> list[Any]:
            asked.append(sql)
            return list(await asking.fetch(sql, *args))

        await lookup.check(fetch, "SELECT doubled(1)")
        before = len(asked)
        await lookup.check(fetch, "SELECT doubled(2)")
        assert (before > 0, len(asked)) == (True, before)
        with pytest.raises(TrunklineError):
            await lookup.check(fetch, "SELECT doubled(lying())")


async def test_a_function_of_a_library_that_somebody_else_named_is_refused(db: Database) -> None:
    with pytest.raises(TrunklineError, match="language"):
        await db.read("SELECT norm('[3,4]')")
