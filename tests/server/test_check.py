"""Logging in, opening the database and reading: what the server itself refuses."""

from __future__ import annotations

import shutil
import socket
from asyncio import StreamReader, StreamWriter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

import pytest

from tests.server import servers
from tests.server.checking import ended, failure_of, profile_at
from tests.server.conftest import PASSWORD, Server
from trunkline_server import events
from trunkline_server.postgres.check import wire
from trunkline_server.postgres.check.check import check
from trunkline_server.profiles.profile import Profile

MAX_CONNECTIONS, RESERVED = 8, 3
READY = b"Z\0\0\0\x05I"

RULES = """
local all all trust
host all outsider 127.0.0.1/32 reject
host all identified 127.0.0.1/32 ident
host all trusted,nobody_knows,group_role 127.0.0.1/32 trust
host all all 127.0.0.1/32 scram-sha-256
"""

ROLES = f"""
CREATE ROLE trusted LOGIN;
CREATE ROLE identified LOGIN;
CREATE ROLE group_role NOLOGIN;
CREATE ROLE known LOGIN PASSWORD '{PASSWORD}';
CREATE ROLE expired LOGIN PASSWORD '{PASSWORD}' VALID UNTIL '2001-01-01';
CREATE ROLE lonely LOGIN PASSWORD '{PASSWORD}' CONNECTION LIMIT 0;
CREATE DATABASE shop;
CREATE DATABASE closed ALLOW_CONNECTIONS false;
CREATE DATABASE private;
REVOKE CONNECT ON DATABASE private FROM public;
CREATE DATABASE narrow CONNECTION LIMIT 0;
"""


@pytest.fixture(scope="module")
def ruled(server: Server) -> Iterator[servers.Instance]:
    """Start a PostgreSQL with few connections and a rule for every kind of refusal."""
    few = (
        f"max_connections = {MAX_CONNECTIONS}\n"
        f"superuser_reserved_connections = {RESERVED}\nmax_wal_senders = 0"
    )
    with servers.instance(server.bin, rules=RULES, settings=few) as running:
        running.psql(ROLES)
        running.psql("CREATE TABLE things (id int); GRANT SELECT ON things TO public;", "shop")
        yield running


async def test_a_healthy_database_passes_every_stage(server: Server, password: str):
    found = await ended(profile_at(server.port, user="shop_reader"), password)
    assert {e.state for e in found.values()} == {"done"}
    assert found["tls"].note == "Not encrypted (local)"
    version = server.psql("SHOW server_version").partition(" ")[0]
    assert found["database"].note == f"PostgreSQL {version}"
    assert found["rights"].note == "2 tables"
    assert found["posture"].note == "AI apps can read 2 tables and change nothing."


async def test_a_superuser_is_warned_about(server: Server, password: str):
    found = await ended(profile_at(server.port, user="postgres"), password)
    assert found["posture"].state == "warned"
    assert "superuser" in found["posture"].note


async def test_a_wrong_password_and_an_unknown_user_read_the_same(ruled: servers.Instance):
    wrong = await failure_of(profile_at(ruled.port, user="known"), "not it at all")
    unknown = await failure_of(profile_at(ruled.port, user="stranger"), "not it at all")
    assert wrong == unknown == ("login", "login.password")


async def test_an_expired_account_is_refused_like_a_wrong_password(ruled: servers.Instance):
    # PostgreSQL says no more than that either.
    found = await failure_of(profile_at(ruled.port, user="expired"), PASSWORD)
    assert found == ("login", "login.password")


async def test_a_missing_password_is_asked_for(ruled: servers.Instance):
    found = await failure_of(profile_at(ruled.port, user="known"), None)
    assert found == ("login", "login.password_missing")


async def test_a_user_without_an_entry_is_not_allowed(ruled: servers.Instance):
    found = await failure_of(profile_at(ruled.port, user="outsider"), PASSWORD)
    assert found == ("login", "login.not_allowed")


@pytest.mark.parametrize("user", ["nobody_knows", "group_role"])
async def test_a_role_that_cannot_log_in_says_so(ruled: servers.Instance, user: str):
    assert await failure_of(profile_at(ruled.port, user=user)) == ("login", "login.role")


