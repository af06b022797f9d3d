"""The values of a JSON document, or of a part of one, comments allowed. Pure."""

from __future__ import annotations

import json
import re
from contextlib import suppress

from trunkline_server.clients.masking.leaves import Holder, Leaf, Nest

_TOKEN = re.compile(
    r"""
    "(?P<text>(?:[^"\\\n]|\\.)*)(?:"(?P<colon>\s*:)?|\Z)
    | (?P<remark>//[^\n]*|/\*.*?(?:\*/|\Z))
    | (?P<mark>[{}\[\],])
    | (?P<bare>[^\s{}\[\]:,"/]+)
    """,
    re.VERBOSE | re.DOTALL,
)
_QUOTE = re.compile(r'(?<!\\)"')
_TEXT = re.compile(r'"(?:[^"\\]|\\.)*"', re.DOTALL)
_ODD = re.compile(r"[^\s{}\[\]:,\d.eE+-]")
_SEEN = 4_000  # characters that tell whether a part begins inside a text


def leaves(text: str, *, is_whole: bool, is_line: bool = True) -> list[Leaf]:
    """Return the values and comments of ``text``, in order.

    Args:
        text: a document, or what follows some place in one.
        is_whole: whether it begins at the document.
        is_line: whether it begins with a line, and so outside of a text.
    """
    nest = Nest([Holder(index=-1, is_rooted=is_whole)])
    start = 0 if is_whole or is_line else _first(text)
    if start:  # the end of a text of which nothing is known
        nest.add(text, 0, start - 1)
        nest.top.passed()
    for token in _TOKEN.finditer(text, start):
        _take(nest, text, token)
    return nest.found


def _take(nest: Nest, text: str, token: re.Match[str]) -> None:
    kind = token.lastgroup
    if kind == "colon":
        nest.top.key = _plain(token["text"])
    elif kind == "text":
        nest.add(text, *token.span("text"))
    elif kind == "bare":
        nest.add(text, *token.span(), is_text=False)
    elif kind == "remark":
        nest.remark(*token.span())
    elif token["mark"] in "{[":
        nest.open(is_list=token["mark"] == "[")
    elif token["mark"] == ",":
        nest.top.passed()
    else:
        nest.close()


def _plain(key: str) -> str:
    if "\\" in key:
        with suppress(ValueError):
            return str(json.loads(f'"{key}"'))
    return key


def _first(text: str) -> int:
    """Return where the first value may begin, in a part that may begin inside a text."""
    quote = _QUOTE.search(text)
    places = (0, quote.end()) if quote else (0,)
    return min(places, key=lambda place: _oddities(text[place : place + _SEEN]))


def _oddities(text: str) -> int:
    """Return how much there is outside of texts that JSON has only inside."""
    return len(_ODD.findall(_TEXT.sub("", text)))
