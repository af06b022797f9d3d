"""Making a reader in the database of a profile, on a person's order, and proving what it is.

The only place where Trunkline changes a database. All of it or none: one transaction, and when
the new login turns out to be more than a reader, or cannot log in, it is taken away again.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import os
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from trunkline_server.errors import TrunklineError, fail
from trunkline_server.postgres import database
from trunkline_server.postgres.check import refusals
from trunkline_server.postgres.roles import grants, posture
from trunkline_server.postgres.roles.grants import Reader, Table, quoted
from trunkline_server.profiles.profile import Profile, parts_of

if TYPE_CHECKING:
    from trunkline_server.postgres.tunnel import Tunnel

ITERATIONS = 4096  # PostgreSQL's own default, scram_iterations
MOST_READ = 20  # tables that are really read to prove it
_REFUSED = {"42501", "25006"}  # no right; read-only

_BEGIN = (
    "BEGIN READ WRITE; SET LOCAL search_path = pg_catalog; SET LOCAL lock_timeout = '5s';"
    "SET LOCAL statement_timeout = '60s'"
)

# Rights that everybody has (PUBLIC) are the new role's too.
_WRITABLE = """
SELECT n.nspname::text || '.' || c.relname::text AS name FROM pg_catalog.pg_class c
JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind IN ('r', 'p', 'v', 'f') AND n.nspname <> 'information_schema'
  AND n.nspname::text !~ '^pg_' AND has_schema_privilege($1::name, n.oid, 'USAGE')
  AND (has_table_privilege($1::name, c.oid, 'INSERT, UPDATE, DELETE, TRUNCATE')
    OR has_any_column_privilege($1::name, c.oid, 'INSERT, UPDATE')) ORDER BY 1 LIMIT 5
"""

_PLAIN_TABLES = """
SELECT n.nspname::text AS schema, c.relname::text AS name FROM pg_catalog.pg_class c
JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind IN ('r', 'p') AND n.nspname = ANY($1::name[])
  AND has_table_privilege(c.oid, 'SELECT') ORDER BY 1, 2 LIMIT 20
"""


@dataclass(frozen=True, slots=True)
class Proof:
    """One thing that was tried as the new login: what, and whether it went as it must."""

    what: str
    is_right: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """How the database is reached: profile, its login's password, and a tunnel if it has one."""

    profile: Profile
    password: str | None
    tunnel: Tunnel | None = None

    def as_role(self, role: str, password: str) -> Way:
        """Return the same way with another login."""
        return replace(self, profile=replace(self.profile, user=role), password=password)


async def apply(way: Way, reader: Reader, password: str | None) -> list[Proof]:
    """Make or update the reader, then log in as it and try what it must and must not be able to.

    Without ``password`` the role keeps the one it has, and nobody logs in: ``[]``.

    Raises:
        TrunklineError: ``grant.refused``, ``grant.public``, ``grant.not_a_reader``, or why the
            new login cannot get in; the database is then as it was, unless the words say otherwise.
    """
    await _grant(way, reader, password)
    if password is None:
        return []
    try:
        proofs = await prove(way.as_role(reader.role, password), reader)
        _require_right(proofs)
    except TrunklineError as exc:
        raise await _taken_back(way, reader, exc) from exc
    return proofs


async def take_back(way: Way, reader: Reader) -> None:
    """Drop a role that :func:`apply` has just made.

    Raises:
        TrunklineError: PostgreSQL refused; the role is still there.
    """
    async with _open(way) as connection:
        await _all_or_none(connection, grants.undo(reader), reader)


async def _taken_back(way: Way, reader: Reader, cause: TrunklineError) -> TrunklineError:
    words = cause.failure
    if reader.exists:
        end = f"The role was there before; what was granted to “{reader.role}” stays."
    else:
        try:
            await take_back(way, reader)
            end = f"The role “{reader.role}” was taken away again; nothing is left of it."
        except TrunklineError:
            end = f"The role “{reader.role}” could not be dropped: do it by hand."
    return fail(words.code, f"{words.title} {end}", words.hint, words.detail)


async def _grant(way: Way, reader: Reader, password: str | None) -> None:
    lines = grants.statements(reader)
    if password is not None:
        # Only what it was turned into leaves this computer: the server's log cannot show it.
        lines.append(f"ALTER ROLE {quoted(reader.role)} PASSWORD '{verifier(password)}'")
    async with _open(way) as connection:
        await _all_or_none(connection, lines, reader)


async def _all_or_none(connection: Any, lines: Sequence[str], reader: Reader) -> None:
    await connection.execute(_BEGIN)
    done = ""
    try:
        for line in lines:
            done = line
            await connection.execute(line)
        if not done.startswith("DROP ROLE"):
            await _require_no_writing(connection, reader)
        await connection.execute("COMMIT")
    except Exception as exc:
        if isinstance(exc, TrunklineError):
            await connection.execute("ROLLBACK")
            raise
        error = refusals.server_error(exc)
        if error is None:
            raise
        await connection.execute("ROLLBACK")
        raise fail(
            "grant.refused",
            f"PostgreSQL refused “{done.partition(' PASSWORD ')[0][:200]}”. Nothing was changed.",
            "Let somebody who may run what grant-sql prints without --apply.",
            error.message,
        ) from exc


