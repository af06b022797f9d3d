"""Which table is meant: by its exact name through an index, else however it is written."""

from __future__ import annotations

import difflib
import re
from typing import TYPE_CHECKING, Any

from trunkline_server.errors import TrunklineError, fail
from trunkline_server.postgres.catalog import sql, words
from trunkline_server.postgres.catalog.fitting import some

if TYPE_CHECKING:
    from trunkline_server.postgres.database import Database

_CANDIDATES = 60
_LONGEST_NAME = 200
_LEAST_LIKENESS = 0.5

_FIND = f"""WITH RECURSIVE {sql.BARRED}
SELECT c.oid::pg_catalog.int8 AS oid, {sql.QUALIFIED} AS name,
  n.nspname::pg_catalog.text AS schema, c.relname::pg_catalog.text AS relation,
  pg_catalog.pg_table_is_visible(c.oid) AS visible,
  c.relkind <> 'p' AND NOT c.relispartition AND NOT c.relhassubclass AS is_plain
FROM given, pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
WHERE %s AND {sql.READABLE} AND {sql.SEEN} ORDER BY n.nspname, c.relname LIMIT 50"""

_EXACT = sql.strict(
    _FIND % "c.relname = $3 AND ($2::pg_catalog.text IS NULL OR n.nspname = $2)"
    .replace("$3", "$3::pg_catalog.text::pg_catalog.name")
)  # fmt: skip
_LOOSE = sql.strict(
    _FIND % f"""{sql.LOWER % "c.relname"} = {sql.LOWER % "$3"}
  AND ($2::pg_catalog.text IS NULL OR {sql.LOWER % "n.nspname"} = {sql.LOWER % "$2"})"""
)  # fmt: skip

_NEAREST = sql.strict(f"""WITH RECURSIVE {sql.BARRED}
SELECT name, relation FROM (
  SELECT {sql.QUALIFIED} AS name, c.relname::pg_catalog.text AS relation,
    (SELECT pg_catalog.count(*) FROM pg_catalog.unnest($2::pg_catalog.text[]) t(gram)
      WHERE pg_catalog.strpos({sql.LOWER % "c.relname"}, t.gram) > 0) AS shared
  FROM given, pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
  WHERE {sql.READABLE} AND {sql.SEEN} AND NOT c.relispartition) near
WHERE near.shared > 0
ORDER BY near.shared DESC, pg_catalog.length(relation), name LIMIT {_CANDIDATES}
""")


async def found(db: Database, table: str) -> dict[str, Any]:
    """Return ``oid``, ``name`` (quoted), ``schema`` and ``relation`` of the table that is meant.

    Raises:
        TrunklineError: ``query.no_table`` with the nearest names, ``query.which_table`` when
            several schemas have it; else as ``Database.fetch``.
    """
    view = sql.view_of(db.profile)
    for schema, relation in readings(table):
        rows = await db.fetch(sql.asked(_EXACT, view), view, schema, relation)
        if not rows:
            rows = await db.fetch(sql.asked(_LOOSE, view), view, schema, relation)
        if rows:
            return _chosen(table, rows)
    raise await _no_table(db, view, table)


async def exactly(db: Database, schema: str, table: str) -> dict[str, Any]:
    """Return the same as :func:`found` for the name as PostgreSQL stores it.

    Raises:
        TrunklineError: ``query.no_table``; else as ``Database.fetch``.
    """
    view = sql.view_of(db.profile)
    if rows := await db.fetch(sql.asked(_EXACT, view), view, sql.sent(schema), sql.sent(table)):
        return rows[0]
    raise await gone(db, table)


async def gone(db: Database, table: str) -> TrunklineError:
    """Return the error that says there is no such table, with the nearest names there are."""
    return await _no_table(db, sql.view_of(db.profile), table)


_PART = re.compile(r'\s*(?:"((?:[^"]|"")*)"|([^".]+))\s*(?:\.|$)')


def readings(table: str) -> list[tuple[str | None, str]]:
    """Return what ``table`` can mean, likeliest first: schema, if said, and name, unquoted."""
    table = sql.sent(table)[:_LONGEST_NAME]
    parts = [
        quoted.replace('""', '"') if quoted else plain.strip()
        for quoted, plain in _PART.findall(table)
    ]
    whole = [(None, table)] if "." in table or '"' in table else []
    if not parts:
        return [(None, table)]
    first = (parts[-2], parts[-1]) if len(parts) > 1 else (None, parts[0])
    # A schema with a dot in its name, written without quotes.
    dotted = [(table.rpartition(".")[0], table.rpartition(".")[2])] if len(parts) > 2 else []
    return [first, *dotted, *whole]


def _chosen(table: str, rows: list[dict[str, Any]]) -> dict[str, Any]:
    rows = [r for r in rows if r["visible"]] or rows
    if len(rows) == 1:
        return rows[0]
    names = some([str(r["name"]) for r in rows])
    raise fail("query.which_table", f"Several tables are called “{table}”.", f"Use: {names}.")


async def _no_table(db: Database, view: str, table: str) -> TrunklineError:
    near = await nearest(db, view, readings(table)[0][1])
    shown = table if len(table) <= _LONGEST_NAME else table[:_LONGEST_NAME] + "…"
    hint = f"Nearest: {', '.join(near)}." if near else "Call list_tables or search_schema."
    return fail("query.no_table", f"There is no table or view “{shown}” you may read.", hint)


async def nearest(db: Database, view: str, word: str, most: int = 3) -> list[str]:
    """Return the tables whose names look most like ``word``, of all there are; maybe none."""
    wanted = word.lower()[:63]
    rows = await db.fetch(sql.asked(_NEAREST, view), view, words.grams(wanted))
    alike = [
        (difflib.SequenceMatcher(None, wanted, row["relation"].lower()).ratio(), row["name"])
        for row in rows
    ]
    alike.sort(key=lambda pair: (-pair[0], pair[1]))
    return [name for likeness, name in alike[:most] if likeness >= _LEAST_LIKENESS]
