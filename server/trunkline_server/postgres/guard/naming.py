"""What a statement names that the database has to explain: functions, types, tables. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Any

from pglast import ast, enums

from trunkline_server.errors import fail
from trunkline_server.postgres.guard import private, statement

ANY_SCHEMA = "*"
BY_ID = "#"  # "schema" of what has no name but an id

#: Operators that syntax stands for, without naming them.
IMPLIED = frozenset({"=", "<>", "<", ">", "<=", ">=", "~~", "!~~", "~~*", "!~~*", "~", "!~"})


@dataclass(frozen=True, slots=True)
class Name:
    """Something a statement names, which the database has to explain.

    Attributes:
        kind: ``function, attribute, operator, type, relation``, and for what is found behind those
            ``column, implied`` (PostgreSQL calls it by itself) or ``inner`` (a relation read by a
            view or function). An attribute is the ``f``
            of ``row.f``, which PostgreSQL also reads as ``f(row)``; where what stands before the
            dot need not be a row, it is a function of one argument and a type.
        name: as the parser folded it.
        schema: ``None`` when it is looked for in the search path, ``*`` for any schema.
        arguments: how many, for a function; -1 when any number could be meant.
    """

    kind: str
    name: str
    schema: str | None = None
    arguments: int = 0


References = frozenset[Name]

#: Where ANALYZE keeps some values of every column, of secret ones too: the database has to tell.
VALUES_OF_ALL: References = frozenset({Name("relation", "pg_statistic", "pg_catalog")})


def named(nodes: list[ast.Node], *, has_parameters: bool = False) -> References:
    """Return what these nodes name, with what their syntax stands for.

    ``has_parameters`` says that a parameter's name can stand where a column's can.

    Raises:
        TrunklineError: ``guard.function`` or ``guard.secret``, a name that only runs as a constant
            is computed.
    """
    found = {Name("operator", sign) for sign in IMPLIED}
    for node in nodes:
        reader = _READERS.get(type(node))
        if reader is not None:
            found.update(reader(node))
    found.update(_from_columns(nodes, has_parameters=has_parameters))
    return frozenset(found) | _folded(found)


def _folded(names: Iterable[Name]) -> frozenset[Name]:
    """Return the names as servers with an encoding of single bytes fold them beyond ASCII."""
    return frozenset(replace(n, name=n.name.lower()) for n in names if not n.name.isascii())


#: What the parser takes for PostgreSQL's own, and servers before 16 look for in the search path.
_FORMERLY_FREE = frozenset({"json_object"})
_TAKES_TYPE_AS_TEXT = frozenset({"pg_input_is_valid", "pg_input_error_info"})


def _from_call(node: Any) -> Iterator[Name]:
    called = last(node.funcname)
    if called in _TAKES_TYPE_AS_TEXT and len(node.args or ()) == 2:
        yield from _from_type_text(node.args[1])
    # An ordered-set aggregate takes what WITHIN GROUP orders by as arguments too.
    count = -1 if node.agg_within_group else len(node.args or ())
    yield _name("function", node.funcname, count)
    if called in _FORMERLY_FREE:
        yield Name("function", called, None, count)
    if len(node.args or ()) == 1:
        yield _name("type", node.funcname)  # f(x) is also how PostgreSQL writes a cast


def _from_type_text(argument: Any) -> Iterator[Name]:
    """Yield the types that the text of a constant names: their checks run as for a cast."""
    text = getattr(getattr(argument, "val", None), "sval", None)
    if not isinstance(text, str):
        raise fail(
            "guard.function",
            "pg_input_is_valid runs only with the name of the type written out.",
            "Write the type as a plain string.",
        )
    for raw in statement.parsed(f"SELECT NULL::{text}"):
        yield from named(list(statement.walk(raw.stmt)))


def _from_expression(node: Any) -> Iterator[Name]:
    if node.name and node.kind not in {
        enums.A_Expr_Kind.AEXPR_BETWEEN,
        enums.A_Expr_Kind.AEXPR_NOT_BETWEEN,
    }:
        yield _name("operator", node.name)


def _from_sublink(node: Any) -> Iterator[Name]:
    if node.operName:
        yield _name("operator", node.operName)


def _from_sort(node: Any) -> Iterator[Name]:
    if node.useOp:
        yield _name("operator", node.useOp)


def _from_type(node: Any) -> Iterator[Name]:
    if node.names:
        yield _name("type", node.names)


def _from_range(node: Any) -> Iterator[Name]:
    yield Name("relation", str(node.relname), node.schemaname)


def _from_sample(node: Any) -> Iterator[Name]:
    yield _name("function", node.method, 1)


def _from_columns(nodes: list[ast.Node], *, has_parameters: bool) -> Iterator[Name]:
    """Yield the ``f`` of every ``name.f``; a parameter's name can stand before the dot too."""
    functions = [node for node in nodes if isinstance(node, ast.RangeFunction)]
    values = {str(node.alias.aliasname) for node in functions if node.alias is not None}
    # The "row" of a function in FROM can be a single value; without an alias it has many names.
    any_value = has_parameters or any(node.alias is None for node in functions)
    for node in nodes:
        parts: Any = node.fields or () if isinstance(node, ast.ColumnRef) else ()
        if len(parts) > 1 and isinstance(parts[-1], ast.String):
            yield Name("attribute", last(parts), None, 1)
            if any_value or parts[-2].sval in values:
                yield from _of_value(last(parts))


def _of_value(name: str) -> Iterator[Name]:
    if name == "current_setting":
        private.check_setting_argument(None)
    yield Name("function", name, None, 1)
    yield Name("type", name)


def _from_indirection(node: Any) -> Iterator[Name]:
    for part in node.indirection or ():
        if isinstance(part, ast.String):
            yield Name("attribute", str(part.sval), None, 1)
            yield from _of_value(str(part.sval))


def _from_new_syntax(node: Any) -> Iterator[Name]:
    """Yield what older servers, without SQL/JSON's own syntax, take for a function."""
    yield Name("function", _NEW_SYNTAX[type(node).__name__], None, -1)


def _from_json_function(_node: Any) -> Iterator[Name]:
    for name in ("json_exists", "json_query", "json_value"):
        yield Name("function", name, None, -1)


_NEW_SYNTAX = {
    "JsonParseExpr": "json",
    "JsonScalarExpr": "json_scalar",
    "JsonSerializeExpr": "json_serialize",
    "JsonObjectConstructor": "json_object",
    "JsonArrayConstructor": "json_array",
    "JsonArrayQueryConstructor": "json_array",
    "JsonObjectAgg": "json_objectagg",
    "JsonArrayAgg": "json_arrayagg",
    "MergeSupportFunc": "merge_action",
}


_READERS: dict[type[Any], Any] = {
    ast.FuncCall: _from_call,
    ast.A_Expr: _from_expression,
    ast.SubLink: _from_sublink,
    ast.SortBy: _from_sort,
    ast.TypeName: _from_type,
    ast.RangeVar: _from_range,
    ast.RangeTableSample: _from_sample,
    ast.A_Indirection: _from_indirection,
    ast.JsonFuncExpr: _from_json_function,
    **{getattr(ast, kind): _from_new_syntax for kind in _NEW_SYNTAX},
}


def _name(kind: str, parts: Any, arguments: int = 0) -> Name:
    words = [str(p.sval) for p in parts if isinstance(p, ast.String)]
    return Name(kind, words[-1], words[-2] if len(words) > 1 else None, arguments)


def last(parts: Any) -> str:
    """Return the last part of a name with dots."""
    return str(parts[-1].sval)
