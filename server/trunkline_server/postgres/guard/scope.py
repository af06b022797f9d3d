"""Which tables a statement reads, and whether it could show a hidden column of one. Pure.

Where PostgreSQL's rules of scope leave doubt, a name counts as the hidden column.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from pglast import ast

from trunkline_server.errors import TrunklineError, fail
from trunkline_server.postgres.guard.naming import last

TableKey = tuple[str | None, str]

MAX_SOURCES = 100  # each column is compared with each of them
_SYSTEM_COLUMNS = frozenset({"tableoid", "ctid", "xmin", "xmax", "cmin", "cmax"})
_LISTED = 100  # columns named in a refusal


@dataclass(frozen=True, slots=True, kw_only=True)
class Columns:
    """The columns of a table of which some are hidden, in their order."""

    visible: tuple[str, ...]
    hidden: frozenset[str]


@dataclass(frozen=True, slots=True)
class _Source:
    """A table with hidden columns in a FROM, under the name it goes by there."""

    alias: str
    columns: Columns


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a node stands.

    Attributes:
        ctes: names that mean a CTE here, not a table.
        around: the sources of every SELECT around it.
        own: those of the innermost one alone.
    """

    ctes: frozenset[str] = frozenset()
    around: tuple[_Source, ...] = ()
    own: tuple[_Source, ...] = ()


def tables(*trees: Any) -> frozenset[TableKey]:
    """Return every table that is named as one, CTEs left out: ``(schema or None, name)``."""
    return frozenset(
        _key(node)
        for node, place in _placed(trees, {})
        if isinstance(node, ast.RangeVar) and _is_table(node, place)
    )


def check(trees: Any, restricted: Mapping[TableKey, Columns]) -> None:
    """Refuse what could show a hidden column of the ``restricted`` tables.

    Raises:
        TrunklineError: ``query.no_column`` for a column by its name, ``guard.hidden`` for what
            would show all columns.
    """
    if not restricted:
        return
    for node, place in _placed(trees, restricted):
        if isinstance(node, ast.ColumnRef):
            _check_column(node, place)
        elif isinstance(node, ast.JoinExpr):
            _check_join(node, place, restricted)
        elif isinstance(node, ast.RangeVar) and node.alias is not None and node.alias.colnames:
            for source in _sources(node, place, restricted):
                raise _renamed(source)


def _placed(trees: Any, restricted: Mapping[TableKey, Columns]) -> Iterator[tuple[Any, _Place]]:
    """Yield every node with its place; iterative, as a statement may be deep."""
    waiting: list[tuple[Any, _Place]] = [(trees, _Place())]
    while waiting:
        found, place = waiting.pop()
        if isinstance(found, tuple | list):
            waiting.extend((item, place) for item in found)
        elif isinstance(found, ast.SelectStmt):
            yield found, place
            waiting.extend(_inside(found, place, restricted))
        elif isinstance(found, ast.Node):
            yield found, place
            waiting.extend((getattr(found, attribute), place) for attribute in found)


def _inside(
    select: Any, place: _Place, restricted: Mapping[TableKey, Columns]
) -> Iterator[tuple[Any, _Place]]:
    clause = select.withClause
    inner = place
    for cte in clause.ctes if clause else ():
        named = replace(place, ctes=place.ctes | {c.ctename for c in clause.ctes})
        yield cte, named if clause.recursive else inner
        inner = replace(inner, ctes=inner.ctes | {cte.ctename})
    own = tuple(
        source for item in select.fromClause or () for source in _sources(item, inner, restricted)
    )
    inner = replace(inner, own=own, around=inner.around + own)
    if len(inner.around) > MAX_SOURCES:
        title = "The statement names tables with hidden columns too often."
        raise fail("guard.too_deep", title, "Split it.")
    for attribute in select:
        if attribute == "sortClause":
            yield [s for s in select.sortClause or () if not _is_output(s, select)], inner
        elif attribute != "withClause":
            yield getattr(select, attribute), inner


