"""A statement's text as PostgreSQL's own grammar reads it: size, depth and tree. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from pglast import ast, parser

from trunkline_server.errors import TrunklineError, fail

MAX_BYTES = 100_000
MAX_DEPTH = 600  # pglast recurses in C: a statement some ten times deeper ends the process

_CHAINS = frozenset({"UNION", "EXCEPT", "INTERSECT", "JOIN", "NOT"})
_PUSH, _POP = {"ASCII_40", "ASCII_91", "CASE"}, {"ASCII_41", "ASCII_93", "END_P"}
_APART = {"ASCII_44", "AND", "OR", "WHEN", "THEN", "ELSE"}
_FLAT = {"IDENT", "ICONST", "FCONST", "SCONST", "PARAM", "ASCII_46", "SQL_COMMENT", "C_COMMENT"}


def parsed(sql: str) -> tuple[Any, ...]:
    """Return the statements of ``sql`` as pglast's trees.

    Raises:
        TrunklineError: ``guard.nul``, ``guard.text``, ``guard.too_long``, ``guard.too_deep`` or
            ``query.syntax``.
    """
    _check_text(sql)
    try:
        trees: tuple[Any, ...] = parser.parse_sql(sql)
    except parser.ParseError as exc:
        if "memory exhausted" in str(exc):
            raise _too_deep() from exc
        raise _syntax_error(sql, exc) from exc
    except RecursionError as exc:
        raise _too_deep() from exc
    return trees


def _check_text(sql: str) -> None:
    if "\0" in sql:
        # The parser stops at it and would never see what follows.
        raise fail("guard.nul", "The statement contains a NUL character.", "Send it without.")
    try:
        size = len(sql.encode())
    except UnicodeEncodeError as exc:
        raise fail(
            "guard.text", "The statement is not valid Unicode.", "Send it as UTF-8."
        ) from exc
    if size > MAX_BYTES:
        raise fail(
            "guard.too_long",
            f"The statement is longer than {MAX_BYTES // 1000} KB.",
            "Send a shorter one; long lists can go into params as an array.",
        )
    if _depth(tokens(sql)) > MAX_DEPTH:
        raise _too_deep()


def tokens(sql: str) -> list[Any]:
    """Return the words of ``sql`` as pglast's tokens.

    Raises:
        TrunklineError: ``query.syntax``.
    """
    try:
        return list(parser.scan(sql))
    except (parser.ParseError, ValueError) as exc:
        raise _syntax_error(sql, exc) from exc


def _depth(words: Iterable[Any]) -> int:
    """Return an upper bound of how deep the parser would have to nest."""
    levels = [[0, 0]]  # for each parenthesis: operators in a row, set operations and joins
    closed = deepest = 0
    for token in words:
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
    return fail(
        "guard.too_deep",
        "The statement is nested too deeply.",
        "Send a simpler one: split it into CTEs, or send lists as an array in params.",
    )


def _syntax_error(sql: str, exc: BaseException) -> TrunklineError:
    at = getattr(exc, "location", None)
    where = f"\nPOSITION:  {at + 1}" if isinstance(at, int) else ""
    words = f"{exc.args[0] if exc.args else exc}{where}"
    return fail(
        "query.syntax",
        "PostgreSQL does not understand this statement.",
        "Correct it where the details say.",
        words,
    )


def walk(root: Any) -> Iterator[ast.Node]:
    """Yield every node below and including ``root``, also those in tuples within tuples."""
    waiting = [root]
    while waiting:
        found = waiting.pop()
        if isinstance(found, ast.Node):
            yield found
            waiting.extend(getattr(found, attribute) for attribute in found)
        elif isinstance(found, tuple | list):
            waiting.extend(found)
