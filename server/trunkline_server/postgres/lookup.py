"""What the database says of the names in a statement, and what hides behind them.

Views, SQL and PL/pgSQL bodies, default arguments, operators, aggregates, casts, domains and what
the planner computes for a table are followed until nothing new is named. Answers are kept for a
minute: nobody changes functions through us.
"""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping
from typing import Any

from trunkline_server.errors import TrunklineError, fail
from trunkline_server.postgres import guard, plpgsql, rules
from trunkline_server.postgres.naming import ANY_SCHEMA, BY_ID, Name, References

KEEP_S = 60.0
MAX_NAMES = 20_000
MAX_PASSED = 1000
_FIRST_USER_OID = 16384  # PostgreSQL's FirstNormalObjectId
_CASTS = Name("casts", "")

Fact = Mapping[str, Any]
Fetch = Callable[..., Awaitable[list[Any]]]

_FUNCTION = """
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
  'standard_conforming_strings=off' = ANY (p.proconfig) AS reads_backslashes,
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

#: Functions in index expressions, statistics and checks: the planner computes constant ones.
_PLANNED = f"""(SELECT pg_catalog.jsonb_agg(DISTINCT p.oid::int8)
  FROM pg_catalog.pg_depend d JOIN pg_catalog.pg_proc p ON p.oid = d.refobjid
    AND p.provolatile = 'i' JOIN pg_catalog.pg_language l ON l.oid = p.prolang
    AND l.lanname IN ('sql', 'plpgsql')
  WHERE d.refclassid = 'pg_catalog.pg_proc'::pg_catalog.regclass AND (d.classid, d.objid) IN (
    SELECT 'pg_catalog.pg_class'::pg_catalog.regclass::oid, x.indexrelid
      FROM pg_catalog.pg_index x WHERE x.indrelid IN {_TREE}
    UNION ALL SELECT 'pg_catalog.pg_constraint'::pg_catalog.regclass::oid, k.oid
      FROM pg_catalog.pg_constraint k WHERE k.contype = 'c' AND k.conrelid IN {_TREE}
    UNION ALL SELECT 'pg_catalog.pg_statistic_ext'::pg_catalog.regclass::oid, s.oid
      FROM pg_catalog.pg_statistic_ext s WHERE s.stxrelid IN {_TREE}))"""

#: Our own questions: a function or operator of somebody else's must not stand before PostgreSQL's.
_ENTER = """
SELECT pg_catalog.current_setting('search_path') AS path,
  pg_catalog.current_schemas(true)::pg_catalog.text[] AS schemas,
  pg_catalog.set_config('search_path', 'pg_catalog, pg_temp', true)
"""
_LEAVE = "SELECT pg_catalog.set_config('search_path', $1::pg_catalog.text, true)"

_FACTS = f"""
WITH w AS (SELECT * FROM unnest($1::text[], $2::text[], $3::text[])
             AS w(kind, name, schema)),
     path AS (SELECT $7::name[] AS s),
     ids AS (SELECT * FROM unnest($4::text[], $5::int8[]) AS i(kind, id))
SELECT kind, name, schema, pg_catalog.to_jsonb(f) AS fact FROM (
  SELECT w.kind, w.name, w.schema, {_FUNCTION} JOIN w ON w.name = p.proname, path
  WHERE w.kind = 'function' AND {_SEEN}) f
UNION ALL SELECT kind, name, schema, pg_catalog.to_jsonb(f) FROM (
  SELECT ids.kind, ids.id::text AS name, '{BY_ID}' AS schema, {_FUNCTION}
  JOIN ids ON ids.id = p.oid::int8 AND ids.kind = 'function') f
UNION ALL SELECT kind, name, schema, pg_catalog.to_jsonb(f) FROM (
  SELECT w.kind, w.name, w.schema, (
    SELECT pg_catalog.jsonb_agg(f.oprcode::oid::int8) FROM pg_catalog.pg_operator f
    WHERE f.oid IN (o.oid, o.oprnegate, o.oprcom)) AS functions  -- the planner may swap them
  FROM pg_catalog.pg_operator o JOIN pg_catalog.pg_namespace n ON n.oid = o.oprnamespace
  JOIN w ON w.name = o.oprname AND w.kind = 'operator', path
  WHERE o.oid >= 16384 AND {_SEEN}) f
