"""The values of a TOML document, or of some lines of one. Pure."""

from __future__ import annotations

import json
import re
from contextlib import suppress

from trunkline_server.clients.masking.leaves import Holder, Leaf, Nest

_KEY = r"""(?:"(?:[^"\\\n]|\\.)*"|'[^'\n]*'|[A-Za-z0-9_-]+)"""
_KEYS = rf"{_KEY}(?:[ \t]*\.[ \t]*{_KEY})*"
_ONE = re.compile(_KEY)
_HEADER = re.compile(rf"\[\[?[ \t]*(?P<keys>{_KEYS})[ \t]*\]\]?")
_START = re.compile(rf"(?P<keys>{_KEYS})[ \t]*=")
_OPENING = re.compile(r"[\[{]")
_BLANK = re.compile(r"[ \t\r\n]*")
_REMARK = re.compile(r"#[^\n]*")
_LINE = re.compile(r"[^\n]*\n?")
_TEXTS = (
    re.compile(r'"""(?P<text>(?:[^\\]|\\.)*?"{0,2})(?:"""(?!")|\Z)', re.DOTALL),
    re.compile(r"'''(?P<text>.*?'{0,2})(?:'''(?!')|\Z)", re.DOTALL),
    re.compile(r'"(?P<text>(?:[^"\\\n]|\\.)*)(?:"|$)', re.MULTILINE),
    re.compile(r"'(?P<text>[^'\n]*)(?:'|$)", re.MULTILINE),
)
_DEEP = 60  # brackets in brackets; more is nobody's settings
_BARE = re.compile(r"[^,\]}#\n]*[^,\]}#\s]|[^\n]")


def leaves(text: str, *, is_whole: bool) -> list[Leaf]:
    """Return the values and comments of ``text``, in order.

    Args:
        text: a document, or what follows the start of some line in one.
        is_whole: whether it begins at the document.
    """
    return _Reader(text, is_whole=is_whole).read()


class _Reader:
    def __init__(self, text: str, *, is_whole: bool) -> None:
        self._text, self._at = text, 0
        self._nest = Nest([Holder(is_rooted=is_whole)])

    def read(self) -> list[Leaf]:
        while self._at < len(self._text):
            self._statement()
        return self._nest.found

    def _statement(self) -> None:
        """Read on to the next header or pair, and past it."""
        self._skip()
        if header := self._match(_HEADER):
            self._nest.held = [Holder(tuple(_keys(header["keys"])))]
        elif pair := self._match(_START):
            self._pair(pair)
            self._nest.held = self._nest.held[:1]
        else:
            self._match(_LINE)

    def _pair(self, pair: re.Match[str]) -> None:
        """Read the value behind its keys, and everything in it."""
        *outer, last = _keys(pair["keys"])
        top = self._nest.top
        self._nest.held.append(Holder((*top.path, *outer), key=last, is_rooted=top.is_rooted))
        self._value()
        self._nest.held.pop()

    def _value(self) -> None:
        self._match(_BLANK)
        if len(self._nest.held) < _DEEP and (mark := self._match(_OPENING)):
            self._nest.open(is_list=mark[0] == "[")
            self._content("]" if mark[0] == "[" else "}")
            self._nest.held.pop()
        elif value := next(filter(None, map(self._match, _TEXTS)), None):
            self._nest.add(self._text, *value.span("text"))
        elif bare := self._match(_BARE):
            self._nest.add(self._text, *bare.span(), is_text=False)

    def _content(self, end: str) -> None:
        """Read what stands between brackets, and past the one that ends it."""
        self._skip()
        while (mark := self._text[self._at : self._at + 1]) not in ("", end):
            if mark == ",":
                self._nest.top.passed()
                self._at += 1
            elif end == "}" and (pair := self._match(_START)):
                self._pair(pair)
            else:
                self._value()
            self._skip()
        self._at += 1

    def _skip(self) -> None:
        """Pass blanks, ends of lines and comments."""
        self._match(_BLANK)
        while remark := self._match(_REMARK):
            self._nest.remark(*remark.span())
            self._match(_BLANK)

    def _match(self, pattern: re.Pattern[str]) -> re.Match[str] | None:
        found = pattern.match(self._text, self._at)
        if found:
            self._at = found.end()
        return found


def _keys(keys: str) -> list[str]:
    return [_plain(key) for key in _ONE.findall(keys)]


def _plain(key: str) -> str:
    if key.startswith('"'):
        with suppress(ValueError):  # TOML has an escape or two of its own
            return str(json.loads(key))
    return key.strip("\"'")
