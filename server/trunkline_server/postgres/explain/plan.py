"""PostgreSQL's plan as a tree that knows how much of the work each step does by itself. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

Raw = Mapping[str, Any]

_REPEATED_CHEAPLY = frozenset({"Materialize", "Memoize"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One node of a plan.

    Attributes:
        raw: the node as PostgreSQL wrote it, without its children.
        children: in PostgreSQL's order.
        own: what it needs without its children: milliseconds when measured, else cost.
        loops: how often it ran; 1 when not measured.
        rows: rows it gave in all its loops; ``None`` when not measured or never run.
        is_cut: whether something above may have stopped it before its end.
        is_shared: whether parallel workers did it together: ``loops`` are then theirs.
    """

    raw: Raw
    children: tuple[Step, ...] = ()
    own: float = 0.0
    loops: float = 1.0
    rows: float | None = None
    is_cut: bool = False
    is_shared: bool = False

    @property
    def kind(self) -> str:
        """PostgreSQL's name of the node, such as ``Seq Scan``."""
        return str(self.raw.get("Node Type", ""))

    @property
    def table(self) -> tuple[str, str] | None:
        """Schema and name of the table it reads."""
        name = self.raw.get("Relation Name")
        return (str(self.raw.get("Schema", "")), str(name)) if name else None

    @property
    def planned(self) -> float:
        """Rows PostgreSQL expected in all its loops."""
        return float(self.raw.get("Plan Rows", 0)) * max(1.0, self.loops)

    @property
    def times(self) -> float:
        """How often it ran one after the other."""
        return 1.0 if self.is_shared else self.loops

    @property
    def is_overestimated(self) -> bool:
        """Whether fewer rows came than expected, and nothing above is the reason."""
        return self.rows is not None and self.planned > self.rows and not self.is_cut

    @property
    def dropped(self) -> float:
        """Rows that its filters threw away, in all its loops."""
        names = ("Rows Removed by Filter", "Rows Removed by Join Filter")
        return sum(float(self.raw.get(name, 0)) for name in names) * self.loops

    def walk(self) -> Iterator[Step]:
        """Yield this step and everything below, top first."""
        yield self
        for child in self.children:
            yield from child.walk()


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """A whole plan.

    Attributes:
        root: the step that gives the answer.
        is_measured: whether the statement really ran (EXPLAIN ANALYZE).
        total: milliseconds when measured, else PostgreSQL's cost.
        planning_ms: time to find the plan; 0 when unknown.
        jit_ms: time spent compiling; 0 when none.
    """

    root: Step
    is_measured: bool
    total: float
    planning_ms: float = 0.0
    jit_ms: float = 0.0

    @property
    def steps(self) -> list[Step]:
        """Every step, top first."""
        return list(self.root.walk())

    def share(self, step: Step) -> float:
        """Return how much of the whole a step does by itself, 0 to 1."""
        return min(1.0, step.own / self.total) if self.total > 0 else 0.0


def parse(document: Any) -> Plan:
    """Return the plan of what ``EXPLAIN (FORMAT JSON)`` answered.

    Raises:
        ValueError: it is something else.
    """
    try:
        top: Raw = document[0]
        raw: Raw = top["Plan"]
    except (TypeError, KeyError, IndexError) as exc:
        raise ValueError("not a plan") from exc
    is_measured = "Actual Loops" in raw
    root = _Timed().step(raw, 1.0, is_cut=False) if is_measured else _costed(raw, _cost(raw))
    jit: Raw = top.get("JIT") or {}
    timing = (jit.get("Timing") or {}).get("Total", 0.0)
    return Plan(
        root=root,
        is_measured=is_measured,
        total=float(top.get("Execution Time", 0.0)) if is_measured else _cost(raw),
        planning_ms=float(top.get("Planning Time", 0.0)),
        jit_ms=float(timing),
    )


class _Timed:
    """Builds the tree of a plan that ran."""

    def __init__(self) -> None:
        self._common: dict[str, float] = {}  # ms of each CTE not yet laid to a scan of it

    def step(self, raw: Raw, processes: float, *, is_cut: bool) -> Step:
        inside = processes
        if raw["Node Type"] in {"Gather", "Gather Merge"}:
            inside = float(raw.get("Workers Launched", 0)) + 1
        own = _elapsed(raw, processes)
        children = []
        for child in raw.get("Plans", ()):
            below = self.step(child, inside, is_cut=is_cut or _cuts(raw, child))
            children.append(below)
            name = str(child.get("Subplan Name", ""))
            if name.startswith("CTE "):
                # It runs when its scan asks for rows, not when the step above it does.
                self._common[name.removeprefix("CTE ")] = _elapsed(child, inside)
            else:
                own -= _elapsed(child, inside)
        own = max(0.0, own)
        if raw["Node Type"] == "CTE Scan":
            taken = min(own, self._common.get(str(raw.get("CTE Name")), 0.0))
            self._common[str(raw.get("CTE Name"))] = 0.0
            own -= taken
        loops = float(raw.get("Actual Loops", 0))
        rows = float(raw.get("Actual Rows", 0)) * loops if loops else None
        return Step(raw=_bare(raw), children=tuple(children), own=own, loops=loops, rows=rows,
                    is_cut=is_cut, is_shared=processes > 1)  # fmt: skip


def _elapsed(raw: Raw, processes: float) -> float:
    """Return the time between start and end as a clock on the wall would show it."""
    return float(raw.get("Actual Total Time", 0)) * float(raw.get("Actual Loops", 0)) / processes


def _cuts(raw: Raw, child: Raw) -> bool:
    """Return whether ``child`` may be stopped before its end by the step above."""
    kind, is_inner = raw["Node Type"], child.get("Parent Relationship") == "Inner"
    is_half = is_inner and (raw.get("Inner Unique") or raw.get("Join Type") in {"Semi", "Anti"})
    return kind in {"Limit", "Merge Join"} or (kind == "Nested Loop" and bool(is_half))


def _costed(raw: Raw, budget: float, *, is_cut: bool = False) -> Step:
    """Build the tree of a plan that did not run; ``budget`` is what this step costs in all."""
    left, children = budget, []
    scale = budget / _cost(raw) if _cost(raw) else 0.0
    for child in raw.get("Plans", ()):
        cost = min(left, _cost(child) * _times(raw, child) * scale)
        left -= cost
        children.append(_costed(child, cost, is_cut=is_cut or _cuts(raw, child)))
    return Step(raw=_bare(raw), children=tuple(children), own=left, is_cut=is_cut)


def _times(raw: Raw, child: Raw) -> float:
    """Return how often ``child`` is expected to run for one run of ``raw``."""
    relation = child.get("Parent Relationship")
    if relation == "SubPlan":
        return max(1.0, float(raw.get("Plan Rows", 1)))
    is_repeated = raw["Node Type"] == "Nested Loop" and relation == "Inner"
    if not is_repeated or child["Node Type"] in _REPEATED_CHEAPLY:
        return 1.0
    return max(1.0, float(raw["Plans"][0].get("Plan Rows", 1)))


def _cost(raw: Raw) -> float:
    return float(raw.get("Total Cost", 0.0))


def _bare(raw: Raw) -> Raw:
    # The names of all columns of a table say nothing here, and may be a thousand.
    return {key: value for key, value in raw.items() if key not in {"Plans", "Output"}}
