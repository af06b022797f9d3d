"""What a login could do to its database beyond reading, in words; ``grants`` has a safer one."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Literal, Protocol

Level = Literal["ok", "attention"]

Grade = Literal[
    "reads only", "reads more than its tables", "could change data", "could take over the server"
]

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
        grade: how far it could go at worst.
    """

    level: Level
    sentence: str
    points: tuple[str, ...]
    tables: int
    writable: int
    grade: Grade = "reads only"

    def as_json(self) -> dict[str, Any]:
        """Return every field as a JSON object."""
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
    pg_signal_backend: bool = False
    pg_maintain: bool = False
    pg_checkpoint: bool = False
    pg_create_subscription: bool = False
    pg_read_all_data: bool = False
    pg_read_all_settings: bool = False
    pg_read_all_stats: bool = False
    tables: int = 0
    writable: int = 0
    creatable: int = 0
    owned: int = 0
    definers: int = 0
    creates_schemas: bool = False
    extensions: str = ""


# Attributes are not inherited, but SET ROLE reaches those of every role the login is a member of.
# Roles that are new in later versions have no row in older ones, and the answer is false.
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
  bool_or(rolname = 'pg_signal_backend') AS pg_signal_backend,
  bool_or(rolname = 'pg_maintain') AS pg_maintain,
  bool_or(rolname = 'pg_checkpoint') AS pg_checkpoint,
  bool_or(rolname = 'pg_create_subscription') AS pg_create_subscription,
  bool_or(rolname = 'pg_read_all_data') AS pg_read_all_data,
  bool_or(rolname = 'pg_read_all_settings') AS pg_read_all_settings,
  bool_or(rolname = 'pg_read_all_stats') AS pg_read_all_stats,
  (SELECT count(*) FROM relations WHERE pg_catalog.has_table_privilege(oid, 'SELECT')
     OR pg_catalog.has_any_column_privilege(oid, 'SELECT')) AS tables,
  (SELECT count(*) FROM relations WHERE relkind <> 'm'
     AND (pg_catalog.has_table_privilege(oid, 'INSERT, UPDATE, DELETE, TRUNCATE')
     OR pg_catalog.has_any_column_privilege(oid, 'INSERT, UPDATE'))) AS writable,
  (SELECT count(*) FROM spaces WHERE pg_catalog.has_schema_privilege(oid, 'CREATE')) AS creatable,
  (SELECT count(*) FROM pg_catalog.pg_class c JOIN spaces s ON s.oid = c.relnamespace
     WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f') AND NOT c.relispartition
     AND c.relowner IN (SELECT oid FROM mine)) AS owned,
  (SELECT count(*) FROM pg_catalog.pg_proc p JOIN spaces s ON s.oid = p.pronamespace
     WHERE p.prosecdef AND p.proowner NOT IN (SELECT oid FROM mine)
     AND pg_catalog.has_schema_privilege(s.oid, 'USAGE')
     AND pg_catalog.has_function_privilege(p.oid, 'EXECUTE')) AS definers,
  pg_catalog.has_database_privilege(pg_catalog.current_database(), 'CREATE') AS creates_schemas,
  coalesce((SELECT pg_catalog.string_agg(DISTINCT e.extname::pg_catalog.text, ', ')
     FROM pg_catalog.pg_extension e JOIN pg_catalog.pg_depend d ON d.refobjid = e.oid
       AND d.refclassid = 'pg_catalog.pg_extension'::pg_catalog.regclass AND d.deptype = 'e'
       AND d.classid = 'pg_catalog.pg_proc'::pg_catalog.regclass
     JOIN pg_catalog.pg_proc p ON p.oid = d.objid
     WHERE e.extname::pg_catalog.text = ANY (pg_catalog.string_to_array(
       'dblink,adminpack,http,pg_net,pg_background,aws_s3,aws_lambda', ','))
     AND pg_catalog.has_schema_privilege(p.pronamespace, 'USAGE')
     AND pg_catalog.has_function_privilege(p.oid, 'EXECUTE')), '') AS extensions
FROM mine
"""

_OVER: Grade = "could take over the server"
_CHANGE: Grade = "could change data"
_MORE: Grade = "reads more than its tables"

# Worst first: the first that applies is the sentence.
_WORRIES: tuple[tuple[str, Grade, str], ...] = (
    ("rolsuper", _OVER, "This login is a superuser."),
    ("pg_execute_server_program", _OVER, "This login can start programs on the server."),
    ("pg_write_server_files", _OVER, "This login can write files on the server."),
    ("rolcreaterole", _OVER, "This login can create and change other logins."),
    ("rolreplication", _MORE, "This login can copy the whole server."),
    ("pg_read_server_files", _MORE, "This login can read files of the server."),
    ("rolbypassrls", _MORE, "This login sees rows that row security hides from others."),
    ("pg_write_all_data", _CHANGE, "This login can change every table."),
    ("rolcreatedb", _CHANGE, "This login can create databases."),
    ("pg_create_subscription", _CHANGE, "This login can copy data from other servers into tables."),
    ("pg_signal_backend", _CHANGE, "This login can end other people's sessions."),
    ("pg_maintain", _CHANGE, "This login can lock, rebuild and clean up every table."),
)

# Worth knowing, but no reason for an alarm.
_NOTES: tuple[tuple[str, str], ...] = (
    ("creates_schemas", "This login can create schemas in this database."),
    ("pg_read_all_data", "This login can read every table, those made later too."),
    ("pg_read_all_stats", "This login can see the statements other people run."),
    ("pg_read_all_settings", "This login can read every setting of the server."),
    ("pg_checkpoint", "This login can make the server write everything to disk at once."),
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
    reads = f"AI apps can read {count(powers.tables)} and change nothing."
    sentences = tuple(sentence for _, sentence in worries)
    return Posture(
        level="attention" if worries else "ok",
        sentence=f"{sentences[0]} {SAFER}" if worries else reads,
        points=(*sentences, *_notes(powers)),
        tables=powers.tables,
        writable=powers.writable,
        grade=min((grade for grade, _ in worries), key=_WORST.index, default="reads only"),
    )


_WORST: tuple[Grade, ...] = (_OVER, _CHANGE, _MORE)


def _worries(powers: Powers) -> list[tuple[Grade, str]]:
    if powers.rolsuper:
        # A superuser is a member of everything: the list would only repeat it.
        return [_WORRIES[0][1:]]
    found = [(grade, sentence) for power, grade, sentence in _WORRIES if getattr(powers, power)]
    if powers.writable:
        found.append((_CHANGE, f"This login can change {count(powers.writable)}."))
    if powers.owned:
        found.append((_CHANGE, f"This login owns {count(powers.owned)} and could drop them."))
    return found


def _notes(powers: Powers) -> list[str]:
    if powers.rolsuper:
        return []
    notes = [_creatable(powers.creatable)] if powers.creatable else []
    notes += [sentence for power, sentence in _NOTES if getattr(powers, power)]
    if powers.extensions:
        notes.append(f"This login can reach beyond the database through {powers.extensions}.")
    if powers.definers:
        calls = "1 function" if powers.definers == 1 else f"{powers.definers:,} functions"
        notes.append(f"This login can call {calls} with the rights of others (SECURITY DEFINER).")
    return notes


def _creatable(schemas: int) -> str:
    where = "1 schema" if schemas == 1 else f"{schemas:,} schemas"
    return f"This login can create tables in {where}."


def count(tables: int) -> str:
    """Return ``1 table``, ``42 tables``."""
    return "1 table" if tables == 1 else f"{tables:,} tables"
