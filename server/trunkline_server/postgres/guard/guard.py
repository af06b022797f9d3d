"""May this statement run? What its text alone tells, and what it names. Pure.

A statement passes when it is one SELECT (VALUES, TABLE, set operations, WITH), an EXPLAIN of such
a one, or a SHOW, and nothing at any depth changes, locks or writes. What it names is returned as
:data:`naming.References`; whether the database means harm by those names is ``lookup``'s question.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from pglast import ast

from trunkline_server.errors import fail
from trunkline_server.postgres.guard import private, wording
from trunkline_server.postgres.guard.naming import (
    BY_ID,
    VALUES_OF_ALL,
    Name,
    References,
    last,
    named,
)
from trunkline_server.postgres.guard.statement import parsed, walk

_READING = (ast.SelectStmt, ast.ExplainStmt, ast.VariableShowStmt)


@lru_cache(maxsize=512)
def examine(sql: str) -> References:
    """Return what ``sql`` names when its shape is allowed.

    Raises:
        TrunklineError: ``guard.nul``, ``guard.text``, ``guard.too_long``, ``guard.too_deep``,
            ``guard.one``, ``guard.write``, ``guard.lock``, ``guard.function``, ``guard.secret`` or
            ``query.syntax``.
    """
    statements = parsed(sql)
    if not statements:
        raise wording.nothing()
    if len(statements) > 1:
        raise wording.several(len(statements))
    _check_top(statements[0].stmt)
    return _checked(statements[0].stmt)


def names_in_body(sql: str, *, has_parameters: bool = False) -> References:
    """Return what the SQL of a view, a check or a function names; any number of statements.

    ``has_parameters`` says that it is a function as somebody wrote it.

    Raises:
        TrunklineError: as :func:`examine`, when something in it does more than read.
    """
    found: set[Name] = set()
    for raw in parsed(sql):
        _check_top(raw.stmt)
        found |= _checked(raw.stmt, has_parameters=has_parameters)
    return frozenset(found)


def names_in_definition(sql: str) -> References:
    """Return what the body of a CREATE FUNCTION in SQL's own form (``BEGIN ATOMIC``) names.

    Raises:
        TrunklineError: as :func:`examine`, when something in it does more than read.
    """
    found: set[Name] = set()
    for raw in parsed(sql):
        nodes = list(walk(getattr(raw.stmt, "sql_body", None)))
        for node in nodes:
            if type(node).__name__.endswith("Stmt") and not isinstance(node, ast.ReturnStmt):
                found |= _checked(node)
        found |= named(nodes)
    return frozenset(found)


def _check_top(statement: Any) -> None:
    inner = statement.query if isinstance(statement, ast.ExplainStmt) else statement
    if not isinstance(statement, _READING) or (
        inner is not statement and not isinstance(inner, ast.SelectStmt)
    ):
        raise wording.refused(inner)


def _checked(statement: Any, *, has_parameters: bool = False) -> References:
    nodes = list(walk(statement))
    for node in nodes:
        _check_node(node, is_top=node is statement)
    names = named(nodes, has_parameters=has_parameters)
    if any(name.schema == BY_ID for name in names):
        raise fail(
            "guard.function",
            f"A schema named {BY_ID} cannot be used.",
            "Ask the person to rename it, or read another schema.",
        )
    relations = [name.name for name in names if name.kind == "relation"]
    private.check_relations(nodes, relations)
    return names | VALUES_OF_ALL if private.shows_statistics(nodes, relations) else names


def _check_node(node: ast.Node, *, is_top: bool) -> None:
    if type(node).__name__.endswith("Stmt") and not (
        isinstance(node, ast.SelectStmt) or (is_top and isinstance(node, _READING))
    ):
        raise wording.refused(node)
    if isinstance(node, ast.IntoClause):
        raise wording.into()
    if isinstance(node, ast.LockingClause):
        raise wording.row_lock()
    if isinstance(node, ast.VariableShowStmt):
        private.check_setting(node.name)
    if isinstance(node, ast.FuncCall) and last(node.funcname) == "current_setting":
        private.check_setting_argument(node.args[0] if node.args else None)
