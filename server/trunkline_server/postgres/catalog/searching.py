"""``search_schema``: tables by the words of their names, columns, comments and enum labels."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from trunkline_server.errors import fail
from trunkline_server.postgres.catalog import cursor as cursors
from trunkline_server.postgres.catalog import listing, sql, words
from trunkline_server.postgres.catalog.fitting import PAGE, cut
from trunkline_server.postgres.catalog.words import Word
from trunkline_server.postgres.guard import sight

if TYPE_CHECKING:
    from trunkline_server.postgres.database import Database

_MAX_COLUMNS = 6
_NEAR_NAMES = 80

_SQUEEZED = f"pg_catalog.translate({sql.LOWER}, '_ -.$', '')"
_SPELLED = f"'_' || {sql.LOWER}"

_FITS = """CASE WHEN w.is_whole THEN {n}.squeezed = ANY (w.forms)
  WHEN pg_catalog.length(w.a) < 3
    THEN pg_catalog.strpos({n}.spelled || '_', ('_' || w.a) || '_') > 0
      OR {n}.squeezed = ANY (w.forms)
  ELSE pg_catalog.strpos({n}.squeezed, w.a) > 0 OR pg_catalog.strpos({n}.squeezed, w.b) > 0 END"""

# How well a word fits a name: the whole of it, its beginning, one of its parts, anywhere.
_FIT = """CASE WHEN {n}.squeezed = ANY (w.forms) THEN {whole}
  WHEN pg_catalog.strpos({n}.squeezed, w.a) = 1 THEN {start}
  WHEN pg_catalog.strpos({n}.spelled, '_' || w.a) > 0 THEN {part} ELSE {inside} END"""

_SAYS = """NOT w.is_whole AND pg_catalog.length(w.a) > 2
  AND (pg_catalog.strpos({text}, w.a) > 0 OR pg_catalog.strpos({text}, w.b) > 0)"""

# Every name once: columns of thousands of tables share a few hundred.
_HITS = f"""words AS MATERIALIZED (
  SELECT w.n, w.e ->> 'a' AS a, w.e ->> 'b' AS b, (w.e ->> 'whole')::pg_catalog.bool AS is_whole,
    ARRAY(SELECT f.form FROM pg_catalog.json_array_elements_text(w.e -> 'forms') f(form)) AS forms
  FROM ROWS FROM (pg_catalog.json_array_elements($2::pg_catalog.text::pg_catalog.json))
    WITH ORDINALITY w(e, n) LIMIT {words.MAX_WORDS + 1}
), relations AS MATERIALIZED (
  SELECT c.oid, {_SQUEEZED % "c.relname"} AS squeezed, {_SPELLED % "c.relname"} AS spelled
  FROM pg_catalog.pg_class c WHERE c.relkind = ANY ('{{r,v,m,p,f}}')
), attributes AS MATERIALIZED (
  SELECT d.attname, {_SQUEEZED % "d.attname"} AS squeezed, {_SPELLED % "d.attname"} AS spelled
  FROM (SELECT DISTINCT a.attname FROM pg_catalog.pg_attribute a WHERE a.attnum > 0) d
), schemas AS MATERIALIZED (
  SELECT n.oid, {_SQUEEZED % "n.nspname"} AS squeezed, {_SPELLED % "n.nspname"} AS spelled
  FROM pg_catalog.pg_namespace n
), named AS MATERIALIZED (
  SELECT t.attname, w.n, {_FIT.format(n="t", whole=45, start=30, part=28, inside=15)} AS fit
  FROM attributes t, words w WHERE {_FITS.format(n="t")}
), labelled AS MATERIALIZED (
  SELECT DISTINCT e.enumtypid, w.n FROM pg_catalog.pg_enum e, words w
  WHERE {_SAYS.format(text=sql.LOWER % "e.enumlabel")}
), raw AS MATERIALIZED (
  SELECT t.oid, 0::pg_catalog.int4 AS attnum, w.n,
    {_FIT.format(n="t", whole=100, start=60, part=50, inside=30)} AS fit
  FROM relations t, words w WHERE {_FITS.format(n="t")}
  UNION ALL
  SELECT c.oid, 0, w.n, {_FIT.format(n="t", whole=40, start=14, part=14, inside=12)}
  FROM schemas t JOIN pg_catalog.pg_class c ON c.relnamespace = t.oid, words w
  WHERE {_FITS.format(n="t")} AND NOT w.is_whole
  UNION ALL
  SELECT a.attrelid, a.attnum, k.n, k.fit
  FROM named k JOIN pg_catalog.pg_attribute a ON a.attname = k.attname
  WHERE a.attnum > 0 AND NOT a.attisdropped
  UNION ALL
  SELECT a.attrelid, a.attnum, l.n, 20
  FROM labelled l JOIN pg_catalog.pg_type t ON t.oid = l.enumtypid OR t.typelem = l.enumtypid
  JOIN pg_catalog.pg_attribute a ON a.atttypid = t.oid
  WHERE a.attnum > 0 AND NOT a.attisdropped
  UNION ALL
  SELECT d.objoid, d.objsubid, w.n, CASE WHEN d.objsubid = 0 THEN 14 ELSE 8 END
  FROM pg_catalog.pg_description d, words w
  WHERE d.classoid = 'pg_catalog.pg_class'::pg_catalog.regclass
    AND {_SAYS.format(text=sql.LOWER % "d.description")}
  UNION ALL
  SELECT c.oid, 0, w.n, 25
  FROM given, pg_catalog.json_array_elements(given.document -> 'notes') h(entry), words w,
    pg_catalog.pg_namespace n, pg_catalog.pg_class c
  WHERE n.nspname = (h.entry ->> 0) AND c.relnamespace = n.oid AND c.relname = (h.entry ->> 1)
    AND {_SAYS.format(text=sql.LOWER % "(h.entry ->> 2)")}
)"""

_SHOWN = sql.SHOWN % """AND ($3::pg_catalog.text IS NULL OR n.nspname = $3)"""

_NO_LINKS = """links AS (SELECT NULL::pg_catalog.oid AS conrelid, NULL::pg_catalog.oid AS confrelid
  WHERE false)"""

# A partition speaks for the table it is a part of, by its name only. The words found come first,
# then how well they fit, then the order of every list: one number, for the cursor.
_SEARCH = sql.strict(f"""
WITH RECURSIVE {sql.BARRED}, {_HITS}, {_SHOWN}, {sql.FAMILY}, {_NO_LINKS}, {sql.RANKED},
hits AS MATERIALIZED (
  SELECT r.oid, r.attnum, r.n, r.fit FROM raw r JOIN ranked s ON s.oid = r.oid
  WHERE r.attnum = 0
    OR ((s.is_whole OR pg_catalog.has_column_privilege(r.oid, r.attnum::pg_catalog.int2, 'SELECT'))
      AND NOT EXISTS (SELECT FROM barred_columns b
        WHERE b.attrelid = r.oid AND b.attnum = r.attnum))
  UNION ALL
  SELECT f.root, 0, r.n, r.fit / 2 FROM raw r JOIN family f ON f.member = r.oid
    JOIN shown s ON s.oid = r.oid WHERE r.attnum = 0
), best AS MATERIALIZED (
  SELECT h.oid, h.n, pg_catalog.max(h.fit) AS fit FROM hits h GROUP BY h.oid, h.n
), scored AS MATERIALIZED (
  SELECT b.oid, pg_catalog.count(*) FILTER (WHERE NOT w.is_whole) AS words,
    pg_catalog.sum(b.fit) AS fit
  FROM best b JOIN words w ON w.n = b.n GROUP BY b.oid
), placed AS MATERIALIZED (
  SELECT r.oid, r.nspname, r.relname, r.rows, r.partitions, r.referenced_by,
    (((s.words * 1000000) + (s.fit * 1000)) + (r.score + 200))::pg_catalog.int4 AS score
  FROM scored s JOIN ranked r ON r.oid = s.oid
), page AS MATERIALIZED (
  SELECT p.* FROM placed p
  WHERE $4::pg_catalog.int4 IS NULL OR p.score < $4 OR (p.score = $4
    AND ROW(p.nspname, p.relname) > ROW($5::pg_catalog.name, $6::pg_catalog.name))
  ORDER BY p.score DESC, p.nspname, p.relname LIMIT $7::pg_catalog.int4
), columns AS MATERIALIZED (
  SELECT m.oid, pg_catalog.json_agg(pg_catalog.json_build_array(a.attname,
      CASE WHEN $8::pg_catalog.bool THEN pg_catalog.format_type(a.atttypid, a.atttypmod) END,
      pg_catalog.left(pg_catalog.col_description(m.oid, m.attnum), 200))
    ORDER BY m.fit DESC, m.attnum) AS matching, pg_catalog.max(m.many) AS many
  FROM (SELECT h.oid, h.attnum, pg_catalog.sum(h.fit) AS fit,
      pg_catalog.row_number() OVER (PARTITION BY h.oid
        ORDER BY pg_catalog.sum(h.fit) DESC, h.attnum) AS place,
      pg_catalog.count(*) OVER (PARTITION BY h.oid) AS many
    FROM hits h JOIN page p ON p.oid = h.oid WHERE h.attnum > 0 GROUP BY h.oid, h.attnum) m
  JOIN pg_catalog.pg_attribute a ON a.attrelid = m.oid AND a.attnum = m.attnum
  WHERE m.place <= {_MAX_COLUMNS} GROUP BY m.oid
), {listing.TOLD}
SELECT (SELECT pg_catalog.json_agg(pg_catalog.to_json(t) ORDER BY t.score DESC,
    t.schema::pg_catalog.name, t.relation::pg_catalog.name)
  FROM (SELECT t.*, c.matching, c.many FROM told t LEFT JOIN columns c ON c.oid = t.oid) t)
    AS found,
  (SELECT pg_catalog.count(*) FROM placed) AS total,
  (SELECT pg_catalog.json_agg(DISTINCT b.n) FROM best b) AS words
