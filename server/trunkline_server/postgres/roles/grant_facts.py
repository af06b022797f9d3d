"""What a reader of a profile would have to be granted, as the database says."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from trunkline_server.errors import fail
from trunkline_server.postgres.guard import sight
from trunkline_server.postgres.guard.sight import Sight
from trunkline_server.postgres.roles.grants import Reader, Table

if TYPE_CHECKING:
    from trunkline_server.postgres.database import Database

Row = Mapping[str, Any]

_SCHEMAS = """
SELECT n.nspname::text AS name,
  EXISTS (SELECT FROM aclexplode(n.nspacl) a JOIN pg_roles r ON r.oid = a.grantee
    WHERE r.rolname::text = $1::text) AS was_open,
  EXISTS (SELECT FROM aclexplode(n.nspacl) a WHERE a.grantee = 0 AND a.privilege_type = 'CREATE')
    AS creates
FROM pg_namespace n WHERE n.nspname <> 'information_schema' AND n.nspname::text !~ '^pg_'
ORDER BY n.nspname
"""

_TABLES = """
SELECT c.oid::int8 AS oid, n.nspname::text AS schema, c.relname::text AS name,
  r.rolname::text AS owner,
  pg_has_role(c.relowner, 'USAGE') AS is_ours,
  has_table_privilege(c.oid, 'SELECT WITH GRANT OPTION') AS grantable,
  has_table_privilege(c.oid, 'SELECT') OR has_any_column_privilege(c.oid, 'SELECT') AS readable,
  EXISTS (SELECT FROM aclexplode(c.relacl) g JOIN pg_roles t ON t.oid = g.grantee
    WHERE t.rolname::text = $1::text) OR EXISTS (SELECT FROM pg_attribute a,
    aclexplode(a.attacl) g JOIN pg_roles t ON t.oid = g.grantee
    WHERE a.attrelid = c.oid AND a.attacl IS NOT NULL AND t.rolname::text = $1::text)
    AS was_granted,
  c.relkind::text AS kind, ARRAY(SELECT a.attname::text FROM pg_attribute a
    WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped ORDER BY a.attnum) AS columns
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace JOIN pg_roles r ON r.oid = c.relowner
WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f') AND n.nspname <> 'information_schema'
  AND n.nspname::text !~ '^pg_'
ORDER BY n.nspname, c.relname
"""

# What shows columns of another: a child its parent's, a view those it was made from. A view that
# names no column of a table (count(*)) still depends on the table: column "". In the definition
# of a view ".*" is a whole row, whose columns PostgreSQL does not note down.
_SHOWS = """
SELECT i.inhrelid::int8 AS oid, i.inhparent::int8 AS source, NULL::text AS source_column,
  true AS is_child, false AS is_row FROM pg_inherits i
UNION ALL SELECT DISTINCT w.ev_class::int8, d.refobjid::int8, coalesce(a.attname::text, ''), false,
  pg_get_viewdef(w.ev_class) LIKE '%.*%'
FROM pg_depend d JOIN pg_rewrite w ON w.oid = d.objid AND d.classid = 'pg_rewrite'::regclass
LEFT JOIN pg_attribute a ON a.attrelid = d.refobjid AND a.attnum = d.refobjsubid
  AND d.refobjsubid > 0
WHERE d.refclassid = 'pg_class'::regclass AND d.refobjid <> w.ev_class
"""

_ROLE = """
SELECT r.rolsuper OR r.rolcreaterole OR r.rolcreatedb OR r.rolreplication OR r.rolbypassrls
    AS is_mighty,
  EXISTS (SELECT FROM pg_auth_members m WHERE m.member = r.oid) AS is_member,
  EXISTS (SELECT FROM pg_shdepend d WHERE d.refclassid = 'pg_authid'::regclass
    AND d.refobjid = r.oid AND d.deptype = 'o') AS is_owner
FROM pg_roles r WHERE r.rolname::text = $1::text
"""

_ME = """
SELECT current_user::text AS login, r.rolsuper OR r.rolcreaterole AS makes_roles,
  pg_is_in_recovery() AS is_standby,
  current_database()::text AS database
FROM pg_roles r WHERE r.rolname = current_user
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """The reader to be, and what the login that would make it may do.

    Attributes:
        reader: what to grant.
        login: who would grant it.
        makes_roles: whether it may create logins.
        is_standby: whether the server takes no changes.
    """

    reader: Reader
    login: str
    makes_roles: bool
    is_standby: bool


