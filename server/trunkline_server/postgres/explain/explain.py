"""A plan in words a person understands: a short tree, and what is wrong with its worst step. Pure.

What the catalogue knows of the tables in it makes the advice better, see ``TableFacts``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from trunkline_server.postgres.explain import advice, words
from trunkline_server.postgres.explain.plan import Plan, Step
from trunkline_server.postgres.explain.words import TableFacts

MAX_SENTENCES = 7
MAX_LINES = 60
MAX_CONDITION = 120
_ALIKE = 4  # children of one step that are shown before the rest is folded

Facts = Mapping[tuple[str, str], TableFacts]

_SHOWN = ("Index Cond", "Hash Cond", "Merge Cond", "Join Filter", "Recheck Cond", "Filter",
          "Sort Key", "Group Key", "One-Time Filter")  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Hidden:
    """Names that may not be told: tables, and columns of the tables of a plan."""

    tables: frozenset[tuple[str, str]] = frozenset()
    words: frozenset[str] = field(default_factory=frozenset)

    def covers(self, text: str) -> bool:
        """Return whether ``text`` names something hidden."""
        return any(word in words.names_in(text) for word in self.words)


NOTHING_HIDDEN = Hidden()


def reading(plan: Plan, facts: Facts, hidden: Hidden = NOTHING_HIDDEN) -> list[str]:
    """Return what to know of ``plan``: first where the work goes, then what to do; never empty."""
    found = [_where_the_work_goes(plan)]
    if not (plan.is_measured and plan.total < 1.0):
        found += advice.of(plan, facts)
    told = [sentence for sentence in found if not hidden.covers(sentence)]
    return told[:MAX_SENTENCES] or ["The step that matters reads something that is hidden here."]


def worst(plan: Plan) -> Step:
    """Return the step that does most of the work by itself."""
    return max(plan.steps, key=lambda step: step.own)


def _where_the_work_goes(plan: Plan) -> str:
    step = worst(plan)
    share = plan.share(step)
    doing = words.doing(step)
    if not plan.is_measured:
        return (
            f"Not run, only planned: PostgreSQL expects {share:.0%} of the work in {doing} "
            f"(cost {words.number(step.own)} of {words.number(plan.total)})."
        )
    if plan.total < 1.0:
        return f"It took {words.ms(plan.total)}; no step is worth a change."
    times = f", done {words.number(step.times)} times" if step.times > 1 else ""
    return (
        f"It took {words.ms(plan.total)}. {share:.0%} of that ({words.ms(step.own)}) went into "
        f"{doing}{times}."
    )


def tree(plan: Plan, hidden: Hidden = NOTHING_HIDDEN, *, max_lines: int = MAX_LINES) -> str:
    """Return the plan as indented lines; the step with most work is marked ``<--``."""
    marked = worst(plan)
    lines = list(_lines(plan, plan.root, 0, marked, hidden))
    if len(lines) > max_lines:
        left = len(lines) - max_lines
        lines = [*lines[:max_lines], f"… {left} more lines"]
    return "\n".join(lines)


def _lines(plan: Plan, step: Step, depth: int, marked: Step, hidden: Hidden) -> list[str]:
    mark = "  <-- most work" if step is marked else ""
    lines = [f"{'  ' * depth}{_line(plan, step, hidden)}{mark}"]
    children = _first(step, marked)
    for child in children:
        lines += _lines(plan, child, depth + 1, marked, hidden)
    if rest := len(step.children) - len(children):
        lines.append(f"{'  ' * (depth + 1)}… {rest} more like these")
    return lines


def _first(step: Step, marked: Step) -> list[Step]:
    """Return the children to show: all of a join, a few of many partitions."""
    if len(step.children) <= _ALIKE + 2:
        return list(step.children)
    kept = list(step.children[:_ALIKE])
    others = step.children[_ALIKE:]
    return kept + [child for child in others if any(below is marked for below in child.walk())]


def _line(plan: Plan, step: Step, hidden: Hidden) -> str:
    name = words.title(step, hidden.tables)
    if hidden.covers(name):
        name = step.kind
    numbers = _measured(step) if plan.is_measured else _expected(step)
    conditions = (_condition(step, key, hidden) for key in _SHOWN if key in step.raw)
    return f"{name} ({numbers})" + "".join(f" {text}" for text in conditions)


def _measured(step: Step) -> str:
    if step.rows is None:
        return "never run"
    parts = [words.ms(step.own), words.rows(step.rows)]
    is_wrong = step.rows > step.planned or step.is_overestimated
    if is_wrong and words.factor(step.rows, step.planned) >= advice.FAR_OFF:
        parts.append(f"expected {words.number(step.planned)}")
    if step.times > 1:
        parts.append(f"{words.number(step.times)} times")
    if step.dropped:
        parts.append(f"dropped {words.number(step.dropped)}")
    return ", ".join(parts)


def _expected(step: Step) -> str:
    return f"cost {words.number(step.own)}, {words.rows(step.planned)} expected"


def _condition(step: Step, key: str, hidden: Hidden) -> str:
    value = step.raw[key]
    text = ", ".join(map(str, value)) if isinstance(value, list) else str(value)
    if hidden.covers(text):
        return f"{key}: hidden"
    shown = text if len(text) <= MAX_CONDITION else text[: MAX_CONDITION - 1] + "…"
    return f"{key}: {shown}"
