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
        self._statements: dict[str, list[Statement]] = {}

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
        """Return the statements that set something in, or are on the way to, ``path``'s table."""
        if path[0] not in self._statements:
            self._statements[path[0]] = list(_statements(self.text, path[0]))
        return self._statements[path[0]]

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
_TOKEN = re.compile(
    r'''"""(?:[^"\\]|\\.|"(?!""))*"{3,5}|\'\'\'(?:[^']|'(?!\'\'))*'{3,5}'''
    r"""|"(?:[^"\\\n]|\\.)*"|'[^'\n]*'|#[^\n]*|[\[\]{},=\n]|[^\[\]{},="'#\n]+""",
    re.DOTALL,
)
# Lines of which none is a header or starts a value of several lines: most are of this kind.
_LINES = re.compile(
    r"""(?:(?![ \t]*\[)[^\n"'\[{#]*"""
    r"""(?:"(?!"")(?:[^"\\\n]|\\.)*"[^\n"'\[{#]*|'(?!'')[^'\n]*'[^\n"'\[{#]*"""
    r"""|\[[^\[\]\n"'\#{]*\][^\n"'\[{#]*)*(?:\#[^\n]*)?\n){1,500}"""
)
_HEADER = re.compile(rf"[ \t]*\[\[?[ \t]*{_NAME}(?:[ \t]*\.[ \t]*{_NAME})*[ \t]*\]\]?[^\n]*\n")


def _plain(value: Any) -> Any:
    """Return a value with dates as text."""
    if isinstance(value, dict):
        return {key: _plain(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_plain(inner) for inner in value]
    return value if value is None or isinstance(value, (str, int, float, bool)) else str(value)


def _statements(text: str, first: str) -> Iterator[Statement]:
    """Yield the headers and pairs whose keys begin with ``first``."""
    here = 0
    section: Keys = ()
    while here < len(text):
        if section and section[0] != first:
            here = _after_others(text, here, first)
        here = _GAP.match(text, here).end()  # type: ignore[union-attr]  # it matches nothing too
        if here == len(text):
            break
        if text[here] == "[":
            statement = _header(text, here)
            section = statement.keys
        else:
            statement = _pair(text, here, section)
        if statement.keys[0] == first:
            yield statement
        here = statement.stop


def _after_others(text: str, here: int, first: str) -> int:
    """Return the start of the next line that has to be looked at; others are passed quickly."""
    while True:
        if lines := _LINES.match(text, here):
            here = lines.end()
        header = _HEADER.match(text, here)
        if header is None or _unquoted(header.group(1)) == first:
            return here
        here = header.end()


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
    """Return where a value ends: before a comma, a closing bracket or the end of the line."""
    depth, end = 0, start
    for token in _TOKEN.finditer(text, start):
        word = token.group()
        if not depth and (word in {",", "]", "}", "\n"} or word[0] == "#"):
            break
        depth += (word in {"[", "{"}) - (word in {"]", "}"})
        if word.strip() and word[0] != "#":
            end = token.start() + len(word.rstrip())
    return end


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
