"""The group dba on real servers: PostgreSQL 15 with HypoPG, its standby, and the embedded one."""

from __future__ import annotations

import json
import subprocess
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from fastmcp import Client

from tests.server import servers
from tests.server.conftest import PASSWORD, Server
from tests.server.debian import debian, profile  # noqa: F401  a fixture is used by its name
from tests.server.servers import Instance
from trunkline_server.postgres import database
from trunkline_server.postgres.dba import health_server, health_tables, locks, masking
from trunkline_server.postgres.dba.findings import Finding, Row
from trunkline_server.postgres.dba.findings import Server as About
from trunkline_server.postgres.dba.locks import Session
from trunkline_server.postgres.guard.sight import Sight
from trunkline_server.profiles.profile import Profile
from trunkline_server.serving import app
from trunkline_server.serving.source import Source, Sources
from trunkline_server.serving.tools import dba
from trunkline_server.serving.tools.tool import Tool

DEBIAN = 150_000


async def asked(
    tool: Tool, of: Profile, password: str | None = None, **given: Any
) -> dict[str, Any]:
    source = Source(of, lambda: password)
    try:
        answer = await tool.run(source, tool.checked(given))
    finally:
        await source.close()
    assert len(answer.text.encode()) <= of.max_bytes
    reply: dict[str, Any] = json.loads(answer.text)
    return reply


@asynccontextmanager
async def session(of: Profile, password: str | None = None) -> AsyncIterator[Any]:
    connection = await database.connect(of, password)
    try:
        yield connection
    finally:
        await connection.close()


def said(reply: dict[str, Any]) -> str:
    return json.dumps(reply, ensure_ascii=False)


# The tools as a model meets them


async def test_four_definitions_fit_their_budget(reader_profile: Profile):
    of = replace(reader_profile, tools=("dba",))
    sources = Sources([Source(of, lambda: PASSWORD)])
    async with Client(app.build(sources, lambda _call: None)) as client:
        tools = (await client.list_tools_mcp()).tools
    await sources.close()
    ours = [tool for tool in tools if tool.name in {t.name for t in dba.TOOLS}]
    assert len(ours) == 4
    dumped = (tool.model_dump_json(by_alias=True, exclude_none=True) for tool in ours)
    assert sum(len(text.encode()) for text in dumped) <= 2000


# database_health


async def test_health_names_the_worst_first(debian: Instance):  # noqa: F811  the fixture
    debian.psql("CREATE TABLE few (id smallserial, k int); CREATE INDEX one ON few (k);"
                "CREATE INDEX two ON few (k); SELECT setval('few_id_seq', 32000)")  # fmt: skip
    reply = await asked(dba.DATABASE_HEALTH, profile(debian))
    debian.psql("DROP TABLE few")
    grades = [finding["grade"] for finding in reply["findings"]]
    assert grades == sorted(grades, reverse=True)
    assert reply["grade"] == "urgent"
    assert "The sequence few_id_seq has used 98% of its numbers" in said(reply)
    assert "two (as one)" in said(reply)
    assert all(finding["next"] for finding in reply["findings"])
    assert "not_seen" not in reply


async def test_an_index_that_was_never_finished_is_found(debian: Instance):  # noqa: F811
    debian.psql("CREATE TABLE twice (k int); INSERT INTO twice VALUES (1), (1)")
    with pytest.raises(AssertionError, match="could not create unique index"):
        debian.psql("CREATE UNIQUE INDEX CONCURRENTLY broken ON twice (k)")
    reply = await asked(dba.DATABASE_HEALTH, profile(debian))
    debian.psql("DROP TABLE twice")
    assert "broken on twice was never finished" in said(reply)


async def test_a_reader_is_told_what_it_cannot_see(debian: Instance):  # noqa: F811
    reply = await asked(dba.DATABASE_HEALTH, profile(debian, "shop_reader"))
    (missing,) = reply["not_seen"]
    assert missing.endswith("An administrator can run GRANT pg_monitor TO shop_reader.")


async def test_health_works_on_the_embedded_server(server: Server, reader_profile: Profile):
    reply = await asked(dba.DATABASE_HEALTH, reader_profile, PASSWORD)
    assert "connections: " in said(reply)
    assert all("query." not in text for text in reply.get("not_seen", []))


