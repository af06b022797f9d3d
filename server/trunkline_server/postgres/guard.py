"""May this statement run? What its text alone tells, and what it names. Pure.

A statement passes when it is one SELECT (VALUES, TABLE, set operations, WITH), an EXPLAIN of such
a one, or a SHOW, and nothing at any depth changes, locks or writes. What it names is returned as
:class:`References`; whether the database means harm by those names is ``lookup``'s question.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from pglast import ast, enums, parser

from trunkline_server.errors import TrunklineError, fail
from trunkline_server.postgres import rules

MAX_BYTES = 100_000
MAX_DEPTH = 600  # pglast recurses in C: a statement some ten times deeper ends the process
ANY_SCHEMA = "*"
BY_ID = "#"  # "schema" of what has no name but an id

_READING = (ast.SelectStmt, ast.ExplainStmt, ast.VariableShowStmt)
_CHAINS = frozenset({"UNION", "EXCEPT", "INTERSECT", "JOIN", "NOT"})
_PUSH, _POP = {"ASCII_40", "ASCII_91", "CASE"}, {"ASCII_41", "ASCII_93", "END_P"}
_APART = {"ASCII_44", "AND", "OR", "WHEN", "THEN", "ELSE"}
_FLAT = {"IDENT", "ICONST", "FCONST", "SCONST", "PARAM", "ASCII_46", "SQL_COMMENT", "C_COMMENT"}

#: Operators that syntax stands for, without naming them.
_IMPLIED = frozenset({"=", "<>", "<", ">", "<=", ">=", "~~", "!~~", "~~*", "!~~*", "~", "!~"})


@dataclass(frozen=True, slots=True)
class Name:
    """Something a statement names, which the database has to explain.

    Attributes:
        kind: ``function, attribute, operator, type`` or ``relation``. An attribute is the ``f``
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


@lru_cache(maxsize=512)
def examine(sql: str) -> References:
    """Return what ``sql`` names when its shape is allowed.

    Raises:
        TrunklineError: ``guard.nul``, ``guard.too_long``, ``guard.too_deep``, ``guard.one``,
            ``guard.write``, ``guard.lock``, ``guard.secret`` or ``query.syntax``.
    """
    statements = _parsed(sql)
    if not statements:
        raise fail("guard.one", "There is no statement in this.", "Send one SELECT.")
    if len(statements) > 1:
        raise fail(
            "guard.one",
            f"Exactly one statement can run at a time, and these are {len(statements)}.",
            "Send one SELECT.",
        )
    statement = statements[0].stmt
    _check_top(statement)
    return _checked(statement)


def names_in_body(sql: str, *, has_parameters: bool = False) -> References:
    """Return what the SQL of a view, a check or a function names; any number of statements.

    ``has_parameters`` says that it is a function as somebody wrote it.

    Raises:
        TrunklineError: as :func:`examine`, when something in it does more than read.
    """
    found: set[Name] = set()
    for raw in _parsed(sql):
        _check_top(raw.stmt)
        found |= _checked(raw.stmt, has_parameters=has_parameters)
    return frozenset(found)


def names_in_definition(sql: str) -> References:
    """Return what the body of a CREATE FUNCTION in SQL's own form (``BEGIN ATOMIC``) names.

    Raises:
        TrunklineError: as :func:`examine`, when something in it does more than read.
    """
    found: set[Name] = set()
    for raw in _parsed(sql):
        for statement in _walk(getattr(raw.stmt, "sql_body", None)):
            if type(statement).__name__.endswith("Stmt"):
                found |= _checked_inner(statement)
            else:
                found.update(_names(statement))
    return frozenset(found)


def _checked_inner(statement: ast.Node) -> References:
    return frozenset() if isinstance(statement, ast.ReturnStmt) else _checked(statement)


def names_in_plpgsql(source: str) -> References:
    """Return everything a PL/pgSQL body could call or read; strings in it are not looked into.

    Raises:
        TrunklineError: ``guard.function`` when it runs text as SQL or does more than read.
    """
    tokens = [t for t in _tokens(source) if t.name not in {"SQL_COMMENT", "C_COMMENT"}]
    for token in tokens:
        if token.name in rules.PLPGSQL_STOPS or token.name == "UIDENT":
            raise fail("guard.function", "It does more than read.")
    names = frozenset(_plpgsql_names(source, tokens))
    _check_secrets_in_plpgsql(source, tokens, {n.name for n in names if n.kind == "relation"})
    return names


