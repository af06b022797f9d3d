"""Catalogues, columns and settings that hold secrets, and whether a statement shows one. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Any

from pglast import ast

from trunkline_server.errors import TrunklineError, fail
from trunkline_server.postgres.guard import rules


def check_setting(setting: str | None) -> None:
    """Refuse a SHOW of what could be a secret or a path on the server.

    Raises:
        TrunklineError: ``guard.secret``.
    """
    name = setting or ""
    if name.lower() == "all":
        raise fail(
            "guard.secret",
            "SHOW ALL would show settings that can hold secrets.",
            "Name one setting, or read pg_settings WHERE name = '…'.",
        )
    if rules.is_secret_setting(name):
        raise fail(
            "guard.secret",
            f"The setting {name} can hold a secret or a path of the server and is not shown.",
            "Ask the person to look it up, or name another setting.",
        )


def check_setting_argument(argument: Any) -> None:
    """Refuse ``current_setting`` of anything but a harmless name written out.

    Raises:
        TrunklineError: ``guard.secret``.
    """
    if isinstance(argument, ast.TypeCast):  # as PostgreSQL prints it: 'name'::text
        argument = argument.arg
    value = getattr(argument, "val", None)
    if not isinstance(argument, ast.A_Const) or not isinstance(value, ast.String):
        raise fail(
            "guard.secret",
            "current_setting runs only with the name of the setting written out.",
            "Write the name as a plain string, or use SHOW.",
        )
    check_setting(value.sval)


def check_relations(nodes: Collection[ast.Node], relations: Iterable[str]) -> None:
    """Refuse secret catalogues, and the secret columns of others.

    Raises:
        TrunklineError: ``guard.secret``.
    """
    named = frozenset(relations)
    for relation in named & rules.SECRET_RELATIONS:
        raise secret_relation(relation)
    for relation in named & rules.SECRET_COLUMNS.keys():
        column = rules.SECRET_COLUMNS[relation]
        if _could_show(nodes, relation, column):
            raise fail(
                "guard.secret",
                f"The column {column} of {relation} can hold secrets and is not shown.",
                f"Name the columns you need, without {column}, * and column aliases.",
            )


def shows_statistics(nodes: Collection[ast.Node], relations: Collection[str]) -> bool:
    """Return whether values could be shown that ANALYZE kept of the columns of any table."""
    return rules.STATISTICS in relations and any(
        _could_show(nodes, rules.STATISTICS, column) for column in rules.STATISTICS_VALUES
    )


def secret_relation(relation: str) -> TrunklineError:
    """Return the refusal of a catalogue that is secret as a whole."""
    return fail(
        "guard.secret",
        f"{relation} holds logins or secrets and is not shown.",
        "Read pg_roles or information_schema instead: they tell what may be told.",
    )


def secret_found(relation: str) -> TrunklineError:
    """Return the refusal of ``pg_settings`` or ``pg_statistic`` where the server keeps a secret."""
    if relation == "pg_settings":
        return fail(
            "guard.secret",
            "pg_settings of this server holds a secret and is not shown.",
            "Use SHOW with the name of one setting.",
        )
    return fail(
        "guard.secret",
        "The statistics of this server hold values of secret columns, which are not shown.",
        "Name the columns you need of pg_stats: n_distinct, null_frac and correlation may be read.",
    )


def _could_show(nodes: Iterable[ast.Node], relation: str, column: str) -> bool:
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