async def test_hidden_tables_and_columns_are_in_no_finding(debian: Instance):  # noqa: F811
    debian.psql("CREATE TABLE vault (gold int); CREATE INDEX v1 ON vault (gold);"
                "CREATE INDEX v2 ON vault (gold);"
                "CREATE TABLE cards (pin int); CREATE INDEX c1 ON cards (pin);"
                "CREATE INDEX c2 ON cards (pin)")  # fmt: skip
    of = replace(profile(debian), hidden=("public.vault", "public.cards.pin"))
    hidden = said(await asked(dba.DATABASE_HEALTH, of))
    shown = said(await asked(dba.DATABASE_HEALTH, profile(debian)))
    debian.psql("DROP TABLE vault, cards")
    assert all(word in shown for word in ("v2", "c2"))
    assert not any(word in hidden for word in ("vault", "v1", "v2", "cards", "c1", "c2"))


async def test_a_health_reply_is_cut_to_the_bytes_allowed(debian: Instance):  # noqa: F811
    reply = await asked(dba.DATABASE_HEALTH, replace(profile(debian), max_bytes=1024))
    assert "grade" in reply


def judged(judge: Any, about: Any = None, **row: Any) -> list[Finding]:
    rows: list[Row] = [row] if row else []
    found: list[Finding] = judge(rows, about or About(version=DEBIAN))
    return found


@pytest.mark.parametrize(
    ("used", "grade"), [(10, "ok"), (79, "ok"), (80, "attention"), (95, "urgent")]
)
def test_connections_are_graded(used: int, grade: str):
    (found,) = judged(health_server._connections, used=float(used), most=100.0)
    assert found.grade == grade


@pytest.mark.parametrize(("age", "grade"), [(1e6, "ok"), (4e8, "attention"), (1.9e9, "urgent")])
def test_transaction_numbers_are_graded(age: float, grade: str):
    (found,) = judged(health_server._wraparound, age=age, multi_age=0.0, freeze=2e8, is_here=True)
    assert found.grade == grade


@pytest.mark.parametrize(
    ("state", "age", "idle", "grade"),
    [
        ("active", 20.0, 20.0, "ok"),
        ("active", 400.0, 1.0, "attention"),
        ("idle in transaction", 90.0, 80.0, "attention"),
        ("idle in transaction", 4000.0, 4000.0, "urgent"),
    ],
)
def test_long_transactions_are_graded(state: str, age: float, idle: float, grade: str):
    (found,) = judged(health_server._transactions, pid=7, login="ann", state=state, age_s=age,
                      idle_s=idle)  # fmt: skip
    assert found.grade == grade


def test_a_slot_nobody_uses_is_urgent_when_it_keeps_much():
    row = {"slot": "old", "active": False, "wal_status": "reserved", "kept": 2e10}
    (found,) = judged(health_server._slots, **row)
    assert (found.grade, "19 GB" in found.sentence or "18.6 GB" in found.sentence) == (
        "urgent", True,
    )  # fmt: skip


def test_a_slow_copy_and_a_paused_standby_are_told():
    (copy,) = judged(health_server._copies, lag_s=600.0)
    (paused,) = judged(health_server._standby, lag_s=1.0, caught_up=True, paused=True)
    assert (copy.grade, paused.grade) == ("urgent", "attention")


def test_forced_checkpoints_are_told():
    (found,) = judged(health_server._checkpoints, timed=10.0, requested=90.0)
    assert found.next_step == "Raise max_wal_size."


def test_a_version_without_corrections_is_told():
    about = About(version=120_022)
    (found,) = judged(health_server._age, about, version="12.22", today="2026-11-22")
    assert found.grade == "attention"


def test_unused_indexes_are_not_told_before_a_week_is_counted():
    row = {"schema": "public", "name": "t", "index": "i", "size": 2e6}
    young, old = (About(version=DEBIAN, counted_days=days) for days in (2.0, 30.0))
    assert judged(health_tables._unused, young, **row) == []
    assert "in 30 days" in judged(health_tables._unused, old, **row)[0].sentence


# A standby


