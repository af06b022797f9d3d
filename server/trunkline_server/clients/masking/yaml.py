"""The values of a YAML document, or of some lines of one, as their columns tell. Pure."""

from __future__ import annotations

import json
import re
from contextlib import suppress

from trunkline_server.clients.masking.leaves import Holder, Leaf, Nest

_PROPERTIES = r"(?:[!&][^\s,\[\]{}]*[ \t]+)*"
_DOUBLE, _SINGLE = r'"(?P<double>(?:[^"\\]|\\.)*)(?:"|\Z)', r"'(?P<single>(?:[^']|'')*)(?:'|\Z)"
_BLANK_LINE = re.compile(r"[ \t]*\r?(?:\n|\Z)")
_INDENT = re.compile(r" *")
_BLANKS = re.compile(r"[ \t]*")
_MARKER = re.compile(r"(?:---|\.\.\.)(?=\s|\Z)|%")
_DASH = re.compile(r"-(?=[ \t\r\n]|\Z)[ \t]*")
_KEY = re.compile(
    rf"""{_PROPERTIES}(?P<key>"(?:[^"\\\n]|\\.)*"|'(?:[^'\n]|'')*'
    |(?:[^\s"'\[\]{{}},\#&*!|>%@`?-]|[?-](?=\S))(?:[^\n\#]|(?<=\S)\#)*?)
    [ \t]*:(?=[ \t\r\n]|\Z)[ \t]*""",
    re.VERBOSE,
)
_NODE = re.compile(_PROPERTIES)
_BLOCK = re.compile(r"[|>][-+0-9]*[ \t]*(?:#[^\n]*)?\r?(?:\n|\Z)")
_QUOTED = re.compile(f"{_DOUBLE}|{_SINGLE}", re.DOTALL)
_PLAIN = re.compile(r"(?:[^\s#]|(?<=\S)#)(?:[^\n#]|(?<=\S)#)*")
_REMARK = re.compile(r"#[^\n]*")
_REST = re.compile(r"[^\n]*\n?")
_FLOW = re.compile(
    rf"""(?P<quoted>{_DOUBLE}|{_SINGLE})(?P<quoted_key>\s*:)?
    |(?P<mark>[\[\]{{}},])
    |(?P<remark>(?<!\S)\#[^\n]*)
    |(?P<plain>[^\s\[\]{{}},"'\#:](?:[^\[\]{{}},\n\#:]|(?<=\S)\#|:(?=[^\s,\[\]{{}}]))*)(?P<plain_key>\s*:(?=[\s,\[\]{{}}]|\Z))?""",
    re.VERBOSE | re.DOTALL,
)
_ALONE = 1_000_000  # a column: of what is in nothing that was seen, each line stands for itself
_NUMBER = re.compile(r"[-+]?[\d._]+(?:[eE][-+]?\d+)?\Z|\*")


def leaves(text: str, *, is_whole: bool) -> list[Leaf]:
    """Return the values and comments of ``text``, in order.

    Args:
        text: a document, or what follows the start of some line in one.
        is_whole: whether it begins at the document.
    """
    return _Reader(text, is_whole=is_whole).read()


