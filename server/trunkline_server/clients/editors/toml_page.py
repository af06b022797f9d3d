"""A TOML document with the place of each statement that concerns one table. Pure.

``rtoml`` decides what is valid: it is the very parser that Codex is built on. Where things stand
is found by reading statement after statement of a document that is known to be valid.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from trunkline_server.clients.editors.text import BOM, MalformedError, decoded, place_in

# rtoml is imported where it is used: only a change needs it, not the list of apps.
Keys = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Statement:
    """A header or a pair.

    Attributes:
        kind: "header" for ``[a.b]`` and ``[[a.b]]``.
        keys: of a pair: those of its section included.
        section: the keys of the header it stands under; of a header: its own.
        start: where it starts, without the blanks in front.
        value: of a pair: where its value starts.
        end: where it ends.
        stop: the same with the comment on its line.
    """

    kind: Literal["header", "pair"]
    keys: Keys
    section: Keys
    start: int
    value: int
    end: int
    stop: int


@dataclass(frozen=True, slots=True)
class Inline:
    """An inline table: the places of its braces, and its pairs."""

    open: int
    close: int
    pairs: tuple[Statement, ...]


class Page:
    """One document.

    Attributes:
        bom: the byte-order mark to write in front; "" for none.
        text: the document without it.
        value: what it says.
    """

    def __init__(self, document: bytes) -> None:
        self.bom = BOM.decode() if document.startswith(BOM) else ""
        self.text = decoded(document.removeprefix(BOM))
        self.value = parsed(self.text)
        self._statements: dict[Keys, list[Statement]] = {}

    def at(self, path: Sequence[str]) -> Any:
        """Return the value at ``path`` as JSON has it; None when it is absent.

        Raises:
            MalformedError: what should hold it is no table.
        """
        return _plain(self._raw(path))

    def has(self, path: Sequence[str]) -> bool:
        """Whether there is something at ``path``; raises as :meth:`at`."""
        return self._raw(path) is not None

    def _raw(self, path: Sequence[str]) -> Any:
        value: Any = self.value
        for depth, key in enumerate(path):
            if not isinstance(value, dict):
                raise self._not_a_table(path[:depth])
            if key not in value:
                return None
            value = value[key]
        return value

    def statements(self, path: Sequence[str]) -> list[Statement]:
        """Return the statements that begin with the first key of ``path``.

        Of those in a row that are neither on the way to ``path`` nor in it, the last must do.
        """
        first, *rest = path[:2]
        if (first, *rest) not in self._statements:
            self._statements[first, *rest] = list(_Reader(self.text, first, *rest))
        return self._statements[first, *rest]

    def inline(self, pair: Statement) -> Inline | None:
        """Return the inline table that is a pair's value; None for any other value."""
        return _inline(self.text, pair) if self.text[pair.value] == "{" else None

    def _not_a_table(self, path: Sequence[str]) -> MalformedError:
        near = [s for s in self.statements(path) if s.keys[: len(path)] == tuple(path)]
        pairs = [s.value for s in near if s.kind == "pair" and s.keys == tuple(path)]
        where = (pairs or [s.start for s in near] or [0])[0]
        return MalformedError(f"“{path[-1]}” is not a table", *place_in(self.text, where))


def parsed(text: str) -> dict[str, Any]:
    """Return what a document says.

    Raises:
        MalformedError: it is not TOML.
    """
    import rtoml

    try:
        return rtoml.loads(text)
    except rtoml.TomlParsingError as exc:
        found = _PLACE.fullmatch(str(exc))
        what, line, column = found.groups() if found else (str(exc), 1, 1)
        raise MalformedError(f"this is not TOML ({what})", int(line), int(column)) from exc


_PLACE = re.compile(r"(.*?) at line (\d+) column (\d+)\s*", re.DOTALL)
_BLANKS = re.compile(r"[ \t]*")
_GAP = re.compile(r"(?:[ \t\r\n]+|#[^\n]*)*")
_COMMENT = re.compile(r"[ \t]*(#[^\n]*)?")
_NAME = r"""("(?:[^"\\\n]|\\.)*"|'[^'\n]*'|[^\s"'.=\[\]{},#]+)"""
_KEY = re.compile(rf"[ \t]*{_NAME}[ \t]*")
_STRING = r"""(?:"(?!"")(?:[^"\\\n]++|\\.)*+"|'(?!'')[^'\n]*+')"""
_TEXT = (  # of several lines
    r'''(?:"""(?:[^"\\]++|\\.|"(?!""))*+"{3,5}|'''
    r"""'''(?:[^']++|'(?!''))*+'{3,5})"""
)
_TEXT_IN_LINE = r'''"""(?:[^"\\\n]++|\\[^\n]|"(?!""))*+"{3,5}'''
_SCALAR = re.compile(rf"(?s:{_TEXT}|{_STRING})|[^,\]}}\n#]++")
_FLAT = rf"""[\[{{](?:[^\[\]{{}}"'\#]++|{_STRING})*+[\]}}]"""
_INSIDE = re.compile(rf"""(?s:[^\[\]{{}}"'\#]++|{_TEXT}|{_STRING}|\#[^\n]*+|{_FLAT})*+""")
# A line that is no header and does not start a value of several lines: most are of this kind.
_LINE = (
    rf"""(?![ \t]*+\[)[^\n"'\[{{\#]*+"""
    rf"""(?:(?:{_STRING}|{_TEXT_IN_LINE}|\[(?:[^\[\]\n"'\#{{}}]++|{_STRING})*+\])[^\n"'\[{{\#]*+)*+(?:\#[^\n]*+)?+\n"""
)


