"""Asks one database about names: our own constant SQL over PostgreSQL's catalogue."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from trunkline_server.postgres.guard import rules
from trunkline_server.postgres.guard.naming import BY_ID

Fetch = Callable[..., Awaitable[list[Any]]]
Key = tuple[str, str, str | None]  # the kind of a name, the name, its schema as in ``Name``

_FUNCTION = r"""
  p.oid::int8, p.proname AS function, n.nspname AS namespace, p.provolatile AS volatility,
  p.prosecdef AS is_definer, l.lanname AS language, p.prokind AS kind_of,
  p.pronargs AS arguments, p.pronargdefaults AS defaults, p.provariadic <> 0 AS is_variadic,
  CASE WHEN l.lanname IN ('sql', 'plpgsql') AND p.oid >= 16384 THEN p.prosrc END AS source,
  CASE WHEN l.lanname = 'sql' AND p.oid >= 16384 AND p.prosrc = ''
    THEN pg_catalog.pg_get_functiondef(p.oid) END AS definition,
  CASE WHEN l.lanname = 'internal' AND p.oid >= 16384 THEN (SELECT pg_catalog.jsonb_agg(
    pg_catalog.jsonb_build_array(b.proname, b.provolatile)) FROM pg_catalog.pg_proc b
    WHERE b.prosrc = p.prosrc AND b.oid < 16384) END AS stands_for,
  CASE WHEN p.proargdefaults IS NOT NULL AND p.oid >= 16384
    THEN pg_catalog.pg_get_expr(p.proargdefaults, 0) END AS default_values,
  EXISTS (SELECT FROM pg_catalog.unnest(p.proconfig) c(setting)
    WHERE c.setting LIKE 'standard\_conforming\_strings=%') AS reads_backslashes,
  (SELECT e.extname FROM pg_catalog.pg_depend d JOIN pg_catalog.pg_extension e
    ON e.oid = d.refobjid WHERE d.classid = 'pg_catalog.pg_proc'::pg_catalog.regclass
    AND d.objid = p.oid AND d.deptype = 'e' LIMIT 1) AS extension,
  -- Whoever may install an extension may put functions of their own into it.
  l.lanname IN ('c', 'internal') OR EXISTS (SELECT FROM pg_catalog.pg_roles r
    WHERE r.oid = p.proowner AND r.rolsuper) AS is_genuine,
  (SELECT pg_catalog.jsonb_build_array(a.aggtransfn::oid::int8, a.aggfinalfn::oid::int8,
    a.aggcombinefn::oid::int8, a.aggserialfn::oid::int8, a.aggdeserialfn::oid::int8,
    a.aggmtransfn::oid::int8, a.aggminvtransfn::oid::int8, a.aggmfinalfn::oid::int8)
    FROM pg_catalog.pg_aggregate a WHERE a.aggfnoid = p.oid AND p.oid >= 16384) AS steps,
  CASE WHEN p.oid >= 16384 THEN (SELECT pg_catalog.jsonb_agg(t::int8) FROM
    pg_catalog.unnest(coalesce(p.proallargtypes, p.proargtypes::oid[]) || p.prorettype) t
    WHERE t >= 16384) END AS types,
  EXISTS (SELECT FROM pg_catalog.pg_type t WHERE t.oid = p.proargtypes[0]
    AND t.typtype IN ('c', 'p')) AS takes_row