@pytest.fixture
def standby(debian: Instance) -> Iterator[Instance]:  # noqa: F811
    folder = Path(tempfile.mkdtemp(prefix="tlr"))
    servers._give(folder)
    data, port = folder / "data", servers.free_port()
    base = ["-h", str(debian.folder), "-p", str(debian.port), "-U", "postgres", "-D", str(data)]
    servers.run([debian.programs / "pg_basebackup", *base, "-R", "-c", "fast", "-X", "stream"])
    options = f"-p {port} -k {folder}"
    control: list[str | Path] = [debian.programs / "pg_ctl", "-w", "-D", data]
    servers.run([*control, "-l", folder / "log", "-o", options, "start"])
    try:
        yield Instance(debian.programs, folder, port)
    finally:
        servers.run([*control, "-m", "immediate", "stop"], check=False)
        subprocess.run(["rm", "-rf", str(folder)], check=False)


async def test_every_tool_answers_on_a_standby(standby: Instance):
    of = profile(standby)
    health = await asked(dba.DATABASE_HEALTH, of)
    assert "This is a standby" in said(health)
    assert "not_seen" not in health
    assert (await asked(dba.LIST_LOCKS, of))["waiting"] == 0
    assert "queries" in await asked(dba.TOP_QUERIES, of)
    found = await asked(dba.SUGGEST_INDEXES, of, queries=[BY_CUSTOMER])
    assert found["suggestions"][0]["create"].endswith("ON public.orders (customer_id)")


# top_queries


async def test_values_in_statements_are_masked(debian: Instance):  # noqa: F811
    debian.psql("SELECT pg_stat_statements_reset();"
                "SELECT count(*) FROM customers WHERE name = 'Miss Marple';"
                "CREATE ROLE gone PASSWORD 'open sesame'; DROP ROLE gone;"
                "SELECT count(*) /* my secret */ FROM orders")  # fmt: skip
    reply = said(await asked(dba.TOP_QUERIES, profile(debian), limit=50))
    assert "CREATE ROLE gone PASSWORD" in reply
    assert "FROM customers WHERE name = $1" in reply
    assert not any(word in reply for word in ("Marple", "sesame", "secret"))


async def test_the_order_can_be_chosen(debian: Instance):  # noqa: F811
    debian.psql("SELECT pg_stat_statements_reset();" + "SELECT 1 AS often FROM orders LIMIT 1;" * 9)
    debian.psql("SELECT sum(a.total) AS once FROM orders a JOIN orders b USING (placed)")
    calls = await asked(dba.TOP_QUERIES, profile(debian), by="calls", limit=1)
    total = await asked(dba.TOP_QUERIES, profile(debian), by="total", limit=1)
    assert "often" in calls["queries"][0]["query"]
    assert "once" in total["queries"][0]["query"]


async def test_a_reader_sees_its_own_and_is_told(debian: Instance):  # noqa: F811
    debian.psql("SELECT count(*) AS not_yours FROM customers")
    reply = await asked(dba.TOP_QUERIES, profile(debian, "shop_reader"), limit=50)
    assert "not_yours" not in said(reply)
    assert "can GRANT pg_read_all_stats" in reply["note"]


async def test_statements_that_name_something_hidden_are_left_out(debian: Instance):  # noqa: F811
    debian.psql("SELECT pg_stat_statements_reset(); SELECT ssn FROM customers LIMIT 1;"
                "SELECT name FROM customers LIMIT 1; SELECT count(*) FROM orders;"
                "COMMENT ON TABLE orders IS 'x'")  # fmt: skip
    of = replace(profile(debian), hidden=("public.customers.ssn", "public.orders"))
    reply = await asked(dba.TOP_QUERIES, of, limit=50)
    texts = [query["query"] for query in reply["queries"]]
    assert "SELECT name FROM customers LIMIT $1" in texts
    assert not any("ssn" in text or "orders" in text for text in texts)
    assert "left out because they name something hidden" in reply["note"]


async def test_without_the_extension_it_says_what_to_do(reader_profile: Profile):
    reply = await asked(dba.TOP_QUERIES, reader_profile, PASSWORD)
    assert reply["queries"] == []
    assert "CREATE EXTENSION pg_stat_statements" in reply["note"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("SELECT 'a', 1 -- note\nFROM t", "SELECT …, … FROM t"),
        ("ALTER ROLE x PASSWORD $$p$$", "ALTER ROLE x PASSWORD …"),
        ("SELECT E'it\\'s', U&'x', b'1', 1.5", "SELECT …, …, …, …"),
        ("COPY t FROM 's3://key' /* k", "COPY …"),
        ("what 'is", "…"),
    ],
)
def test_a_statement_is_masked(text: str, expected: str):
    assert masking.masked(text) == expected


