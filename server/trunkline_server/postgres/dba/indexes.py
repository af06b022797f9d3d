"""Which indexes would help, tried with HypoPG where it is installed: nothing is ever created.

HypoPG keeps an index that does not exist in the memory of one connection, for EXPLAIN alone.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from trunkline_server.errors import TrunklineError
from trunkline_server.postgres.dba import candidates, masking, statements
from trunkline_server.postgres.dba.candidates import Candidate
from trunkline_server.postgres.dba.findings import volume
from trunkline_server.postgres.dba.planner import Planner
from trunkline_server.postgres.explain import tables
from trunkline_server.postgres.explain.words import number
from trunkline_server.postgres.guard import sight

if TYPE_CHECKING:
    from trunkline_server.postgres.database import Asking, Database

MOST_STATEMENTS = 20
ROUNDS = 2  # indexes for one statement
WORTH = 0.1  # share of the cost an index must save
TIME_SHARE = 0.6  # of the time a statement may take, for all the trying

_MEASURED = "Measured with HypoPG: PostgreSQL planned each query with the index, without making it."
_NOT_MEASURED = (
    "Not measured: the extension HypoPG is not installed, so these come from reading the plans "
    "alone. An administrator can run CREATE EXTENSION hypopg."
)
_NO_QUERIES = (
    "There are no statements to look at: give some in queries, or let an administrator install "
    "pg_stat_statements."
)


@dataclass(slots=True)
class _Suggestion:
    """An index and what it does for which statements; costs are None when not measured."""

    candidate: Candidate
    helps: list[str] = field(default_factory=list)
    before: float = 0.0
    after: float = 0.0
    size: float = 0.0

    @property
    def gain(self) -> float:
        return 1 - self.after / self.before if self.before else 0.0

    def as_json(self) -> dict[str, Any]:
        found: dict[str, Any] = {
            "create": f"CREATE INDEX CONCURRENTLY {self.candidate.definition}",
            "helps": self.helps[:3],
        }
        if not self.before:
            return found
        return {
            **found,
            "cost": f"{number(self.before)} → {number(self.after)}",
            "saves": f"{self.gain:.0%}",
            "size": volume(self.size),
        }


async def suggest(db: Database, queries: Sequence[str] = (), *, limit: int = 5) -> dict[str, Any]:
    """Return ``{"suggestions": […], "method", "looked_at": n, "skipped": […]}``.

    Without ``queries`` the statements that take most time in all are looked at.

    Raises:
        TrunklineError: as ``Database.fetch``.
    """
    until = time.monotonic() + TIME_SHARE * db.profile.statement_timeout
    seen = sight.of(db.profile)
    async with db.asking() as inside:
        planner = await Planner.of(inside)
        await inside.own_names()
        hypopg = await statements.extension(inside, "hypopg", "hypopg_create_index")
        texts = list(queries)[:MOST_STATEMENTS] or await _top(inside, db)
        work = _Work(planner=planner, home=hypopg, seen=seen, until=until)
        try:
            for text in texts:
                await work.look_at(text)
            if hypopg:
                await inside.attempt(f"SELECT {hypopg}.hypopg_reset()")
        except BaseException:
            inside.give_up()  # what HypoPG was told outlives the transaction
            raise
    if not queries:
        work.skipped.clear()  # nobody asked for those in particular
    return work.reply(limit, has_texts=bool(texts))


async def _top(inside: Asking, db: Database) -> list[str]:
    home = await statements.extension(inside, "pg_stat_statements", "pg_stat_statements")
    if home is None:
        return []
    try:
        found, _ = await statements.read(inside, home, sight.of(db.profile), limit=50)
    except TrunklineError:
        return []  # not loaded, or not for this login: as good as not installed
    reading = (s.text for s in found if masking.first_word(s.text) in {"SELECT", "WITH"})
    return list(reading)[:MOST_STATEMENTS]


@dataclass(slots=True, kw_only=True)
class _Work:
    """What was looked at so far."""

    planner: Planner
    home: str | None
    seen: sight.Sight
    until: float
    found: dict[Candidate, _Suggestion] = field(default_factory=dict)
    skipped: list[dict[str, str]] = field(default_factory=list)
    looked_at: int = 0
    is_out_of_time: bool = False

    async def look_at(self, text: str) -> None:
        """Find what would help one statement."""
        if time.monotonic() > self.until:
            self.is_out_of_time = True
            return
        self.looked_at += 1
        try:
            await self.planner.prepare(text)
            try:
                await self._try_all(text)
            finally:
                await self.planner.forget()
        except TrunklineError as exc:
            if exc.code in {"query.timeout", "query.closed", "query.server_stopped"}:
                raise
            self.skipped.append({"query": _short(text), "why": exc.failure.title})

    async def _try_all(self, text: str) -> None:
        plan = await self.planner.plan()
        facts = await tables.facts_of(self.planner.inside, plan)
        wanted = candidates.of(plan, facts, self.seen)
        if self.home is None:
            for candidate in wanted[:1]:
                self._keep(candidate, text)
            return
        await self._measure(text, plan.total, wanted)

    async def _measure(self, text: str, base: float, wanted: list[Candidate]) -> None:
        """Take the best index, then the best beside it, as long as it saves enough."""
        chosen: list[Candidate] = []
        before = base
        for _ in range(ROUNDS):
            trials = []
            for candidate in wanted:
                if candidate not in chosen and time.monotonic() < self.until:
                    cost, size, is_used = await self._cost_with(chosen, candidate)
                    if is_used and cost < before * (1 - WORTH):
                        trials.append((cost, len(candidate.columns), size, candidate))
            if not trials:
                return
            cost, _, size, best = min(trials, key=lambda trial: trial[:3])
            chosen.append(best)
            self._keep(best, text, before=before, after=cost, size=size)
            before = cost

    async def _cost_with(
        self, chosen: list[Candidate], candidate: Candidate
    ) -> tuple[float, float, bool]:
        """Return the plan's cost, the new index's size, and whether the plan uses it."""
        inside = self.planner.inside
        await inside.attempt(f"SELECT {self.home}.hypopg_reset()")
        name, size = "", 0.0
        for each in (*chosen, candidate):
            try:
                (row,) = await inside.attempt(
                    f"SELECT h.indexname AS name, "
                    f"{self.home}.hypopg_relation_size(h.indexrelid)::pg_catalog.float8 AS size "
                    f"FROM {self.home}.hypopg_create_index($1::pg_catalog.text) h",
                    f"CREATE INDEX {each.definition}",
                )
            except TrunklineError:
                return float("inf"), 0.0, False  # no B-tree for this type
            name, size = row["name"], row["size"]
        plan = await self.planner.plan()
        return plan.total, size, any(s.raw.get("Index Name") == name for s in plan.steps)

    def _keep(
        self,
        candidate: Candidate,
        text: str,
        *,
        before: float = 0.0,
        after: float = 0.0,
        size: float = 0.0,
    ) -> None:
        kept = self.found.setdefault(candidate, _Suggestion(candidate))
        kept.helps.append(_short(text))
        kept.before += before
        kept.after += after
        kept.size = size

    def reply(self, limit: int, *, has_texts: bool) -> dict[str, Any]:
        """Return what to tell; an index that another one makes needless is left out."""
        best = sorted(self.found.values(), key=lambda s: -(s.before - s.after))
        needed = [s for s in best if not any(_is_needless(s, other) for other in best)]
        reply: dict[str, Any] = {
            "suggestions": [s.as_json() for s in needed[:limit]],
            "method": _MEASURED if self.home else _NOT_MEASURED,
            "looked_at": self.looked_at,
        }
        if self.skipped:
            reply["skipped"] = self.skipped[:10]
        if note := self._note(has_texts=has_texts):
            reply["note"] = note
        return reply

    def _note(self, *, has_texts: bool) -> str:
        if not has_texts:
            return _NO_QUERIES
        if self.is_out_of_time:
            return "Not everything was tried: the time allowed was used up. Give fewer queries."
        return "" if self.found else "No index was found that would help."


def _is_needless(one: _Suggestion, other: _Suggestion) -> bool:
    return one is not other and other.candidate.covers(one.candidate)


def _short(text: str) -> str:
    line = masking.masked(text)
    return line if len(line) <= 160 else line[:159] + "…"