FROM pg_catalog.pg_proc p
JOIN pg_catalog.pg_namespace n ON n.oid = p.pronamespace
JOIN pg_catalog.pg_language l ON l.oid = p.prolang
"""

_TYPE = """
  t.oid::int8, CASE WHEN t.typtype = 'd' AND t.oid >= 16384 THEN
    (SELECT pg_catalog.jsonb_agg(pg_catalog.pg_get_expr(c.conbin, 0))
     FROM pg_catalog.pg_constraint c WHERE c.contypid = t.oid AND c.contype = 'c') END AS checks,
  (SELECT pg_catalog.jsonb_agg(i::int8) FROM (
     SELECT t.typelem AS i UNION SELECT t.typbasetype UNION
     SELECT a.atttypid FROM pg_catalog.pg_attribute a
       WHERE a.attrelid = t.typrelid AND a.attnum > 0 AND NOT a.attisdropped AND t.typtype = 'c'
     UNION SELECT r.rngsubtype FROM pg_catalog.pg_range r WHERE r.rngtypid = t.oid) x
   WHERE i >= 16384) AS types,
  CASE WHEN t.oid >= 16384 THEN (SELECT pg_catalog.jsonb_agg(i::int8) FROM (
     SELECT r.rngcanonical::oid AS i FROM pg_catalog.pg_range r WHERE r.rngtypid = t.oid
     UNION SELECT r.rngsubdiff::oid FROM pg_catalog.pg_range r WHERE r.rngtypid = t.oid
     UNION SELECT f FROM (VALUES (t.typinput::oid), (t.typoutput::oid), (t.typreceive::oid),
       (t.typsend::oid)) v(f) WHERE t.typtype = 'b') x WHERE i >= 16384) END AS functions
FROM pg_catalog.pg_type t JOIN pg_catalog.pg_namespace n ON n.oid = t.typnamespace
"""

_SEEN = "(w.schema = '*' OR n.nspname = w.schema OR (w.schema IS NULL AND n.nspname = ANY(path.s)))"

#: A table, its partitions and its children: all of them are read.
_TREE = """(WITH RECURSIVE tree AS (SELECT c.oid AS id UNION SELECT i.inhrelid
  FROM pg_catalog.pg_inherits i JOIN tree ON i.inhparent = tree.id) SELECT id FROM tree)"""

#: What a table is a partition of: the bounds it keeps to are computed by their keys.
_ABOVE = """(WITH RECURSIVE above AS (SELECT c.oid AS id UNION SELECT i.inhparent
  FROM pg_catalog.pg_inherits i JOIN above ON i.inhrelid = above.id) SELECT id FROM above)"""

#: What depends on a function for a table, by which the planner could compute a constant.
_DEPENDENTS = f"""(
    SELECT 'pg_catalog.pg_class'::pg_catalog.regclass::oid, x.indexrelid
      FROM pg_catalog.pg_index x WHERE x.indrelid IN {_TREE}
    UNION ALL SELECT 'pg_catalog.pg_constraint'::pg_catalog.regclass::oid, k.oid
      FROM pg_catalog.pg_constraint k WHERE k.contype = 'c' AND k.conrelid IN {_TREE}
    UNION ALL SELECT 'pg_catalog.pg_statistic_ext'::pg_catalog.regclass::oid, s.oid
      FROM pg_catalog.pg_statistic_ext s WHERE s.stxrelid IN {_TREE}
    UNION ALL SELECT 'pg_catalog.pg_class'::pg_catalog.regclass::oid, k.partrelid
      FROM pg_catalog.pg_partitioned_table k WHERE k.partrelid IN {_TREE}
        OR k.partrelid IN {_ABOVE}) o(classid, objid)
  JOIN pg_catalog.pg_depend d ON d.classid = o.classid AND d.objid = o.objid"""

#: Functions in expressions of indexes, statistics, checks and partition keys, or behind operators.
_PLANNED = f"""(SELECT pg_catalog.jsonb_agg(DISTINCT p.oid::int8) FROM (
    SELECT d.refobjid AS id FROM {_DEPENDENTS}
      WHERE d.refclassid = 'pg_catalog.pg_proc'::pg_catalog.regclass
    UNION ALL SELECT m.oprcode::oid FROM {_DEPENDENTS}
      JOIN pg_catalog.pg_operator m ON m.oid = d.refobjid AND m.oid >= 16384
      WHERE d.refclassid = 'pg_catalog.pg_operator'::pg_catalog.regclass) used
  JOIN pg_catalog.pg_proc p ON p.oid = used.id AND p.provolatile = 'i'
  JOIN pg_catalog.pg_language l ON l.oid = p.prolang AND l.lanname IN ('sql', 'plpgsql'))"""

#: What ``seeing`` asks of tables by their names; a path that was left out is in ``$3``.
_RELATIONS = """
WITH RECURSIVE w AS (SELECT * FROM unnest($1::text[], $2::text[]) AS w(schema, name)),
  path AS (SELECT $3::name[] AS s),
  found AS (SELECT w.schema AS asked_schema, w.name AS asked_name, c.oid AS id,
      n.nspname AS schema, c.relname AS name, c.relkind,
      CASE WHEN w.schema IS NULL THEN pg_catalog.array_position(path.s, n.nspname) END AS place
    FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
    JOIN w ON w.name = c.relname, path
    WHERE w.schema = '*' OR n.nspname = w.schema OR (w.schema IS NULL AND n.nspname = ANY(path.s))),
  over AS (SELECT found.id AS of, i.inhparent AS id FROM found JOIN pg_catalog.pg_inherits i
      ON i.inhrelid = found.id
    UNION SELECT over.of, i.inhparent FROM over JOIN pg_catalog.pg_inherits i
      ON i.inhrelid = over.id),
  below AS (SELECT found.id AS of, i.inhrelid AS id FROM found JOIN pg_catalog.pg_inherits i
      ON i.inhparent = found.id
    UNION SELECT below.of, i.inhrelid FROM below JOIN pg_catalog.pg_inherits i
      ON i.inhparent = below.id),
  owner AS (SELECT found.id AS of, d.refobjid AS id FROM found JOIN pg_catalog.pg_depend d
      ON d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass AND d.objid = found.id
      AND d.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass AND d.deptype IN ('a', 'i')
    WHERE found.relkind = 'S'
    UNION SELECT found.id, x.indrelid FROM found JOIN pg_catalog.pg_index x
      ON x.indexrelid = found.id),
  named AS (SELECT x.of, x.is_over, pg_catalog.jsonb_build_array(n.nspname, c.relname) AS name
    FROM (SELECT of, id, true AS is_over FROM over UNION SELECT of, id, true FROM owner
      UNION SELECT of, id, false FROM below) x
    JOIN pg_catalog.pg_class c ON c.oid = x.id
    JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace)
