"""Casts and functions that tell names of tables, for profiles that hide some. Pure."""

from __future__ import annotations

from typing import Any

from trunkline_server.errors import TrunklineError, fail
from trunkline_server.postgres.guard import rules, scope
from trunkline_server.postgres.guard.naming import References
from trunkline_server.postgres.guard.scope import TableKey
from trunkline_server.postgres.guard.statement import parsed, walk

OWN_TOOLS = "Use list_tables, search_schema and describe_table instead."


def check_functions(names: References) -> None:
    """Refuse functions that tell names or sizes of tables.

    Raises:
        TrunklineError: ``guard.catalogue``.
    """
    for name in names:
        if name.kind == "function" and rules.tells_of_tables(name.name):
            raise fail(
                "guard.catalogue",
                f"The function {name.name} is not allowed: it would tell what this profile hides.",
                OWN_TOOLS,
            )


def constants(trees: Any, names: References) -> frozenset[TableKey]:
    """Return the tables in constants such as ``'app.orders'::regclass``.

    Raises:
        TrunklineError: ``guard.catalogue``, a name that is only known when it runs.
    """
    nodes: list[Any] = list(walk(trees))
    casts = [n for n in nodes if type(n).__name__ == "TypeCast" and _last(n.typeName) == "regclass"]
    found = {id(cast.typeName): key for cast in casts if (key := _constant(cast)) is not None}
    of_rows = {id(cast.typeName) for cast in casts if _is_tableoid(cast)}
    types = [n for n in nodes if type(n).__name__ == "TypeName"]
    risky = {_last(n) for n in types if id(n) not in found and id(n) not in of_rows}
    in_text = {n.name for n in names if n.kind == "type"} - {_last(n) for n in types}
    for name in (risky | in_text) & rules.TYPES_THAT_NAME_TABLES:
        raise fail(
            "guard.catalogue",
            f"A cast to {name} is only allowed of a table's name written out.",
            OWN_TOOLS,
        )
    return frozenset(found.values())


def _constant(cast: Any) -> TableKey | None:
    """Return the table that a constant names; ``None`` when it is none, or one by its number."""
    text = getattr(getattr(cast.arg, "val", None), "sval", None)
    if not isinstance(text, str) or cast.typeName.arrayBounds:
        return None
    try:
        (raw,) = parsed(f"TABLE {text}")
    except (TrunklineError, ValueError):
        return None
    found = scope.tables(raw.stmt)
    return next(iter(found)) if len(found) == 1 else None


def _is_tableoid(cast: Any) -> bool:
    fields: Any = getattr(cast.arg, "fields", None) or ()
    return bool(fields) and getattr(fields[-1], "sval", None) == "tableoid"


def _last(type_name: Any) -> str:
    return str(type_name.names[-1].sval) if type_name.names else ""