UNION ALL SELECT kind, name, schema, pg_catalog.to_jsonb(f) FROM (
  SELECT w.kind, w.name, w.schema, {_TYPE} JOIN w ON w.name = t.typname AND w.kind = 'type', path
  WHERE {_SEEN}) f
UNION ALL SELECT kind, name, schema, pg_catalog.to_jsonb(f) FROM (
  SELECT ids.kind, ids.id::text AS name, '{BY_ID}' AS schema, {_TYPE}
  JOIN ids ON ids.id = t.oid::int8 AND ids.kind IN ('type', 'column')) f
UNION ALL SELECT kind, name, schema, pg_catalog.to_jsonb(f) FROM (
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
    CASE WHEN c.oid < 16384 AND c.relname = 'pg_settings' THEN EXISTS (
      SELECT FROM pg_catalog.pg_show_all_settings() s(name, setting)
      WHERE s.name = ANY($6::text[]) AND s.setting NOT IN ('', '(disabled)')) END AS has_secrets
  FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
  JOIN w ON w.name = c.relname AND w.kind = 'relation', path WHERE {_SEEN}) f
UNION ALL SELECT kind, name, schema, pg_catalog.to_jsonb(f) FROM (
  SELECT w.kind, w.name, w.schema, c.castsource::int8 AS source, c.casttarget::int8 AS target,
    c.castcontext AS context, c.castfunc::int8 AS function
  FROM pg_catalog.pg_cast c JOIN w ON w.kind = 'casts'
  WHERE c.oid >= 16384 AND c.castfunc <> 0) f
"""

_Key = tuple[str, str, str | None]


class _Asking:
    """Asks about names, in PostgreSQL's own search path, for those who look in another."""

    def __init__(self, fetch: Fetch) -> None:
        self._fetch = fetch
        self._path: str | None = None
        self._schemas: list[str] = []

    async def facts(self, by_name: list[_Key], by_id: list[_Key]) -> list[Any]:
        """Return the rows of ``_FACTS``."""
        if self._path is None:
            (row,) = await self._fetch(_ENTER)
            self._path, self._schemas = row["path"], row["schemas"]
        return await self._fetch(
            _FACTS,
            [k[0] for k in by_name],
            [k[1] for k in by_name],
            [k[2] for k in by_name],
            [k[0] for k in by_id],
            [int(k[1]) for k in by_id],
            list(rules.SETTINGS_WITH_VALUES),
            self._schemas,
        )

    async def leave(self) -> None:
        """Go back to the search path that the statement runs with."""
        if self._path is not None:
            await self._fetch(_LEAVE, self._path)


class Lookup:
    """Remembers for a while what one database said of names, and what passed."""

    def __init__(self) -> None:
        self._memory = _Memory()
        self._forget_at = 0.0

    async def check(self, fetch: Fetch, sql: str) -> None:
        """Return when ``sql`` may run; ``fetch`` asks in the transaction it will run in.

        Raises:
            TrunklineError: ``guard.*``, or ``query.syntax``.
        """
        now = time.monotonic()
        if now >= self._forget_at:
            # A new one, not an emptied one: another statement may be in the middle of it.
            self._memory, self._forget_at = _Memory(), now + KEEP_S
        memory = self._memory
        if memory.has_passed(sql):
            return
        names = guard.examine(sql)
        # Statements that name the same things differ in their values only.
        if not memory.has_passed(names):
            asking = _Asking(fetch)
            await memory.follow(asking, names)
            await asking.leave()
            memory.let_pass(names)
        memory.let_pass(sql)