SELECT asked_schema, asked_name, pg_catalog.jsonb_build_object(
  'schema', schema, 'name', name, 'place', place,
  'definition', CASE WHEN relkind IN ('v', 'm') AND id::int8 >= 16384
    THEN pg_catalog.pg_get_viewdef(id) END,
  'parents', (SELECT pg_catalog.jsonb_agg(m.name) FROM named m WHERE m.of = id AND m.is_over),
  'children', (SELECT pg_catalog.jsonb_agg(m.name) FROM named m WHERE m.of = id AND NOT m.is_over),
  'columns', (SELECT pg_catalog.jsonb_agg(a.attname ORDER BY a.attnum)
    FROM pg_catalog.pg_attribute a WHERE a.attrelid = id AND a.attnum > 0 AND NOT a.attisdropped)
  ) AS fact
FROM found
"""

#: Our own questions: a function or operator of somebody else's must not stand before PostgreSQL's.
_ENTER = """
SELECT pg_catalog.current_setting('search_path') AS path,
  pg_catalog.current_schemas(true)::pg_catalog.text[] AS schemas,
  pg_catalog.set_config('search_path', 'pg_catalog, pg_temp', true)
"""
_LEAVE = "SELECT pg_catalog.set_config('search_path', $1::pg_catalog.text, true)"

_ASKED = """
WITH w AS (SELECT * FROM unnest($1::text[], $2::text[], $3::text[])
             AS w(kind, name, schema)),
     path AS (SELECT $7::name[] AS s),
     ids AS (SELECT * FROM unnest($4::text[], $5::int8[]) AS i(kind, id)),
     secrets AS (SELECT $6::text[] AS s, $8::text[] AS kept)
"""

#: By kind of name, and whether it is known by its id: planning all of them takes long.
_BRANCHES: dict[tuple[str, bool], str] = {
    ("function", False): f"""
