"""What a health check looks at in the tables: dead rows, indexes, statistics, sequences. Pure."""

from __future__ import annotations

from collections.abc import Iterable

from trunkline_server.postgres.dba.findings import Check, Finding, Row, Server, some, volume
from trunkline_server.postgres.explain.words import identifier, relation

#: The columns an index is about, those in its expressions too.
_COLUMNS = """(SELECT json_agg(DISTINCT a.attname)::text FROM pg_depend d
  JOIN pg_attribute a ON a.attrelid = d.refobjid AND a.attnum = d.refobjsubid
  WHERE d.classid = 'pg_class'::regclass AND d.objid = i.indexrelid AND d.refobjsubid > 0)"""

_INDEX = f"""n.nspname::text AS schema, c.relname::text AS name, x.relname::text AS index,
  {_COLUMNS} AS columns, pg_relation_size(x.oid)::float8 AS size
FROM pg_index i JOIN pg_class x ON x.oid = i.indexrelid JOIN pg_class c ON c.oid = i.indrelid
JOIN pg_namespace n ON n.oid = c.relnamespace"""

_OURS = "n.nspname <> 'information_schema' AND n.nspname::text !~ '^pg_'"

#: Everything that makes two indexes the same.
_SAME = """i.indrelid, x.relam, i.indkey::text, i.indclass::text, i.indcollation::text,
  i.indoption::text, coalesce(pg_get_expr(i.indexprs, i.indrelid), ''),
  coalesce(pg_get_expr(i.indpred, i.indrelid), '')"""


def _names(rows: Iterable[Row]) -> list[str]:
    return [relation((row["schema"], row["name"])) for row in rows]


def _indexes(rows: Iterable[Row]) -> list[str]:
    return [identifier(row["index"]) + f" on {relation((row['schema'], row['name']))}"
            for row in rows]  # fmt: skip


def _dead(rows: list[Row], _server: Server) -> list[Finding]:
    if not rows:
        return [Finding(about="dead rows", grade="ok", sentence="No table is full of them.")]
    worst = max(row["dead"] / max(1.0, row["live"] + row["dead"]) for row in rows)
    return [Finding(
        about="dead rows", grade="urgent" if worst > 0.6 else "attention",
        sentence=f"Many rows of {some(_names(rows))} are deleted or outdated and not cleaned up "
        f"(up to {worst:.0%}).",
        next_step="See that autovacuum keeps up (or what old transaction stops it), then VACUUM.",
    )]  # fmt: skip


def _bloat(rows: list[Row], _server: Server) -> list[Finding]:
    found = [row for row in rows if row["wasted"] > 50 * 1024**2]
    if not found:
        return []
    return [Finding(
        about="unused space", grade="attention",
        sentence=f"About {volume(sum(row['wasted'] for row in found))} of {some(_names(found))} is "
        "empty space (an estimate).",
        next_step="Check with the extension pgstattuple; pg_repack or VACUUM FULL gives it back "
        "(the latter locks the table).",
    )]  # fmt: skip


def _unused(rows: list[Row], server: Server) -> list[Finding]:
    days = server.counted_days
    if not rows or (days is not None and days < 7):
        return []
    since = f"in {days:.0f} days" if days is not None else "since the server counts"
    also = " It may be used on a standby." if not server.is_standby else ""
    return [Finding(
        about="unused indexes", grade="attention",
        sentence=f"{len(rows)} indexes ({volume(sum(row['size'] for row in rows))}) were never "
        f"used {since}: {some(_indexes(rows))}. They slow down every change.{also}",
        next_step="When nobody needs it: DROP INDEX CONCURRENTLY.",
    )]  # fmt: skip


def _duplicate(rows: list[Row], _server: Server) -> list[Finding]:
    if not rows:
        return []
    others = {row["index"]: row["other"] for row in reversed(rows)}
    pairs = [f"{identifier(name)} (as {identifier(other)})" for name, other in others.items()]
    return [Finding(
        about="duplicate indexes", grade="attention",
        sentence=f"{len(others)} indexes do what another one does already: {some(pairs)}.",
        next_step="Drop one of each pair with DROP INDEX CONCURRENTLY.",
    )]  # fmt: skip