def _parsed(sql: str) -> tuple[Any, ...]:
    _check_text(sql)
    try:
        parsed: tuple[Any, ...] = parser.parse_sql(sql)
    except parser.ParseError as exc:
        if "memory exhausted" in str(exc):
            raise _too_deep() from exc
        raise _syntax_error(sql, exc) from exc
    except RecursionError as exc:
        raise _too_deep() from exc
    return parsed


def _check_text(sql: str) -> None:
    if "\0" in sql:
        # The parser stops at it and would never see what follows.
        raise fail("guard.nul", "The statement contains a NUL character.", "Remove it.")
    try:
        size = len(sql.encode())
    except UnicodeEncodeError as exc:
        raise fail("guard.text", "The statement is not valid Unicode.", "Correct it.") from exc
    if size > MAX_BYTES:
        raise fail(
            "guard.too_long",
            f"The statement is longer than {MAX_BYTES // 1000} KB.",
            "Send a shorter one; long lists can go into params as an array.",
        )
    if _depth(_tokens(sql)) > MAX_DEPTH:
        raise _too_deep()


def _tokens(sql: str) -> list[Any]:
    try:
        return list(parser.scan(sql))
    except (parser.ParseError, ValueError) as exc:
        raise _syntax_error(sql, exc) from exc


def _depth(tokens: Iterable[Any]) -> int:
    """Return an upper bound of how deep the parser would have to nest."""
    levels = [[0, 0]]  # for each parenthesis: operators in a row, set operations and joins
    closed = deepest = 0
    for token in tokens:
        name = token.name
        if name in _PUSH:
            levels.append([0, 0])
            closed += 1
        elif name in _POP and len(levels) > 1:
            chain = levels.pop()
            closed -= 1
            levels[-1][0] += 1
            deepest = max(deepest, sum(chain))
        elif name in _APART:
            levels[-1][0] = 0
        elif name in _CHAINS:
            levels[-1][1] += 1
        elif name == "COLLATE" or (name not in _FLAT and token.kind != "RESERVED_KEYWORD"):
            levels[-1][0] += 1
        deepest = max(deepest, closed + levels[-1][0] + levels[-1][1])
        if deepest > MAX_DEPTH:
            return deepest
    return deepest


def _too_deep() -> TrunklineError:
    return fail("guard.too_deep", "The statement is nested too deeply.", "Send a simpler one.")


def _syntax_error(sql: str, exc: BaseException) -> TrunklineError:
    at = getattr(exc, "location", None)
    where = f"\nPOSITION:  {at + 1}" if isinstance(at, int) else ""
    words = f"{exc.args[0] if exc.args else exc}{where}"
    return fail(
        "query.syntax",
        "PostgreSQL does not understand this statement.",
        "Correct it.",
        words,
    )


def _check_top(statement: Any) -> None:
    inner = statement.query if isinstance(statement, ast.ExplainStmt) else statement
    if not isinstance(statement, _READING) or (
        inner is not statement and not isinstance(inner, ast.SelectStmt)
    ):
        raise _refused(inner)


def _checked(statement: Any, *, has_parameters: bool = False) -> References:
    nodes = list(_walk(statement))
    for node in nodes:
        _check_node(node, is_top=node is statement)
    names: set[Name] = {Name("operator", sign) for sign in _IMPLIED}
    for node in nodes:
        names.update(_names(node))
    names.update(_from_columns(nodes, has_parameters=has_parameters))
    if any(name.schema == BY_ID for name in names):
        raise fail("guard.function", "A schema of this name cannot be used.", "Rename it.")
    _check_secret_columns(nodes, names)
    return frozenset(names)


def _walk(root: Any) -> Iterator[ast.Node]:
    """Yield every node below and including ``root``, also those in tuples within tuples."""
    waiting = [root]
    while waiting:
        found = waiting.pop()
        if isinstance(found, ast.Node):
            yield found
            waiting.extend(getattr(found, attribute) for attribute in found)
        elif isinstance(found, tuple | list):
            waiting.extend(found)


