"""The statements a database spends its time on, from the extension pg_stat_statements."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from trunkline_server.errors import TrunklineError
from trunkline_server.postgres.dba import masking
from trunkline_server.postgres.explain.words import identifier
from trunkline_server.postgres.guard import sight
from trunkline_server.postgres.guard.sight import Sight

if TYPE_CHECKING:
    from trunkline_server.postgres.database import Asking, Database

Order = Literal["total", "mean", "calls", "rows", "disk"]

ORDERS: dict[str, str] = {
    "total": "total_exec_time",
    "mean": "mean_exec_time",
    "calls": "calls",
    "rows": "rows",
    "disk": "shared_blks_read",
}
MOST = 50

# A function in C was made by a superuser: nobody else can have put one of this name there.
_HOME = """
SELECT n.nspname::text AS schema, e.extversion AS version
FROM pg_extension e JOIN pg_depend d ON d.refclassid = 'pg_extension'::regclass
  AND d.refobjid = e.oid AND d.deptype = 'e' AND d.classid = 'pg_proc'::regclass
JOIN pg_proc p ON p.oid = d.objid JOIN pg_namespace n ON n.oid = p.pronamespace
JOIN pg_language l ON l.oid = p.prolang AND l.lanname = 'c'
WHERE e.extname = $1 AND p.proname = $2 LIMIT 1
"""

_AVAILABLE = "SELECT EXISTS (SELECT FROM pg_available_extensions WHERE name = $1) AS is_there"

_TABLES = """
SELECT n.nspname::text AS schema, c.relname::text AS name FROM pg_class c
JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f')
"""

_RIGHTS = "SELECT pg_has_role(current_user, 'pg_read_all_stats', 'USAGE') AS sees_all"


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """One statement as often as it ran; times in milliseconds."""

    text: str
    calls: float
    total_ms: float
    mean_ms: float
    rows: float
    share: float
    cached: float | None

    def as_json(self) -> dict[str, Any]:
        """Return what a model needs of it; ``share`` is of all the time of this database."""
        found: dict[str, Any] = {
            "query": masking.masked(self.text),
            "calls": int(self.calls),
            "total_ms": round(self.total_ms, 1),
            "mean_ms": round(self.mean_ms, 3),
            "rows": int(self.rows),
            "share": f"{self.share:.1%}",
        }
        return found if self.cached is None else {**found, "from_memory": f"{self.cached:.0%}"}


async def top(db: Database, *, by: Order = "total", limit: int = 10) -> dict[str, Any]:
    """Return ``{"queries": […], "note": sentence}``; values in the statements are left out.

    Raises:
        TrunklineError: as ``Database.fetch``.
    """
    async with db.asking() as inside:
        await inside.own_names()
        home = await extension(inside, "pg_stat_statements", "pg_stat_statements")
        if home is None:
            return {"queries": [], "note": await _missing(inside)}
        try:
            found, notes = await read(inside, home, sight.of(db.profile), by=by, limit=limit)
        except TrunklineError as exc:
            if not exc.code.startswith(("rights.", "query.failed")):
                raise
            return {"queries": [], "note": _unreadable(exc)}
    reply: dict[str, Any] = {"queries": [statement.as_json() for statement in found]}
    return {**reply, "note": " ".join(notes)} if notes else reply


async def extension(inside: Asking, name: str, function: str) -> str | None:
    """Return the quoted schema of an extension that has this function in C, if it is installed."""
    rows = await inside.fetch(_HOME, name, function)
    return identifier(rows[0]["schema"]) if rows else None


async def read(
    inside: Asking, home: str, seen: Sight, *, by: str = "total", limit: int = 10
) -> tuple[list[Statement], list[str]]:
    """Return the statements of this database that may be shown, and what to know of the list.

    Questions to the catalogue, such as our own, are left out.
    """
    rows = await inside.attempt(_query(home, by))
    known = frozenset((r["schema"], r["name"]) for r in await inside.fetch(_TABLES))
    shown, left = _shown(rows, seen, known, min(limit, MOST))
    sees_all = (await inside.fetch(_RIGHTS))[0]["sees_all"]
    notes = []
    if not sees_all:
        notes.append(
            "This login sees its own statements only; an administrator can GRANT pg_read_all_stats."
        )
    if left:
        notes.append(f"{left} are left out because they name something hidden here.")
    if not shown and not notes:
        notes.append("No statement has been counted yet.")
    return shown, notes


def _shown(
    rows: list[dict[str, Any]], seen: Sight, known: frozenset[tuple[str, str]], limit: int
) -> tuple[list[Statement], int]:
    """Return the first statements that may be shown, and how many before them may not."""
    shown: list[Statement] = []
    left = 0
    for row in rows:
        if len(shown) == limit:  # each that is looked at is parsed: no more than is needed
            break
        if not row["text"] or masking.is_about_catalogue(row["text"]):
            continue
        if masking.may_show(row["text"], seen, known):
            shown.append(Statement(**row))
        else:
            left += 1
    return shown, left


def _query(home: str, by: str) -> str:
    # With its own text for what this login may not read: told apart by the null of queryid.
    return f"""
SELECT CASE WHEN queryid IS NOT NULL THEN query END AS text, calls::float8 AS calls,
  total_exec_time AS total_ms, mean_exec_time AS mean_ms, rows::float8 AS rows,
  coalesce(total_exec_time / nullif(sum(total_exec_time) OVER (), 0), 0)::float8 AS share,
  (shared_blks_hit::float8 / nullif(shared_blks_hit + shared_blks_read, 0)::float8) AS cached
FROM {home}.pg_stat_statements(true)
WHERE dbid = (SELECT oid FROM pg_database WHERE datname = current_database())
  AND query NOT LIKE '%trunkline_plan%' AND query NOT LIKE '%hypopg%'
ORDER BY {ORDERS[by]} DESC LIMIT 500"""


async def _missing(inside: Asking) -> str:
    is_there = (await inside.fetch(_AVAILABLE, "pg_stat_statements"))[0]["is_there"]
    first = (
        ""
        if is_there
        else "installs PostgreSQL's contrib package (or, on a managed service, allows it), "
    )
    return (
        "This database does not count its statements: the extension pg_stat_statements is not "
        f"installed. An administrator {first}adds it to shared_preload_libraries, restarts "
        "PostgreSQL and runs CREATE EXTENSION pg_stat_statements."
    )


def _unreadable(exc: TrunklineError) -> str:
    if exc.code.startswith("rights."):
        return (
            "This login may not read pg_stat_statements; an administrator can GRANT "
            "pg_read_all_stats."
        )
    return (
        "The extension pg_stat_statements is installed but does not count: an administrator adds "
        "it to shared_preload_libraries and restarts PostgreSQL."
    )
