"""``database_overview``: what a model should know of a database before it asks anything."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from trunkline_server.postgres.catalog import listing, sql
from trunkline_server.postgres.catalog.fitting import (
    SHORT,
    bytes_as_text,
    cut,
    fitting,
    size_of,
    without_blanks,
)
from trunkline_server.postgres.guard import sight

if TYPE_CHECKING:
    from trunkline_server.postgres.database import Database

#: Bytes of the whole reply: about 1,000 tokens.
MAX = 4_000
_MAX_DESCRIPTION = 1_200
_MAX_SCHEMAS = 20
_MAX_TABLES = 15

# Weighing the folder looks at every file in it: of a large database the catalogue's own numbers
# are added up. What is hidden is not weighed.
_OVERVIEW = sql.strict(f"""
WITH RECURSIVE {sql.ALL}, page AS MATERIALIZED (
  SELECT r.* FROM ranked r WHERE r.score > -50
  ORDER BY r.score DESC, r.nspname, r.relname LIMIT {_MAX_TABLES}
), {listing.TOLD}
SELECT pg_catalog.current_setting('server_version') AS version,
  pg_catalog.current_setting('TimeZone') AS time_zone,
  pg_catalog.pg_is_in_recovery() AS is_standby,
  pg_catalog.current_database()::pg_catalog.text AS database,
  (SELECT pg_catalog.left(pg_catalog.shobj_description(d.oid, 'pg_database'), 400)
    FROM pg_catalog.pg_database d WHERE d.datname = pg_catalog.current_database()) AS comment,
  CASE WHEN NOT $2::pg_catalog.bool THEN NULL
    WHEN (SELECT c.relpages FROM pg_catalog.pg_class c
      WHERE c.oid = 'pg_catalog.pg_class'::pg_catalog.regclass) < 100
      AND pg_catalog.has_database_privilege(pg_catalog.current_database()::pg_catalog.text,
        'CONNECT')
    THEN pg_catalog.pg_database_size(pg_catalog.current_database())
    ELSE (SELECT pg_catalog.sum(c.relpages::pg_catalog.int8) FROM pg_catalog.pg_class c)
      * pg_catalog.current_setting('block_size')::pg_catalog.int8 END::pg_catalog.int8 AS bytes,
  (SELECT pg_catalog.json_agg(s.name ORDER BY s.place)
    FROM ROWS FROM (pg_catalog.unnest(pg_catalog.current_schemas(false))) WITH ORDINALITY
      s(name, place)) AS path,
  (SELECT pg_catalog.json_agg((e.extname::pg_catalog.text || ' ') || e.extversion
      ORDER BY e.extname)
    FROM pg_catalog.pg_extension e WHERE e.extname <> 'plpgsql') AS extensions,
  (SELECT pg_catalog.json_agg(pg_catalog.json_build_object('name', g.nspname, 'tables', g.tables,
      'comment', pg_catalog.left(pg_catalog.obj_description(g.oid, 'pg_namespace'), 400))
      ORDER BY g.tables DESC, g.nspname)
    FROM (SELECT r.nspname, r.relnamespace, pg_catalog.count(*) FROM ranked r
      GROUP BY r.nspname, r.relnamespace) g(nspname, oid, tables)) AS schemas,
  (SELECT pg_catalog.json_agg(pg_catalog.to_json(t)
    ORDER BY t.score DESC, t.schema::pg_catalog.name, t.relation::pg_catalog.name)
  FROM told t) AS tables
""")


async def database_overview(db: Database, *, max_bytes: int = MAX) -> dict[str, Any]:
    """Return what the database is, in one object; keys without content are left out.

    ``database``, ``label`` and ``description`` of the profile, ``comment``, ``server``, ``size``,
    ``time_zone``, ``search_path``, ``extensions``, ``table_count``, ``schemas`` (``name``,
    ``tables``, ``comment``) and ``main_tables``, the first of ``list_tables``.

    Raises:
        TrunklineError: ``sight.hidden``; else as ``Database.fetch``.
    """
    profile, seen = db.profile, sight.of(db.profile)
    view = sql.view_of(profile)
    [row] = await db.fetch(sql.asked(_OVERVIEW, view), view, seen.is_open)
    max_bytes = min(max_bytes, MAX)
    schemas = row["schemas"] or []
    reply = {
        "database": row["database"],
        "label": profile.label,
        "description": cut(profile.description, min(_MAX_DESCRIPTION, max_bytes // 4)),
        "comment": cut(row["comment"] or "", SHORT),
        "server": f"PostgreSQL {row['version']}" + (", a standby" if row["is_standby"] else ""),
        "size": bytes_as_text(row["bytes"]) if row["bytes"] else None,
        "time_zone": row["time_zone"],
        "search_path": [name for name in row["path"] or [] if seen.shows_schema(name)],
        "extensions": fitting(row["extensions"] or [], max_bytes // 8),
        "table_count": sum(s["tables"] for s in schemas),
        "schemas": fitting(map(_schema, schemas[:_MAX_SCHEMAS]), max_bytes // 4),
    }
    reply = without_blanks(reply)
    notes = sql.notes_of(profile.notes)
    tables = [listing.entry_of(t, notes) for t in row["tables"] or []]
    return {**reply, "main_tables": fitting(tables, max_bytes - size_of(reply) - 30)}


def _schema(row: dict[str, Any]) -> dict[str, Any]:
    entry = {"name": row["name"], "tables": row["tables"], "comment": row["comment"] or ""}
    return without_blanks({**entry, "comment": cut(entry["comment"], SHORT)})
