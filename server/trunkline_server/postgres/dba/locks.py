"""Who waits for whose lock: sessions as a tree, without the text of their statements."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from trunkline_server.postgres.dba import masking
from trunkline_server.postgres.dba.findings import duration
from trunkline_server.postgres.explain.words import relation
from trunkline_server.postgres.guard import sight
from trunkline_server.postgres.guard.sight import Sight

if TYPE_CHECKING:
    from trunkline_server.postgres.database import Database

MAX_SESSIONS = 200
MAX_DEPTH = 20

# Whoever waits, and everybody they wait for. Pairs first: the functions ask one process each.
_SESSIONS = """
WITH waits AS (
  SELECT a.pid, pg_blocking_pids(a.pid) AS blockers FROM pg_stat_activity a
  WHERE a.pid IN (SELECT pid FROM pg_locks WHERE NOT granted)
), involved AS (
  SELECT pid FROM waits UNION SELECT unnest(blockers) FROM waits
)
SELECT i.pid, to_json(coalesce(w.blockers, '{}'))::text AS blockers, a.usename::text AS login,
  a.state, a.query,
  extract(epoch FROM clock_timestamp() - a.xact_start)::float8 AS age_s,
  extract(epoch FROM clock_timestamp() - a.state_change)::float8 AS state_s,
  l.mode, n.nspname::text AS schema, c.relname::text AS name
FROM involved i LEFT JOIN waits w ON w.pid = i.pid LEFT JOIN pg_stat_activity a ON a.pid = i.pid
LEFT JOIN LATERAL (SELECT * FROM pg_locks l WHERE l.pid = i.pid AND NOT l.granted LIMIT 1) l
  ON true
LEFT JOIN LATERAL (SELECT * FROM pg_locks t WHERE t.pid = i.pid AND t.locktype = 'tuple'
  AND l.locktype = 'transactionid' LIMIT 1) t ON true
LEFT JOIN pg_class c ON c.oid = coalesce(l.relation, t.relation)
  AND coalesce(l.database, t.database) = (SELECT oid FROM pg_database
    WHERE datname = current_database())
LEFT JOIN pg_namespace n ON n.oid = c.relnamespace
ORDER BY a.xact_start NULLS LAST LIMIT 200
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """A session that waits, or that others wait for.

    Attributes:
        pid: its process; 0 stands for a prepared transaction.
        waits_for: the processes that hold what it waits for.
        facts: what may be told of it.
    """

    pid: int
    waits_for: tuple[int, ...]
    facts: Mapping[str, Any]


async def locks(db: Database) -> dict[str, Any]:
    """Return ``{"waiting": n, "blockers": [session with "blocks": [session, …], …], "note"}``.

    Raises:
        TrunklineError: as ``Database.fetch``.
    """
    import json

    async with db.asking() as inside:
        await inside.own_names()
        rows = await inside.fetch(_SESSIONS)
    seen = sight.of(db.profile)
    sessions = [
        Session(pid=row["pid"], waits_for=tuple(dict.fromkeys(json.loads(row["blockers"]))),
                facts=_facts(row, seen))
        for row in rows
    ]  # fmt: skip
    return reply(sessions)


def _facts(row: Mapping[str, Any], seen: Sight) -> dict[str, Any]:
    facts: dict[str, Any] = {"user": row["login"], "state": row["state"] or "not visible"}
    if row["age_s"] is not None:
        facts["in_transaction_for"] = duration(row["age_s"])
    if word := masking.first_word(row["query"]):
        facts["statement"] = word
    if row["mode"]:
        facts["waits_for"] = f"{row['mode']}{_on(row, seen)}"
        if row["state_s"] is not None:
            facts["waits_since"] = duration(row["state_s"])
    return facts


def _on(row: Mapping[str, Any], seen: Sight) -> str:
    if row["name"] is None:
        return " on another session's transaction" if row["mode"] == "ShareLock" else ""
    is_shown = seen.shows_table(row["schema"], row["name"])
    return f" on {relation((row['schema'], row['name']))}" if is_shown else " on a hidden table"


def reply(sessions: Iterable[Session]) -> dict[str, Any]:
    """Return the tree of ``sessions``: those who wait for nobody first, whom they block below."""
    known = {session.pid: session for session in sessions}
    waiting = [session for session in known.values() if session.waits_for]
    if not waiting:
        return {"waiting": 0, "note": "Nobody waits for a lock."}
    roots = [pid for pid, session in known.items() if not session.waits_for]
    told: set[int] = set()
    tree = [_branch(pid, known, told, 0) for pid in roots]
    # Those who wait for each other have no beginning; PostgreSQL ends one of them in a second.
    tree += [_branch(s.pid, known, told, 0) for s in waiting if s.pid not in told]
    reply: dict[str, Any] = {"waiting": len(waiting), "blockers": tree}
    if any(session.facts.get("state") == "not visible" for session in known.values()):
        reply["note"] = (
            "States are not visible to this login; an administrator can GRANT pg_read_all_stats."
        )
    worst = max(roots, key=lambda pid: _below(pid, known, set()), default=0)
    if worst:
        reply["next"] = (
            f"Process {worst} holds up {_below(worst, known, set())} others: let its program "
            f"commit. An administrator can end it with SELECT pg_terminate_backend({worst})."
        )
    return reply


def _branch(pid: int, known: Mapping[int, Session], told: set[int], depth: int) -> dict[str, Any]:
    told.add(pid)
    found: dict[str, Any] = {"pid": pid, **(known[pid].facts if pid in known else {})}
    if pid == 0:
        found = {"pid": 0, "state": "prepared transaction"}
    blocked = [s.pid for s in known.values() if pid in s.waits_for and s.pid not in told]
    if blocked and depth < MAX_DEPTH:
        found["blocks"] = [_branch(other, known, told, depth + 1) for other in blocked
                           if other not in told]  # fmt: skip
    return found


def _below(pid: int, known: Mapping[int, Session], seen: set[int]) -> int:
    """Return how many sessions wait for this one, also through others."""
    for session in known.values():
        if pid in session.waits_for and session.pid not in seen:
            seen.add(session.pid)
            _below(session.pid, known, seen)
    return len(seen)
