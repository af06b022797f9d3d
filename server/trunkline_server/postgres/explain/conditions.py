"""Which columns the conditions of a plan compare, as an index would have to know them. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal

from pglast import ast, enums, parser

Kind = Literal["equal", "range", "pattern"]

MAX_LETTERS = 4000

_SUBPLAN = re.compile(r"\((?:hashed |rescan )?(?:SubPlan|InitPlan) \d+\)(?:\.col\d+)?")
_KINDS: dict[str, Kind] = {
    "=": "equal", "<": "range", ">": "range", "<=": "range", ">=": "range", "~~": "pattern",
}  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Condition:
    """One comparison that every row has to pass.

    Attributes:
        alias: the table's name in the plan.
        column: what is compared.
        kind: ``equal``, ``range``, or ``pattern`` for LIKE.
        cast: the type the column is turned into before; "" when none.
        function: the function it goes through before; "" when none.
        others: the aliases on the other side; empty when it is a value.
        value: the text on the other side when it is a plain string.
    """

    alias: str
    column: str
    kind: Kind
    cast: str = ""
    function: str = ""
    others: frozenset[str] = frozenset()
    value: str = ""


def of(text: str) -> tuple[Condition, ...]:
    """Return the comparisons in a condition as EXPLAIN (VERBOSE) writes it; () when unreadable.

    Only those joined by AND; both sides of a comparison between two tables are told.
    """
    where = _parsed(text)
    return tuple(found for part in _parts(where) for found in _compared(part))


def sort_column(text: str) -> tuple[str, str] | None:
    """Return alias and column of a sort key that is a plain column."""
    cleaned = re.sub(r"( DESC)?( NULLS (FIRST|LAST))?$", "", text)
    where = _parsed(f"{cleaned} = 1")
    found = next(iter(_compared(where)), None) if where is not None else None
    return (found.alias, found.column) if found and not (found.cast or found.function) else None


def _parsed(text: str) -> Any:
    if not text or len(text) > MAX_LETTERS:
        return None
    try:
        (statement,) = parser.parse_sql("SELECT 1 WHERE " + _SUBPLAN.sub("NULL", text))
    except (parser.ParseError, ValueError):
        return None  # EXPLAIN writes some things that are no SQL
    return getattr(statement.stmt, "whereClause", None)


def _parts(where: Any) -> Iterator[Any]:
    if isinstance(where, ast.BoolExpr) and where.boolop == enums.BoolExprType.AND_EXPR:
        for part in where.args or ():
            yield from _parts(part)
    elif where is not None:
        yield where


def _compared(part: Any) -> Iterator[Condition]:
    if isinstance(part, ast.ColumnRef):  # a boolean column by itself
        yield from _side(part, None, "equal")
    if not isinstance(part, ast.A_Expr) or not part.name:
        return
    operator: Any = part.name[-1]
    kind = _KINDS.get(str(operator.sval))
    one_of = part.kind == enums.A_Expr_Kind.AEXPR_OP_ANY
    if kind is None or (part.kind != enums.A_Expr_Kind.AEXPR_OP and not one_of):
        return
    yield from _side(part.lexpr, part.rexpr, kind)
    if not one_of and kind != "pattern":
        yield from _side(part.rexpr, part.lexpr, kind)


def _side(side: Any, other: Any, kind: Kind) -> Iterator[Condition]:
    inner, cast, function = side, "", ""
    if isinstance(inner, ast.FuncCall) and len(inner.args or ()) == 1:
        function, inner = _last(inner.funcname), inner.args[0]  # type: ignore[index] # one arg
    if isinstance(inner, ast.TypeCast):
        cast, inner = _last(getattr(inner.typeName, "names", ())), inner.arg
    names = _names(inner)
    others = frozenset(_aliases(other))
    if names is None or names[0] in others:
        return
    yield Condition(alias=names[0], column=names[1], kind=kind, cast=cast, function=function,
                    others=others, value=_text(other))  # fmt: skip


def _names(node: Any) -> tuple[str, str] | None:
    fields = getattr(node, "fields", None) if isinstance(node, ast.ColumnRef) else None
    if not fields or not all(isinstance(field, ast.String) for field in fields):
        return None
    return (str(fields[-2].sval) if len(fields) > 1 else "", str(fields[-1].sval))


def _aliases(node: Any) -> Iterator[str]:
    """Yield the first part of every column below ``node``."""
    waiting = [node]
    while waiting:
        found = waiting.pop()
        if isinstance(found, ast.ColumnRef):
            if (names := _names(found)) is not None:
                yield names[0]
        elif isinstance(found, ast.Node):
            waiting.extend(getattr(found, attribute) for attribute in found)
        elif isinstance(found, tuple | list):
            waiting.extend(found)


def _text(node: Any) -> str:
    inner = node.arg if isinstance(node, ast.TypeCast) else node
    value = getattr(inner, "val", None) if isinstance(inner, ast.A_Const) else None
    return str(value.sval) if isinstance(value, ast.String) else ""


def _last(parts: Any) -> str:
    return str(parts[-1].sval) if parts else ""
