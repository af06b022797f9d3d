"""A JSON document with the place of each member, read as strictly as its app reads it. Pure.

The standard library's parser decides what is valid and, asked value by value, where each one
ends. Comments and trailing commas, for apps that read them, are blanked out first, so that every
position stays.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache
from json.decoder import scanstring  # type: ignore[attr-defined]  # there, and not in the stubs
from typing import Any, Never

from trunkline_server.clients.editors.text import (
    BOM,
    Edit,
    MalformedError,
    UnusualError,
    decoded,
    edited,
    place_in,
)


@dataclass(frozen=True, slots=True)
class Dialect:
    """What an app reads beyond strict JSON.

    Attributes:
        has_comments: ``//`` and ``/* */``.
        has_trailing_commas: after the last member or item.
        keeps_bom: a byte-order mark at the start; other apps refuse it, so it is dropped.
    """

    has_comments: bool = False
    has_trailing_commas: bool = False
    keeps_bom: bool = False


@dataclass(frozen=True, slots=True)
class Member:
    """A key and its value: where the key starts, where the value starts, where it ends.

    One without a key is an item of a list, or a run of members that nobody asks for.
    """

    key: str | None
    start: int
    value: int
    end: int


@dataclass(frozen=True, slots=True)
class Braces:
    """An object: the places of its braces, and its members in order; the last is never in a run."""

    open: int
    close: int
    members: tuple[Member, ...]

    def named(self, key: str) -> Member | None:
        """Return the member of that name that counts, which is the last."""
        return next((m for m in reversed(self.members) if m.key == key), None)


class Page:
    """One document.

    Attributes:
        bom: the byte-order mark to write in front; "" for none.
        text: the document without it.
        bare: the same with blanks for comments and trailing commas; "" when nothing else is there.
        value: what the document says; None when it is blank.
    """

    def __init__(self, document: bytes, dialect: Dialect) -> None:
        bare = document.removeprefix(BOM)
        self.bom = BOM.decode() if dialect.keeps_bom and document.startswith(BOM) else ""
        self.text = decoded(bare)
        self.bare, self.value = _read(self.text, dialect)

    def at(self, path: Sequence[str]) -> Any:
        """Return the value at ``path``; None when it is absent.

        Raises:
            MalformedError: what should hold it is no object.
        """
        value = self.value
        for depth, key in enumerate(path):
            if not self.bare:
                return None
            if not isinstance(value, dict):
                raise self._not_an_object(path[:depth])
            if key not in value:
                return None
            value = value[key]
        return value

    def holders(self, path: Sequence[str]) -> list[Braces]:
        """Return the objects in which the keys of ``path`` stand, while there are."""
        found: list[Braces] = []
        start = after_blanks(self.bare, 0) if self.bare else -1
        for key in path if self.bare else ():
            found.append(self.braces(start, key))
            member = found[-1].named(key)
            if member is None:
                break
            start = member.value
        return found

    def entry(self, path: Sequence[str]) -> Braces:
        """Return the object at ``path``, which is one.

        Raises:
            KeyError: there is none.
        """
        holders = self.holders(path)
        member = holders[-1].named(path[-1]) if len(holders) == len(path) else None
        if member is None:
            raise KeyError(path[-1])
        return self.braces(member.value)

    def braces(self, start: int, key: str | None = None) -> Braces:
        """Return the object that starts at ``start``.

        With a ``key``, members of other names may be told as runs: it is much quicker.
        """
        here, members = after_blanks(self.bare, start + 1), []
        run = _run(key) if key is not None else None
        while self.bare[here] != "}":
            others = run.match(self.bare, here) if run else None
            member = self._run(others) if others else self._member(here)
            members.append(member)
            here = after_blanks(self.bare, member.end)
            if self.bare[here] == ",":
                here = after_blanks(self.bare, here + 1)
        return Braces(start, here, tuple(members))

    def brackets(self, start: int) -> Braces:
        """Return the list that starts at ``start``: its items are members without keys."""
        here, items = after_blanks(self.bare, start + 1), []
        while self.bare[here] != "]":
            end = _decoded(self.bare, here)[1]
            items.append(Member(None, here, here, end))
            here = after_blanks(self.bare, end)
            if self.bare[here] == ",":
                here = after_blanks(self.bare, here + 1)
        return Braces(start, here, tuple(items))

    def _run(self, run: re.Match[str]) -> Member:
        comma = self.bare.rindex(",", run.start(), run.end())
        return Member(None, run.start(), run.start(), _before_blanks(self.bare, comma))

    def _member(self, here: int) -> Member:
        key, after = scanstring(self.bare, here + 1, True)
        value = after_blanks(self.bare, after_blanks(self.bare, after) + 1)
        return Member(key, here, value, _decoded(self.bare, value)[1])

    def said(self, member: Member) -> Any:
        """Return what a member says."""
        return _decoded(self.bare, member.value)[0]

    def written(self, edits: Iterable[Edit]) -> bytes:
        """Return the document with every edit made."""
        return (self.bom + edited(self.text, edits)).encode()

    def _not_an_object(self, path: Sequence[str]) -> MalformedError:
        if not path:
            where = after_blanks(self.bare, 0)
            return MalformedError("the document is not an object", *place_in(self.text, where))
        member = self.holders(path)[-1].named(path[-1])
        where = member.value if member else 0
        return MalformedError(f"“{path[-1]}” is not an object", *place_in(self.text, where))


_BLANKS = re.compile(r"[ \t\r\n]*")
_STRING = r'"(?:[^"\\\r\n]++|\\.)*+"'
_LINES = r"//[^\r\n]*+(?:[ \t\r\n]*+//[^\r\n]*+)*+"  # one after the other, as one
_COMMENT = re.compile(
    rf'(?:[^"/]++|{_STRING}|/(?![/*]))*+({_LINES}|/\*.*?(?:\*/|(?P<open>\Z)))', re.DOTALL
)
_LAST_COMMA = re.compile(rf'(?:[^",]++|{_STRING}|,(?![ \t\r\n]*+[}}\]]))*+(,)', re.DOTALL)
# Values as most are: with one level of brackets and braces, or with another in that one.
_SIMPLE = rf'(?:[^"\[\]{{}}]++|{_STRING})*+'
_LEVEL = rf"(?:\[{_SIMPLE}\]|\{{{_SIMPLE}\}})"
_VALUE = rf"(?:{_STRING}|[\w.+-]++|{_LEVEL}|[\[{{]{_SIMPLE}(?:{_LEVEL}{_SIMPLE})*+[\]}}])"


@lru_cache(maxsize=8)
def _run(key: str) -> re.Pattern[str]:
    """Return what finds members in a row of which none is called ``key`` and none is the last."""
    other = rf'"(?!{re.escape(key)}")[^"\\]*+"[ \t\r\n]*+:[ \t\r\n]*+{_VALUE}'
    return re.compile(rf'(?:{other}[ \t\r\n]*+,[ \t\r\n]*+(?=")){{1,500}}+')


def after_blanks(text: str, start: int) -> int:
    """Return where the blanks that start there end."""
    found = _BLANKS.match(text, start)
    return found.end() if found else start


def _before_blanks(text: str, end: int) -> int:
    while end and text[end - 1] in " \t\r\n":
        end -= 1
    return end


def _integer(digits: str) -> int | float:
    """Read a whole number of any length, as apps do; Python's own reader stops at 4,300 digits."""
    return int(digits) if len(digits) < 4_000 else float(digits)


