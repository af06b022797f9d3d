"""What is wrong with a plan and what would help, one rule each, the weightiest first. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from trunkline_server.postgres.explain import conditions, words
from trunkline_server.postgres.explain.indexable import index_for
from trunkline_server.postgres.explain.plan import Plan, Step
from trunkline_server.postgres.explain.words import TableFacts

Facts = Mapping[tuple[str, str], TableFacts]
Advice = tuple[float, str]  # weight (share of the work it explains), sentence

MANY_LOOPS = 1000
MANY_ROWS = 1000
FAR_OFF = 10.0
SMALL_ERROR = 100  # rows: a wrong guess below costs nothing
MOST = 0.8  # of the rows thrown away: below, reading all of them is the right way
WORTH = 0.1  # share of the work below which a step is not worth a word
SMALL_PAGES = 16  # a table of 128 KB is read whole faster than through an index

_NO_CHANGE = "The AI cannot change this; whoever runs the database can."


def of(plan: Plan, facts: Facts) -> list[str]:
    """Return the sentences for ``plan``, weightiest first, none twice; often none."""
    found: list[Advice] = []
    for step in plan.steps:
        for rule in (_thrown_away, _spilled, _repeated, _paired, _visited, _sorted_for_few):
            found.extend(rule(plan, step, facts))
    found.extend(_misjudged(plan))
    found.extend(_never_counted(plan, facts))
    found.extend(_compiled(plan))
    found.extend(_planned_long(plan))
    found.sort(key=lambda advice: -advice[0])
    return list(dict.fromkeys(sentence for _, sentence in found))


def _thrown_away(plan: Plan, step: Step, facts: Facts) -> Iterator[Advice]:
    """A table read whole, or an index that finds too much, for few of its rows."""
    text = str(step.raw.get("Filter", ""))
    table = step.table
    if not text or table is None or _is_tiny(plan, step, facts.get(table)):
        return
    share = plan.share(step)
    amount = _amount(step, facts.get(table))
    if amount is None or share < WORTH:
        return
    known = facts.get(table) or TableFacts()
    yield share + 0.01, f"{amount} {index_for(step, table, known)}".strip()


def _is_tiny(plan: Plan, step: Step, known: TableFacts | None) -> bool:
    if plan.is_measured:
        return (step.rows or 0.0) + step.dropped < MANY_ROWS
    return known is None or known.pages < SMALL_PAGES


def _amount(step: Step, known: TableFacts | None) -> str | None:
    """Return how much is read for how little; ``None`` when most of it is wanted."""
    table = words.relation(step.table or ("", ""))
    if step.rows is not None:
        read = step.rows + step.dropped
        if step.dropped < MOST * read:
            return None
        times = f" ({words.number(step.times)} times)" if step.times > 1 else ""
        return (
            f"It reads {words.rows(read)} of {table}{times} and keeps "
            f"{words.number(step.rows)}; the rest is thrown away one by one."
        )
    if known is None or not known.rows or step.kind != "Seq Scan":
        return None
    if step.planned > (1 - MOST) * known.rows:
        return None
    return (
        f"It would read all {words.number(known.rows)} rows of {table} to find about "
        f"{words.number(step.planned)}."
    )


def _spilled(plan: Plan, step: Step, _facts: Facts) -> Iterator[Advice]:
    """Sorting or hashing that did not fit into memory."""
    share = plan.share(step)
    if step.raw.get("Sort Space Type") == "Disk":
        used = words.size(float(step.raw.get("Sort Space Used", 0)))
        yield share + 0.02, _on_disk("Sorting", used, "fewer rows or columns, or an index in order")
    batches = float(step.raw.get("HashAgg Batches", 0))
    if batches > 1 and step.raw.get("Disk Usage"):
        used = words.size(float(step.raw["Disk Usage"]))
        yield share + 0.02, _on_disk("Grouping", used, "fewer groups or columns")
    if step.kind == "Hash" and float(step.raw.get("Hash Batches", 1)) > 1:
        used = words.size(float(step.raw.get("Peak Memory Usage", 0)))
        text = (
            f"The lookup table of a join did not fit into memory ({used} at a time, in "
            f"{step.raw['Hash Batches']} rounds over disk)."
        )
        yield _join_share(plan, step) + 0.02, f"{text} {_more_memory('fewer columns')}"


def _on_disk(what: str, used: str, instead: str) -> str:
    return f"{what} did not fit into memory and went over disk ({used}). {_more_memory(instead)}"


def _more_memory(instead: str) -> str:
    return f"Ask for {instead}; or let an administrator raise work_mem."


def _join_share(plan: Plan, hash_step: Step) -> float:
    above = next((s for s in plan.steps if any(c is hash_step for c in s.children)), hash_step)
    return plan.share(above)


def _repeated(plan: Plan, step: Step, facts: Facts) -> Iterator[Advice]:
    """A step below a loop that ran very often."""
    for child in step.children:
        relation = child.raw.get("Parent Relationship")
        is_loop = (step.kind == "Nested Loop" and relation == "Inner") or relation == "SubPlan"
        share = sum(plan.share(below) for below in child.walk())
        if not is_loop or share < WORTH:
            continue
        if child.times >= MANY_LOOPS or (child.times > 1 and _reads_all(child)):
            yield share, _loop_words(step, child, relation == "SubPlan", facts)


def _reads_all(child: Step) -> bool:
    return any(below.kind == "Seq Scan" for below in child.walk())


def _loop_words(step: Step, child: Step, is_subquery: bool, facts: Facts) -> str:
    target = next((below for below in child.walk() if below.table), child)
    what = words.doing(target)
    how = "A subquery runs again for every row" if is_subquery else "The inner side of a loop runs"
    text = f"{how}: {what}, {words.number(child.times)} times."
    instead = " Write it as a join with GROUP BY, so that it runs once." if is_subquery else ""
    known = facts.get(target.table) if target.table else None
    joined_by = str(step.raw.get("Join Filter", ""))
    if target.kind == "Seq Scan" and target.table and known:
        return f"{text}{instead} {index_for(target, target.table, known, joined_by)}".strip()
    return text + instead


def _paired(plan: Plan, step: Step, _facts: Facts) -> Iterator[Advice]:
    """Two lists whose every pair is made, because nothing connects them."""
    if step.kind != "Nested Loop" or "Join Filter" in step.raw or len(step.children) < 2:
        return
    outer, inner = step.children[0], step.children[1]
    rows = step.rows if step.rows is not None else step.planned
    outer_rows = outer.rows if outer.rows is not None else outer.planned
    inner_rows = float(inner.raw.get("Actual Rows", inner.raw.get("Plan Rows", 0)))
    if rows < MANY_ROWS or outer_rows <= 1 or inner_rows <= 1 or _is_connected(outer, inner):
        return
    yield (
        1.0,
        (
            f"Every row of one side is paired with every row of the other ({words.number(rows)} "
            "pairs): probably a join condition is missing."
        ),
    )


def _is_connected(outer: Step, inner: Step) -> bool:
    names = {str(below.raw["Alias"]) for below in outer.walk() if "Alias" in below.raw}
    keys = ("Index Cond", "Filter", "Recheck Cond", "Join Filter", "Hash Cond", "Merge Cond",
            "Cache Key", "TID Cond", "Function Call", "One-Time Filter")  # fmt: skip
    texts = (str(below.raw[key]) for below in inner.walk() for key in keys if key in below.raw)
    return any(names & words.names_in(text) or "$" in text for text in texts) or any(
        below.kind in {"Function Scan", "Subquery Scan", "Result"} for below in inner.walk()
    )


def _sorted_for_few(plan: Plan, step: Step, facts: Facts) -> Iterator[Advice]:
    """A whole table sorted for its first rows."""
    sort = step.children[0] if step.kind == "Limit" and step.children else step
    below = sort.children[0] if sort is not step and sort.children else step
    if sort.kind != "Sort" or below.kind != "Seq Scan" or below.table is None:
        return
    known = facts.get(below.table) or TableFacts(can_index=False)
    keys = [conditions.sort_column(str(key)) for key in sort.raw.get("Sort Key", ())]
    share = plan.share(sort) + plan.share(below)
    if share < WORTH or None in keys or not known.can_index or (below.rows or 0) < MANY_ROWS:
        return
    listed = ", ".join(_in_order(str(key)) for key in sort.raw["Sort Key"])
    yield (
        share,
        (
            f"It sorts {words.rows(below.rows or 0)} for the first {words.number(step.planned)}: "
            f"an index in that order gives them at once: CREATE INDEX ON {words.full(below.table)} "
            f"({listed})."
        ),
    )


def _in_order(key: str) -> str:
    column = conditions.sort_column(key)
    rest = key.partition(" ")[2] if " " in key else ""
    return f"{words.identifier(column[1] if column else key)} {rest}".strip()


def _visited(plan: Plan, step: Step, _facts: Facts) -> Iterator[Advice]:
    """An index that should have been enough, and was not."""
    fetches = float(step.raw.get("Heap Fetches", 0))
    if step.table is None or plan.share(step) < WORTH or fetches < MANY_ROWS:
        return
    if step.rows and fetches > 0.5 * step.rows:
        table = words.relation(step.table)
        yield (
            plan.share(step),
            (
                f"The index alone would do, but {words.number(fetches)} rows of {table} were "
                "looked at too, because it was not vacuumed since they changed: "
                f"VACUUM {words.full(step.table)}."
            ),
        )


def _misjudged(plan: Plan) -> Iterator[Advice]:
    """Where PostgreSQL's guess went wrong first: the lowest step whose own guess is far off."""
    for step in plan.steps:
        if step.rows is None or not _is_far_off(step):
            continue
        if any(_is_far_off(below) for below in step.walk() if below is not step):
            continue
        yield 0.3 + 0.5 * plan.share(step), _misjudged_words(step)