def _invalid(rows: list[Row], _server: Server) -> list[Finding]:
    if not rows:
        return []
    return [Finding(
        about="invalid indexes", grade="attention",
        sentence=f"{some(_indexes(rows))} was never finished: no query uses it, every change "
        "keeps it up.",
        next_step="REINDEX INDEX CONCURRENTLY, or drop it.",
    )]  # fmt: skip


def _never(rows: list[Row], _server: Server) -> list[Finding]:
    found = []
    never = [row for row in rows if row["never_analyzed"]]
    stale = [row for row in rows if row["stale"]]
    dirty = [row for row in rows if row["never_vacuumed"]]
    if never:
        found.append(Finding(
            about="statistics", grade="attention",
            sentence=f"{some(_names(never))} was never analyzed: PostgreSQL guesses blindly "
            "about it.",
            next_step="ANALYZE these tables."))  # fmt: skip
    if stale:
        found.append(Finding(
            about="statistics", grade="attention",
            sentence=f"More than half of the rows of {some(_names(stale))} changed since it was "
            "last analyzed.",
            next_step="ANALYZE these tables."))  # fmt: skip
    if dirty:
        found.append(Finding(
            about="vacuum", grade="attention",
            sentence=f"{some(_names(dirty))} was never vacuumed.",
            next_step="VACUUM these tables; see whether autovacuum is on for them."))  # fmt: skip
    if not found:
        return [Finding(about="statistics", grade="ok", sentence="Every larger table has them.")]
    return found


def _sequences(rows: list[Row], _server: Server) -> list[Finding]:
    found = []
    unseen = sum(row["used"] is None for row in rows)
    known = [row for row in rows if row["used"] is not None]
    for row in sorted(known, key=lambda row: -row["used"]):
        where = relation((row["schema"], row["sequence"]))
        found.append(Finding(
            about="sequences", grade="urgent" if row["used"] > 0.9 else "attention",
            sentence=f"The sequence {where} has used {row['used']:.0%} of its numbers; at the end "
            "no row can be added.",
            next_step="Change the column (and the sequence) to bigint in time.",
        ))  # fmt: skip
    text = f"This login cannot see {unseen} of them." if unseen else "None is near its end."
    return found[:3] or [Finding(about="sequences", grade="ok", sentence=text)]


