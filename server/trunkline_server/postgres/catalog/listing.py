"""``list_tables``: every table the login may read and the profile shows, the most useful first."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from trunkline_server.errors import TrunklineError, fail
from trunkline_server.postgres.catalog import cursor as cursors
from trunkline_server.postgres.catalog import sql
from trunkline_server.postgres.catalog.fitting import (
    PAGE,
    SHORT,
    bytes_as_text,
    cut,
    fitting,
    size_of,
    some,
    without_blanks,
)

if TYPE_CHECKING:
    from trunkline_server.postgres.database import Database

MAX_PAGE = 250
_MAX_REFERENCES = 6
_MAX_SCHEMAS = 30
_FRAME = 450  # bytes of the cursor, which holds two names, and of the hint
_HINT = "Most useful first. search_schema finds tables and columns by words."

KINDS = {"v": "view", "m": "materialized view", "p": "partitioned table", "f": "foreign table"}

#: What is told of the relations of the CTE ``page``.
TOLD = f"""members AS (
  SELECT p.oid AS root, p.oid AS member FROM page p
  UNION ALL SELECT f.root, f.member FROM family f JOIN page p ON p.oid = f.root
    WHERE NOT EXISTS (SELECT FROM barred b WHERE b.oid = f.member)
), {sql.SIZES}, ends AS MATERIALIZED (
  SELECT d.oid, pg_catalog.json_agg(CASE WHEN r.nspname = d.nspname
      THEN pg_catalog.quote_ident(r.relname)
      ELSE (pg_catalog.quote_ident(r.nspname) || '.') || pg_catalog.quote_ident(r.relname) END
    ORDER BY r.nspname, r.relname) AS refs
  FROM (SELECT DISTINCT p.oid, p.nspname, l.confrelid FROM page p
    JOIN links l ON l.conrelid = p.oid) d JOIN shown r ON r.oid = d.confrelid GROUP BY d.oid
), told AS (
  SELECT p.oid, {sql.QUALIFIED} AS name, n.nspname::pg_catalog.text AS schema,
    c.relname::pg_catalog.text AS relation, c.relkind::pg_catalog.text AS kind, p.rows,
    p.partitions, s.bytes, pg_catalog.left(pg_catalog.obj_description(p.oid, 'pg_class'), 400)
      AS comment, p.score,
    e.refs, p.referenced_by
  FROM page p JOIN pg_catalog.pg_class c ON c.oid = p.oid
  JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace LEFT JOIN sizes s ON s.root = p.oid
  LEFT JOIN ends e ON e.oid = p.oid
)"""

_LIST = sql.strict(f"""
WITH RECURSIVE {sql.ALL}, page AS MATERIALIZED (
  SELECT r.* FROM ranked r
  WHERE ($2::pg_catalog.text IS NULL OR r.nspname = $2)
    AND ($3::pg_catalog.int4 IS NULL OR r.score < $3 OR (r.score = $3
      AND ROW(r.nspname, r.relname) > ROW($4::pg_catalog.name, $5::pg_catalog.name)))
  ORDER BY r.score DESC, r.nspname, r.relname LIMIT $6::pg_catalog.int4
), {TOLD}
SELECT (SELECT pg_catalog.json_agg(pg_catalog.to_json(t)
    ORDER BY t.score DESC, t.schema::pg_catalog.name, t.relation::pg_catalog.name)
  FROM told t) AS tables,
  (SELECT pg_catalog.json_object_agg(g.nspname, g.tables ORDER BY g.tables DESC, g.nspname)
    FROM (SELECT r.nspname, pg_catalog.count(*) FROM ranked r GROUP BY r.nspname)
      g(nspname, tables)) AS schemas
