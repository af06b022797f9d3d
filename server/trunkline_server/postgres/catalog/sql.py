"""The pieces the catalogue's questions are made of: what may be shown, and how it is counted.

They run with the login's search path, so nothing in them is looked up there: functions, types and
tables name ``pg_catalog`` themselves, and :func:`strict` does it for the operators.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from functools import lru_cache
from typing import TYPE_CHECKING

from trunkline_server.postgres.guard import sight
from trunkline_server.profiles.profile import parts_of

if TYPE_CHECKING:
    from trunkline_server.profiles.profile import Profile

_OPERATOR = re.compile(r"(?<=\s)(=|<>|<=|>=|<|>|~|!~|~~|\|\||\+|-|\*|/|->|->>)(?=\s)")


def strict(sql: str) -> str:
    """Return ``sql`` with every operator between spaces taken from ``pg_catalog``.

    All of them then bind equally: arithmetic needs parentheses.
    """
    return _OPERATOR.sub(r"OPERATOR(pg_catalog.\1)", sql)


def view_of(profile: Profile) -> str:
    """Return, as JSON for ``$1`` of :data:`SHOWN`, what ``profile`` shows and has notes on.

    Raises:
        TrunklineError: ``sight.hidden``, as ``sight.of``.
    """
    seen = sight.of(profile)
    view = {
        "schemas": sorted(seen.schemas),
        "tables": sorted(seen.tables),
        "columns": [(*table, name) for table, names in seen.columns.items() for name in names],
        "notes": [(*table, note) for table, note in notes_of(profile.notes).items()],
    }
    return json.dumps({key: value for key, value in view.items() if value})


def notes_of(notes: Iterable[str]) -> dict[tuple[str, str], str]:
    """Return the notes ``schema.table: note`` by schema and table."""
    found = {}
    for entry in notes:
        name, _, note = entry.partition(": ")
        match parts_of(name):
            case (schema, table):
                found[schema, table] = note.strip()
    return found


def sent(text: str) -> str:
    """Return ``text`` as PostgreSQL can take it: no zero byte, no half of a letter, not endless."""
    return text[:1000].replace("\0", "").encode(errors="replace").decode()


@lru_cache
def asked(query: str, view: str) -> str:
    """Return ``query``, made by :func:`strict`, with what nobody hides left out.

    Planning the search for nothing takes longer than the rest of a small question.
    """
    hides = '"tables"' in view or '"columns"' in view
    return query if hides else query.replace(strict(_BARRED), strict(_NOTHING_BARRED))


#: A name in small letters; a name's own collation knows those of ASCII only.
LOWER = 'pg_catalog.lower(%s::pg_catalog.text COLLATE pg_catalog."default")'

QUALIFIED = "(pg_catalog.quote_ident(n.nspname) || '.') || pg_catalog.quote_ident(c.relname)"

_ORDINARY = """n.nspname <> 'information_schema' AND n.nspname::pg_catalog.text !~ '^pg_'"""

#: Whether the login may read relation ``c`` of schema ``n``. As one CASE the cheap questions come
#: first, and the planner does not take each for a reason to expect next to no rows.
READABLE = f"""CASE WHEN c.relkind = ANY ('{{r,v,m,p,f}}') AND {_ORDINARY}
    AND pg_catalog.has_schema_privilege(n.oid, 'USAGE')
  THEN pg_catalog.has_table_privilege(c.oid, 'SELECT')
    OR pg_catalog.has_any_column_privilege(c.oid, 'SELECT') ELSE false END"""

#: Whether the profile shows relation ``c`` of schema ``n``; needs :data:`BARRED`.
SEEN = """(given.schemas IS NULL OR n.nspname::pg_catalog.text = ANY (given.schemas))
  AND NOT EXISTS (SELECT FROM barred b WHERE b.oid = c.oid)"""

# What is hidden is hidden in everything that inherits it, partitions too.
GIVEN = """given AS MATERIALIZED (
  SELECT v.document, (SELECT pg_catalog.array_agg(s.name)
    FROM pg_catalog.json_array_elements_text(v.document -> 'schemas') s(name)) AS schemas
  FROM (SELECT $1::pg_catalog.text::pg_catalog.json) v(document)
)"""

_BARRED = """barred AS MATERIALIZED (
  SELECT c.oid FROM given, pg_catalog.json_array_elements(given.document -> 'tables') h(entry)
    JOIN pg_catalog.pg_namespace n ON n.nspname = (h.entry ->> 0)
    JOIN pg_catalog.pg_class c ON c.relnamespace = n.oid AND c.relname = (h.entry ->> 1)
  UNION
  SELECT i.inhrelid FROM barred b JOIN pg_catalog.pg_inherits i ON i.inhparent = b.oid
), barred_names AS (
  SELECT c.oid, h.entry ->> 2 AS name
    FROM given, pg_catalog.json_array_elements(given.document -> 'columns') h(entry)
    JOIN pg_catalog.pg_namespace n ON n.nspname = (h.entry ->> 0)
    JOIN pg_catalog.pg_class c ON c.relnamespace = n.oid AND c.relname = (h.entry ->> 1)
  UNION
  SELECT i.inhrelid, b.name
    FROM barred_names b JOIN pg_catalog.pg_inherits i ON i.inhparent = b.oid
), barred_columns AS MATERIALIZED (
  SELECT a.attrelid, a.attnum FROM barred_names b
    JOIN pg_catalog.pg_attribute a ON a.attrelid = b.oid AND a.attname = b.name
)"""

_NOTHING_BARRED = """barred AS (
  SELECT NULL::pg_catalog.oid AS oid WHERE false
), barred_columns AS (
  SELECT NULL::pg_catalog.oid AS attrelid, NULL::pg_catalog.int2 AS attnum WHERE false
)"""

#: What the profile hides; ``$1`` is :func:`view_of`.
BARRED = f"{GIVEN}, {_BARRED}"

#: Everything that may be shown, one row a relation; fill in a further condition.
SHOWN = f"""shown AS MATERIALIZED (
  SELECT c.oid, c.relname, n.nspname, c.relkind, c.reltuples, c.relpages, c.relnamespace,
    pg_catalog.has_table_privilege(c.oid, 'SELECT') AS is_whole
  FROM given, pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
  WHERE {READABLE} AND {SEEN} %s
)"""

# A table nobody has analysed yet has reltuples -1; the statistics collector may still know.
ROWS = """CASE WHEN {c}.relkind = ANY ('{{v,p}}') THEN NULL
  WHEN {c}.reltuples > 0 OR ({c}.reltuples = 0 AND {c}.relpages > 0) THEN {c}.reltuples
  WHEN {c}.relkind = 'f' THEN NULL
  ELSE pg_catalog.pg_stat_get_live_tuples({c}.oid) END::pg_catalog.float8"""

# Partitions stand under the table they are parts of, and so do tables an extension made inside
# its own schema, such as the chunks of a hypertable. pg_partition_tree() would lock them all.
FAMILY = """owned AS MATERIALIZED (
  SELECT d.classid, d.objid FROM pg_catalog.pg_depend d
  WHERE d.refclassid = 'pg_catalog.pg_extension'::pg_catalog.regclass AND d.deptype = 'e'
), family AS (
  SELECT i.inhparent AS root, i.inhrelid AS member
    FROM shown s JOIN pg_catalog.pg_inherits i ON i.inhparent = s.oid
    JOIN pg_catalog.pg_class c ON c.oid = i.inhrelid
    WHERE c.relispartition OR EXISTS (SELECT FROM owned o WHERE o.objid = c.relnamespace
      AND o.classid = 'pg_catalog.pg_namespace'::pg_catalog.regclass)
  UNION
  SELECT f.root, i.inhrelid FROM family f JOIN pg_catalog.pg_inherits i ON i.inhparent = f.member
), parts AS MATERIALIZED (
  SELECT f.root, pg_catalog.count(*) FILTER (WHERE c.relkind <> 'p') AS partitions,
    pg_catalog.sum({rows}) AS rows
  FROM family f JOIN pg_catalog.pg_class c ON c.oid = f.member
  WHERE NOT EXISTS (SELECT FROM barred b WHERE b.oid = f.member) GROUP BY f.root
)""".replace("{rows}", ROWS.format(c="c"))

#: The same for what has no parts and is none.
NO_FAMILY = """family AS (
  SELECT NULL::pg_catalog.oid AS root, NULL::pg_catalog.oid AS member WHERE false
), parts AS (
  SELECT NULL::pg_catalog.int8 AS partitions, NULL::pg_catalog.float8 AS rows WHERE false
)"""

#: Foreign keys between relations that are shown, over columns that are.
LINKS = """links AS MATERIALIZED (
  SELECT k.oid, k.conrelid, k.confrelid FROM pg_catalog.pg_constraint k
    JOIN shown a ON a.oid = k.conrelid JOIN shown b ON b.oid = k.confrelid
  WHERE k.contype = 'f' AND k.conparentid = 0 AND NOT EXISTS (SELECT FROM barred_columns h
    WHERE (h.attrelid = k.conrelid AND h.attnum = ANY (k.conkey))
      OR (h.attrelid = k.confrelid AND h.attnum = ANY (k.confkey)))
)"""

# The order of every list: what people use and connect comes first, what an extension brought last.
# Digits, not rows: the place of a table must not change while somebody turns pages.
RANKED = """degrees AS (
  SELECT e.oid, pg_catalog.count(*) AS links,
    pg_catalog.count(*) FILTER (WHERE e.is_target) AS referenced_by
  FROM (SELECT l.conrelid, false FROM links l UNION ALL SELECT l.confrelid, true FROM links l)
    e(oid, is_target) GROUP BY e.oid
), sized AS (
  SELECT s.*, p.partitions, d.links, d.referenced_by, coalesce(p.rows, {rows}) AS rows
  FROM shown s LEFT JOIN parts p ON p.root = s.oid LEFT JOIN degrees d ON d.oid = s.oid
  WHERE NOT EXISTS (SELECT FROM family f WHERE f.member = s.oid)
), noted AS (
  SELECT h.entry ->> 0 AS nspname, h.entry ->> 1 AS relname
  FROM given, pg_catalog.json_array_elements(given.document -> 'notes') h(entry)
), ranked AS MATERIALIZED (
  SELECT s.*, ((((
      pg_catalog.ceil(pg_catalog.log(greatest(coalesce(s.rows, 0), 0) + 1))
    + pg_catalog.ceil(2 * pg_catalog.log(coalesce(s.links, 0)::pg_catalog.float8 + 1) / 0.30103))
    + CASE WHEN k.nspname IS NULL THEN 0 ELSE 20 END)
    - CASE WHEN o.objid IS NULL AND q.objid IS NULL THEN 0 ELSE 100 END))::pg_catalog.int4 AS score
  FROM sized s
  LEFT JOIN noted k ON s.nspname = k.nspname AND s.relname = k.relname
  LEFT JOIN owned o ON o.classid = 'pg_catalog.pg_class'::pg_catalog.regclass AND o.objid = s.oid
  LEFT JOIN owned q ON q.classid = 'pg_catalog.pg_namespace'::pg_catalog.regclass
    AND q.objid = s.relnamespace
)""".replace("{rows}", ROWS.format(c="s"))

# What the last VACUUM or ANALYZE counted, of what stands in ``members``; the files are asked only
# where there was none and nobody's lock would make us wait.
SIZES = """locked AS MATERIALIZED (
  SELECT l.relation FROM pg_catalog.pg_locks l
  WHERE l.mode = 'AccessExclusiveLock' AND l.relation IS NOT NULL
), sizes AS MATERIALIZED (
  SELECT m.root, pg_catalog.sum(CASE WHEN c.relpages > 0 THEN
      (c.relpages + coalesce(t.relpages, 0) + coalesce((SELECT pg_catalog.sum(x.relpages)
        FROM pg_catalog.pg_index i JOIN pg_catalog.pg_class x ON x.oid = i.indexrelid
        WHERE i.indrelid = c.oid), 0))
      * pg_catalog.current_setting('block_size')::pg_catalog.int8
    WHEN c.relkind = ANY ('{r,m}') AND c.oid <> ALL (SELECT l.relation FROM locked l)
      THEN pg_catalog.pg_table_size(c.oid) END)::pg_catalog.int8 AS bytes
  FROM members m JOIN pg_catalog.pg_class c ON c.oid = m.member
  LEFT JOIN pg_catalog.pg_class t ON t.oid = c.reltoastrelid GROUP BY m.root
)"""

#: All of it, for ``WITH RECURSIVE``.
ALL = ", ".join((BARRED, SHOWN % "", FAMILY, LINKS, RANKED))