class _Memory:
    def __init__(self) -> None:
        self._facts: dict[_Key, list[Fact]] = {}
        self._behind: dict[Name, tuple[frozenset[Name], frozenset[int]]] = {}
        self._passed: OrderedDict[str | References, None] = OrderedDict()

    def has_passed(self, what: str | References) -> bool:
        """Return whether this statement, or these names, passed before."""
        if what not in self._passed:
            return False
        self._passed.move_to_end(what)
        return True

    def let_pass(self, what: str | References) -> None:
        """Remember that this statement, or these names, passed."""
        self._passed[what] = None
        if len(self._passed) > MAX_PASSED:
            self._passed.popitem(last=False)

    async def follow(self, asking: _Asking, names: Iterable[Name]) -> None:
        """Look behind ``names``, and behind what is found there, until nothing new is named."""
        pending, seen, types = {*names, _CASTS}, set[Name](), set[int]()
        while pending:
            seen |= pending
            if len(seen) > MAX_NAMES:
                raise fail("guard.too_deep", "Too much hides behind this statement.")
            await self._learn(asking, pending)
            found: set[Name] = set()
            for name in pending:
                behind, own_types = self._behind_name(name)
                found |= behind
                types |= own_types
            found.update(self._casts_between(types))
            pending = found - seen

    def _behind_name(self, name: Name) -> tuple[frozenset[Name], frozenset[int]]:
        known = self._behind.get(name)
        if known is None:
            facts = self._facts[_key(name)]
            known = (
                frozenset(found for fact in facts for found in _behind(name, fact)),
                frozenset(oid for fact in facts for oid in _types_of(name, fact)),
            )
            self._behind[name] = known
        return known

    async def _learn(self, asking: _Asking, names: Iterable[Name]) -> None:
        keys = {_key(name) for name in names} - self._facts.keys()
        if not keys:
            return
        by_name = [k for k in keys if k[2] != BY_ID]
        by_id = [k for k in keys if k[2] == BY_ID]
        rows = await asking.facts(by_name, by_id)
        self._facts.update({key: [] for key in keys})
        for row in rows:
            self._facts[row["kind"], row["name"], row["schema"]].append(row["fact"])

    def _casts_between(self, types: set[int]) -> Iterator[Name]:
        for cast in self._facts.get(_key(_CASTS), ()):
            own = {oid for oid in (cast["source"], cast["target"]) if oid >= _FIRST_USER_OID}
            if not own or own & types:
                yield _by_id("function", cast["function"])


def _key(name: Name) -> _Key:
    return ("function" if name.kind == "attribute" else name.kind, name.name, name.schema)


def _by_id(kind: str, oid: int) -> Name:
    return Name(kind, str(oid), BY_ID, -1)


def _types_of(name: Name, fact: Fact) -> Iterator[int]:
    if name.kind in {"type", "column"}:
        yield fact["oid"]
    yield from fact.get("types") or ()


def _behind(name: Name, fact: Fact) -> Iterator[Name]:
    """Yield what ``fact`` leads to.

    Raises:
        TrunklineError: what it says is reason enough to refuse.
    """
    if name.kind in {"function", "attribute"}:
        if _fits(name, fact):
            yield from _behind_function(fact)
    elif name.kind == "operator":
        yield from (_by_id("function", oid) for oid in fact["functions"] or ())
    elif name.kind in {"type", "column"}:
        yield from _behind_type(name.kind, fact)
    elif name.kind == "relation":
        yield from _behind_relation(fact)


def _fits(name: Name, fact: Fact) -> bool:
    """Return whether this candidate could be meant, by the number of arguments."""
    if name.kind == "attribute":
        return bool(fact["takes_row"]) and fact["arguments"] - fact["defaults"] <= 1
    if name.arguments < 0:
        return True
    least = fact["arguments"] - fact["defaults"] - (1 if fact["is_variadic"] else 0)
    return least <= name.arguments and bool(
        fact["is_variadic"] or name.arguments <= fact["arguments"]
    )


def _behind_function(fact: Fact) -> Iterator[Name]:
    if reason := _objection(fact):
        raise fail(
            "guard.function",
            f"The function {fact['function']} is not allowed: {reason}. Nothing was changed.",
            "Only functions that read and compute may be called.",
        )
    if fact["oid"] < _FIRST_USER_OID:
        return
    yield from (_by_id("function", oid) for oid in fact["steps"] or () if oid)
    yield from (_by_id("type", oid) for oid in fact["types"] or ())
    if not _is_known(fact):
        yield from _behind_body(fact)


def _is_known(fact: Fact) -> bool:
    return fact["extension"] in rules.KNOWN_EXTENSIONS and bool(fact["is_genuine"])