CHECKS = (
    Check(about="dead rows", judge=_dead, sql="""
SELECT schemaname::text AS schema, relname::text AS name, n_live_tup::float8 AS live,
  n_dead_tup::float8 AS dead FROM pg_stat_user_tables
WHERE n_dead_tup > 10000 AND n_dead_tup::float8 > 0.2 * (n_live_tup + n_dead_tup)::float8
ORDER BY n_dead_tup DESC LIMIT 50"""),
    Check(about="unused space", judge=_bloat, sql=f"""
SELECT n.nspname::text AS schema, c.relname::text AS name, (c.relpages::float8 * 8192
  - c.reltuples::float8 * (s.width + 28) * 1.1)::float8 AS wasted
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace JOIN (
  SELECT schemaname, tablename, count(*) AS columns, sum(avg_width * (1 - null_frac)) AS width
  FROM pg_stats WHERE NOT inherited GROUP BY schemaname, tablename
) s ON s.schemaname = n.nspname AND s.tablename = c.relname
WHERE c.relkind IN ('r', 'm') AND c.relpages > 1280 AND c.reltuples > 0 AND {_OURS}
  AND s.columns = (SELECT count(*) FROM pg_attribute a
    WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped)
  AND c.reltuples::float8 * (s.width + 28) * 2 < c.relpages::float8 * 8192
ORDER BY 3 DESC LIMIT 50"""),
    Check(about="unused indexes", judge=_unused, sql=f"""
SELECT {_INDEX} JOIN pg_stat_all_indexes u ON u.indexrelid = x.oid
WHERE u.idx_scan = 0 AND NOT i.indisunique AND NOT i.indisexclusion AND i.indisvalid AND {_OURS}
  AND pg_relation_size(x.oid) > 1048576 AND NOT i.indisreplident
ORDER BY pg_relation_size(x.oid) DESC LIMIT 50"""),
    Check(about="duplicate indexes", judge=_duplicate, sql=f"""
SELECT * FROM (SELECT {_INDEX.replace("FROM pg_index", f''',
  first_value(x.relname::text) OVER (PARTITION BY {_SAME}
    ORDER BY i.indisprimary DESC, i.indisunique DESC, x.oid) AS other,
  row_number() OVER (PARTITION BY {_SAME}
    ORDER BY i.indisprimary DESC, i.indisunique DESC, x.oid) AS place
FROM pg_index''', 1)}
WHERE i.indisvalid AND {_OURS}) found WHERE place > 1
UNION ALL
SELECT DISTINCT ON (x.oid) {_INDEX.replace("FROM pg_index", ''',
  y.relname::text AS other, 2::int8 AS place
FROM pg_index''', 1)}
JOIN pg_index j ON j.indrelid = i.indrelid AND j.indexrelid <> i.indexrelid
JOIN pg_class y ON y.oid = j.indexrelid AND y.relam = x.relam
WHERE NOT i.indisunique AND i.indisvalid AND j.indisvalid AND {_OURS}
  AND x.relam = (SELECT oid FROM pg_am WHERE amname = 'btree')
  AND i.indexprs IS NULL AND j.indexprs IS NULL AND i.indpred IS NULL AND j.indpred IS NULL
  AND starts_with(j.indkey::text, i.indkey::text || ' ')
  AND starts_with(j.indclass::text, i.indclass::text || ' ')
  AND starts_with(j.indoption::text, i.indoption::text || ' ')
LIMIT 50"""),
    Check(about="invalid indexes", judge=_invalid, sql=f"""
SELECT {_INDEX} WHERE NOT i.indisvalid AND x.relkind = 'i' AND {_OURS} AND NOT EXISTS (
  SELECT FROM pg_stat_progress_create_index p WHERE p.index_relid = x.oid) LIMIT 50"""),
    Check(about="statistics", judge=_never, fits=lambda s: not s.is_standby, sql="""
SELECT * FROM (SELECT schemaname::text AS schema, relname::text AS name,
  last_analyze IS NULL AND last_autoanalyze IS NULL AND n_live_tup > 1000 AND NOT EXISTS (
    SELECT FROM pg_stats p WHERE p.schemaname = t.schemaname AND p.tablename = t.relname)
    AS never_analyzed,
  n_mod_since_analyze > 10000 AND n_mod_since_analyze::float8 > 0.5 * n_live_tup::float8
    AND NOT (last_analyze IS NULL AND last_autoanalyze IS NULL) AS stale,
  last_vacuum IS NULL AND last_autovacuum IS NULL AND n_live_tup > 100000 AS never_vacuumed
  FROM pg_stat_user_tables t ORDER BY n_live_tup DESC) found
WHERE never_analyzed OR stale OR never_vacuumed LIMIT 100"""),
    Check(about="sequences", judge=_sequences, sql="""
SELECT q.schemaname::text AS schema, coalesce(c.relname, s.relname)::text AS name,
  q.sequencename::text AS sequence, json_build_array(a.attname)::text AS columns,
  (q.last_value::float8 / least(q.max_value::float8, CASE a.atttypid WHEN 'int2'::regtype
    THEN 32767::float8 WHEN 'int4'::regtype THEN 2147483647::float8
    ELSE 9223372036854775807::float8 END))::float8 AS used
FROM pg_sequences q JOIN pg_namespace n ON n.nspname = q.schemaname
JOIN pg_class s ON s.relnamespace = n.oid AND s.relname = q.sequencename
LEFT JOIN pg_depend d ON d.classid = 'pg_class'::regclass AND d.objid = s.oid
  AND d.refclassid = 'pg_class'::regclass AND d.deptype IN ('a', 'i') AND d.refobjsubid > 0
LEFT JOIN pg_class c ON c.oid = d.refobjid
LEFT JOIN pg_attribute a ON a.attrelid = d.refobjid AND a.attnum = d.refobjsubid
WHERE NOT q.cycle AND q.increment_by > 0 AND (
  NOT has_sequence_privilege(s.oid, 'USAGE, SELECT') OR q.last_value::float8 > 0.7 * least(
  q.max_value::float8, CASE a.atttypid WHEN 'int2'::regtype THEN 32767::float8
  WHEN 'int4'::regtype THEN 2147483647::float8 ELSE 9223372036854775807::float8 END))"""),
)  # fmt: skip
