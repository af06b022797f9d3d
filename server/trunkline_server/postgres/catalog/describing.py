"""``describe_table``: one table, found and read through indexes, however many others there are."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from trunkline_server.postgres.catalog import columns as told
from trunkline_server.postgres.catalog import finding, sql
from trunkline_server.postgres.catalog.fitting import (
    bytes_as_text,
    cut,
    fitting,
    size_of,
    without_blanks,
)
from trunkline_server.postgres.catalog.listing import KINDS
from trunkline_server.postgres.guard import sight

if TYPE_CHECKING:
    from trunkline_server.postgres.database import Database

_MAX_DEFINITION = 1500
_MAX_INCOMING = 200  # looked at, and told at most:
_MAX_REFERENCES = 50
_ROOM = 300  # bytes for the hint and the commas

_ROWS = sql.ROWS.format(c="c")

_PARTS = f"""EXISTS (SELECT FROM pg_catalog.pg_inherits i WHERE i.inhparent = me.oid)
    AS has_children,
  CASE WHEN me.relkind = 'p' AND NOT EXISTS (SELECT FROM unseen)
    THEN pg_catalog.pg_get_partkeydef(me.oid) END AS partition_key,
  (SELECT {sql.QUALIFIED} FROM given, pg_catalog.pg_inherits i
    JOIN pg_catalog.pg_class c ON c.oid = i.inhparent
    JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
    WHERE i.inhrelid = me.oid AND me.relispartition AND {sql.READABLE} AND {sql.SEEN})
    AS partition_of,
  CASE WHEN me.relispartition AND NOT EXISTS (SELECT FROM unseen)
    THEN pg_catalog.pg_get_expr(me.relpartbound, me.oid) END AS bound"""


# What the login may not read, or the profile hides, is not among ``columns``; what names such a
# column is left out with it. Incoming keys are found through what depends on this table:
# pg_constraint has no index on the table it points to.
def _details(family: str, parts: str) -> str:
    return sql.strict(f"""