SELECT kind, name, schema, pg_catalog.to_jsonb(f) AS fact FROM (
  SELECT w.kind, w.name, w.schema, {_FUNCTION} JOIN w ON w.name = p.proname, path
  WHERE w.kind = 'function' AND {_SEEN}) f
""",
    ("function", True): f"""
SELECT kind, name, schema, pg_catalog.to_jsonb(f) AS fact FROM (
  SELECT ids.kind, ids.id::text AS name, '{BY_ID}' AS schema, {_FUNCTION}
  JOIN ids ON ids.id = p.oid::int8 AND ids.kind = 'function') f
""",
    ("operator", False): f"""
SELECT kind, name, schema, pg_catalog.to_jsonb(f) AS fact FROM (
  SELECT w.kind, w.name, w.schema, (
    SELECT pg_catalog.jsonb_agg(f.oprcode::oid::int8) FROM pg_catalog.pg_operator f
    WHERE f.oid IN (o.oid, o.oprnegate, o.oprcom)) AS functions  -- the planner may swap them
  FROM pg_catalog.pg_operator o JOIN pg_catalog.pg_namespace n ON n.oid = o.oprnamespace
  JOIN w ON w.name = o.oprname AND w.kind = 'operator', path
  WHERE o.oid >= 16384 AND {_SEEN}) f
""",
    ("type", False): f"""
SELECT kind, name, schema, pg_catalog.to_jsonb(f) AS fact FROM (
  SELECT w.kind, w.name, w.schema, {_TYPE} JOIN w ON w.name = t.typname AND w.kind = 'type', path
  WHERE {_SEEN}) f
""",
    ("type", True): f"""
SELECT kind, name, schema, pg_catalog.to_jsonb(f) AS fact FROM (
  SELECT ids.kind, ids.id::text AS name, '{BY_ID}' AS schema, {_TYPE}
  JOIN ids ON ids.id = t.oid::int8 AND ids.kind IN ('type', 'column')) f
""",
    ("relation", False): f"""
SELECT kind, name, schema, pg_catalog.to_jsonb(f) AS fact FROM (
  SELECT w.kind, w.name, w.schema, c.oid::int8, c.relname AS relation,
    CASE WHEN c.relkind = 'v' AND c.oid >= 16384 THEN pg_catalog.pg_get_viewdef(c.oid) END
      AS definition,
    CASE WHEN c.relkind = 'v' AND c.oid >= 16384 THEN (SELECT pg_catalog.jsonb_agg(
      DISTINCT d.refobjid::int8) FROM pg_catalog.pg_rewrite r JOIN pg_catalog.pg_depend d
      ON d.classid = 'pg_catalog.pg_rewrite'::pg_catalog.regclass AND d.objid = r.oid
      AND d.refclassid = 'pg_catalog.pg_proc'::pg_catalog.regclass WHERE r.ev_class = c.oid)
      END AS functions,
    CASE WHEN c.oid >= 16384 THEN (SELECT pg_catalog.jsonb_agg(DISTINCT a.atttypid::int8)
      FROM pg_catalog.pg_attribute a WHERE a.attrelid = c.oid AND a.attnum > 0) END AS columns,
    EXISTS (SELECT FROM pg_catalog.pg_foreign_table f, pg_catalog.unnest(f.ftoptions) o
      WHERE o LIKE 'program=%' AND f.ftrelid IN {_TREE}) AS runs_program,
    CASE WHEN c.oid >= 16384 AND c.relkind IN ('r', 'p', 'm', 'f') THEN {_PLANNED} END AS planned,
    (SELECT e.extname FROM pg_catalog.pg_depend d JOIN pg_catalog.pg_extension e
      ON e.oid = d.refobjid WHERE d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass
      AND d.objid = c.oid AND d.deptype = 'e' LIMIT 1) AS extension,
    CASE WHEN c.relrowsecurity THEN (SELECT pg_catalog.jsonb_agg(
      pg_catalog.pg_get_expr(y.polqual, y.polrelid)) FROM pg_catalog.pg_policy y
      WHERE y.polrelid = c.oid AND y.polcmd IN ('r', '*') AND y.polqual IS NOT NULL) END
      AS policies,
    c.relrowsecurity AND pg_catalog.row_security_active(c.oid) AS has_policies,
    CASE WHEN c.oid < 16384 AND c.relname = 'pg_settings' THEN EXISTS (
      SELECT FROM pg_catalog.pg_show_all_settings() s(name, setting)
      WHERE s.name = ANY($6::text[]) AND s.setting NOT IN ('', '(disabled)'))
    WHEN c.oid < 16384 AND c.relname = 'pg_statistic' THEN EXISTS (
      SELECT FROM pg_catalog.pg_stats s
      WHERE pg_catalog.concat(s.tablename, '.', s.attname) = ANY($8::text[])) END AS has_secrets
  FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
  JOIN w ON w.name = c.relname AND w.kind = 'relation', path WHERE {_SEEN}) f
