"""Asking PostgreSQL for the plan of one statement that reads, and reading it; see ``explain``."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from trunkline_server.errors import fail
from trunkline_server.postgres.explain import explain, plan, tables
from trunkline_server.postgres.explain.explain import Hidden
from trunkline_server.postgres.guard import guard, sight

if TYPE_CHECKING:
    from trunkline_server.postgres.database import Database

MAX_PLAN = 4 * 1024 * 1024  # bytes of PostgreSQL's own JSON; ours is a hundredth of it

_BEGINNING = re.compile(
    r"(?:\s|--[^\n]*(?:\n|$)|/\*.*?\*/)*\(?\s*([a-z]*)", re.IGNORECASE | re.DOTALL
)
_NOT_PLANNED = {"explain": "EXPLAIN", "show": "SHOW"}


async def explained(
    db: Database, sql: str, params: Sequence[Any] = (), *, analyze: bool = False
) -> dict[str, Any]:
    """Return ``{"reading": [sentence, …], "plan": tree}`` of one SELECT.

    ``analyze`` runs it, within the profile's time, and measures.

    Raises:
        TrunklineError: ``query.explain`` for an EXPLAIN or SHOW, ``query.plan_size``; else as
            ``Database.read``.
    """
    require_select(sql)
    options = "FORMAT JSON, VERBOSE" + (", ANALYZE, BUFFERS" if analyze else "")
    # The line end closes a comment that the statement may end in; the guard reads all of it again.
    rows = await db.read(f"EXPLAIN ({options}) {sql}\n", params, max_rows=1, max_bytes=MAX_PLAN)
    found = _parsed(rows.rows)
    facts = await tables.facts_of(db, found)
    hidden_tables, words = tables.hidden_in(found, sight.of(db.profile))
    hidden = Hidden(tables=hidden_tables, words=words)
    return {
        "reading": explain.reading(found, facts, hidden),
        "plan": explain.tree(found, hidden),
    }


def require_select(sql: str) -> None:
    """Raise what ``execute_query`` would of ``sql``, and ``query.explain`` if it has no plan."""
    guard.examine(sql)
    beginning = _BEGINNING.match(sql)
    word = beginning[1].lower() if beginning else ""
    if word in _NOT_PLANNED:
        raise fail(
            "query.explain",
            f"{_NOT_PLANNED[word]} has no plan of its own.",
            "Give the SELECT itself; analyze=true measures it.",
        )


def _parsed(rows: list[list[Any]]) -> plan.Plan:
    try:
        return plan.parse(rows[0][0])
    except (ValueError, IndexError) as exc:
        raise fail(
            "query.plan_size",
            "The plan of this query is too large to read.",
            "Explain a part of it.",
        ) from exc
