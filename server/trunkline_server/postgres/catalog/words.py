"""How the words of a search are read: parts of names, plurals, slips of the finger. Pure."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable
from dataclasses import dataclass, replace

MAX_WORDS = 8
MAX_GRAMS = 12
_MAX_LETTERS = 63
_LEAST_LIKENESS = 0.6
_HUMP = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
_PIECE = re.compile(r"[^\W_]+")
_FILLERS = frozenset({
    "a", "an", "all", "and", "any", "by", "column", "columns", "contain", "contains", "field",
    "fields", "for", "from", "in", "is", "of", "on", "or", "table", "tables", "that", "the", "to",
    "view", "views", "where", "which", "with",
})  # fmt: skip


@dataclass(frozen=True, slots=True)
class Word:
    """One word to look for.

    Attributes:
        said: as it was asked for, in small letters.
        stems: either of them stands in a name that has the word in any number.
        forms: the whole names that are this word.
        is_whole: whether only such a whole name counts: all the words of the question in one.
    """

    said: str
    stems: tuple[str, str]
    forms: tuple[str, ...]
    is_whole: bool = False

    def as_json(self) -> dict[str, object]:
        """Return the word for the question to the database."""
        a, b = self.stems
        return {"a": a, "b": b, "forms": self.forms, "whole": self.is_whole}


def pieces(text: str) -> list[str]:
    """Return the words ``OrderItems``, ``order_items`` and "order items" are made of."""
    return [piece.lower() for piece in _PIECE.findall(_HUMP.sub(" ", text))]


def words_of(query: str) -> list[Word]:
    """Return what to look for; [] when ``query`` has no letter or digit."""
    said = pieces(query[:1000])
    said = [p for p in said if p not in _FILLERS] or said
    return [word_of(piece[:_MAX_LETTERS]) for piece in dict.fromkeys(said)][:MAX_WORDS]


def whole(words: list[Word]) -> list[Word]:
    """Return the word that all of them make when written as one name; [] for a single word."""
    if len(words) < 2:
        return []
    last = words[-1]
    start = "".join(word.said for word in words[:-1])
    forms = tuple(start + form for form in last.forms)
    return [Word(start + last.said, (start, start), forms, is_whole=True)]


def word_of(said: str) -> Word:
    """Return a word with its singular and plural, as far as English spelling tells."""
    one = _singular(said)
    if one.endswith("y") and len(one) > 2 and one[-2] not in "aeiou":
        many = one[:-1] + "ies"
    else:
        many = one + ("es" if one.endswith(("s", "x", "z", "ch", "sh")) else "s")
    stem = many[:-1] if many.endswith("ies") else one
    return Word(said, (one, stem), tuple(dict.fromkeys((said, one, many))))


def _singular(word: str) -> str:
    if word.endswith("ies") and len(word) > 4:
        return word[:-3] + "y"
    if len(word) > 4 and word.endswith(("sses", "xes", "zes", "ches", "shes", "uses")):
        return word[:-2]
    if len(word) > 3 and word.endswith("s") and not word.endswith(("ss", "us", "is")):
        return word[:-1]
    return word


def corrected(word: Word, names: Iterable[str]) -> Word:
    """Return the piece of ``names`` that ``word`` most likely meant; ``word`` when none is near."""
    known = sorted({piece for name in names for piece in pieces(name)})
    near = difflib.get_close_matches(word.said, known, n=1, cutoff=_LEAST_LIKENESS)
    return replace(word_of(near[0]), said=near[0]) if near else word


def grams(word: str) -> list[str]:
    """Return the runs of two letters in ``word``: a slip of the finger spares most of them."""
    return sorted({word[n : n + 2] for n in range(len(word) - 1)})[:MAX_GRAMS] or [word]