def _plain(value: Any) -> Any:
    """Return a value with dates as text."""
    if isinstance(value, dict):
        return {key: _plain(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_plain(inner) for inner in value]
    return value if value is None or isinstance(value, (str, int, float, bool)) else str(value)


class _Reader:
    """Yields the headers and pairs of a document whose keys begin with ``first``.

    What is not of ``first`` is passed quickly, and so is what is of it but not of ``second``; of
    the latter the last one in a row is told.
    """

    def __init__(self, text: str, first: str, second: str | None = None) -> None:
        self._text, self._first, self._second = text, first, second
        ours, beside = _starts_with(first), _starts_with(second or "")
        header, dot = r"[ \t]*+\[\[?[ \t]*+", r"[ \t]*+\.[ \t]*+"
        more = rf"{_NAME}(?:{dot}{_NAME})*[ \t]*+\]\]?[^\n]*+\n"
        key = rf"(?:{re.escape(first)}|\"{re.escape(first)}\"|'{re.escape(first)}')"
        line, line_of_table = (rf"(?![ \t]*+{key}){_LINE}" for key in (ours, beside))
        self._lines = re.compile(rf"(?:{line})++")
        self._others = re.compile(rf"(?:{line}|{header}(?!{ours}){more})++")
        self._beside = re.compile(rf"(?:{line_of_table}|{header}{key}{dot}(?!{beside}){more})++")

    def __iter__(self) -> Iterator[Statement]:
        here, text = 0, self._text
        section: Keys = ()
        while here < len(text):
            last, here = self._passed(here, section)
            if last:
                section = last.section
                yield last
            here = _GAP.match(text, here).end()  # type: ignore[union-attr]  # it matches nothing too
            if here == len(text):
                break
            is_header = text[here] == "["
            statement = _header(text, here) if is_header else _pair(text, here, section)
            section, here = statement.section, statement.stop
            if statement.keys[0] == self._first:
                yield statement

    def _passed(self, here: int, section: Keys) -> tuple[Statement | None, int]:
        """Return where to go on after what need not be looked at, and what of it is to be told."""
        is_first = section[:1] == (self._first,)
        if is_first and (self._second is None or section[1:2] == (self._second,)):
            return None, here
        pattern = self._beside if is_first else self._others if section else self._lines
        # What comes before may have left its line's end.
        found = pattern.match(self._text, _after_line(self._text, here))
        if found is None:
            return None, here
        return (self._last(found, section) if is_first else None), found.end()

    def _last(self, lines: re.Match[str], section: Keys) -> Statement | None:
        """Return the last statement in lines of which each has one at most."""
        where, here = -1, lines.end()
        for line in reversed(lines.group().split("\n")[:-1]):
            here -= len(line) + 1
            bare = line.lstrip()
            if not bare or bare[0] == "#":
                continue
            at = here + len(line) - len(bare)
            where = at if where < 0 else where
            if bare[0] == "[":
                section = _header(self._text, at).keys
                break
        if where < 0:
            return None
        is_header = self._text[where] == "["
        return _header(self._text, where) if is_header else _pair(self._text, where, section)


_REST_OF_LINE = re.compile(r"[ \t\r]*+\n")


def _after_line(text: str, here: int) -> int:
    found = _REST_OF_LINE.match(text, here)
    return found.end() if found else here


def _starts_with(key: str) -> str:
    """Return a pattern of what may be the start of ``key``, however it is written."""
    return rf"""(?:["']?{re.escape(key)}|"[^"\n]*\\)"""


def _header(text: str, start: int) -> Statement:
    inside = start + (2 if text.startswith("[[", start) else 1)
    keys, here = _keys(text, inside)
    end = here + inside - start
    return Statement("header", keys, keys, start, end, end, _stop(text, end))


def _pair(text: str, start: int, section: Keys) -> Statement:
    keys, here = _keys(text, start)
    value = _BLANKS.match(text, here + 1).end()  # type: ignore[union-attr]  # it matches nothing too
    end = _end_of_value(text, value)
    return Statement("pair", (*section, *keys), section, start, value, end, _stop(text, end))


def _keys(text: str, here: int) -> tuple[Keys, int]:
    keys: list[str] = []
    while not keys or text[here] == ".":
        found = _KEY.match(text, here + bool(keys))
        assert found is not None  # noqa: S101 - the document is valid
        keys.append(_unquoted(found.group(1)))
        here = found.end()
    return tuple(keys), here


def _unquoted(key: str) -> str:
    if key[0] not in "\"'":
        return key
    said = parsed(f"key = {key}")["key"] if "\\" in key else key[1:-1]
    return str(said)


def _end_of_value(text: str, start: int) -> int:
    if text[start] not in "[{":
        found = _SCALAR.match(text, start)
        return start + len(found.group().rstrip()) if found else start
    here, depth = start + 1, 1
    while depth:
        here = _INSIDE.match(text, here).end()  # type: ignore[union-attr]  # it matches nothing too
        depth += 1 if text[here] in "[{" else -1
        here += 1
    return here


def _stop(text: str, end: int) -> int:
    found = _COMMENT.match(text, end)
    return end + len(text[end : found.end()].rstrip()) if found and found.group(1) else end


def _inline(text: str, table: Statement) -> Inline:
    here, pairs = _next_pair(text, table.value + 1), []
    while text[here] != "}":
        pair = _pair(text, here, table.keys)
        pairs.append(pair)
        here = _next_pair(text, pair.end)
    return Inline(table.value, here, tuple(pairs))


def _next_pair(text: str, here: int) -> int:
    here = _GAP.match(text, here).end()  # type: ignore[union-attr]  # it matches nothing too
    return _next_pair(text, here + 1) if text[here] == "," else here
