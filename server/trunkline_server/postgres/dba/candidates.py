"""Indexes that could help a plan, before anybody has tried them. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from trunkline_server.postgres.explain import conditions
from trunkline_server.postgres.explain.advice import SMALL_PAGES
from trunkline_server.postgres.explain.conditions import Condition
from trunkline_server.postgres.explain.indexable import is_covered, ordered
from trunkline_server.postgres.explain.plan import Plan, Step
from trunkline_server.postgres.explain.words import TableFacts, full, identifier
from trunkline_server.postgres.guard.sight import Sight

MOST = 8  # candidates tried for one statement
MOST_COLUMNS = 3

_JOINS = ("Hash Cond", "Merge Cond", "Join Filter")
_OWN = ("Filter", "Index Cond", "Recheck Cond")
_TEXT = ("character varying", "character", "text", "name", "citext")


@dataclass(frozen=True, slots=True)
class Candidate:
    """An index on some columns of a table, in order."""

    table: tuple[str, str]
    columns: tuple[str, ...]

    @property
    def definition(self) -> str:
        """The index as SQL, after ``CREATE INDEX``."""
        return f"ON {full(self.table)} ({', '.join(map(identifier, self.columns))})"

    def covers(self, other: Candidate) -> bool:
        """Return whether this index does what ``other`` does."""
        return self.table == other.table and self.columns[: len(other.columns)] == other.columns


def of(plan: Plan, facts: Mapping[tuple[str, str], TableFacts], seen: Sight) -> list[Candidate]:
    """Return the indexes worth trying for ``plan``, most of the work first."""
    steps = sorted((s for s in plan.steps if s.table), key=lambda step: -step.own)
    found = (candidate for step in steps for candidate in _for_step(plan, step, facts))
    wanted = dict.fromkeys(c for c in found if _is_allowed(c, facts[c.table], seen))
    return list(wanted)[:MOST]


def _is_allowed(candidate: Candidate, known: TableFacts, seen: Sight) -> bool:
    hidden = seen.hidden_columns(*candidate.table)
    return (
        known.can_index
        and known.pages >= SMALL_PAGES
        and seen.shows_table(*candidate.table)
        and not hidden & set(candidate.columns)
        and not is_covered(list(candidate.columns), known)
    )


def _for_step(
    plan: Plan, step: Step, facts: Mapping[tuple[str, str], TableFacts]
) -> Iterator[Candidate]:
    table = step.table
    known = facts.get(table) if table else None
    if table is None or known is None or table[0].startswith("pg_"):
        return
    filters = [c for c in _conditions(step, _OWN) if _is_usable(c, step, known)]
    joins = [c for c in _join_conditions(plan) if _is_usable(c, step, known)]
    for columns in _columns(plan, step, filters, joins):
        unique = tuple(dict.fromkeys(columns))[:MOST_COLUMNS]
        if unique:
            yield Candidate(table, unique)


def _columns(
    plan: Plan, step: Step, filters: list[Condition], joins: list[Condition]
) -> Iterator[list[str]]:
    equal = [c.column for c in filters if c.kind == "equal"]
    yield ordered(filters)
    for join in joins:
        yield [join.column, *equal]
        yield [*equal, join.column]
        yield [join.column]
    yield [*equal, *_sort_columns(plan, step)]
    yield from ([found.column] for found in filters)


def _is_usable(found: Condition, step: Step, known: TableFacts) -> bool:
    kind = known.columns.get(found.column)
    is_converted = bool(found.cast) and not (kind or "").startswith(_TEXT)
    return (
        found.alias == step.raw.get("Alias")
        and kind is not None
        and found.kind != "pattern"
        and not is_converted
        and not found.function
    )


def _conditions(step: Step, keys: tuple[str, ...]) -> Iterator[Condition]:
    for key in keys:
        yield from conditions.of(str(step.raw.get(key, "")))


def _join_conditions(plan: Plan) -> list[Condition]:
    return [found for step in plan.steps for found in _conditions(step, _JOINS)]


def _sort_columns(plan: Plan, step: Step) -> list[str]:
    """Return the columns of this table that the rows are sorted by, if by nothing else."""
    for above in plan.steps:
        if above.kind in {"Sort", "Incremental Sort"} and any(b is step for b in above.walk()):
            keys = [conditions.sort_column(str(key)) for key in above.raw.get("Sort Key", ())]
            if all(key is not None and key[0] == step.raw.get("Alias") for key in keys):
                return [key[1] for key in keys if key is not None]
    return []