WITH RECURSIVE {sql.BARRED}, me AS MATERIALIZED (
  SELECT c.*, n.nspname FROM pg_catalog.pg_class c
  JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
  WHERE c.oid = $2::pg_catalog.int8::pg_catalog.oid
), columns AS MATERIALIZED (
  SELECT a.* FROM me JOIN pg_catalog.pg_attribute a ON a.attrelid = me.oid
  WHERE a.attnum > 0 AND NOT a.attisdropped
    AND pg_catalog.has_column_privilege(a.attrelid, a.attnum, 'SELECT')
    AND NOT EXISTS (SELECT FROM barred_columns b
      WHERE b.attrelid = a.attrelid AND b.attnum = a.attnum)
), unseen AS MATERIALIZED (
  SELECT a.attnum FROM me JOIN pg_catalog.pg_attribute a ON a.attrelid = me.oid
  WHERE a.attnum > 0 AND NOT a.attisdropped
    AND a.attnum <> ALL (SELECT c.attnum FROM columns c)
), keys AS MATERIALIZED (
  SELECT k.* FROM me JOIN pg_catalog.pg_constraint k ON k.conrelid = me.oid
  LEFT JOIN pg_catalog.pg_constraint parent ON parent.oid = k.conparentid
  WHERE k.contype = ANY ('{{p,u,x,c,f}}')
    AND (parent.oid IS NULL OR parent.conrelid <> me.oid)
    AND NOT EXISTS (SELECT FROM unseen u WHERE u.attnum = ANY (k.conkey))
    AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend d JOIN unseen u ON u.attnum = d.refobjsubid
      WHERE d.classid = 'pg_catalog.pg_constraint'::pg_catalog.regclass AND d.objid = k.oid
        AND d.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass AND d.refobjid = k.conrelid)
), pointing AS (
  SELECT DISTINCT d.objid FROM me JOIN pg_catalog.pg_depend d
    ON d.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass AND d.refobjid = me.oid
  WHERE d.classid = 'pg_catalog.pg_constraint'::pg_catalog.regclass
), incoming AS MATERIALIZED (
  SELECT k.* FROM pointing p JOIN pg_catalog.pg_constraint k ON k.oid = p.objid
  JOIN me ON k.confrelid = me.oid
  WHERE k.contype = 'f' AND k.conparentid = 0
    AND NOT EXISTS (SELECT FROM unseen u WHERE u.attnum = ANY (k.confkey))
  ORDER BY k.oid LIMIT {_MAX_INCOMING}
), links AS (
  SELECT k.oid, k.conname, k.conrelid, k.confrelid, k.conkey, k.confkey, k.confrelid AS other,
    false AS is_incoming FROM keys k WHERE k.contype = 'f'
  UNION ALL
  SELECT k.oid, k.conname, k.conrelid, k.confrelid, k.conkey, k.confkey, k.conrelid, true
    FROM incoming k
), shown_links AS (
  SELECT l.*, {sql.QUALIFIED} AS name, n.nspname, c.relname
  FROM given, links l JOIN pg_catalog.pg_class c ON c.oid = l.other
  JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
  WHERE {sql.READABLE} AND {sql.SEEN} AND NOT EXISTS (SELECT FROM barred_columns b
    WHERE (b.attrelid = l.conrelid AND b.attnum = ANY (l.conkey))
      OR (b.attrelid = l.confrelid AND b.attnum = ANY (l.confkey)))
), shown AS (SELECT me.oid FROM me), {family}, members AS (
  SELECT me.oid AS root, me.oid AS member FROM me
  UNION ALL SELECT f.root, f.member FROM family f
    WHERE NOT EXISTS (SELECT FROM barred b WHERE b.oid = f.member)
), {sql.SIZES}
SELECT me.relkind::pg_catalog.text AS kind, parts.partitions,
  coalesce(parts.rows, (SELECT {_ROWS} FROM me c)) AS rows,
  sizes.bytes, pg_catalog.left(pg_catalog.obj_description(me.oid, 'pg_class'), 1000) AS comment,
  {parts},
  CASE WHEN me.relkind = ANY ('{{v,m}}') AND $3::pg_catalog.bool
    THEN pg_catalog.left(pg_catalog.pg_get_viewdef(me.oid, true), {_MAX_DEFINITION + 1}) END
    AS definition,
  ({told.COLUMNS}) AS columns,
  (SELECT pg_catalog.json_agg(pg_catalog.json_build_object('kind', k.contype::pg_catalog.text,
      'columns', (SELECT pg_catalog.json_agg(a.attname ORDER BY u.place)
        FROM ROWS FROM (pg_catalog.unnest(k.conkey)) WITH ORDINALITY u(num, place)
        JOIN columns a ON a.attnum = u.num),
      'definition', CASE WHEN k.contype = ANY ('{{c,x}}')
        THEN pg_catalog.pg_get_constraintdef(k.oid, true) END) ORDER BY k.contype DESC, k.conname)
    FROM keys k WHERE k.contype <> 'f') AS keys,
  (SELECT pg_catalog.json_agg(pg_catalog.json_build_object('incoming', l.is_incoming,
      'table', l.name, 'columns', ({told.NAMES % ("l.conkey", "l.conrelid")}),
      'targets', ({told.NAMES % ("l.confkey", "l.confrelid")}))
      ORDER BY l.is_incoming, l.nspname, l.relname, l.conname) FROM shown_links l) AS links,
  (SELECT pg_catalog.json_agg(pg_catalog.json_build_object('name',
      pg_catalog.quote_ident(x.relname), 'unique', i.indisunique,
      'definition', pg_catalog.pg_get_indexdef(i.indexrelid)) ORDER BY x.relname)
    FROM pg_catalog.pg_index i JOIN pg_catalog.pg_class x ON x.oid = i.indexrelid
    WHERE i.indrelid = me.oid
      AND NOT EXISTS (SELECT FROM pg_catalog.pg_constraint k WHERE k.conindid = i.indexrelid
        AND k.conrelid = me.oid AND k.contype = ANY ('{{p,u,x}}'))
      AND NOT EXISTS (SELECT FROM unseen u WHERE u.attnum = ANY (i.indkey::pg_catalog.int2[]))
      AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend d JOIN unseen u ON u.attnum = d.refobjsubid
        WHERE d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass AND d.objid = i.indexrelid
          AND d.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass AND d.refobjid = me.oid))
    AS indexes