class _ConstantError(ValueError):
    """``NaN`` or ``Infinity``, which Python reads and nobody else."""


def _refuse(word: str) -> Never:
    raise _ConstantError(word)


_PLAIN = json.JSONDecoder(parse_constant=_refuse)
_PATIENT = json.JSONDecoder(parse_constant=_refuse, parse_int=_integer)


def _decoded(bare: str, start: int) -> tuple[Any, int]:
    """Return the value that starts there and where it ends; quickly, if its numbers are short."""
    try:
        return _PLAIN.raw_decode(bare, start)
    except (json.JSONDecodeError, _ConstantError):
        raise
    except ValueError:
        return _PATIENT.raw_decode(bare, start)


def _whole(bare: str) -> Any:
    start = after_blanks(bare, 0)
    value, end = _decoded(bare, start)
    end = after_blanks(bare, end)
    if end != len(bare):
        raise json.JSONDecodeError("Extra data", bare, end)
    return value


def _read(text: str, dialect: Dialect) -> tuple[str, Any]:
    """Return the document without what only its dialect has, and what it says."""
    if not dialect.has_comments:
        return (text, _value(text, text, dialect)) if text.strip(" \t\r\n") else ("", None)
    with suppress(ValueError, RecursionError):
        return text, _whole(text)
    bare = _without_comments(text)
    if not bare.strip(" \t\r\n"):
        return "", None
    if dialect.has_trailing_commas:
        with suppress(ValueError, RecursionError):
            return bare, _whole(bare)
        bare = _without_last_commas(bare)
    return bare, _value(text, bare, dialect)