@pytest.mark.parametrize(
    ("text", "is_shown"),
    [
        ("SELECT * FROM shop.open", True),
        ("SELECT * FROM open", True),
        ("SELECT * FROM other.open", False),
        ("SELECT * FROM shop.vault", False),
        ("WITH vault AS (SELECT 1) SELECT * FROM vault", True),
        ('SELECT "PIN" FROM shop.cards', True),
        ("SELECT Pin FROM shop.cards", False),
        ("SELECT pin FROM elsewhere_unknown", False),
        ("DROP TABLE shop.open", False),
        ("SELECT 1 FROM", False),
    ],
)
def test_what_is_hidden_decides_what_is_shown(text: str, is_shown: bool):
    sight = Sight(
        schemas=frozenset({"shop"}),
        tables=frozenset({("shop", "vault")}),
        columns={("shop", "cards"): frozenset({"pin"})},
    )
    known = frozenset({("shop", "open"), ("other", "open"), ("shop", "vault"), ("shop", "cards")})
    assert masking.may_show(text, sight, known) is is_shown


@pytest.mark.parametrize("text", ["SELECT " + "1+" * 9000 + "1", "/**/" * 4000 + "(9"])
def test_a_statement_made_to_hurt_is_read_quickly_or_not_at_all(text: str):
    sight = Sight(schemas=frozenset({"shop"}))
    assert not masking.may_show(text, sight, frozenset())
    assert not masking.is_about_catalogue(text)
    assert len(masking.masked(text)) <= masking.MAX_LETTERS


# suggest_indexes

BY_CUSTOMER = "SELECT * FROM orders WHERE customer_id = 7"


async def test_an_index_is_measured_without_being_made(debian: Instance):  # noqa: F811
    before = debian.psql("SELECT count(*) FROM pg_index")
    reply = await asked(dba.SUGGEST_INDEXES, profile(debian, "shop_reader"), queries=[BY_CUSTOMER])
    (found,) = reply["suggestions"]
    assert found["create"] == "CREATE INDEX CONCURRENTLY ON public.orders (customer_id)"
    assert int(found["saves"].rstrip("%")) > 50
    assert reply["method"].startswith("Measured with HypoPG")
    assert debian.psql("SELECT count(*) FROM pg_index") == before


async def test_nothing_hypothetical_is_left_in_the_connection(debian: Instance):  # noqa: F811
    source = Source(profile(debian), lambda: None)
    try:
        await dba.SUGGEST_INDEXES.run(source, {"queries": [BY_CUSTOMER]})
        opened = await source.database()
        pids = {row["pid"] for row in await opened.fetch("SELECT pg_backend_pid() AS pid")}
        left = await opened.fetch("SELECT indexname FROM public.hypopg()")
        named = await opened.fetch("SELECT name FROM pg_prepared_statements")
    finally:
        await source.close()
    assert (len(pids), left, named) == (1, [], [])


async def test_the_costliest_statements_are_looked_at_without_a_list(debian: Instance):  # noqa: F811
    debian.psql("SELECT pg_stat_statements_reset();"
                "SELECT count(*) FROM orders WHERE customer_id = 8")  # fmt: skip
    reply = await asked(dba.SUGGEST_INDEXES, profile(debian))
    assert "(customer_id" in reply["suggestions"][0]["create"]


async def test_an_index_that_exists_is_not_suggested(debian: Instance):  # noqa: F811
    debian.psql("CREATE INDEX kept ON orders (customer_id)")
    reply = await asked(dba.SUGGEST_INDEXES, profile(debian), queries=[BY_CUSTOMER])
    debian.psql("DROP INDEX kept")
    assert (reply["suggestions"], reply["note"]) == ([], "No index was found that would help.")


async def test_what_cannot_be_looked_at_is_told_and_does_nothing(debian: Instance):  # noqa: F811
    before = debian.psql("SELECT count(*) FROM orders")
    queries = ["DELETE FROM orders", "SELECT nope", "SELECT 1; DROP TABLE orders",
               "SELECT * FROM orders WHERE customer_id = $1"]  # fmt: skip
    reply = await asked(dba.SUGGEST_INDEXES, profile(debian), queries=queries)
    assert len(reply["skipped"]) == 3
    assert len(reply["suggestions"]) == 1
    assert debian.psql("SELECT count(*) FROM orders") == before


