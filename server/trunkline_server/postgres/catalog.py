"""What a database holds, as far as the login may see it; asks ``pg_catalog`` only."""

from __future__ import annotations

import difflib
import json
import re
from typing import TYPE_CHECKING, Any

from trunkline_server.errors import fail

if TYPE_CHECKING:
    from trunkline_server.postgres.database import Database

MAX_COMMENT = 300
_NEAREST_AMONG = 5000

_KIND = """CASE c.relkind WHEN 'r' THEN 'table' WHEN 'v' THEN 'view'
  WHEN 'm' THEN 'materialized view' WHEN 'p' THEN 'partitioned' ELSE 'foreign' END"""

_READABLE = """c.relkind IN ('r', 'v', 'm', 'p', 'f')
  AND n.nspname <> 'information_schema' AND n.nspname::pg_catalog.text !~ '^pg_'
  AND pg_catalog.has_schema_privilege(n.oid, 'USAGE')
  AND (pg_catalog.has_table_privilege(c.oid, 'SELECT')
    OR pg_catalog.has_any_column_privilege(c.oid, 'SELECT'))"""

_FROM = """FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace"""

_QUALIFIED = "pg_catalog.quote_ident(n.nspname) || '.' || pg_catalog.quote_ident(c.relname)"

# A table nobody has analysed yet has reltuples -1; the statistics collector may still know.
# A partitioned table has none of its own before PostgreSQL 14: its leaves are added up.
_ROWS = """CASE WHEN c.relkind = 'v' THEN NULL
  WHEN c.relkind = 'p' THEN (
    SELECT sum(CASE WHEN leaf.reltuples >= '0' THEN leaf.reltuples
        ELSE pg_catalog.pg_stat_get_live_tuples(leaf.oid) END)
    FROM pg_catalog.pg_partition_tree(c.oid) t JOIN pg_catalog.pg_class leaf ON leaf.oid = t.relid
    WHERE t.isleaf)
  WHEN c.reltuples >= '0' AND (c.reltuples > '0' OR c.relpages > 0) THEN c.reltuples
  WHEN c.relkind = 'f' THEN NULL
  ELSE pg_catalog.pg_stat_get_live_tuples(c.oid) END::pg_catalog.float8"""

_TABLES = f"""
SELECT {_QUALIFIED} AS name, {_KIND} AS kind, {_ROWS} AS rows,
  pg_catalog.obj_description(c.oid, 'pg_class') AS comment
{_FROM}
WHERE {_READABLE} AND NOT c.relispartition AND ($1::pg_catalog.text IS NULL OR n.nspname = $1)
ORDER BY n.nspname, c.relname OFFSET $2 LIMIT $3
"""

_COUNT = f"""
SELECT n.nspname::text AS schema, count(*)::pg_catalog.int4 AS tables {_FROM}
WHERE {_READABLE} AND NOT c.relispartition GROUP BY 1 ORDER BY 1
"""

_FIND = f"""
SELECT c.oid::pg_catalog.int8 AS oid, {_QUALIFIED} AS name, {_KIND} AS kind, {_ROWS} AS rows,
  n.nspname::text AS schema, c.relname::text AS relation,
  pg_catalog.obj_description(c.oid, 'pg_class') AS comment,
  pg_catalog.pg_table_is_visible(c.oid) AS visible
{_FROM}
WHERE {_READABLE} AND pg_catalog.lower(c.relname) = pg_catalog.lower($2)
  AND ($1::pg_catalog.text IS NULL OR pg_catalog.lower(n.nspname) = pg_catalog.lower($1))
ORDER BY n.nspname, c.relname
"""

_NAMES = f"SELECT {_QUALIFIED} AS name {_FROM} WHERE {_READABLE} ORDER BY 1 LIMIT {_NEAREST_AMONG}"

_COLUMNS = """
SELECT a.attname::text AS name, pg_catalog.format_type(a.atttypid, a.atttypmod) AS type,
  NOT a.attnotnull AS nullable,
  CASE WHEN a.attidentity <> '' THEN 'identity' WHEN a.attgenerated <> '' THEN 'generated: ' ELSE ''
    END || coalesce(pg_catalog.pg_get_expr(d.adbin, d.adrelid), '') AS default,
  pg_catalog.col_description(a.attrelid, a.attnum) AS comment,
  (SELECT pg_catalog.json_agg(e.enumlabel ORDER BY e.enumsortorder)::text FROM pg_catalog.pg_enum e
    JOIN pg_catalog.pg_type t ON t.oid = a.atttypid
    WHERE e.enumtypid IN (t.oid, t.typelem, t.typbasetype)) AS labels
FROM pg_catalog.pg_attribute a
LEFT JOIN pg_catalog.pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
WHERE a.attrelid = $1::pg_catalog.int8::pg_catalog.oid AND a.attnum > 0 AND NOT a.attisdropped
  AND pg_catalog.has_column_privilege(a.attrelid, a.attnum, 'SELECT')
ORDER BY a.attnum
"""

