"""What hides behind a name, from what the database says of it, and whether that is harm. Pure.

Views, SQL and PL/pgSQL bodies, default arguments, operators, aggregates, domains, policies and
what the planner computes for a table lead to further names.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any

from trunkline_server.errors import TrunklineError, fail
from trunkline_server.postgres.guard import guard, plpgsql, private, rules
from trunkline_server.postgres.guard.dangers import danger
from trunkline_server.postgres.guard.naming import ANY_SCHEMA, BY_ID, Name, References

FIRST_USER_OID = 16384  # PostgreSQL's FirstNormalObjectId

Fact = Mapping[str, Any]
_Objection = tuple[str, str]  # why a function is not allowed, and what to write instead

_VOLATILE: _Objection = (
    "it is marked VOLATILE and can have side effects",
    "Write what it computes as plain SQL; its owner can mark it STABLE if it only reads.",
)
_DEFINER: _Objection = (
    "it runs with the rights of its owner (SECURITY DEFINER)",
    "Write what it reads as plain SQL.",
)
_BACKSLASHES: _Objection = (
    "its text is read by rules of its own (standard_conforming_strings)",
    "Write what it computes as plain SQL.",
)


def names_behind(name: Name, fact: Fact) -> Iterator[Name]:
    """Yield what ``fact``, the database's word on ``name``, leads to.

    Raises:
        TrunklineError: what it says is reason enough to refuse.
    """
    if name.kind in {"function", "attribute", "implied"}:
        if _fits(name, fact):
            yield from _behind_function(fact, is_implied=name.kind == "implied")
    elif name.kind == "operator":
        yield from (by_id("function", oid) for oid in fact["functions"] or ())
    elif name.kind in {"type", "column"}:
        yield from _behind_type(name.kind, fact)
    elif name.kind in {"relation", "inner"}:
        yield from _behind_relation(fact, is_inner=name.kind == "inner")


def types_of(name: Name, fact: Fact) -> Iterator[int]:
    """Yield the ids of the user types that ``fact`` brings into the statement."""
    if name.kind in {"type", "column"}:
        yield fact["oid"]
    yield from fact.get("types") or ()


def by_id(kind: str, oid: int) -> Name:
    """Return the name of what is known by its id alone."""
    return Name(kind, str(oid), BY_ID, -1)


def is_called(name: Name, fact: Fact) -> bool:
    """Return whether ``fact`` is a function that somebody wrote and ``name`` could call."""
    return (
        name.kind in {"function", "attribute", "implied"}
        and fact["oid"] >= FIRST_USER_OID
        and _fits(name, fact)
        and not _is_known(fact)
    )


def _fits(name: Name, fact: Fact) -> bool:
    """Return whether this candidate could be meant, by the number of arguments."""
    if name.kind == "attribute":
        return bool(fact["takes_row"]) and fact["arguments"] - fact["defaults"] <= 1
    if name.arguments < 0:
        return True
    least = fact["arguments"] - fact["defaults"] - (1 if fact["is_variadic"] else 0)
    return least <= name.arguments and bool(
        fact["is_variadic"] or name.arguments <= fact["arguments"]
    )


def _behind_function(fact: Fact, *, is_implied: bool) -> Iterator[Name]:
    if objection := _objection(fact, is_implied=is_implied):
        why, instead = objection
        raise fail(
            "guard.function",
            f"The function {fact['function']} is not allowed: {why}. Nothing was changed.",
            instead,
        )
    if fact["oid"] < FIRST_USER_OID:
        return
    yield from (by_id("function", oid) for oid in fact["steps"] or () if oid)
    yield from (by_id("type", oid) for oid in fact["types"] or ())
    if not _is_known(fact):
        yield from _inside(_behind_body(fact))


def _is_known(fact: Fact) -> bool:
    return fact["extension"] in rules.KNOWN_EXTENSIONS and bool(fact["is_genuine"])


def _objection(fact: Fact, *, is_implied: bool) -> _Objection | None:
    """Return why a function is refused for what is said of itself.

    What a policy, cast or operator class calls was put there by the owner of a table or type: it
    may be volatile or run with its owner's rights, as long as its body only reads.
    """
    if fact["oid"] < FIRST_USER_OID:
        return _objection_to_builtin(fact["function"], fact["volatility"])
    for alias, volatility in fact["stands_for"] or ():
        if objection := _objection_to_builtin(alias, volatility):
            return objection
    if is_implied and fact["language"] in rules.READABLE_LANGUAGES:
        return _BACKSLASHES if fact["reads_backslashes"] else None
    return _objection_to_user_function(fact)


def _objection_to_builtin(name: str, volatility: str) -> _Objection | None:
    if found := danger(name):
        return found.why, found.instead
    return _VOLATILE if volatility == "v" and name not in rules.HARMLESS else None


def _objection_to_user_function(fact: Fact) -> _Objection | None:
    name, language = fact["function"], fact["language"]
    is_readable = language in rules.READABLE_LANGUAGES
    if (fact["extension"] or not is_readable) and (found := danger(name)):
        return found.why, found.instead
    if fact["reads_backslashes"]:
        return _BACKSLASHES
    if fact["is_definer"]:
        return _DEFINER
    is_harmless = _is_known(fact) and name in rules.HARMLESS_IN_EXTENSIONS
    if fact["volatility"] == "v" and not is_harmless:
        return _VOLATILE
    is_aggregate = fact["kind_of"] == "a"  # its steps are looked at
    if _is_known(fact) or is_readable or fact["stands_for"] or is_aggregate:
        return None
    return (
        f"its language ({language}) can reach beyond the database",
        "Write what it computes as plain SQL.",
    )


def _behind_body(fact: Fact) -> Iterator[Name]:
    try:
        if fact["default_values"]:
            yield from guard.names_in_body(f"SELECT {fact['default_values']}")
        if fact["definition"]:
            yield from guard.names_in_definition(fact["definition"])
        elif fact["language"] == "sql" and fact["source"]:
            yield from _anywhere(guard.names_in_body(fact["source"], has_parameters=True))
        elif fact["language"] == "plpgsql":
            yield from plpgsql.names(fact["source"])
    except TrunklineError as exc:
        raise _because("function", fact["function"], exc) from exc


def _anywhere(names: Iterable[Name]) -> Iterator[Name]:
    """Yield the names for any schema: a function may have a search path of its own."""
    for name in names:
        yield replace(name, schema=ANY_SCHEMA) if name.schema is None else name


def _inside(names: Iterable[Name]) -> Iterator[Name]:
    """Yield the names as read with the rights of somebody else, whose policies may apply."""
    for name in names:
        yield replace(name, kind="inner") if name.kind == "relation" else name


def _behind_type(kind: str, fact: Fact) -> Iterator[Name]:
    yield from (by_id(kind, oid) for oid in fact["types"] or ())
    if kind == "type":  # what is in a column has been through its type's own functions
        yield from (by_id("function", oid) for oid in fact["functions"] or ())
    for check in fact["checks"] or ():
        yield from _names_of(f"SELECT {check}", "domain", "")


def _behind_relation(fact: Fact, *, is_inner: bool) -> Iterator[Name]:
    if fact["runs_program"]:
        raise fail(
            "guard.function",
            f"Reading {fact['relation']} would run a program on the server.",
            "Read another table.",
        )
    if fact["has_secrets"]:
        raise private.secret_found(fact["relation"])
    yield from (by_id("column", oid) for oid in fact["columns"] or () if oid >= FIRST_USER_OID)
    yield from (by_id("function", oid) for oid in fact["planned"] or ())
    if is_inner or fact["has_policies"]:
        yield from _behind_policies(fact)
    if fact["relation"] in rules.HARMLESS_VIEWS and fact["extension"] in rules.KNOWN_EXTENSIONS:
        return
    yield from (by_id("function", oid) for oid in fact["functions"] or ())
    if fact["definition"]:
        yield from _inside(_names_of(fact["definition"], "view", fact["relation"]))


def _behind_policies(fact: Fact) -> Iterator[Name]:
    for condition in fact["policies"] or ():
        names = _names_of(f"SELECT {condition}", "row security policy of", fact["relation"])
        for name in _inside(names):
            yield replace(name, kind="implied") if name.kind == "function" else name


def _names_of(sql: str, kind: str, name: str) -> References:
    try:
        return guard.names_in_body(sql)
    except TrunklineError as exc:
        raise _because(kind, name, exc) from exc


def _because(kind: str, name: str, exc: TrunklineError) -> TrunklineError:
    return fail(
        exc.code if exc.code.startswith("guard.") else "guard.function",
        f"The {kind} {name}".rstrip() + f" is not allowed: {exc.failure.title}",
        "Write what it shows as plain SQL over the tables it reads.",
    )
