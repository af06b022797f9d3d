"""What every format's editor shares: why a document cannot be edited, and where. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

BOM = b"\xef\xbb\xbf"


class MalformedError(Exception):
    """The document is not one that its app reads.

    Attributes:
        reason: what is wrong, as the end of a sentence.
        line: from 1.
        column: in characters, from 1.
    """

    def __init__(self, reason: str, line: int, column: int) -> None:
        super().__init__(f"line {line}, column {column}: {reason}")
        self.reason = reason
        self.line = line
        self.column = column


class UnusualError(MalformedError):
    """The app may read the document, but an entry cannot be written into it safely."""


@dataclass(frozen=True, slots=True)
class Trace:
    """What an insertion found in its place, so that a removal can leave the very same bytes.

    Attributes:
        made: how many objects around the entry were not there: 0, or the table, or all.
        gap: the bytes that gave way: what stood between the braces of the object it went into, or
            the whole document when that was blank; "" when nothing had to.
    """

    made: int = 0
    gap: str = ""


@dataclass(frozen=True, slots=True)
class Edit:
    """The characters from ``start`` to ``end`` become ``text``."""

    start: int
    end: int
    text: str = ""


def edited(text: str, edits: Iterable[Edit]) -> str:
    """Return ``text`` with every edit made; they must not overlap."""
    for edit in sorted(edits, key=lambda e: e.start, reverse=True):
        text = text[: edit.start] + edit.text + text[edit.end :]
    return text


def place(document: bytes, offset: int) -> tuple[int, int]:
    """Return the line and the column, in characters and from 1, of a byte of ``document``."""
    return place_in(document[:offset].decode("utf-8", "replace"), offset)


def place_in(text: str, offset: int) -> tuple[int, int]:
    """Return the line and the column, from 1, of a character of ``text``."""
    *lines, last = _LINE_END.split(text[:offset])
    return len(lines) + 1, len(last) + 1


_LINE_END = re.compile("\r\n?|\n")


def decoded(document: bytes) -> str:
    """Return the text of a UTF-8 document.

    Raises:
        MalformedError: it is not UTF-8.
    """
    try:
        return document.decode("utf-8")
    except UnicodeDecodeError as exc:
        raise MalformedError("this is not UTF-8", *place(document, exc.start)) from exc


def line_end(text: str) -> str:
    """Return how lines end in ``text``: Windows's way when any of them does."""
    return "\r\n" if "\r\n" in text else "\n"


def indent_at(text: str, offset: int) -> str:
    """Return the blanks at the start of the line in which ``offset`` is."""
    start = text.rfind("\n", 0, offset) + 1
    line = text[start:offset]
    return line[: len(line) - len(line.lstrip(" \t"))]


def is_same(one: Any, other: Any) -> bool:
    """Whether two values say the same; unlike ``==``, 1 is not True here."""
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(is_same(one[k], other[k]) for k in one)
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(is_same, one, other))
    return type(one) is type(other) and bool(one == other)