def _check_node(node: ast.Node, *, is_top: bool) -> None:
    kind = type(node).__name__
    if kind.endswith("Stmt") and not (
        isinstance(node, ast.SelectStmt) or (is_top and isinstance(node, _READING))
    ):
        raise _refused(node)
    if isinstance(node, ast.IntoClause):
        raise fail(
            "guard.write",
            "SELECT INTO would create a table. Nothing was changed.",
            "Only reading is allowed: leave INTO out.",
        )
    if isinstance(node, ast.LockingClause):
        raise fail(
            "guard.lock",
            "FOR UPDATE and FOR SHARE lock rows. Nothing was locked.",
            "Leave the locking clause out.",
        )
    if isinstance(node, ast.VariableShowStmt):
        _check_setting(node.name)
    if isinstance(node, ast.FuncCall):
        _check_current_setting(node)


def _check_setting(setting: str | None) -> None:
    name = setting or ""
    if name.lower() == "all":
        raise fail(
            "guard.secret",
            "SHOW ALL would show settings that can hold secrets.",
            "Name one setting, or read pg_settings.",
        )
    if rules.is_secret_setting(name):
        raise fail(
            "guard.secret",
            f"The setting {name} can hold a secret and is not shown.",
            "Ask the administrator.",
        )


def _check_current_setting(call: ast.FuncCall) -> None:
    if _last(call.funcname) == "current_setting":
        _check_setting_argument(call.args[0] if call.args else None)


def _check_setting_argument(argument: Any) -> None:
    value = getattr(argument, "val", None)
    if not isinstance(argument, ast.A_Const) or not isinstance(value, ast.String):
        raise fail(
            "guard.secret",
            "current_setting runs only with the name of the setting written out.",
            "Write the name as a plain string, or use SHOW.",
        )
    _check_setting(value.sval)


def _refused(node: Any) -> TrunklineError:
    word = _WORDS.get(type(node).__name__, type(node).__name__.removesuffix("Stmt").upper())
    return fail(
        "guard.write",
        f"{word} is not allowed: this connection only reads. Nothing was changed.",
        "Send one SELECT, or EXPLAIN or SHOW.",
    )


_WORDS = {
    "TransactionStmt": "Transaction control",
    "VariableSetStmt": "SET",
    "CreateTableAsStmt": "CREATE TABLE AS",
    "DropStmt": "DROP",
    "CreateStmt": "CREATE TABLE",
    "AlterTableStmt": "ALTER TABLE",
    "IndexStmt": "CREATE INDEX",
    "ViewStmt": "CREATE VIEW",
    "DeclareCursorStmt": "DECLARE CURSOR",
    "CreateRoleStmt": "CREATE ROLE",
}


def _names(node: ast.Node) -> Iterator[Name]:
    reader = _READERS.get(type(node))
    if reader is not None:
        yield from reader(node)


_TAKES_TYPE_AS_TEXT = frozenset({"pg_input_is_valid", "pg_input_error_info"})


def _from_call(node: Any) -> Iterator[Name]:
    if _last(node.funcname) in _TAKES_TYPE_AS_TEXT and len(node.args or ()) == 2:
        yield from _from_type_text(node.args[1])
    # An ordered-set aggregate takes what WITHIN GROUP orders by as arguments too.
    count = -1 if node.agg_within_group else len(node.args or ())
    yield _name("function", node.funcname, count)
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
    yield from names_in_body(f"SELECT NULL::{text}")


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


def _from_columns(nodes: list[ast.Node], *, has_parameters: bool) -> Iterator[Name]:
    """Yield the ``f`` of every ``name.f``; a parameter's name can stand before the dot too."""
    functions = [node for node in nodes if isinstance(node, ast.RangeFunction)]
    values = {str(node.alias.aliasname) for node in functions if node.alias is not None}
    # The "row" of a function in FROM can be a single value; without an alias it has many names.
    any_value = has_parameters or any(node.alias is None for node in functions)
    for node in nodes:
        parts: Any = node.fields or () if isinstance(node, ast.ColumnRef) else ()
        if len(parts) > 1 and isinstance(parts[-1], ast.String):
            yield Name("attribute", _last(parts), None, 1)
            if any_value or parts[-2].sval in values:
                yield from _of_value(_last(parts))


def _of_value(name: str) -> Iterator[Name]:
    if name == "current_setting":
        _check_setting_argument(None)
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
}


_READERS: dict[type[Any], Any] = {
    ast.FuncCall: _from_call,
    ast.A_Expr: _from_expression,
    ast.SubLink: _from_sublink,
    ast.SortBy: _from_sort,
    ast.TypeName: _from_type,
    ast.RangeVar: _from_range,
    ast.A_Indirection: _from_indirection,
    ast.JsonFuncExpr: _from_json_function,
    **{getattr(ast, kind): _from_new_syntax for kind in _NEW_SYNTAX},
}