async def test_a_check_by_other_means_is_told_from_a_wrong_password(ruled: servers.Instance):
    found = await failure_of(profile_at(ruled.port, user="identified"), PASSWORD)
    assert found == ("login", "login.refused")


async def test_an_unknown_database_fails_after_the_login(ruled: servers.Instance):
    profile = profile_at(ruled.port, user="known", database="shoop")
    assert await failure_of(profile, PASSWORD) == ("database", "database.unknown")


async def test_a_database_that_is_switched_off_says_so(ruled: servers.Instance):
    profile = profile_at(ruled.port, user="known", database="closed")
    assert await failure_of(profile, PASSWORD) == ("database", "database.closed")


async def test_a_database_without_the_right_to_connect_says_so(ruled: servers.Instance):
    profile = profile_at(ruled.port, user="known", database="private")
    assert await failure_of(profile, PASSWORD) == ("database", "database.denied")


async def test_a_full_database_is_told_from_a_full_server(ruled: servers.Instance):
    profile = profile_at(ruled.port, user="known", database="narrow")
    assert await failure_of(profile, PASSWORD) == ("database", "database.too_many")


async def test_a_user_at_the_limit_is_told_from_a_full_server(ruled: servers.Instance):
    profile = profile_at(ruled.port, user="lonely")
    assert await failure_of(profile, PASSWORD) == ("login", "login.too_many_for_user")


async def test_a_full_server_says_so(ruled: servers.Instance):
    with held(ruled.port, "trusted", MAX_CONNECTIONS - RESERVED):
        found = await failure_of(profile_at(ruled.port, user="trusted"))
    assert found == ("login", "login.too_many")
    wait_until_free(ruled, "trusted")


@contextmanager
def held(port: int, user: str, times: int) -> Iterator[None]:
    """Hold this many sessions open."""
    with ExitStack() as sessions:
        for _ in range(times):
            while (session := opened(port, user)) is None:
                pass  # the sessions of the test before may not have ended quite yet
            sessions.enter_context(session)
        yield


def opened(port: int, user: str) -> socket.socket | None:
    """Return a session that is ready for a question; ``None`` when the server is full."""
    session = socket.create_connection((servers.LOCAL, port), timeout=10)
    session.sendall(wire.startup_message(user, "shop"))
    heard = b""
    while not heard.endswith(READY):
        if not (more := session.recv(4096)):
            session.close()
            return None
        heard += more
    return session


def wait_until_free(ruled: servers.Instance, user: str) -> None:
    sql = f"SELECT count(*) FROM pg_stat_activity WHERE usename = '{user}'"
    while ruled.psql(sql) != "0":
        pass


ROUTINE = "ProcessStartupPacket"


@pytest.mark.parametrize(
    ("answer", "password", "found"),
    [
        (
            servers.error("57P03", "the database system is starting up", ROUTINE),
            "s3cret",
            ("login", "login.starting_up"),
        ),
        (
            servers.error("57P03", "the database system is shutting down", ROUTINE),
            "s3cret",
            ("login", "login.shutting_down"),
        ),
        (servers.error("57P01", "terminating", "x"), "s3cret", ("login", "login.shutting_down")),
        (servers.auth(7), "s3cret", ("login", "login.method")),
        (servers.auth(2), "s3cret", ("login", "login.method")),
        (servers.auth(10, b"OAUTHBEARER\0\0"), "s3cret", ("login", "login.method")),
        (servers.error("XX000", "odd", "x"), "s3cret", ("login", "login.failed")),
        (servers.error("22023", "bad", "x"), "s3cret", ("login", "login.parameter")),
        (
            servers.error("08P01", "unsupported startup parameter: datestyle"),
            "s3cret",
            ("login", "login.parameter"),
        ),
        (
            servers.error("08P01", "server login has been failing"),
            "s3cret",
            ("login", "login.pooler"),
        ),
        (servers.welcome("9.6.24"), "s3cret", ("database", "database.too_old")),
        (servers.welcome("18.0"), "s3cret", ("database", "database.slow")),
        (b"", "s3cret", ("login", "login.timeout")),
        (b"\0", "s3cret", ("login", "login.timeout")),
    ],
    ids=["starting", "stopping", "stopped", "gss", "kerberos", "oauth", "odd", "parameter",
         "pooler-parameter", "pooler", "old", "busy", "mute", "garbage"],
)  # fmt: skip
async def test_what_a_server_says_at_the_login_is_told_apart(
    answer: bytes, password: str, found: tuple[str, str]
):
    async with servers.listening(servers.postgres_like(lambda _: answer)) as port:
        profile = profile_at(port, connect_timeout=0.3, sslmode="disable")
        assert await failure_of(profile, password) == found