FROM me LEFT JOIN parts ON true LEFT JOIN sizes ON true
""")


_DETAILS = _details(sql.FAMILY, _PARTS)
_PLAIN = _details(sql.NO_FAMILY, "false AS has_children")


async def describe_table(db: Database, table: str, *, max_bytes: int = 65536) -> dict[str, Any]:
    """Return what ``table`` is made of; keys without content are left out.

    ``columns``: ``name``, ``type``, ``"nullable": false`` where it is so, ``default``, ``comment``,
    ``values`` (all there can be: of an enum, or of a CHECK that lists them), ``common_values``
    (samples from PostgreSQL's statistics). Then ``primary_key``, ``unique``, ``checks``,
    ``foreign_keys``, ``referenced_by``, ``indexes``, ``partition_key``, ``partitions``,
    ``partition_of``, ``definition`` of a view, ``note`` of the profile.

    Raises:
        TrunklineError: ``query.no_table`` with the nearest names, ``query.which_table`` when
            several schemas have it, ``sight.hidden``; else as ``Database.fetch``.
    """
    return await _described(db, await finding.found(db, table), max_bytes)


async def table_resource(
    db: Database, schema: str, table: str, *, max_bytes: int = 65536
) -> dict[str, Any]:
    """Return the same as :func:`describe_table`; the names are as PostgreSQL stores them.

    Raises:
        TrunklineError: ``query.no_table`` with the nearest names; else as ``Database.fetch``.
    """
    return await _described(db, await finding.exactly(db, schema, table), max_bytes)


async def _described(db: Database, found: dict[str, Any], max_bytes: int) -> dict[str, Any]:
    seen = sight.of(db.profile)
    view = sql.view_of(db.profile)
    # Most tables are no part of anything: half of the planning is for those that are.
    query = _PLAIN if found["is_plain"] else _DETAILS
    rows = await db.fetch(sql.asked(query, view), view, found["oid"], seen.is_open)
    if not rows:  # dropped since it was found
        raise await finding.gone(db, found["name"])
    row = rows[0]
    constraints = row["keys"] or []
    listed, checks = told.lists_of([k for k in constraints if k["kind"] == "c"])
    # Statistics of a parent count its hidden children too, a materialized view's its sources'.
    has_samples = seen.is_open or (row["kind"] == "r" and not row["has_children"])
    sampled = (row["rows"] or 0) if has_samples else None
    columns = [told.column_of(c, listed, sampled) for c in row["columns"] or []]
    notes = sql.notes_of(db.profile.notes)
    reply = {
        "name": found["name"],
        "kind": KINDS.get(row["kind"], "table"),
        "rows": None if row["rows"] is None else max(0, int(row["rows"])),
        "size": bytes_as_text(row["bytes"]) if row["bytes"] else None,
        "comment": cut(row["comment"] or ""),
        "note": notes.get((found["schema"], found["relation"])),
        "partition_of": row.get("partition_of"),
        "bound": row.get("bound"),
        "partition_key": row.get("partition_key"),
        "partitions": row["partitions"] or None,
        "columns": columns,
        "primary_key": next((k["columns"] for k in constraints if k["kind"] == "p"), None),
        "unique": [k["columns"] for k in constraints if k["kind"] == "u"],
        "foreign_keys": [_outgoing(k) for k in row["links"] or [] if not k["incoming"]],
        "referenced_by": [_incoming(k) for k in row["links"] or [] if k["incoming"]],
        "checks": [*checks, *(cut(k["definition"]) for k in constraints if k["kind"] == "x")],
        "indexes": [_index(i) for i in row["indexes"] or []],
        "definition": _definition(row["definition"]),
    }
    return _bounded({**without_blanks(reply), "columns": columns}, max_bytes)


def _outgoing(key: dict[str, Any]) -> dict[str, Any]:
    return {"columns": key["columns"], "table": key["table"], "its_columns": key["targets"]}


def _incoming(key: dict[str, Any]) -> dict[str, Any]:
    return {"table": key["table"], "its_columns": key["columns"], "columns": key["targets"]}


_USING = re.compile(r" USING (?=\w+ \()")


def _index(index: dict[str, Any]) -> str:
    """Return ``name: btree (column)``; the table and the verb are known."""
    what = _USING.split(index["definition"], maxsplit=1)[-1]
    return f"{index['name']}: {'unique ' if index['unique'] else ''}{cut(what)}"


def _definition(text: str | None) -> str | None:
    # Half a view would be read as a whole one.
    if text is None or len(text) > _MAX_DEFINITION:
        return None
    return "\n".join(line.strip() for line in text.splitlines())


#: What is shortened first when not all fits, and of what the reader can get the rest elsewhere.
_SHORTENED = ("indexes", "referenced_by", "checks", "foreign_keys", "unique", "columns")


def _bounded(reply: dict[str, Any], max_bytes: int) -> dict[str, Any]:
    """Shorten lists until the reply fits, and say how many entries each had."""
    lengths = {key: len(reply[key]) for key in _SHORTENED if key in reply}
    if lengths.get("referenced_by", 0) > _MAX_REFERENCES:
        reply = {**reply, "referenced_by": reply["referenced_by"][:_MAX_REFERENCES]}
    room = max_bytes - _ROOM
    if size_of(reply) > room:
        reply = {k: v for k, v in reply.items() if k != "definition"}
    for key in lengths:
        over = size_of(reply) - room
        if over > 0:
            spare = size_of(reply[key]) - over
            reply = {**reply, key: fitting(reply[key], max(0, spare))}
    cuts = [_cut(key, len(reply[key]), n) for key, n in lengths.items() if len(reply[key]) < n]
    if cuts:
        reply = {**reply, "hint": f"Not all of it is here: {', '.join(cuts)}."}
    return {k: v for k, v in reply.items() if v != [] or k == "columns"}


def _cut(key: str, kept: int, length: int) -> str:
    more = " or more" if key == "referenced_by" and length >= _MAX_INCOMING else ""
    return f"{kept} of {length}{more} {key.replace('_', ' ')}"