""")


async def list_tables(
    db: Database,
    *,
    schema: str | None = None,
    cursor: str | None = None,
    max_bytes: int = PAGE,
) -> dict[str, Any]:
    """Return one page: ``{"tables": […], "total": n}``, ``next_cursor`` when there are more.

    A table has ``name`` and, where they say something, ``kind`` (unless a table), ``rows`` and
    ``size`` (estimates), ``partitions`` (how many it stands for), ``references`` and
    ``referenced_by`` (foreign keys), ``comment`` and ``note`` (of the profile). ``schemas`` counts
    the tables of each on the first page. Order: by digits of the number of rows and by foreign
    keys, those with a note first, those of extensions last; then by schema and name.

    Raises:
        TrunklineError: ``query.no_schema`` for an unknown schema, ``arguments.cursor``,
            ``sight.hidden``; else as ``Database.fetch``.
    """
    schema = None if schema is None else sql.sent(schema)
    of = cursors.mark_of("list_tables", schema)
    at = cursors.read(cursor, of).at if cursor else (None, "", "")
    max_bytes = min(max_bytes, PAGE)
    view = sql.view_of(db.profile)
    most = most_of(max_bytes)
    [found] = await db.fetch(sql.asked(_LIST, view), view, schema, *at, most + 1)
    counts: dict[str, int] = found["schemas"] or {}
    if schema is not None and schema not in counts:
        raise _no_schema(schema, list(counts))
    total = counts[schema] if schema is not None else sum(counts.values())
    frame: dict[str, Any] = {"total": total}
    if not cursor and schema is None and len(counts) > 1:
        frame |= _counted(counts, max_bytes // 8)
    rows = found["tables"] or []
    notes = sql.notes_of(db.profile.notes)
    return page_of(("tables", [entry_of(r, notes) for r in rows]), rows, frame, of, max_bytes)


def most_of(max_bytes: int) -> int:
    """Return how many tables a page of so many bytes may need."""
    return min(MAX_PAGE, max(1, max_bytes // 20))


def page_of(
    named: tuple[str, list[dict[str, Any]]],
    rows: list[dict[str, Any]],
    frame: dict[str, Any],
    of: int,
    max_bytes: int,
) -> dict[str, Any]:
    """Return the entries that fit under their key, one for each row, the frame, how to go on."""
    key, entries = named
    room = max_bytes - size_of(frame) - _FRAME
    kept = fitting(entries[: most_of(max_bytes)], room) or [_briefly(e) for e in entries[:1]]
    reply = {key: kept, **frame}
    if len(kept) < len(rows):
        last = rows[len(kept) - 1]
        place = (int(last["score"]), last["schema"], last["relation"])
        reply["next_cursor"] = cursors.written(cursors.Cursor(of, place))
        if key == "tables":
            reply["hint"] = _HINT
    return reply


def _briefly(entry: dict[str, Any]) -> dict[str, Any]:
    return {key: entry[key] for key in ("name", "kind", "rows") if key in entry}


def entry_of(row: dict[str, Any], notes: dict[tuple[str, str], str]) -> dict[str, Any]:
    """Return what a list says of one table; ``row`` is one of :data:`TOLD`."""
    references = row["refs"] or []
    more = [f"and {len(references) - _MAX_REFERENCES} more"]
    return without_blanks(
        {
            "name": row["name"],
            "kind": KINDS.get(row["kind"]),
            "rows": None if row["rows"] is None else max(0, int(row["rows"])),
            "size": bytes_as_text(row["bytes"]) if row["bytes"] else None,
            "partitions": row["partitions"],
            "references": references[:_MAX_REFERENCES]
            + (more if len(references) > _MAX_REFERENCES else []),
            "referenced_by": row["referenced_by"] or None,
            "comment": cut(row["comment"] or "", SHORT),
            "note": cut(notes.get((row["schema"], row["relation"]), "")),
        }
    )


def _counted(counts: dict[str, int], max_bytes: int) -> dict[str, Any]:
    kept = fitting(list(counts.items())[:_MAX_SCHEMAS], max_bytes)
    rest = {"schemas_left_out": len(counts) - len(kept)} if len(kept) < len(counts) else {}
    return {"schemas": dict(kept), **rest}


def _no_schema(schema: str, names: list[str]) -> TrunklineError:
    return fail(
        "query.no_schema",
        f"There is no schema “{schema}” with tables you may read.",
        f"There are: {some(sorted(names))}." if names else "",
    )