def _is_far_off(step: Step) -> bool:
    if step.rows is None or max(step.rows, step.planned) < SMALL_ERROR:
        return False
    is_wrong = step.rows > step.planned or step.is_overestimated
    return is_wrong and words.factor(step.rows, step.planned) >= FAR_OFF


def _misjudged_words(step: Step) -> str:
    what = f"in {words.relation(step.table)}" if step.table else f"while {words.doing(step)}"
    text = (
        f"PostgreSQL expected {words.number(step.planned)} rows {what} and met "
        f"{words.number(step.rows or 0.0)}; such an error makes it choose the wrong way."
    )
    if step.table is None:
        return text
    compared = conditions.of(str(step.raw.get("Filter", "")))
    if any(found.cast or found.function for found in compared):
        return text  # it knows nothing of what comes out of an expression
    columns = [found.column for found in compared]
    if len(set(columns)) > 1:
        listed = ", ".join(map(words.identifier, dict.fromkeys(columns)))
        return (
            f"{text} The conditions depend on each other: CREATE STATISTICS ON {listed} FROM "
            f"{words.full(step.table)}, then ANALYZE {words.full(step.table)}."
        )
    return f"{text} Refresh its statistics: ANALYZE {words.full(step.table)}."


def _never_counted(plan: Plan, facts: Facts) -> Iterator[Advice]:
    """Tables without statistics: every guess about them is blind."""
    for table in dict.fromkeys(step.table for step in plan.steps if step.table):
        known = facts.get(table)
        if known is not None and not known.is_analyzed and known.can_index:
            yield (
                0.5,
                (
                    f"The table {words.relation(table)} was never analyzed, so PostgreSQL guesses "
                    f"blindly about it: ANALYZE {words.full(table)}. {_NO_CHANGE}"
                ),
            )


def _compiled(plan: Plan) -> Iterator[Advice]:
    """Compiling that took more than it can have saved."""
    share = plan.jit_ms / plan.total if plan.total else 0.0
    if plan.is_measured and plan.jit_ms > 20 and share > 0.25:
        yield (
            0.2 + share,
            (
                f"{words.ms(plan.jit_ms)} of {words.ms(plan.total)} went into compiling the query "
                "(JIT), more than it saved: an administrator can set jit = off for this login, or "
                "raise jit_above_cost."
            ),
        )


def _planned_long(plan: Plan) -> Iterator[Advice]:
    if plan.is_measured and plan.planning_ms > max(50.0, 2 * plan.total):
        yield (
            0.6,
            (
                f"Finding the plan took {words.ms(plan.planning_ms)}, longer than running it: "
                "fewer joins or partitions in one query help, or a condition on the partition key."
            ),
        )