""")

_SHARED = " + ".join(
    f"(CASE WHEN pg_catalog.strpos(m.small, ($1::pg_catalog.text[])[{n}]) > 0 THEN 1 ELSE 0 END)"
    for n in range(1, words.MAX_GRAMS + 1)
)

# Of all names, shown or not: only a word that then finds something shown is ever told.
_NEAR = sql.strict(f"""
SELECT s.name FROM (
  SELECT m.name, {_SHARED} AS shared FROM (
    SELECT n.name::pg_catalog.text AS name, {sql.LOWER % "n.name"} AS small FROM (
      SELECT c.relname FROM pg_catalog.pg_class c WHERE c.relkind = ANY ('{{r,v,m,p,f}}')
      UNION SELECT a.attname FROM pg_catalog.pg_attribute a WHERE a.attnum > 0) n(name) OFFSET 0) m
  ) s WHERE s.shared > 1
ORDER BY s.shared DESC, pg_catalog.length(s.name), s.name LIMIT {_NEAR_NAMES}
""")


async def search_schema(
    db: Database,
    query: str,
    *,
    schema: str | None = None,
    cursor: str | None = None,
    max_bytes: int = PAGE,
) -> dict[str, Any]:
    """Return one page: ``{"matches": […], "total": n}``, ``next_cursor`` when there are more.

    A match is a table as in ``list_tables``, without its keys, with ``columns`` that have a word:
    ``name type``, then their comment. Tables with more of the words come first; then the whole
    name before its beginning, a part, letters inside, comments and enum labels; names of tables
    before names of columns. A word nothing is called is read as the nearest there is, and
    ``hint`` says so.

    Raises:
        TrunklineError: ``arguments.type`` when there is no word, ``arguments.cursor``,
            ``sight.hidden``; else as ``Database.fetch``.
    """
    query, schema = sql.sent(query), None if schema is None else sql.sent(schema)
    wanted = words.words_of(query)
    if not wanted:
        raise fail(
            "arguments.type",
            "The query has no word to search for.",
            "Write what a table or column is about, such as “customer email”.",
        )
    of = cursors.mark_of("search_schema", query, schema)
    at = cursors.read(cursor, of).at if cursor else (None, "", "")
    max_bytes = min(max_bytes, PAGE)
    row = await _asked(db, wanted, schema, at, max_bytes)
    missing = _missing(wanted, row)
    meant = {w: words.corrected(w, await _near(db, w)) for w in missing}
    if any(meant[w] is not w for w in missing):
        wanted = [meant.get(w, w) for w in wanted]
        row = await _asked(db, wanted, schema, at, max_bytes)
    return _page(row, _hint(meant, _missing(wanted, row)), of, db, max_bytes)


def _missing(wanted: list[Word], row: dict[str, Any]) -> list[Word]:
    found = row["words"] or []
    return [word for n, word in enumerate(wanted, 1) if n not in found]


async def _asked(
    db: Database,
    wanted: list[Word],
    schema: str | None,
    at: tuple[int | None, str, str],
    max_bytes: int,
) -> dict[str, Any]:
    view = sql.view_of(db.profile)
    asked = json.dumps([w.as_json() for w in [*wanted, *words.whole(wanted)]], ensure_ascii=False)
    most = listing.most_of(max_bytes) + 1
    is_open = sight.of(db.profile).is_open
    [row] = await db.fetch(sql.asked(_SEARCH, view), view, asked, schema, *at, most, is_open)
    return row


async def _near(db: Database, word: Word) -> list[str]:
    return [row["name"] for row in await db.fetch(_NEAR, words.grams(word.said))]


def _hint(meant: dict[Word, Word], missing: list[Word]) -> str | None:
    """Return what was read as something else; a word that finds nothing still is not told."""
    said = [
        f"Nothing is called “{word.said}”"
        + ("" if other in missing else f"; searched for “{other.said}”")
        for word, other in meant.items()
    ]
    return ". ".join(said) + "." if said else None


def _page(
    row: dict[str, Any], hint: str | None, of: int, db: Database, max_bytes: int
) -> dict[str, Any]:
    frame: dict[str, Any] = {"total": row["total"], **({"hint": hint} if hint else {})}
    found = row["found"] or []
    notes = sql.notes_of(db.profile.notes)
    entries = [_match(r, notes) for r in found]
    return listing.page_of(("matches", entries), found, frame, of, max_bytes)


def _match(row: dict[str, Any], notes: dict[tuple[str, str], str]) -> dict[str, Any]:
    entry = {**listing.entry_of(row, notes), "columns": columns_of(row)}
    return {k: v for k, v in entry.items() if k not in {"size", "referenced_by"} and v}


def columns_of(row: dict[str, Any]) -> list[str]:
    """Return the matching columns of a found table, each ``name type: comment``."""
    matching = row.get("matching") or []
    told = [
        f"{name} {kind or ''}".strip() + (f": {cut(comment, 80)}" if comment else "")
        for name, kind, comment in matching
    ]
    rest = (row.get("many") or 0) - len(told)
    return [*told, f"and {rest} more"] if rest > 0 else told