def _name(kind: str, parts: Any, arguments: int = 0) -> Name:
    words = [str(p.sval) for p in parts if isinstance(p, ast.String)]
    return Name(kind, words[-1], words[-2] if len(words) > 1 else None, arguments)


def _last(parts: Any) -> str:
    return str(parts[-1].sval)


def _check_secret_columns(nodes: list[ast.Node], names: set[Name]) -> None:
    relations = {n.name for n in names if n.kind == "relation"}
    for relation in relations & rules.SECRET_RELATIONS:
        raise _secret(relation)
    for relation in relations & rules.SECRET_COLUMNS.keys():
        column = rules.SECRET_COLUMNS[relation]
        if _could_show(nodes, relation, column):
            raise fail(
                "guard.secret",
                f"The column {column} of {relation} can hold secrets and is not shown.",
                f"Name the columns you need, without {column}, * and column aliases.",
            )


def _secret(relation: str) -> TrunklineError:
    return fail(
        "guard.secret",
        f"{relation} holds logins or secrets and is not shown.",
        "pg_roles and information_schema tell what may be told.",
    )


def _could_show(nodes: list[ast.Node], relation: str, column: str) -> bool:
    """Return whether ``column`` could be read by name, by ``*``, as a whole row or renamed."""
    whole = {relation}
    for node in nodes:
        if isinstance(node, ast.Alias):
            whole.add(str(node.aliasname))
            if node.colnames:
                return True
    return any(_shows(node, column, whole) for node in nodes)


def _shows(node: ast.Node, column: str, whole: set[str]) -> bool:
    if isinstance(node, ast.JoinExpr):
        used = {part.sval for part in node.usingClause or ()}
        return bool(node.isNatural) or column in used
    if isinstance(node, ast.A_Indirection):
        return any(
            isinstance(p, ast.A_Star) or getattr(p, "sval", None) == column
            for p in node.indirection or ()
        )
    if not isinstance(node, ast.ColumnRef):
        return False
    last: Any = (node.fields or ())[-1]
    if isinstance(last, ast.A_Star):
        return True
    if len(node.fields or ()) > 1 and last.sval in rules.ROW_FUNCTIONS:
        return True  # row.f is how PostgreSQL also writes f(row)
    return last.sval == column or last.sval in whole


def _check_secrets_in_plpgsql(source: str, tokens: list[Any], words: set[str]) -> None:
    texts = _texts(source, tokens)
    for relation in words & rules.SECRET_RELATIONS:
        raise _secret(relation)
    for relation in words & rules.SECRET_COLUMNS.keys():
        if "*" in texts or rules.SECRET_COLUMNS[relation] in words:
            raise _secret(relation)
    for at, text in enumerate(texts):
        if _folded(text) == "current_setting":
            setting = "".join(texts[at + 2 : at + 3])
            if not setting.startswith("'"):
                raise fail("guard.secret", "It reads a setting whose name is not written out.")
            _check_setting(setting[1:-1])


def _texts(source: str, tokens: list[Any]) -> list[str]:
    raw = source.encode()
    return [raw[t.start : t.end + 1].decode() for t in tokens]


def _plpgsql_names(source: str, tokens: list[Any]) -> Iterator[Name]:
    texts = _texts(source, tokens)
    yield from (Name("operator", sign, ANY_SCHEMA) for sign in _IMPLIED)
    before = ""
    for token, text, after in zip(tokens, texts, [*texts[1:], ""], strict=True):
        if token.name == "Op" or not (text[:1].isalnum() or text[:1] in '_"'):
            yield Name("operator", text, ANY_SCHEMA)
        elif token.name not in {"ICONST", "FCONST", "SCONST"}:
            yield from _from_word(_folded(text), before, after)
        before = text


def _from_word(word: str, before: str, after: str) -> Iterator[Name]:
    yield Name("relation", word, ANY_SCHEMA)
    yield Name("type", word, ANY_SCHEMA)
    if after == "(":
        yield Name("function", word, ANY_SCHEMA, -1)
    elif before == ".":
        yield Name("function", word, ANY_SCHEMA, 1)


def _folded(text: str) -> str:
    return text[1:-1].replace('""', '"') if text.startswith('"') else text.lower()