async def facts(db: Database, role: str, schemas: Sequence[str] = ()) -> Facts:
    """Return what a reader called ``role`` needs for all the profile shows, or ``schemas`` of it.

    Raises:
        TrunklineError: ``grant.schema`` for one that is not there or not shown, ``grant.role``
            when ``role`` is more than a reader, ``grant.nothing``; else as ``Database.fetch``.
    """
    async with db.asking() as inside:
        await inside.own_names()
        (me,) = await inside.fetch(_ME)
        existing = await inside.fetch(_ROLE, role)
        known = await inside.fetch(_SCHEMAS, role)
        tables = await inside.fetch(_TABLES, role)
        shows = await inside.fetch(_SHOWS)
    _require_plain(role, existing, me)
    seen = sight.of(db.profile)
    wanted = _wanted(schemas, known, tables, seen)
    chosen = [row for row in tables if row["schema"] in wanted]
    granted, left_out = _tables(chosen, tables, shows, seen)
    full = {s for s in wanted if _is_whole(s, chosen, granted)}
    owners = {(row["schema"], row["owner"], row["is_ours"]) for row in chosen}
    makers = sorted(owners | {(schema, me["login"], True) for schema in wanted})
    reader = Reader(
        role=role,
        database=me["database"],
        exists=bool(existing),
        schemas=tuple(wanted),
        whole=frozenset(full),
        tables=tuple(table for table in granted if table.schema not in full),
        makers=tuple((schema, owner) for schema, owner, is_ours in makers if is_ours),
        others=tuple((schema, owner) for schema, owner, is_ours in makers if not is_ours),
        granted_before=tuple(
            Table(schema=row["schema"], name=row["name"])
            for row in tables
            if row["was_granted"] and row["grantable"]
        ),
        revoked=tuple(r["name"] for r in known if r["was_open"] and r["name"] not in wanted),
        left_out=tuple(left_out),
        timeout_s=db.profile.statement_timeout,
        is_dba="dba" in db.profile.tools,
        opens_public=any(r["creates"] for r in known if r["name"] == "public"),
    )
    return Facts(reader=reader, login=me["login"], makes_roles=me["makes_roles"],
                 is_standby=me["is_standby"])  # fmt: skip


def _require_plain(role: str, existing: Sequence[Row], me: Row) -> None:
    if role == me["login"]:
        raise fail(
            "grant.role",
            f"“{role}” is the login of this profile itself.",
            "Choose another name with --role.",
        )
    if existing and any(existing[0].values()):
        raise fail(
            "grant.role",
            f"There is a role “{role}” already, and it is more than a reader: it has powers, owns "
            "something or is a member of another role.",
            "Choose another name with --role.",
        )


def _wanted(
    asked: Sequence[str], known: Sequence[Row], tables: Sequence[Row], seen: Sight
) -> list[str]:
    names = [row["name"] for row in known if seen.shows_schema(row["name"])]
    for schema in asked:
        if schema not in names:
            raise fail(
                "grant.schema",
                f"There is no schema “{schema}”, or the profile does not show it.",
                f"There are: {', '.join(names) or 'none'}.",
            )
    full = {row["schema"] for row in tables if row["readable"]}
    wanted = list(asked) or [name for name in names if seen.schemas or name in full]
    if not wanted:
        raise fail(
            "grant.nothing",
            "The profile shows no schema with tables.",
            "Name schemas with --schemas, or check what its login may read.",
        )
    return wanted


def _is_whole(schema: str, chosen: Iterable[Row], granted: Iterable[Table]) -> bool:
    there = {row["name"] for row in chosen if row["schema"] == schema}
    return there == {t.name for t in granted if t.schema == schema and t.columns is None}


def _tables(
    chosen: Sequence[Row], all_tables: Sequence[Row], shows: Sequence[Row], seen: Sight
) -> tuple[list[Table], list[tuple[str, str]]]:
    """Return what may be granted of the chosen tables, and what may not and why."""
    hidden = _hidden(all_tables, shows, seen)
    granted, left_out = [], []
    for row in chosen:
        gone = hidden.get(row["oid"], frozenset())
        name = f"{row['schema']}.{row['name']}"
        if gone is None:
            if row["kind"] in {"v", "m"} and seen.shows_table(row["schema"], row["name"]):
                left_out.append((name, "it would show what is hidden"))
        elif not row["grantable"]:
            left_out.append((name, f"it belongs to {row['owner']}, who has to grant it"))
        else:
            columns = tuple(c for c in row["columns"] if c not in gone) if gone else None
            granted.append(Table(schema=row["schema"], name=row["name"], columns=columns))
    return granted, left_out


def _hidden(
    tables: Sequence[Row], shows: Sequence[Row], seen: Sight
) -> dict[int, frozenset[str] | None]:
    """Return what is hidden of each table: some columns, or ``None`` for all of it.

    Partitions and children hide what their parent hides; a view that shows anything hidden is
    hidden, and so are the views made from it.
    """
    found: dict[int, frozenset[str] | None] = {}
    for row in tables:
        schema, name = row["schema"], row["name"]
        is_shown = (schema, name) not in seen.tables
        found[row["oid"]] = seen.hidden_columns(schema, name) if is_shown else None
    is_changed = True
    while is_changed:
        is_changed = False
        for edge in shows:
            before = found.get(edge["oid"], frozenset())
            after = _inherited(before, found.get(edge["source"], frozenset()), edge)
            if after != before and edge["oid"] in found:
                found[edge["oid"]] = after
                is_changed = True
    return found


def _inherited(
    own: frozenset[str] | None, source: frozenset[str] | None, edge: Row
) -> frozenset[str] | None:
    if own is None or source is None:
        return None
    if edge["is_child"]:
        return own | source
    return None if edge["source_column"] in source or (edge["is_row"] and source) else own