async def test_a_server_that_hangs_up_during_the_login_says_so():
    async def handler(reader: StreamReader, writer: StreamWriter) -> None:
        await servers.start_up(reader, writer, None)

    async with servers.listening(handler) as port:
        assert await failure_of(profile_at(port), "s3cret") == ("login", "login.closed")


async def test_a_connection_that_breaks_after_the_login_says_so():
    async def handler(reader: StreamReader, writer: StreamWriter) -> None:
        await servers.start_up(reader, writer, None)
        writer.write(servers.welcome("18.0"))
        await reader.read(1)

    async with servers.listening(handler) as port:
        assert await failure_of(profile_at(port), "s3cret") == ("database", "database.broke")


async def test_an_empty_database_is_a_warning(ruled: servers.Instance):
    found = await ended(profile_at(ruled.port, user="trusted", database="postgres"))
    assert (found["rights"].state, found["rights"].note) == ("warned", "No tables yet")
    assert found["posture"].state == "done"


async def test_a_login_without_usage_on_any_schema_says_so(ruled: servers.Instance):
    ruled.psql("CREATE DATABASE hidden")
    ruled.psql("CREATE SCHEMA a; CREATE TABLE a.t (id int);", "hidden")
    profile = profile_at(ruled.port, user="trusted", database="hidden")
    assert await failure_of(profile) == ("rights", "rights.no_schema")


async def test_a_login_without_select_on_any_table_says_so(ruled: servers.Instance):
    ruled.psql("CREATE DATABASE unreadable")
    ruled.psql("CREATE TABLE t (id int);", "unreadable")
    profile = profile_at(ruled.port, user="trusted", database="unreadable")
    assert await failure_of(profile) == ("rights", "rights.no_tables")


async def test_the_password_is_in_no_event_even_when_it_is_wrong(ruled: servers.Instance):
    secret = "hunter2-is-secret"
    profile = profile_at(ruled.port, user="known")
    lines = [events.encode(e) async for e in check(profile, secret)]
    assert secret not in "\n".join(lines)


@pytest.fixture(scope="module")
def pooler(server: Server) -> Iterator[int]:
    program = shutil.which("pgbouncer") or shutil.which("pgbouncer", path="/usr/sbin")
    if program is None:
        pytest.skip("pgbouncer is not installed")
    with servers.pgbouncer(program, server.port, PASSWORD, "shop_reader") as port:
        yield port


async def test_a_pooler_by_transaction_passes(pooler: int):
    found = await ended(profile_at(pooler, user="shop_reader", connect_timeout=5.0), PASSWORD)
    assert found["posture"].state == "done"


@pytest.mark.parametrize(
    ("fields", "password", "found"),
    [
        ({"database": "shop_by_statement"}, PASSWORD, ("database", "database.pooler")),
        ({"database": "elsewhere"}, PASSWORD, ("database", "database.unknown")),
        ({"user": "stranger"}, PASSWORD, ("login", "login.password")),
        ({}, "not it at all", ("login", "login.password")),
        ({}, None, ("login", "login.password_missing")),
    ],
    ids=["by-statement", "no-database", "no-user", "wrong-password", "no-password"],
)
async def test_what_a_pooler_refuses_is_told_apart(
    pooler: int, fields: dict[str, str], password: str | None, found: tuple[str, str]
):
    values = {"user": "shop_reader", "connect_timeout": 5.0, **fields}
    assert await failure_of(profile_at(pooler, **values), password) == found


async def test_a_server_of_the_wrong_kind_says_so(ruled: servers.Instance):
    profile: Profile = profile_at(ruled.port, user="trusted", target_session_attrs="standby")
    assert await failure_of(profile) == ("login", "login.wrong_kind")
