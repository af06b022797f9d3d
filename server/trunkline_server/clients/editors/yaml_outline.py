"""Which parts of a big YAML document have to be looked at closely. Pure.

libyaml checks five megabytes in a moment, but naming each of their nodes to Python takes seconds.
So of a big document only our table's first line, the entry and its neighbours are read, and the
rest is checked by its syntax: keys that stand twice inside of other entries are not seen.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

from trunkline_server.clients.editors.yaml_page import check

_BIG = 200_000
Span = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Block:
    """The children of a block: where each starts, its key (of an item: ""), where the last ends."""

    starts: list[int]
    keys: list[str]
    end: int

    def span(self, first: int, last: int) -> Span:
        """Return where some of them start and end."""
        return self.starts[first], [*self.starts[last + 1 : last + 2], self.end][0]


def others(text: str, path: Sequence[str], *, in_list: bool) -> list[Span]:
    """Return the lines that need not be looked at to find ``path``, and what would follow it.

    There are none in a small document, and in one that is written in an unusual way.
    """
    start = _START.match(text)
    if len(text) < _BIG or not path or start is None or _DOCUMENT.search(text, start.end()):
        return []
    top = _map(text, start.end(), len(text))
    spans = _of_top(text, top, path, in_list=in_list) if top else []
    places = sorted({0, len(text), *(place for span in spans for place in span)})
    # A key inside a text of several lines would leave a piece that is not YAML by itself.
    pieces = (text[a:b] for a, b in pairwise(places))
    return spans if check(text) and all(map(check, pieces)) else []


def without(text: str, spans: Iterable[Span], *, same_length: bool) -> str:
    """Return the text with a comment for each span; with ``same_length`` every place stays."""
    parts, here = [], 0
    for start, stop in spans:
        end = _LINE_END.search(text, max(stop - 2, start), stop)
        ending = end.group() if end else ""
        blanks = " " * (stop - start - 1 - len(ending) if same_length else 0)
        parts += [text[here:start], "#", blanks, ending]
        here = stop
    return "".join((*parts, text[here:]))


# Patterns begin with the end of the line before: that is what re finds quickest.
_NOTES = r"(?:[ ]*+(?:#[^\n]*+)?+\r?+\n)*+"
_START = re.compile(rf"{_NOTES}(?:---[ ]*+(?:#[^\n]*+)?+\r?+\n{_NOTES})?")
_DOCUMENT = re.compile(r"\n(?:---|\.\.\.|%)")
_LINE_END = re.compile(r"\r?\n\Z")
_FIRST = re.compile(rf"{_NOTES}([ ]*+)(?:(-)(?=[ \r\n])|[^\s#])")
_NO_VALUE = re.compile(r"[^\n]*?:[ ]*+(?:#[^\n]*+)?+\r?+\n")
_KEEPS_LINES = re.compile(r"[|>][0-9]?\+")
_KEY = r"""(?:"([^"\\\n]*)"|'([^'\n]*)'|([^\s\-?:,\[\]{}#&*!|>'"%@`][^\n#]*?))[ ]*:(?=[ \r\n]|\Z)"""
# Items whose name is not written as it is: further down, with escapes, by an alias.
_ODD_NAMES = (
    r"""name["']?[ ]*:(?:[ ]*[\r\n]|[^\r\n]*[\\*&!|>])""",
    r"""\\[^"\n]*"[ ]*:""",
    r"\n[ ]*-[ ]+[*&!]",
)


def _of_top(text: str, top: Block, path: Sequence[str], *, in_list: bool) -> list[Span]:
    if path[0] in top.keys:
        at = top.keys.index(path[0])
        around = [top.span(0, at - 1)] if at else []
        rest = [top.span(at + 1, len(top.keys) - 1)] if at + 1 < len(top.keys) else []
        return around + _of_table(text, *top.span(at, at), path[1:], in_list=in_list) + rest
    last, end = top.starts[-1], len(text.rstrip(" \t\r\n"))
    is_plain = not _KEEPS_LINES.search(text, last) and {*text[end:]} in ({"\n"}, {"\r", "\n"})
    if len(text) - last > _BIG and is_plain:
        return [(top.starts[0], len(text))]
    return [top.span(0, len(top.keys) - 2)] if top.keys[1:] else []


def _of_table(text: str, start: int, end: int, rest: Sequence[str], *, in_list: bool) -> list[Span]:
    head = _NO_VALUE.match(text, start, end)
    if head is None or not rest or end - start < _BIG:
        return []
    block = (_list if in_list else _map)(text, head.end(), end)
    if block is None:
        return []
    last = len(block.starts) - 1
    ours = _named(text, block, rest[0]) if in_list else _called(block, rest[0])
    kept = sorted({-1, last, *(n for at in ours for n in (max(at - 1, 0), at))})
    gaps = pairwise(kept)
    return [block.span(a + 1, b - 1) for a, b in gaps if b - a > 1]


def _called(block: Block, key: str) -> list[int]:
    return [n for n, found in enumerate(block.keys) if found == key]


def _named(text: str, block: Block, name: str) -> list[int]:
    """Return the items that could be called ``name``: it stands there, or may with other words."""
    words = (re.escape(name), *_ODD_NAMES)
    found = (re.compile(word).finditer(text, block.starts[0] - 1, block.end) for word in words)
    ends = (match.end() - 1 for matches in found for match in matches)
    return sorted({bisect_right(block.starts, end) - 1 for end in ends})


def _map(text: str, start: int, end: int) -> Block | None:
    """Return the pairs of a block; None when not all of its keys are easy to see."""
    first = _FIRST.match(text, start, end)
    if first is None or first[2]:
        return None
    indent, here = first[1], first.start(1)
    one, more = re.compile(indent + _KEY), re.compile(f"\n{indent}{_KEY}")
    found = [match for match in (one.match(text, here, end),) if match]
    found += more.finditer(text, here, end) if found else ()
    keys = [match[1] or match[2] or match[3] or "" for match in found]
    odd = r"""(?:"[^"\n]*\\|[?*&!])"""
    if not found or len({*keys}) < len(keys) or _has_odd_lines(text, here, end, indent, odd):
        return None
    return Block([here, *(match.start() + 1 for match in found[1:])], keys, end)


def _list(text: str, start: int, end: int) -> Block | None:
    """Return the items of a block; None when not all of them are easy to see."""
    first = _FIRST.match(text, start, end)
    if first is None or not first[2]:
        return None
    indent, here = first[1], first.start(1)
    if _has_odd_lines(text, here, end, indent, r"(?!-[ \r\n])[^\s#]"):
        return None
    found = re.compile(rf"\n{indent}-(?=[ \r\n])").finditer(text, here, end)
    starts = [here, *(match.start() + 1 for match in found)]
    return Block(starts, [""] * len(starts), end)


def _has_odd_lines(text: str, start: int, end: int, indent: str, odd: str) -> bool:
    """Whether lines are less indented than a block, or as much and ``odd``."""
    less = rf"|[ ]{{0,{len(indent) - 1}}}[^\s#]" if indent else ""
    return re.compile(rf"\n(?:{indent}{odd}{less})").search(text, start, end) is not None
