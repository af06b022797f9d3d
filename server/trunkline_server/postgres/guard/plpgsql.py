"""What a PL/pgSQL body could call or read, told by its words alone. Pure."""

from __future__ import annotations

import string
from collections.abc import Iterator
from typing import Any

from trunkline_server.errors import fail
from trunkline_server.postgres.guard import private, rules, statement
from trunkline_server.postgres.guard.naming import (
    ANY_SCHEMA,
    IMPLIED,
    VALUES_OF_ALL,
    Name,
    References,
)

_SIGNS = frozenset(string.punctuation.replace("_", "").replace('"', "")) | {""}
_AFTER_A_TABLE = rules.words("""
    where order group having limit offset fetch join inner left right full cross natural on using
    union except intersect window loop into for tablesample
""")
_TO_LOWER = {ord(upper): upper.lower() for upper in string.ascii_uppercase}


def names(source: str) -> References:
    """Return everything a PL/pgSQL body could call or read; strings in it are not looked into.

    Raises:
        TrunklineError: ``guard.function`` when it runs text as SQL or does more than read.
    """
    tokens = [t for t in statement.tokens(source) if t.name not in {"SQL_COMMENT", "C_COMMENT"}]
    for token in tokens:
        if token.name in rules.PLPGSQL_STOPS or token.name == "UIDENT":
            raise fail("guard.function", "It does more than read.")
    texts = _texts(source, tokens)
    found = frozenset(_names(texts, tokens))
    relations = {n.name for n in found if n.kind == "relation"}
    _check_secrets(texts, relations)
    return found | VALUES_OF_ALL if rules.STATISTICS in relations else found


def _check_secrets(texts: list[str], words: set[str]) -> None:
    for relation in words & rules.SECRET_RELATIONS:
        raise private.secret_relation(relation)
    for relation in words & rules.SECRET_COLUMNS.keys():
        is_shown = "*" in texts or rules.SECRET_COLUMNS[relation] in words
        if is_shown or _shows_rows([_folded(text) for text in texts], relation):
            raise private.secret_relation(relation)
    for at, text in enumerate(texts):
        if _folded(text) == "current_setting":
            setting = "".join(texts[at + 2 : at + 3])
            if not setting.startswith("'"):
                raise fail("guard.secret", "It reads a setting whose name is not written out.")
            private.check_setting(setting[1:-1])


def _shows_rows(words: list[str], relation: str) -> bool:
    """Return whether ``relation`` or an alias of it stands anywhere as a whole row."""
    plain = [word for word in words if word != "as"]
    pairs = list(zip(["", *plain], [*plain, ""], [*plain[1:], "", ""], strict=False))
    aliases = {word for before, word, _ in pairs if before == relation and _can_name(word)}
    for at, (before, word, after) in enumerate(pairs):
        if word not in {relation, *aliases} or after == ".":
            continue
        if word in aliases and after == "(":
            return True  # its columns get other names
        opening = plain[at - 3] if before == "." and at > 2 else before
        if before != relation and (word in aliases or opening not in {"from", "join"}):
            return True
    return False


def _can_name(word: str) -> bool:
    return word[:1] not in _SIGNS and word not in _AFTER_A_TABLE


def _texts(source: str, tokens: list[Any]) -> list[str]:
    return [source[t.start : t.end + 1] for t in tokens]  # pglast counts characters, not bytes


def _names(texts: list[str], tokens: list[Any]) -> Iterator[Name]:
    yield from (Name("operator", sign, ANY_SCHEMA) for sign in IMPLIED)
    before = ""
    for token, text, after in zip(tokens, texts, [*texts[1:], ""], strict=True):
        if token.name == "Op" or not (text[:1].isalnum() or text[:1] in '_"'):
            yield Name("operator", text, ANY_SCHEMA)
        elif token.name not in {"ICONST", "FCONST", "SCONST"}:
            yield from _from_word(_folded(text), before, after)
        before = text


def _from_word(word: str, before: str, after: str) -> Iterator[Name]:
    if not word.isascii() and word != word.lower():
        yield from _from_word(word.lower(), before, after)  # as servers of single bytes fold it
    yield Name("relation", word, ANY_SCHEMA)
    yield Name("type", word, ANY_SCHEMA)
    if after == "(":
        yield Name("function", word, ANY_SCHEMA, -1)
    elif before == ".":
        yield Name("function", word, ANY_SCHEMA, 1)


def _folded(text: str) -> str:
    return text[1:-1].replace('""', '"') if text.startswith('"') else _lower(text)


def _lower(text: str) -> str:
    """Return ``text`` as PostgreSQL folds it: ASCII alone."""
    return text.translate(_TO_LOWER)
