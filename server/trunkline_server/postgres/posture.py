"""What a login could do to its database, in words, and the SQL of a login that can only read."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any, Literal, Protocol

from trunkline_server.profiles.profile import Profile

Level = Literal["ok", "attention"]

SAFER = "Trunkline still only reads; a reader role would be safer."


class Asking(Protocol):
    """The part of a connection this module uses."""

    async def fetchrow(self, query: str, /) -> Any:
        """Return the first row, by column name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Posture:
    """What a login could do.

    Attributes:
        level: "ok", or "attention" when it could do more than read.
        sentence: the worst of it, for a person.
        points: every power worth knowing, worst first, one sentence each.
        tables: how many tables and views it can read.
        writable: how many of the database's tables it could change.
    """

    level: Level
    sentence: str
    points: tuple[str, ...]
    tables: int
    writable: int

    def as_json(self) -> dict[str, Any]:
        """Return the five fields as a JSON object."""
        return {**asdict(self), "points": list(self.points)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Powers:
    """The facts of the catalogue behind a :class:`Posture`; field names are PostgreSQL's."""

    rolsuper: bool = False
    rolbypassrls: bool = False
    rolcreaterole: bool = False
    rolcreatedb: bool = False
    rolreplication: bool = False
    pg_execute_server_program: bool = False
    pg_write_server_files: bool = False
    pg_read_server_files: bool = False
    pg_write_all_data: bool = False
    tables: int = 0
    writable: int = 0
    creatable: int = 0


# Attributes are not inherited, but SET ROLE reaches those of every role the login is a member of.
# pg_write_all_data is new in 14; older servers have no such row and the answer is false.
_POWERS = """
WITH mine AS (
  SELECT * FROM pg_catalog.pg_roles WHERE pg_catalog.pg_has_role(current_user, oid, 'MEMBER')
), spaces AS (
  SELECT oid FROM pg_catalog.pg_namespace
  WHERE nspname::pg_catalog.text !~ '^pg_' AND nspname <> 'information_schema'
), relations AS (
  SELECT c.oid, c.relkind FROM pg_catalog.pg_class c JOIN spaces s ON s.oid = c.relnamespace
  WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f') AND NOT c.relispartition
    AND pg_catalog.has_schema_privilege(s.oid, 'USAGE')
)
SELECT bool_or(rolsuper) AS rolsuper, bool_or(rolbypassrls) AS rolbypassrls,
  bool_or(rolcreaterole) AS rolcreaterole, bool_or(rolcreatedb) AS rolcreatedb,
  bool_or(rolreplication) AS rolreplication,
  bool_or(rolname = 'pg_execute_server_program') AS pg_execute_server_program,
  bool_or(rolname = 'pg_write_server_files') AS pg_write_server_files,
  bool_or(rolname = 'pg_read_server_files') AS pg_read_server_files,
  bool_or(rolname = 'pg_write_all_data') AS pg_write_all_data,
  (SELECT count(*) FROM relations WHERE pg_catalog.has_table_privilege(oid, 'SELECT')
     OR pg_catalog.has_any_column_privilege(oid, 'SELECT')) AS tables,
  (SELECT count(*) FROM relations WHERE relkind <> 'm'
     AND (pg_catalog.has_table_privilege(oid, 'INSERT, UPDATE, DELETE, TRUNCATE')
     OR pg_catalog.has_any_column_privilege(oid, 'INSERT, UPDATE'))) AS writable,
  (SELECT count(*) FROM spaces WHERE pg_catalog.has_schema_privilege(oid, 'CREATE')) AS creatable
FROM mine
"""

# Worst first: the first that applies is the sentence.
_WORRIES: tuple[tuple[str, str], ...] = (
    ("rolsuper", "This login is a superuser."),
    ("pg_execute_server_program", "This login can start programs on the server."),
    ("pg_write_server_files", "This login can write files on the server."),
    ("rolcreaterole", "This login can create and change other logins."),
    ("rolreplication", "This login can copy the whole server."),
    ("pg_read_server_files", "This login can read files of the server."),
    ("rolbypassrls", "This login sees rows that row security hides from others."),
    ("pg_write_all_data", "This login can change every table."),
    ("rolcreatedb", "This login can create databases."),
)


async def posture(conn: Asking) -> Posture:
    """Return what the login behind ``conn`` could do; runs one catalogue query.

    Raises:
        the driver's errors, untranslated.
    """
    row = await conn.fetchrow(_POWERS)
    return grade(Powers(**dict(row.items())))


def grade(powers: Powers) -> Posture:
    """Return ``powers`` in words. Pure."""
    worries = _worries(powers)
    notes = [_creatable(powers.creatable)] if powers.creatable and not powers.rolsuper else []
    reads = f"AI apps can read {count(powers.tables)} and change nothing."
    return Posture(
        level="attention" if worries else "ok",
        sentence=f"{worries[0]} {SAFER}" if worries else reads,
        points=(*worries, *notes),
        tables=powers.tables,
        writable=powers.writable,
    )


def _worries(powers: Powers) -> list[str]:
    if powers.rolsuper:
        # A superuser is a member of everything: the list would only repeat it.
        return [_WORRIES[0][1]]
    found = [sentence for power, sentence in _WORRIES if getattr(powers, power)]
    if powers.writable:
        found.append(f"This login can change {count(powers.writable)}.")
    return found


def _creatable(schemas: int) -> str:
    where = "1 schema" if schemas == 1 else f"{schemas:,} schemas"
    return f"This login can create tables in {where}."


def count(tables: int) -> str:
    """Return ``1 table``, ``42 tables``."""
    return "1 table" if tables == 1 else f"{tables:,} tables"


def grant_sql(profile: Profile, schemas: Iterable[str], role_name: str) -> str:
    """Return the SQL of a login that can read ``schemas`` of the profile's database and no more.

    For an administrator to run; names no password. Pure: every name is quoted, none is checked.
    """
    role, database = quoted(role_name), quoted(profile.database)
    lines = [
        f"CREATE ROLE {role} LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS;",
        f"ALTER ROLE {role} SET default_transaction_read_only = on;",
        f"GRANT CONNECT ON DATABASE {database} TO {role};",
    ]
    for schema in map(quoted, schemas):
        lines += [
            f"GRANT USAGE ON SCHEMA {schema} TO {role};",
            f"GRANT SELECT ON ALL TABLES IN SCHEMA {schema} TO {role};",
            "-- For tables made later; run it as the login that makes them.",
            f"ALTER DEFAULT PRIVILEGES IN SCHEMA {schema} GRANT SELECT ON TABLES TO {role};",
        ]
    lines.append("-- Then set its password, for example with \\password in psql.")
    return "\n".join(lines) + "\n"


def quoted(name: str) -> str:
    """Return ``name`` as a quoted SQL identifier."""
    return '"' + name.replace('"', '""') + '"'