def _value(text: str, bare: str, dialect: Dialect) -> Any:
    try:
        return _whole(bare)
    except json.JSONDecodeError as exc:
        reason, where = _diagnosis(bare, exc, dialect)
        raise MalformedError(reason, *place_in(text, where)) from exc
    except _ConstantError as exc:
        where = max(bare.find(str(exc)), 0)
        raise MalformedError("this is not JSON", *place_in(text, where)) from exc
    except RecursionError as exc:
        raise UnusualError("this is nested too deeply", 1, 1) from exc


def _without_comments(text: str) -> str:
    comments = []
    for found in _outside_strings(text, _COMMENT):
        if found.group("open") is not None:
            raise MalformedError("a comment has no end", *place_in(text, found.start(1)))
        comments.append(found.span(1))
    return _blanked(text, comments)


def _without_last_commas(bare: str) -> str:
    commas = (found.span(1) for found in _outside_strings(bare, _LAST_COMMA))
    return _blanked(bare, (at for at in commas if not _is_after_any(bare, at[0], "[{,:")))


def _blanked(text: str, spans: Iterable[tuple[int, int]]) -> str:
    parts, here = [], 0
    for start, end in spans:
        parts += [text[here:start], " " * (end - start)]
        here = end
    return "".join((*parts, text[here:]))


def _outside_strings(text: str, pattern: re.Pattern[str]) -> Iterator[re.Match[str]]:
    """Yield what ``pattern`` finds one after the other; it passes strings by."""
    here = 0
    while (found := pattern.match(text, here)) is not None:
        yield found
        here = found.end()


def _is_after_any(bare: str, where: int, marks: str) -> bool:
    """Whether the last character before ``where`` that is no blank is one of ``marks``."""
    where = _before_blanks(bare, where)
    return not where or bare[where - 1] in marks


def _diagnosis(text: str, exc: json.JSONDecodeError, dialect: Dialect) -> tuple[str, int]:
    """Return what is wrong and at which character."""
    if text[exc.pos : exc.pos + 99].lstrip(" \t\r\n").startswith(("//", "/*", "#")):
        knows = dialect.has_comments
        return f"this app reads no comments{' after #' if knows else ''}", exc.pos
    before = text[: exc.pos].rstrip(" \t\r\n")
    if text.startswith(",", exc.pos):  # from Python 3.13 on it points at the comma
        return "there is a comma too many", exc.pos
    if before.endswith(","):
        return "there is a comma too many", len(before) - 1
    return _REASONS.get(exc.msg, "this is not JSON"), exc.pos


_REASONS = {
    "Expecting ',' delimiter": "a comma or a closing bracket is missing",
    "Expecting ':' delimiter": "a colon is missing",
    "Expecting value": "a value is missing",
    "Extra data": "there is something after the end",
    "Unterminated string starting at": "a quotation mark is missing",
}
