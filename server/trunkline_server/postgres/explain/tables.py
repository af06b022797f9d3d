"""What the catalogue knows of the tables in a plan: size, columns, indexes, statistics."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any, Protocol

from trunkline_server.postgres.explain.plan import Plan
from trunkline_server.postgres.explain.words import TableFacts
from trunkline_server.postgres.guard.sight import Sight

Table = tuple[str, str]


class Fetching(Protocol):
    """The part of ``Database`` and of ``Asking`` this module uses."""

    async def fetch(self, sql: str, *args: Any) -> list[dict[str, Any]]:
        """Run one of our own statements."""


# Statistics of a table with row security are hidden from most logins: nothing can be told then.
_TABLES = """
SELECT n.nspname::text AS schema, c.relname::text AS name,
  CASE WHEN c.reltuples >= '0' THEN c.reltuples::pg_catalog.float8 END AS rows,
  (CASE WHEN c.relkind IN ('r', 'm') THEN pg_catalog.pg_relation_size(c.oid) / '8192'::int8
    ELSE c.relpages END)::pg_catalog.int8 AS pages, c.relkind IN ('r', 'p', 'm') AS can_index,
  c.relrowsecurity OR c.relkind NOT IN ('r', 'm') OR
    (c.relkind IN ('r', 'm') AND pg_catalog.pg_relation_size(c.oid) = '0') OR
    pg_catalog.pg_stat_get_last_analyze_time(c.oid) IS NOT NULL OR
    pg_catalog.pg_stat_get_last_autoanalyze_time(c.oid) IS NOT NULL OR
    EXISTS (SELECT FROM pg_catalog.pg_stats s
      WHERE s.schemaname = n.nspname AND s.tablename = c.relname) AS is_analyzed,
  (SELECT pg_catalog.json_object_agg(a.attname, pg_catalog.format_type(a.atttypid, a.atttypmod))
    FROM pg_catalog.pg_attribute a
    WHERE a.attrelid = c.oid AND a.attnum > '0' AND NOT a.attisdropped)::text AS columns,
  (SELECT pg_catalog.json_agg((SELECT pg_catalog.json_agg(a.attname ORDER BY k.place)
      FROM pg_catalog.unnest(i.indkey::pg_catalog.int2[]) WITH ORDINALITY k(num, place)
      LEFT JOIN pg_catalog.pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = k.num
        AND k.num <> '0'
      WHERE k.place <= i.indnkeyatts))
    FROM pg_catalog.pg_index i JOIN pg_catalog.pg_class x ON x.oid = i.indexrelid
    JOIN pg_catalog.pg_am m ON m.oid = x.relam
    WHERE i.indrelid = c.oid AND i.indisvalid AND i.indpred IS NULL AND m.amname = 'btree'
    )::text AS indexes
FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
JOIN ROWS FROM (pg_catalog.unnest($1::pg_catalog.text[]),
    pg_catalog.unnest($2::pg_catalog.text[])) w(schema, name)
  ON w.schema = n.nspname::text AND w.name = c.relname::text
"""


async def facts_of(db: Fetching, plan: Plan) -> dict[Table, TableFacts]:
    """Return what is known of each table ``plan`` reads.

    Raises:
        TrunklineError: as ``Database.fetch``.
    """
    wanted = sorted({step.table for step in plan.steps if step.table})
    if not wanted:
        return {}
    rows = await db.fetch(_TABLES, [t[0] for t in wanted], [t[1] for t in wanted])
    return {(row["schema"], row["name"]): _facts(row) for row in rows}


def _facts(row: dict[str, Any]) -> TableFacts:
    indexes = json.loads(row["indexes"] or "[]")
    return TableFacts(
        rows=row["rows"],
        pages=row["pages"],
        is_analyzed=row["is_analyzed"],
        can_index=row["can_index"],
        columns=json.loads(row["columns"] or "{}"),
        indexes=tuple(tuple(name or "" for name in names) for names in indexes),
    )


def hidden_in(plan: Plan, sight: Sight) -> tuple[frozenset[Table], frozenset[str]]:
    """Return the tables of ``plan`` that may not be named, and the words that may not."""
    if sight.is_open:
        return frozenset(), frozenset()
    tables = {step.table for step in plan.steps if step.table}
    hidden = frozenset(table for table in tables if not sight.shows_table(*table))
    words = {*_columns(tables, sight), *(table[1] for table in hidden)}
    indexes = {str(s.raw["Index Name"]) for s in plan.steps if "Index Name" in s.raw}
    # An index is usually called after its columns.
    return hidden, frozenset(words | {name for name in indexes if _is_called_after(name, words)})


def _is_called_after(name: str, words: Iterable[str]) -> bool:
    return any(f"_{word}_" in f"_{name}_" for word in words)


def _columns(tables: Iterable[Table], sight: Sight) -> set[str]:
    return {column for table in tables for column in sight.hidden_columns(*table)}
