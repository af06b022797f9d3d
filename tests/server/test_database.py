"""Connecting with the profile alone, reading with caps, and stopping what was cancelled."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import anyio
import pytest

from tests.server.conftest import PASSWORD, Server
from trunkline_server.errors import TrunklineError, explain
from trunkline_server.postgres.database import Database, connect
from trunkline_server.profiles.profile import Profile


@pytest.fixture
async def db(reader_profile: Profile) -> AsyncIterator[Database]:
    opened = Database(reader_profile, PASSWORD)
    yield opened
    await opened.close()


def _over_tcp(profile: Profile) -> Profile:
    return replace(profile, host="127.0.0.1")


@pytest.mark.parametrize(
    ("sql", "type_", "value"),
    [
        ("SELECT 1::int2", "int2", 1),
        ("SELECT 9007199254740992", "int8", 9007199254740992),
        ("SELECT 9007199254740993", "int8", "9007199254740993"),
        ("SELECT 1.50", "numeric", "1.50"),
        ("SELECT 'NaN'::numeric", "numeric", "NaN"),
        ("SELECT 0.1::float4", "float4", 0.1),
        ("SELECT 'Infinity'::float8", "float8", "Infinity"),
        ("SELECT true", "bool", True),
        ("SELECT NULL", "text", None),
        ("SELECT '2026-01-02'::date", "date", "2026-01-02"),
        ("SELECT '0044-03-15 BC'::date", "date", "0044-03-15 BC"),
        ("SELECT 'infinity'::timestamptz", "timestamptz", "infinity"),
        ("SELECT '2026-01-02 03:04:05.5'::timestamp", "timestamp", "2026-01-02T03:04:05.5"),
        ("SELECT '12345-01-02'::timestamp", "timestamp", "12345-01-02T00:00:00"),
        ("SELECT '1 mon 2 days 03:00'::interval", "interval", "1 mon 2 days 03:00:00"),
        ("SELECT '\\x00ff'::bytea", "bytea", "\\x00ff"),
        ('SELECT \'{"a": [1, null]}\'::jsonb', "jsonb", {"a": [1, None]}),
        ("SELECT 'null'::json", "json", None),
        ("SELECT ARRAY[[1, 2], [3, NULL]]", "int4[]", [[1, 2], [3, None]]),
        ("SELECT '{}'::int[]", "int4[]", []),
        ("SELECT '[0:1]={5,6}'::int[]", "int4[]", [5, 6]),
        ("SELECT ARRAY['a\"b', 'NULL', '', 'c,d', 'e\\f', '{}']", "text[]",
         ['a"b', "NULL", "", "c,d", "e\\f", "{}"]),
        ("SELECT ARRAY['a\"b', 'NULL', '', 'c\\d']::varchar[]", "varchar[]",
         ['a"b', "NULL", "", "c\\d"]),
        ("SELECT ARRAY[1.5, NULL]", "numeric[]", ["1.5", None]),
        ("SELECT int4range(1, 3)", "int4range", "[1,3)"),
        ("SELECT ROW(1, 'a b')", "record", '(1,"a b")'),
        ("SELECT '[1,2]'::vector", "vector", "[1,2]"),
        ("SELECT ARRAY['[1,2]'::vector]", "vector[]", ["[1,2]"]),
        ("SELECT '10.0.0.0/8'::cidr", "cidr", "10.0.0.0/8"),
        ("SELECT 'a'::\"char\"", "char", "a"),
        ("SELECT '00000000-0000-0000-0000-000000000001'::uuid", "uuid",
         "00000000-0000-0000-0000-000000000001"),
        ("SELECT box '((0,0),(1,1))'", "box", "(1,1),(0,0)"),
        ("SELECT B'101'", "bit", "101"),
        ("SELECT pg_typeof(1)", "regtype", "integer"),
    ],
)  # fmt: skip
async def test_a_value_is_ready_for_json(sql: str, type_: str, value: Any, db: Database) -> None:
    rows = await db.read(sql)
    assert (rows.types, rows.rows) == ([type_], [[value]])


async def test_timestamps_carry_their_offset(db: Database) -> None:
    rows = await db.read("SELECT placed FROM orders WHERE id = 1")
    assert rows.rows == [["2026-01-02T00:00:00+00:00"]]


async def test_columns_of_the_same_name_all_arrive(db: Database) -> None:
    rows = await db.read("SELECT 1 AS a, 2 AS a")
    assert (rows.columns, rows.rows) == (["a", "a"], [[1, 2]])


@pytest.mark.parametrize(
    ("cast", "given", "value"),
    [
        ("int", "5", 5), ("int8", 5, 5), ("numeric", 1.5, "1.5"),
        ("date", "2026-01-02", "2026-01-02"),
        ("bool", "yes", True), ("text", 5, "5"), ("jsonb", {"a": 1}, {"a": 1}),
        ("jsonb", "word", "word"), ("text[]", ["a", None], ["a", None]), ("int[]", [1, 2], [1, 2]),
        ("uuid", "00000000-0000-0000-0000-000000000001", "00000000-0000-0000-0000-000000000001"),
        ("timestamptz", "2026-01-02T03:04:05Z", "2026-01-02T03:04:05+00:00"),
        ("vector", "[1,2]", "[1,2]"), ("bytea", "\\x00ff", "\\x00ff"), ("int", None, None),
    ],
)  # fmt: skip
async def test_a_parameter_is_read_as_its_type(
    cast: str, given: Any, value: Any, db: Database
) -> None:
    assert (await db.read(f"SELECT $1::{cast}", [given])).rows == [[value]]


@pytest.mark.parametrize(("cast", "given"), [("int", "five"), ("int", 1.5), ("bool", "perhaps")])
async def test_a_parameter_of_the_wrong_kind_is_named(cast: str, given: Any, db: Database) -> None:
    with pytest.raises(TrunklineError, match=r"The value of \$1 is not a valid"):
        await db.read(f"SELECT $1::{cast}", [given])


async def test_missing_parameters_are_counted(db: Database) -> None:
    with pytest.raises(TrunklineError, match="has 2 parameters and 1 values"):
        await db.read("SELECT $1::int, $2::int", [1])


async def test_exactly_as_many_rows_as_the_cap_are_not_truncated(db: Database) -> None:
    rows = await db.read("SELECT generate_series(1, 500)")
    assert (rows.row_count, rows.truncated, "hint" in rows.as_json()) == (500, False, False)


async def test_one_row_more_than_the_cap_is_said(db: Database) -> None:
    rows = await db.read("SELECT generate_series(1, 501)")
    assert (rows.row_count, rows.truncated) == (500, True)
    assert "500 rows" in rows.hint


async def test_the_reply_stays_within_its_bytes(db: Database) -> None:
    rows = await db.read("SELECT repeat('é', 1000) FROM generate_series(1, 500)", max_bytes=10_000)
    assert (rows.row_count, rows.truncated) == (4, True)


async def test_a_giant_cell_is_cut_with_a_mark(db: Database) -> None:
    rows = await db.read("SELECT repeat('x', 1000000), 1", max_bytes=2000)
    assert rows.truncated
    assert len(rows.rows[0][0]) < 2000
    assert rows.rows[0][0].endswith("… [1000000 bytes]")


async def test_of_an_endless_value_the_beginning_is_answered(db: Database) -> None:
    rows = await db.read("SELECT 1 AS n, repeat('x', 100000000) AS body, 2 AS m")
    number, text, unread = rows.rows[0]
    assert (number, text[:3], text[-20:]) == (1, "xxx", "xx… [100000000 bytes]"[-20:])
    assert (unread, rows.truncated) == ("… [not read]", True)
    assert "left(body::text, 200)" in rows.hint
    assert (await db.read("SELECT 1")).rows == [[1]]


async def test_the_server_stops_at_the_cap(db: Database) -> None:
    rows = await db.read("SELECT n, pg_sleep(CASE WHEN n > 100 THEN 60 ELSE 0 END) "
                         "FROM generate_series(1, 1000) n", max_rows=10)  # fmt: skip
    assert rows.row_count == 10


async def test_a_slow_query_ends_at_its_timeout(reader_profile: Profile) -> None:
    db = Database(replace(reader_profile, statement_timeout=0.2), PASSWORD)
    with pytest.raises(TrunklineError) as stopped:
        await db.read("SELECT pg_sleep(60)")
    assert stopped.value.code == "query.timeout"
    await db.close()


async def test_a_mistake_is_told_in_postgresqls_words(db: Database) -> None:
    with pytest.raises(TrunklineError) as failed:
        await db.read("SELECT nam FROM customers")
    assert failed.value.code == "query.no_column"
    assert 'Perhaps you meant to reference the column "customers.name"' in (
        failed.value.failure.detail
    )
    assert "POSITION:  8" in failed.value.failure.detail


async def _until(server: Server, condition: str, expected: str) -> None:
    async with asyncio.timeout(10):
        while await asyncio.to_thread(server.psql, condition) != expected:
            pass


RUNNING = (
    "SELECT count(*) FROM pg_stat_activity WHERE state = 'active' "
    "AND application_name = 'Trunkline' AND query LIKE '%pg_sleep(4%'"
)


async def test_a_cancelled_question_stops_in_postgresql(server: Server, db: Database) -> None:
    async with anyio.create_task_group() as group:
        group.start_soon(db.read, "SELECT pg_sleep(4)")
        await _until(server, RUNNING, "1")
        group.cancel_scope.cancel()
    assert server.psql(RUNNING) == "0"


async def test_the_connection_is_of_use_after_a_cancelled_question(
    server: Server, db: Database
) -> None:
    task = asyncio.create_task(db.read("SELECT pg_sleep(4)"))
    await _until(server, RUNNING, "1")
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert (await db.read("SELECT 1")).rows == [[1]]


async def test_many_questions_at_once_share_four_connections(server: Server, db: Database) -> None:
    await asyncio.gather(*(db.read("SELECT 1") for _ in range(20)))
    mine = "SELECT count(*) <= 4 FROM pg_stat_activity WHERE application_name = 'Trunkline'"
    assert server.psql(mine) == "t"


async def test_a_restarted_server_is_not_noticed(server: Server, db: Database) -> None:
    await asyncio.gather(*(db.read("SELECT 1") for _ in range(4)))
    await asyncio.to_thread(server.control, "-m", "immediate", "restart")
    assert (await db.read("SELECT 1")).rows == [[1]]


async def test_a_killed_connection_is_replaced(server: Server, db: Database) -> None:
    await db.read("SELECT 1")
    server.psql(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
        "WHERE application_name = 'Trunkline'"
    )
    assert (await db.read("SELECT 1")).rows == [[1]]


async def test_nothing_stays_open_after_close(server: Server, reader_profile: Profile) -> None:
    db = Database(reader_profile, PASSWORD)
    await db.read("SELECT 1")
    await db.close()
    await _until(
        server,
        "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'Trunkline'",
        "0",
    )


async def test_our_own_statements_are_read_only_too(owner_profile: Profile) -> None:
    db = Database(owner_profile, PASSWORD)
    with pytest.raises(TrunklineError) as refused:
        await db.fetch("DELETE FROM orders")
    assert refused.value.code == "query.write_refused"
    await db.close()


@pytest.fixture
def hostile_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, server: Server) -> None:
    passfile, service = tmp_path / "pass", tmp_path / "service"
    passfile.write_text(f"*:*:*:*:{PASSWORD}\n")
    passfile.chmod(0o600)
    service.write_text(f"[evil]\nuser=postgres\npassword={PASSWORD}\ndbname=postgres\n")
    for name, value in {
        "PGPASSFILE": str(passfile), "PGSERVICEFILE": str(service), "PGSERVICE": "evil",
        "PGPASSWORD": PASSWORD, "PGUSER": "postgres", "PGDATABASE": "postgres",
        "PGHOST": "evil.invalid", "PGPORT": "1", "PGSSLMODE": "require",
        "PGSSLNEGOTIATION": "nonsense", "PGTARGETSESSIONATTRS": "standby", "PGGSSLIB": "nonsense",
        "PGSSLCERT": "/nowhere", "PGSSLROOTCERT": "/nowhere", "PGKRBSRVNAME": "evil",
        "PGOPTIONS": "-c search_path=evil",
    }.items():  # fmt: skip
        monkeypatch.setenv(name, value)


@pytest.mark.parametrize("sslmode", ["disable", "allow", "prefer"])
@pytest.mark.usefixtures("hostile_environment")
async def test_no_variable_changes_where_a_profile_leads(
    sslmode: Any, reader_profile: Profile
) -> None:
    profile = replace(_over_tcp(reader_profile), sslmode=sslmode)
    connection = await connect(profile, PASSWORD)
    seen = await connection.fetchrow("SELECT current_user::text, current_database()::text")
    await connection.close()
    assert list(seen or ()) == ["shop_reader", "shop"]


@pytest.mark.parametrize("password", [None, "", "wrong"])
@pytest.mark.usefixtures("hostile_environment")
async def test_no_file_or_variable_lends_a_password(
    password: str | None, reader_profile: Profile
) -> None:
    with pytest.raises(Exception, match="password") as refused:
        await connect(_over_tcp(reader_profile), password)
    assert explain(refused.value).code.startswith(("login.", "internal"))


async def test_the_next_host_is_tried(reader_profile: Profile) -> None:
    profile = replace(
        _over_tcp(reader_profile), port=1, fallback_hosts=(f"127.0.0.1:{reader_profile.port}",)
    )
    connection = await connect(profile, PASSWORD)
    assert await connection.fetchval("SELECT 1") == 1
    await connection.close()


async def test_require_means_no_plain_connection(reader_profile: Profile) -> None:
    with pytest.raises(ConnectionError, match="rejected SSL upgrade"):
        await connect(replace(_over_tcp(reader_profile), sslmode="require"), PASSWORD)


async def test_a_wrong_password_is_told_plainly(reader_profile: Profile) -> None:
    db = Database(_over_tcp(reader_profile), "wrong")
    with pytest.raises(TrunklineError) as refused:
        await db.read("SELECT 1")
    assert refused.value.code == "login.password"
    assert "wrong" not in str(refused.value.failure.as_json())


async def test_nothing_listening_is_told_plainly(reader_profile: Profile) -> None:
    db = Database(replace(_over_tcp(reader_profile), port=1), PASSWORD)
    with pytest.raises(TrunklineError) as refused:
        await db.read("SELECT 1")
    assert refused.value.code == "reach.refused"