def _is_output(sort: Any, select: Any) -> bool:
    """Return whether ORDER BY names a column of the result, which goes before a table's."""
    fields: Any = sort.node.fields if isinstance(sort.node, ast.ColumnRef) else ()
    outputs = {target.name for target in select.targetList or ()} - {None}
    return len(fields) == 1 and getattr(fields[0], "sval", None) in outputs


def _sources(item: Any, place: _Place, restricted: Mapping[TableKey, Columns]) -> Iterator[_Source]:
    """Yield the restricted tables that stand in ``item`` of a FROM; a join's alias hides theirs."""
    waiting: list[tuple[Any, tuple[Any, ...]]] = [(item, ())]
    while waiting:
        node, aliases = waiting.pop()
        if isinstance(node, ast.JoinExpr):
            over = (*aliases, node.alias.aliasname) if node.alias is not None else aliases
            waiting += [(node.larg, over), (node.rarg, over)]
        elif isinstance(node, ast.RangeTableSample):
            waiting.append((node.relation, aliases))
        elif isinstance(node, ast.RangeVar) and _is_table(node, place):
            columns = restricted.get(_key(node))
            own = node.alias.aliasname if node.alias is not None else node.relname
            if columns is not None:
                yield from (_Source(str(alias), columns) for alias in (own, *aliases))


def _key(node: Any) -> TableKey:
    return node.schemaname, str(node.relname)


def _is_table(node: Any, place: _Place) -> bool:
    return bool(node.schemaname) or node.relname not in place.ctes


def _check_column(node: Any, place: _Place) -> None:
    fields: Any = node.fields or ()
    name = None if isinstance(fields[-1], ast.A_Star) else last(fields)
    if len(fields) > 1:
        for source in place.around:
            if source.alias == fields[-2].sval:
                _check_of_source(name, source)
    elif name is None:
        for source in place.own:
            raise _whole(source, "*")
    else:
        for source in place.around:
            _check_bare(name, source)


def _check_of_source(name: str | None, source: _Source) -> None:
    if name is None:
        raise _whole(source, f"{source.alias}.*")
    if name not in source.columns.visible and name not in _SYSTEM_COLUMNS:
        # What is no column is a function of the whole row.
        raise _no_column(name, source)


def _check_bare(name: str, source: _Source) -> None:
    if {name, name.lower()} & source.columns.hidden:  # some servers fold beyond ASCII
        raise _no_column(name, source)
    if name == source.alias and name not in source.columns.visible:
        raise _whole(source, f"The whole row {name}")


def _check_join(node: Any, place: _Place, restricted: Mapping[TableKey, Columns]) -> None:
    for source in _sources(node, place, restricted):
        if node.isNatural:
            raise fail(
                "guard.hidden",
                f"NATURAL JOIN would compare every column of {_quoted(source)}.",
                f"Write JOIN … USING with the columns to compare. {_may_be_named(source)}",
            )
        for part in node.usingClause or ():
            if {part.sval, part.sval.lower()} & source.columns.hidden:
                raise _no_column(part.sval, source)
        if node.alias is not None and node.alias.colnames:
            raise _renamed(source)


def _no_column(name: str, source: _Source) -> TrunklineError:
    return fail(
        "query.no_column",
        f"There is no column “{name}” in {_quoted(source)} that you may read.",
        f"{_may_be_named(source)} One of another table needs its table's name before it.",
    )


def _whole(source: _Source, what: str) -> TrunklineError:
    return fail(
        "guard.hidden",
        f"{what} is not allowed for {_quoted(source)}: not all of its columns may be read.",
        _may_be_named(source),
    )


def _renamed(source: _Source) -> TrunklineError:
    return fail(
        "guard.hidden",
        f"{_quoted(source)} cannot be given other names for its columns here.",
        f"Leave the list of names after the alias out. {_may_be_named(source)}",
    )


def _quoted(source: _Source) -> str:
    return f"“{source.alias}”"


def _may_be_named(source: _Source) -> str:
    names = source.columns.visible
    more = f" and {len(names) - _LISTED} more" if len(names) > _LISTED else ""
    return f"Name the columns: {', '.join(names[:_LISTED])}{more}."