""",
    ("casts", False): """
SELECT kind, name, schema, pg_catalog.to_jsonb(f) AS fact FROM (
  SELECT w.kind, w.name, w.schema, c.castsource::int8 AS source, c.casttarget::int8 AS target,
    c.castcontext AS context, c.castfunc::int8 AS function
  FROM pg_catalog.pg_cast c JOIN w ON w.kind = 'casts'
  WHERE c.oid >= 16384 AND c.castfunc <> 0) f
UNION ALL SELECT kind, name, schema, pg_catalog.to_jsonb(f) AS fact FROM (
  SELECT w.kind, w.name, w.schema, o.opcintype::int8 AS source, o.opcintype::int8 AS target,
    'i' AS context, p.oid::int8 AS function
  FROM pg_catalog.pg_opclass o JOIN w ON w.kind = 'casts', LATERAL (
    SELECT s.amproc::oid AS id FROM pg_catalog.pg_amproc s WHERE s.amprocfamily = o.opcfamily
    UNION SELECT m.oprcode::oid FROM pg_catalog.pg_amop t JOIN pg_catalog.pg_operator m
      ON m.oid = t.amopopr WHERE t.amopfamily = o.opcfamily) used
  JOIN pg_catalog.pg_proc p ON p.oid = used.id
  JOIN pg_catalog.pg_language l ON l.oid = p.prolang
  WHERE o.oid >= 16384 AND p.oid >= 16384 AND l.lanname NOT IN ('c', 'internal')) f
""",
}


class Asking:
    """Asks about names, in PostgreSQL's own search path, for those who look in another."""

    def __init__(self, fetch: Fetch) -> None:
        self._fetch = fetch
        self._path: str | None = None
        self._schemas: list[str] = []

    async def facts(self, by_name: list[Key], by_id: list[Key]) -> list[Any]:
        """Return the rows of ``_FACTS``."""
        await self._enter()
        wanted = {(k[0], False) for k in by_name}
        wanted |= {("type" if k[0] == "column" else k[0], True) for k in by_id}
        branches = [sql for key, sql in _BRANCHES.items() if key in wanted]
        return await self._fetch(
            _ASKED + "UNION ALL".join(branches),
            [k[0] for k in by_name],
            [k[1] for k in by_name],
            [k[2] for k in by_name],
            [k[0] for k in by_id],
            [int(k[1]) for k in by_id],
            list(rules.SETTINGS_WITH_VALUES),
            self._schemas,
            sorted(rules.SECRETS_IN_STATISTICS),
        )

    async def relations(self, tables: list[tuple[str | None, str]]) -> list[Any]:
        """Return the rows of ``_RELATIONS``."""
        await self._enter()
        schemas, names = [table[0] for table in tables], [table[1] for table in tables]
        return await self._fetch(_RELATIONS, schemas, names, self._schemas)

    async def _enter(self) -> None:
        if self._path is None:
            (row,) = await self._fetch(_ENTER)
            self._path, self._schemas = row["path"], row["schemas"]

    async def leave(self) -> None:
        """Go back to the search path that the statement runs with."""
        if self._path is not None:
            await self._fetch(_LEAVE, self._path)