_KEYS = f"""
SELECT k.contype::text AS kind, k.conrelid::pg_catalog.int8 = $1 AS is_ours,
  pg_catalog.pg_get_constraintdef(k.oid) AS definition, {_QUALIFIED} AS other,
  (SELECT pg_catalog.json_agg(a.attname ORDER BY u.ord)::text
    FROM pg_catalog.unnest(k.conkey) WITH ORDINALITY u(num, ord)
    JOIN pg_catalog.pg_attribute a ON a.attrelid = k.conrelid AND a.attnum = u.num) AS columns,
  (SELECT pg_catalog.json_agg(a.attname ORDER BY u.ord)::text
    FROM pg_catalog.unnest(k.confkey) WITH ORDINALITY u(num, ord)
    JOIN pg_catalog.pg_attribute a ON a.attrelid = k.confrelid AND a.attnum = u.num) AS targets
FROM pg_catalog.pg_constraint k
JOIN pg_catalog.pg_class c ON c.oid = CASE
  WHEN k.conrelid = $1::pg_catalog.int8::pg_catalog.oid AND k.contype = 'f' THEN k.confrelid
  ELSE k.conrelid END
JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
WHERE k.contype IN ('p', 'f') AND k.conparentid = '0'
  AND $1::pg_catalog.int8::pg_catalog.oid IN (k.conrelid, k.confrelid) AND {_READABLE}
ORDER BY k.contype DESC, k.conname
"""

_INDEXES = """
SELECT pg_catalog.pg_get_indexdef(i.indexrelid) AS definition
FROM pg_catalog.pg_index i WHERE i.indrelid = $1::pg_catalog.int8::pg_catalog.oid
ORDER BY i.indisprimary DESC, i.indexrelid
"""


