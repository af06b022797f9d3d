"""Steps of a plan, times and numbers in plain words. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from trunkline_server.postgres.explain.plan import Step

_NAME = re.compile(r'"((?:[^"]|"")+)"|([^\W\d][\w$]*)')
_PLAIN = re.compile(r"[a-z_][a-z0-9_$]*")
_THOUSAND, _MILLION = 1_000, 1_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class TableFacts:
    """What the catalogue knows of a table.

    Attributes:
        rows: PostgreSQL's estimate; ``None`` when there is none.
        pages: of 8 KB each.
        is_analyzed: whether PostgreSQL has ever counted what is in it.
        can_index: whether an index can be made on it: no view, no foreign table.
        columns: name of each column and its type.
        indexes: the columns of each whole B-tree index, in order.
    """

    rows: float | None = None
    pages: int = 0
    is_analyzed: bool = True
    can_index: bool = True
    columns: Mapping[str, str] = field(default_factory=dict)
    indexes: tuple[tuple[str, ...], ...] = ()


_DOING = {
    "Seq Scan": "reading the whole table {table}, row by row",
    "Index Scan": "looking up rows of {table} through the index {index}",
    "Index Only Scan": "looking up rows of {table} in the index {index}",
    "Bitmap Heap Scan": "fetching the rows of {table} that an index found",
    "Bitmap Index Scan": "searching the index {index}",
    "Foreign Scan": "asking another server for {table}",
    "Sample Scan": "reading a sample of {table}",
    "Sort": "sorting",
    "Incremental Sort": "sorting",
    "Hash Join": "joining two lists of rows (hash join)",
    "Merge Join": "joining two sorted lists of rows (merge join)",
    "Nested Loop": "joining row by row (nested loop)",
    "Aggregate": "counting, adding up or grouping rows",
    "Group": "grouping rows",
    "WindowAgg": "computing window functions",
    "Gather": "collecting rows from parallel workers",
    "Gather Merge": "collecting rows from parallel workers",
    "Unique": "removing duplicates",
    "SetOp": "comparing two lists of rows",
    "Append": "putting several lists of rows together",
    "Merge Append": "putting several sorted lists of rows together",
    "Materialize": "reading again rows kept from before",
    "Memoize": "looking up rows kept from before",
    "Hash": "building a lookup table in memory",
    "Limit": "handing out the first rows",
    "Result": "computing values",
    "ProjectSet": "unfolding set-returning functions",
    "Recursive Union": "repeating the recursive query",
    "Function Scan": "reading what a function returns",
    "Table Function Scan": "reading what a function returns",
    "CTE Scan": "reading the rows of a WITH query",
    "WorkTable Scan": "reading rows of the recursive query",
    "Subquery Scan": "reading the rows of a subquery",
    "Values Scan": "reading a list of values",
    "BitmapAnd": "combining indexes",
    "BitmapOr": "combining indexes",
}


def doing(step: Step) -> str:
    """Return what a step does, as in "most time went into …"."""
    table = relation(step.table) if step.table else "rows"
    text = _DOING.get(step.kind, "the step “{kind}”")
    return text.format(table=table, index=step.raw.get("Index Name", ""), kind=step.kind)


def title(step: Step, hidden: frozenset[tuple[str, str]] = frozenset()) -> str:
    """Return a step's name for the tree, such as ``Seq Scan on orders o``."""
    kind = step.kind
    if step.kind == "Aggregate":
        kind = {"Hashed": "HashAggregate", "Sorted": "GroupAggregate"}.get(
            str(step.raw.get("Strategy")), "Aggregate"
        )
    if step.raw.get("Join Type") not in {None, "Inner"}:
        kind = f"{kind} ({step.raw['Join Type']})"
    if step.raw.get("Parallel Aware"):
        kind = f"Parallel {kind}"
    if step.table in hidden:
        return f"{kind} on a hidden table"
    on = f" on {relation(step.table)}" if step.table else ""
    alias = step.raw.get("Alias")
    other = f" {alias}" if on and alias != step.raw.get("Relation Name") else ""
    using = f" using {step.raw['Index Name']}" if "Index Name" in step.raw else ""
    named = step.raw.get("CTE Name") or step.raw.get("Function Name")
    for_ = f" on {named}" if named and not on else ""
    part = step.raw.get("Subplan Name")
    return f"{kind}{using}{on}{other}{for_}" + (f" [{part}]" if part else "")


def relation(name: tuple[str, str]) -> str:
    """Return a table's name as SQL wants it; the schema ``public`` is left out."""
    schema, table = name
    return identifier(table) if schema in {"", "public"} else full(name)


def full(name: tuple[str, str]) -> str:
    """Return a table's name as SQL wants it, with its schema."""
    return f"{identifier(name[0])}.{identifier(name[1])}"


def identifier(name: str) -> str:
    """Return a name as SQL wants it: quoted where it must be."""
    return name if _PLAIN.fullmatch(name) else '"' + name.replace('"', '""') + '"'


def names_in(text: str) -> set[str]:
    """Return every word in ``text`` that could be a name, as PostgreSQL stores it."""
    found = _NAME.findall(text)
    return {quoted.replace('""', '"') if quoted else plain.lower() for quoted, plain in found}


def number(value: float) -> str:
    """Return a number short: 12, 3,400, 1.2 million."""
    if value >= _MILLION:
        return f"{value / _MILLION:.1f} million"
    return f"{value:,.0f}" if value >= 10 or value == int(value) else f"{value:.1f}"


def rows(value: float) -> str:
    """Return ``1 row``, ``3,400 rows``."""
    return "1 row" if value == 1 else f"{number(value)} rows"


def ms(value: float) -> str:
    """Return a time short: 0.04 ms, 12 ms, 3.1 s."""
    if value >= _THOUSAND:
        return f"{value / _THOUSAND:,.1f} s"
    return f"{value:.0f} ms" if value >= 10 else f"{value:.2g} ms"


def size(kilobytes: float) -> str:
    """Return a size short: 640 KB, 12 MB."""
    return f"{kilobytes / 1024:,.0f} MB" if kilobytes >= 1024 else f"{kilobytes:.0f} KB"


def factor(one: float, other: float) -> float:
    """Return how many times the larger is the smaller, both at least one row."""
    low, high = sorted((max(1.0, one), max(1.0, other)))
    return high / low
