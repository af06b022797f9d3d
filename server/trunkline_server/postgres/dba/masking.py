"""Other people's statements, made fit to be shown: no value, comment or hidden name. Pure."""

from __future__ import annotations

import re
from typing import Any

from pglast import parser, visitors

from trunkline_server.errors import TrunklineError
from trunkline_server.postgres.explain.words import names_in
from trunkline_server.postgres.guard import statement
from trunkline_server.postgres.guard.sight import Sight
from trunkline_server.profiles.profile import parts_of

MAX_LETTERS = 400
MAX_READ = 20_000  # letters of a statement that are looked at

# Also of a text that is cut off in the middle, as the statistics keep long ones.
_BEGINNING = re.compile(r"(?is)(?:\s|--[^\n]*(?:\n|$)|/\*.*?\*/|\()*([a-z]*)")
_COMMENTS = {"SQL_COMMENT", "C_COMMENT"}
_STRINGS = {"SCONST", "USCONST", "BCONST", "XCONST"}
_NUMBERS = {"ICONST", "FCONST"}
_READING = {"SELECT", "WITH", "VALUES", "TABLE"}
_CHANGING = {"INSERT", "UPDATE", "DELETE", "MERGE"}
_OTHER = """ALTER ANALYZE BEGIN CALL CHECKPOINT CLOSE CLUSTER COMMENT COMMIT COPY CREATE DEALLOCATE
DECLARE DISCARD DO DROP END EXECUTE EXPLAIN FETCH GRANT IMPORT LISTEN LOCK NOTIFY PREPARE REASSIGN
REFRESH REINDEX RELEASE RESET REVOKE ROLLBACK SAVEPOINT SECURITY SET SHOW START TRUNCATE UNLISTEN
VACUUM"""
WORDS = frozenset({*_READING, *_CHANGING, *_OTHER.split()})


def first_word(text: str | None) -> str:
    """Return SQL's word that ``text`` begins with, such as ``UPDATE``; "" when it is none."""
    beginning = _BEGINNING.match(text or "")
    word = beginning[1].upper() if beginning else ""
    return word if word in WORDS else ""


def masked(text: str) -> str:
    """Return ``text`` in one line without comments and with ``…`` for every value.

    A text that cannot be read is its first word alone.
    """
    tokens = _tokens(text[:MAX_READ])
    if not tokens:
        return f"{first_word(text)} …".strip()
    raw, end = text[:MAX_READ].encode(), 0
    parts: list[str] = []
    for token in tokens:
        if token.name in _COMMENTS:
            continue
        gap = " " if token.start > end and parts else ""
        is_value = token.name in _STRINGS or token.name in _NUMBERS
        parts.append(gap + ("…" if is_value else raw[token.start : token.end + 1].decode()))
        end = token.end + 1
    line = "".join(parts)
    return line if len(line) <= MAX_LETTERS else line[: MAX_LETTERS - 1] + "…"


def may_show(text: str, sight: Sight, known: frozenset[tuple[str, str]]) -> bool:
    """Return whether ``text`` names nothing that ``sight`` hides.

    ``known`` are the tables there are, as ``(schema, name)``: a name without a schema is one of
    them. When anything is hidden, only statements that read or change rows can be told apart.
    """
    if sight.is_open:
        return True
    if first_word(text) not in _READING | _CHANGING or len(text) > MAX_READ:
        return False
    words = names_in(text)
    if any(words & sight.hidden_columns(*table) for table in sight.columns):
        return False
    return all(_is_visible(name, sight, known) for name in _relations(text))


def is_about_catalogue(text: str) -> bool:
    """Return whether ``text`` reads nothing but PostgreSQL's own catalogue."""
    if first_word(text) not in _READING or not ("pg_" in text or "information_schema" in text):
        return False
    if "pg_stat" in text and not _relations(text):
        return True  # functions of the statistics
    found = _relations(text)
    return bool(found) and all(
        schema in {"pg_catalog", "information_schema"} or name.startswith("pg_")
        for schema, name in found
    )


def _is_visible(name: tuple[str, str], sight: Sight, known: frozenset[tuple[str, str]]) -> bool:
    schema, table = name
    if schema:
        return schema.startswith("pg_") or sight.shows_table(schema, table)
    homes = {other for other, its_name in known if its_name == table}
    return table.startswith("pg_") or any(sight.shows_table(home, table) for home in homes)


def _relations(text: str) -> list[tuple[str, str]]:
    try:
        # Not pglast's own reading of a text: one nested deeply enough would end this process.
        trees = statement.parsed(text)
        found = {name for tree in trees for name in visitors.referenced_relations(tree.stmt)}
    except (TrunklineError, ValueError, RecursionError):
        return [("", "")]  # not understood, so not shown
    names = (_split(name) for name in found)
    return [(parts[-2] if len(parts) > 1 else "", parts[-1]) for parts in names]


def _split(name: str) -> tuple[str, ...]:
    return parts_of(name) or ("", name)


def _tokens(text: str) -> list[Any]:
    try:
        return list(parser.scan(text))
    except (parser.ParseError, ValueError, UnicodeError):
        return []