def _objection(fact: Fact) -> str:
    """Return why a function is refused for what is said of itself; "" when it is not."""
    if fact["oid"] < _FIRST_USER_OID:
        return _objection_to_builtin(fact["function"], fact["volatility"])
    for alias, volatility in fact["stands_for"] or ():
        if reason := _objection_to_builtin(alias, volatility):
            return reason
    return _objection_to_user_function(fact)


def _objection_to_builtin(name: str, volatility: str) -> str:
    if rules.is_dangerous(name):
        return "it can do or show more than a query should"
    if volatility == "v" and name not in rules.HARMLESS:
        return "it is marked VOLATILE and can have side effects"
    return ""


def _objection_to_user_function(fact: Fact) -> str:
    name, language = fact["function"], fact["language"]
    is_readable = language in rules.READABLE_LANGUAGES
    if (fact["extension"] or not is_readable) and rules.is_dangerous(name):
        return "it can do or show more than a query should"
    if fact["reads_backslashes"]:
        return "its text is read by rules of its own (standard_conforming_strings)"
    if fact["is_definer"]:
        return "it runs with the rights of its owner (SECURITY DEFINER)"
    is_harmless = _is_known(fact) and name in rules.HARMLESS_IN_EXTENSIONS
    if fact["volatility"] == "v" and not is_harmless:
        return "it is marked VOLATILE and can have side effects"
    is_aggregate = fact["kind_of"] == "a"  # its steps are looked at
    if _is_known(fact) or is_readable or fact["stands_for"] or is_aggregate:
        return ""
    return f"its language ({language}) can reach beyond the database"


def _behind_body(fact: Fact) -> Iterator[Name]:
    try:
        if fact["default_values"]:
            yield from guard.names_in_body(f"SELECT {fact['default_values']}")
        if fact["definition"]:
            yield from guard.names_in_definition(fact["definition"])
        elif fact["language"] == "sql" and fact["source"]:
            yield from _anywhere(guard.names_in_body(fact["source"], has_parameters=True))
        elif fact["language"] == "plpgsql":
            yield from plpgsql.names(fact["source"])
    except TrunklineError as exc:
        raise _hidden("function", fact["function"], exc) from exc


def _anywhere(names: Iterable[Name]) -> Iterator[Name]:
    """Yield the names for any schema: a function may have a search path of its own."""
    for name in names:
        if name.schema is None:
            yield Name(name.kind, name.name, ANY_SCHEMA, name.arguments)
        else:
            yield name


def _behind_type(kind: str, fact: Fact) -> Iterator[Name]:
    yield from (_by_id(kind, oid) for oid in fact["types"] or ())
    if kind == "type":  # what is in a column has been through its type's own functions
        yield from (_by_id("function", oid) for oid in fact["functions"] or ())
    for check in fact["checks"] or ():
        try:
            yield from guard.names_in_body(f"SELECT {check}")
        except TrunklineError as exc:
            raise _hidden("domain", "", exc) from exc


def _behind_relation(fact: Fact) -> Iterator[Name]:
    if fact["runs_program"]:
        raise fail(
            "guard.function",
            f"Reading {fact['relation']} would run a program on the server.",
            "Read another table.",
        )
    if fact["has_secrets"]:
        raise fail(
            "guard.secret",
            "pg_settings of this server holds a secret and is not shown.",
            "Use SHOW with the name of one setting.",
        )
    yield from (_by_id("column", oid) for oid in fact["columns"] or () if oid >= _FIRST_USER_OID)
    yield from (_by_id("function", oid) for oid in fact["planned"] or ())
    if fact["relation"] in rules.HARMLESS_VIEWS and fact["extension"] in rules.KNOWN_EXTENSIONS:
        return
    yield from (_by_id("function", oid) for oid in fact["functions"] or ())
    if fact["definition"]:
        try:
            yield from guard.names_in_body(fact["definition"])
        except TrunklineError as exc:
            raise _hidden("view", fact["relation"], exc) from exc


def _hidden(kind: str, name: str, exc: TrunklineError) -> TrunklineError:
    return fail(
        exc.code if exc.code.startswith("guard.") else "guard.function",
        f"The {kind} {name}".rstrip() + f" is not allowed: {exc.failure.title}",
        "Only what reads and computes may be used.",
    )
