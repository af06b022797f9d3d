"""Names a person may have begun to type: schemas, tables, columns; what begins so comes first."""

from __future__ import annotations

from typing import TYPE_CHECKING

from trunkline_server.errors import TrunklineError
from trunkline_server.postgres.catalog import finding, sql

if TYPE_CHECKING:
    from trunkline_server.postgres.database import Database

MAX_NAMES = 100

# $2 is what was typed; ``name`` the candidate.
_BEGUN = f"pg_catalog.strpos({sql.LOWER % 'm.name'}, {sql.LOWER % '$2'})"
_FIRST = f"""WHERE {_BEGUN} > 0
ORDER BY {_BEGUN} <> 1, pg_catalog.length(m.name::pg_catalog.text), m.* LIMIT {MAX_NAMES}"""

_SCHEMAS = sql.strict(f"""
WITH RECURSIVE {sql.BARRED}
SELECT m.name::pg_catalog.text AS name FROM (
  SELECT n.nspname FROM pg_catalog.pg_namespace n WHERE EXISTS (
    SELECT FROM given, pg_catalog.pg_class c
    WHERE c.relnamespace = n.oid AND {sql.READABLE} AND {sql.SEEN})) m(name)
{_FIRST}
""")

_TABLES = sql.strict(f"""
WITH RECURSIVE {sql.BARRED}
SELECT m.name::pg_catalog.text AS name, m.qualified FROM (
  SELECT c.relname, {sql.QUALIFIED}
  FROM given, pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
  WHERE NOT c.relispartition AND ($3::pg_catalog.text IS NULL OR n.nspname = $3)
    AND pg_catalog.strpos({sql.LOWER % "c.relname"}, {sql.LOWER % "$2"}) > 0
    AND {sql.READABLE} AND {sql.SEEN}) m(name, qualified)
{_FIRST}
""")

_COLUMNS = sql.strict(f"""
WITH RECURSIVE {sql.BARRED}
SELECT m.name::pg_catalog.text AS name FROM (
  SELECT a.attname, a.attnum FROM pg_catalog.pg_attribute a
  WHERE a.attrelid = $3::pg_catalog.int8::pg_catalog.oid AND a.attnum > 0 AND NOT a.attisdropped
    AND pg_catalog.has_column_privilege(a.attrelid, a.attnum, 'SELECT')
    AND NOT EXISTS (SELECT FROM barred_columns b
      WHERE b.attrelid = a.attrelid AND b.attnum = a.attnum)) m(name, attnum)
WHERE {_BEGUN} > 0 ORDER BY {_BEGUN} <> 1, m.attnum LIMIT {MAX_NAMES}
""")


async def complete_schema(db: Database, prefix: str) -> list[str]:
    """Return the schemas with tables to read whose names begin with, then contain, ``prefix``.

    At most 100, as PostgreSQL stores them, upper and lower case alike.

    Raises:
        TrunklineError: as ``Database.fetch``.
    """
    view = sql.view_of(db.profile)
    rows = await db.fetch(sql.asked(_SCHEMAS, view), view, sql.sent(prefix))
    return [row["name"] for row in rows]


async def complete_table(db: Database, prefix: str, *, schema: str | None = None) -> list[str]:
    """Return the tables and views whose names begin with, then contain, ``prefix``; at most 100.

    Within ``schema`` as PostgreSQL stores them; without one as SQL wants them, ``schema.table``,
    and ``prefix`` may say the schema too.

    Raises:
        TrunklineError: as ``Database.fetch``.
    """
    view = sql.view_of(db.profile)
    within, begun = (schema, prefix) if schema is not None else _begun(prefix)
    within = None if within is None else sql.sent(within)
    rows = await db.fetch(sql.asked(_TABLES, view), view, sql.sent(begun), within)
    return [row["qualified" if schema is None else "name"] for row in rows]


async def complete_column(db: Database, table: str, prefix: str) -> list[str]:
    """Return the columns of ``table`` whose names begin with, then contain, ``prefix``.

    At most 100, as PostgreSQL stores them; none when there is no such table.

    Raises:
        TrunklineError: as ``Database.fetch``.
    """
    try:
        oid = (await finding.found(db, table))["oid"]
    except TrunklineError as exc:
        if exc.code in {"query.no_table", "query.which_table"}:
            return []
        raise
    view = sql.view_of(db.profile)
    rows = await db.fetch(sql.asked(_COLUMNS, view), view, sql.sent(prefix), oid)
    return [row["name"] for row in rows]


def _begun(prefix: str) -> tuple[str | None, str]:
    """Return the schema, if one is said before a dot, and the beginning of the table's name."""
    schema, dot, begun = prefix.rpartition(".")
    return (schema.strip('"') if dot else None), begun.lstrip('"')