async def list_tables(
    db: Database, *, schema: str | None = None, offset: int = 0, max_bytes: int = 65536
) -> dict[str, Any]:
    """Return ``{"tables": [{"name", "kind", "rows", "comment"}], "total": n}``, bounded.

    ``rows`` is PostgreSQL's estimate; absent when there is none. When not everything fits,
    ``hint`` says how to go on. Partitions are left out: their partitioned table stands for them.

    Raises:
        TrunklineError: ``query.no_schema`` for an unknown schema; else as ``Database.fetch``.
    """
    counts = {row["schema"]: row["tables"] for row in await db.fetch(_COUNT)}
    if schema is not None and schema not in counts:
        raise _no_schema(schema, list(counts))
    total = counts[schema] if schema is not None else sum(counts.values())
    most = max(1, max_bytes // 40)
    tables = [_entry(row) for row in await db.fetch(_TABLES, schema, offset, most)]
    reply = {"tables": _fitting(tables, max_bytes - 400), "total": total}
    end = offset + len(reply["tables"])
    if end < total:
        reply["hint"] = f"Go on with offset {end}, or name a schema: {_some(list(counts))}."
    return reply


async def describe_table(db: Database, table: str, *, max_bytes: int = 65536) -> dict[str, Any]:
    """Return what ``table`` is made of; keys without content are left out.

    Raises:
        TrunklineError: ``query.no_table`` with the nearest names, ``query.which_table`` when
            several schemas have it; else as ``Database.fetch``.
    """
    found = await _found(db, table)
    oid = found["oid"]
    columns = [_column(row) for row in await db.fetch(_COLUMNS, oid)]
    keys = await db.fetch(_KEYS, oid)
    indexes = [row["definition"] for row in await db.fetch(_INDEXES, oid)]
    reply = {
        **_entry(found),
        "columns": _fitting(columns, max_bytes * 3 // 4),
        **_keys(keys),
        "indexes": indexes,
    }
    return _bounded(
        {k: v for k, v in reply.items() if v != [] or k == "columns"}, columns, max_bytes
    )


def _keys(rows: list[dict[str, Any]]) -> dict[str, Any]:
    primary: list[str] = next((json.loads(r["columns"]) for r in rows if r["kind"] == "p"), [])
    ours = [_reference(r) for r in rows if r["kind"] == "f" and r["is_ours"]]
    theirs = [_reference(r, "from") for r in rows if r["kind"] == "f" and _points_here(r)]
    return {"primary_key": primary, "foreign_keys": ours, "referenced_by": theirs}


def _points_here(row: dict[str, Any]) -> bool:
    return not row["is_ours"]


def _reference(row: dict[str, Any], side: str = "to") -> dict[str, Any]:
    columns, targets = json.loads(row["columns"]), json.loads(row["targets"])
    if side == "from":
        return {"table": row["other"], "its_columns": columns, "columns": targets}
    return {"columns": columns, "table": row["other"], "its_columns": targets}


def _column(row: dict[str, Any]) -> dict[str, Any]:
    column: dict[str, Any] = {"name": row["name"], "type": row["type"], "nullable": row["nullable"]}
    if row["default"]:
        column["default"] = _cut(row["default"])
    if row["comment"]:
        column["comment"] = _cut(row["comment"])
    if row["labels"]:
        column["values"] = json.loads(row["labels"])
    return column


def _entry(row: dict[str, Any]) -> dict[str, Any]:
    entry: dict[str, Any] = {"name": row["name"], "kind": row["kind"]}
    if row["rows"] is not None:
        entry["rows"] = int(row["rows"])
    if row["comment"]:
        entry["comment"] = _cut(row["comment"])
    return entry


async def _found(db: Database, table: str) -> dict[str, Any]:
    schema, relation = _split(table)
    rows = await db.fetch(_FIND, schema, relation)
    exact = [r for r in rows if r["relation"] == relation and schema in (None, r["schema"])]
    candidates = exact or rows
    if len(candidates) > 1:
        candidates = [r for r in candidates if r["visible"]] or candidates
    if len(candidates) == 1:
        return candidates[0]
    if candidates:
        names = _some([str(r["name"]) for r in candidates])
        raise fail("query.which_table", f"Several tables are called “{table}”.", f"Use: {names}.")
    raise _no_table(table, relation, [str(r["name"]) for r in await db.fetch(_NAMES)])


_PART = re.compile(r'\s*(?:"((?:[^"]|"")*)"|([^".]+))\s*(?:\.|$)')


def _split(table: str) -> tuple[str | None, str]:
    """Return the schema, if said, and the name, without their quotes."""
    parts = [
        quoted.replace('""', '"') if quoted else plain.strip()
        for quoted, plain in _PART.findall(table)
    ]
    if len(parts) < 2:
        return None, parts[0] if parts else table
    return parts[-2], parts[-1]


def _no_table(table: str, relation: str, names: list[str]) -> Exception:
    bare = {name.rpartition(".")[2].strip('"').lower(): name for name in names}
    near = difflib.get_close_matches(relation.lower(), list(bare), n=3, cutoff=0.5)
    hint = f"Nearest: {', '.join(bare[n] for n in near)}." if near else "Call list_tables."
    return fail("query.no_table", f"There is no table or view “{table}” you may read.", hint)


def _no_schema(schema: str, names: list[str]) -> Exception:
    return fail(
        "query.no_schema",
        f"There is no schema “{schema}” with tables you may read.",
        f"There are: {_some(names)}." if names else "",
    )


def _some(names: list[str]) -> str:
    return ", ".join(names[:20]) + (" …" if len(names) > 20 else "")


def _cut(text: str) -> str:
    return text if len(text) <= MAX_COMMENT else text[: MAX_COMMENT - 1] + "…"


def _size(value: object) -> int:
    return len(json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()) + 1


def _fitting(entries: list[Any], max_bytes: int) -> list[Any]:
    """Return as many entries from the front as fit."""
    kept, spent = [], 0
    for entry in entries:
        spent += _size(entry)
        if spent > max_bytes:
            break
        kept.append(entry)
    return kept


def _bounded(reply: dict[str, Any], columns: list[Any], max_bytes: int) -> dict[str, Any]:
    """Shorten the lists that follow the columns until the reply fits, and say so."""
    total = len(columns)
    for key in ("indexes", "referenced_by", "foreign_keys"):
        spare = max_bytes - 300 - _size({k: v for k, v in reply.items() if k != key})
        if key in reply:
            reply = {**reply, key: _fitting(reply[key], max(spare, 0))}
    if len(reply["columns"]) < total:
        reply["hint"] = f"The first {len(reply['columns'])} of {total} columns."
    return reply