class _Reader:
    def __init__(self, text: str, *, is_whole: bool) -> None:
        self._text, self._at, self._is_whole = text, 0, is_whole
        self._nest = Nest([])

    def read(self) -> list[Leaf]:
        while self._at < len(self._text):
            if not self._match(_BLANK_LINE):
                self._line()
        return self._nest.found

    def _line(self) -> None:
        """Read a line, and those that its value goes on in."""
        start = self._at
        if not self._match(_MARKER):
            self._match(_INDENT)
            self._leave(self._at - start + 1)
            while dash := _DASH.match(self._text, self._at):
                self._item(self._at - start)
                self._at = dash.end()
            if key := _KEY.match(self._text, self._at):
                self._key(self._at - start, key)
            self._value()
        if self._at == start or self._text[self._at - 1] != "\n":
            self._rest()

    def _rest(self) -> None:
        self._match(_BLANKS)
        if remark := self._match(_REMARK):
            self._nest.remark(*remark.span())
        self._match(_REST)

    def _item(self, column: int) -> None:
        """Come to the next item of the list whose dashes are in ``column``."""
        self._leave(column + 1)
        held = self._nest.held
        if held and held[-1].is_list and held[-1].column == column:
            held[-1].passed()
        else:
            self._enter(column, is_list=True)

    def _key(self, column: int, key: re.Match[str]) -> None:
        """Come to the next key of the map whose keys are in ``column``."""
        self._leave(column + 1)
        held = self._nest.held
        if held and held[-1].is_list and held[-1].column == column:
            held.pop()
        if not held or held[-1].column != column:
            self._enter(column, is_list=False)
        held[-1].key = _plain(key["key"])
        self._at = key.end()

    def _leave(self, column: int) -> None:
        """Leave what begins in ``column`` or farther right."""
        held = self._nest.held
        while held and held[-1].column >= column:
            held.pop()

    def _enter(self, column: int, *, is_list: bool) -> None:
        if self._nest.held:
            self._nest.open(is_list=is_list, column=column)
        else:
            is_root = self._is_whole or (column == 0 and not is_list)
            self._nest.held.append(Holder((), is_list, column, is_rooted=is_root))

    def _value(self) -> None:
        """Read the value that begins here, if there is one."""
        self._match(_NODE)
        is_alone = not self._nest.held
        if is_alone:
            self._nest.held.append(Holder(column=_ALONE, index=-1, is_rooted=False))
        if self._text[self._at : self._at + 1] in ("[", "{"):
            self._flow()
        elif self._match(_BLOCK):
            self._take(self._at, self._deeper(self._at))
        elif quoted := self._match(_QUOTED):
            self._nest.add(self._text, *_inside(quoted))
        elif plain := self._match(_PLAIN):
            end = self._deeper(plain.end()) if self._match(_BLANK_LINE) else plain.end()
            self._take(plain.start(), end, is_text=not _NUMBER.match(plain[0].rstrip()))
        if is_alone:
            self._nest.held.clear()

    def _take(self, start: int, end: int, *, is_text: bool = True) -> None:
        end = start + len(self._text[start:end].rstrip())
        if end > start:
            self._nest.add(self._text, start, end, is_text=is_text)

    def _deeper(self, end: int) -> int:
        """Pass the lines that go on with a value; return where the last ends, ``end`` for none."""
        while self._at < len(self._text):
            is_blank = bool(_BLANK_LINE.match(self._text, self._at))
            indent = _INDENT.match(self._text, self._at)
            if not is_blank and indent and indent.end() - self._at <= self._nest.top.column:
                break
            self._match(_REST)
            end = end if is_blank else self._at
        return end

    def _flow(self) -> None:
        """Read what stands between brackets."""
        depth = len(self._nest.held)
        for token in _FLOW.finditer(self._text, self._at):
            self._at = token.end()
            self._piece(token)
            if len(self._nest.held) == depth:
                return
        self._at = len(self._text)

    def _piece(self, token: re.Match[str]) -> None:
        kind, nest = token.lastgroup, self._nest
        if kind in ("quoted_key", "plain_key"):
            nest.top.key = _plain(token["quoted"] or token["plain"])
        elif kind == "quoted":
            nest.add(self._text, *_inside(token))
        elif kind == "plain":
            self._take(*token.span("plain"), is_text=not _NUMBER.match(token["plain"].rstrip()))
        elif kind == "remark":
            nest.remark(*token.span())
        elif token["mark"] in "[{":
            nest.open(is_list=token["mark"] == "[")
        elif token["mark"] == ",":
            nest.top.passed()
        else:
            nest.held.pop()

    def _match(self, pattern: re.Pattern[str]) -> re.Match[str] | None:
        found = pattern.match(self._text, self._at)
        if found:
            self._at = found.end()
        return found


def _inside(quoted: re.Match[str]) -> tuple[int, int]:
    return quoted.span("single" if quoted["double"] is None else "double")


def _plain(key: str) -> str:
    key = re.sub(r"^(?:[!&]\S*[ \t]+)+", "", key).strip()
    if key.startswith('"'):
        with suppress(ValueError):  # YAML has more escapes
            return str(json.loads(key))
    return key[1:-1].replace("''", "'") if key.startswith("'") else key