async def _require_no_writing(connection: Any, reader: Reader) -> None:
    rows = await connection.fetch(_WRITABLE, reader.role)
    if rows:
        names = ", ".join(row["name"] for row in rows)
        raise fail(
            "grant.public",
            f"The new login could change {names}: everybody (PUBLIC) may. Nothing was changed.",
            "Take it from everybody first: REVOKE INSERT, UPDATE, DELETE, TRUNCATE ON … FROM "
            "PUBLIC.",
        )


async def prove(way: Way, reader: Reader) -> list[Proof]:
    """Log in as the reader and try; every try is rolled back.

    Raises:
        TrunklineError: it cannot log in.
    """
    async with _open(way) as connection:
        found = await posture.posture(connection)
        proofs = [Proof(f"posture: {found.grade}", found.level == "ok")]
        readable = await connection.fetch(_PLAIN_TABLES, list(reader.schemas))
        for row in readable[:MOST_READ]:
            name = f"{quoted(row['schema'])}.{quoted(row['name'])}"
            is_done = await _is_done(connection, f"SELECT 1 FROM {name} LIMIT 0")
            proofs.append(Proof(f"reads {row['schema']}.{row['name']}", is_done))
        for table in reader.tables:
            proofs += await _read_columns(connection, table)
        for what, sql, mode in _must_fail(reader, readable, way.profile):
            proofs.append(Proof(f"cannot {what}", not await _is_done(connection, sql, mode)))
    return proofs


async def _read_columns(connection: Any, table: Table) -> list[Proof]:
    if not table.columns:
        return []
    listed = ", ".join(map(quoted, table.columns))
    sql = f"SELECT {listed} FROM {quoted(table.schema)}.{quoted(table.name)} LIMIT 0"
    return [Proof(f"reads the shown columns of {table.schema}.{table.name}",
                  await _is_done(connection, sql))]  # fmt: skip


def _must_fail(
    reader: Reader, readable: Sequence[Any], profile: Profile
) -> list[tuple[str, str, str]]:
    """Return what must be refused: in words, in SQL, and in which kind of transaction."""
    tries = [("create a temporary table", "CREATE TEMP TABLE trunkline_try ()", "")]
    for schema in reader.schemas:
        sql = f"CREATE TABLE {quoted(schema)}.trunkline_try ()"
        is_open = schema == "public" and reader.opens_public  # said as a remark: not ours to close
        tries.append((f"create a table in {schema}", sql, "" if is_open else "READ WRITE"))
    for row in readable[:1]:
        name = f"{quoted(row['schema'])}.{quoted(row['name'])}"
        tries.append(("insert", f"INSERT INTO {name} DEFAULT VALUES", "READ WRITE"))
        tries.append(("delete", f"DELETE FROM {name} WHERE false", "READ WRITE"))
    tries += [
        ("create a role", "CREATE ROLE trunkline_try", "READ WRITE"),
        ("read files of the server", "SELECT pg_catalog.pg_read_file('PG_VERSION')", ""),
        ("start programs", "COPY (SELECT 1) TO PROGRAM 'true'", "READ WRITE"),
        ("read password hashes", "SELECT 1 FROM pg_catalog.pg_authid LIMIT 0", ""),
    ]
    for entry in profile.hidden:
        schema, table, *column = parts_of(entry)
        if schema in reader.schemas:
            columns = quoted(column[0]) if column else "*"
            sql = f"SELECT {columns} FROM {quoted(schema)}.{quoted(table)} LIMIT 0"
            tries.append((f"read {entry}", sql, ""))
    return tries


async def _is_done(connection: Any, sql: str, mode: str = "") -> bool:
    """Return whether ``sql`` was allowed; what it did is rolled back."""
    await connection.execute(f"BEGIN {mode}".strip())
    try:
        await connection.execute(sql)
    except Exception as exc:
        error = refusals.server_error(exc)
        if error is None:
            raise
        return error.sqlstate not in _REFUSED | {"42P01", "42703"}
    finally:
        await connection.execute("ROLLBACK")
    return True


def _require_right(proofs: Sequence[Proof]) -> None:
    wrong = [proof.what for proof in proofs if not proof.is_right]
    if wrong:
        raise fail(
            "grant.not_a_reader",
            f"The new login is not what it should be; this was not so: {'; '.join(wrong[:5])}.",
            "See what everybody (PUBLIC) may do in this database.",
        )


@asynccontextmanager
async def _open(way: Way) -> AsyncIterator[Any]:
    try:
        connection = await database.connect(way.profile, way.password, way.tunnel)
    except TrunklineError:
        raise
    except Exception as exc:
        raise TrunklineError(database.failure_of(exc, way.profile)) from exc
    try:
        yield connection
    finally:
        await connection.close(timeout=5)


def verifier(password: str) -> str:
    """Return what PostgreSQL keeps of ``password``, so that it need not be sent.

    Raises:
        TrunklineError: ``grant.password``, it has other than ASCII's letters, digits and signs.
    """
    if not password or not password.isascii() or not password.isprintable():
        raise fail(
            "grant.password",
            "The password may have letters, digits and signs of ASCII only, and at least one.",
            "Leave --password-stdin out: one is made.",
        )
    salt = os.urandom(16)
    salted = hashlib.pbkdf2_hmac("sha256", password.encode(), salt, ITERATIONS)
    client = hmac.digest(salted, b"Client Key", "sha256")
    server = hmac.digest(salted, b"Server Key", "sha256")
    stored = hashlib.sha256(client).digest()
    words = [base64.b64encode(part).decode() for part in (salt, stored, server)]
    return f"SCRAM-SHA-256${ITERATIONS}:{words[0]}${words[1]}:{words[2]}"