async def test_a_hidden_column_is_never_suggested(debian: Instance):  # noqa: F811
    of = replace(profile(debian), hidden=("public.orders.customer_id",))
    reply = await asked(dba.SUGGEST_INDEXES, of, queries=[BY_CUSTOMER, "SELECT id FROM orders"])
    assert "(customer_id)" not in said(reply)


async def test_without_hypopg_it_says_not_measured(server: Server, owner_profile: Profile):
    server.psql("CREATE TABLE wide (id int, k int); ALTER TABLE wide OWNER TO shop_owner;"
                "INSERT INTO wide SELECT n, n FROM generate_series(1, 20000) n;"
                "ANALYZE wide")  # fmt: skip
    reply = await asked(dba.SUGGEST_INDEXES, owner_profile, PASSWORD,
                        queries=["SELECT * FROM wide WHERE k = 1"])  # fmt: skip
    server.psql("DROP TABLE wide")
    assert reply["method"].startswith("Not measured: the extension HypoPG is not installed")
    assert reply["suggestions"][0]["create"].endswith("ON public.wide (k)")
    assert "saves" not in reply["suggestions"][0]


async def test_without_statements_it_asks_for_some(reader_profile: Profile):
    reply = await asked(dba.SUGGEST_INDEXES, reader_profile, PASSWORD)
    assert reply["note"].startswith("There are no statements to look at")


# list_locks


@asynccontextmanager
async def a_blocked_session(of: Profile) -> AsyncIterator[tuple[int, int]]:
    import asyncio

    async with session(of) as holder, session(of) as waiter:
        await holder.execute("BEGIN; UPDATE customers SET name = 'secret' WHERE id = 1")
        pids = [await c.fetchval("SELECT pg_backend_pid()") for c in (holder, waiter)]
        waiting = asyncio.ensure_future(
            waiter.execute("UPDATE customers SET name = 'top secret' WHERE id = 1")
        )
        while not await holder.fetchval("SELECT count(*) FROM pg_locks WHERE NOT granted"):  # noqa: ASYNC110  only the database knows
            await asyncio.sleep(0)
        try:
            yield pids[0], pids[1]
        finally:
            await holder.execute("ROLLBACK")
            await waiting


async def test_who_blocks_whom_is_a_tree(debian: Instance):  # noqa: F811
    async with a_blocked_session(profile(debian)) as (holder, waiter):
        reply = await asked(dba.LIST_LOCKS, profile(debian))
    (root,) = reply["blockers"]
    (blocked,) = root["blocks"]
    assert (reply["waiting"], root["pid"], blocked["pid"]) == (1, holder, waiter)
    assert root["state"] == "idle in transaction"
    assert blocked["statement"] == "UPDATE"
    assert "public.customers" in blocked["waits_for"] or "customers" in blocked["waits_for"]
    assert "secret" not in said(reply)
    assert f"pg_terminate_backend({holder})" in reply["next"]


async def test_a_reader_sees_the_tree_but_no_states(debian: Instance):  # noqa: F811
    async with a_blocked_session(profile(debian)) as (holder, _):
        reply = await asked(dba.LIST_LOCKS, profile(debian, "shop_reader"))
    assert reply["blockers"][0]["pid"] == holder
    assert reply["blockers"][0]["state"] == "not visible"
    assert "GRANT pg_read_all_stats" in reply["note"]


async def test_a_hidden_table_has_no_name_in_a_lock(debian: Instance):  # noqa: F811
    of = replace(profile(debian), hidden=("public.customers",))
    async with a_blocked_session(profile(debian)):
        reply = await asked(dba.LIST_LOCKS, of)
    assert "customers" not in said(reply)
    assert "on a hidden table" in said(reply)


def test_sessions_that_wait_for_each_other_are_told_once():
    ring = [Session(pid=n, waits_for=(n % 3 + 1,), facts={}) for n in (1, 2, 3)]
    reply = locks.reply(ring)
    assert reply["waiting"] == 3
    assert sorted(part for part in json.dumps(reply["blockers"]) if part in "123") == [
        "1",
        "2",
        "3",
    ]


def test_a_long_queue_is_no_endless_tree():
    queue = [Session(pid=n, waits_for=(n - 1,) if n > 1 else (), facts={}) for n in range(1, 150)]
    reply = locks.reply(queue)
    assert reply["waiting"] == 148
    assert "holds up 148 others" in reply["next"]
