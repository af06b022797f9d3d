"""The questions an app asks the person for secrets: VS Code's list ``inputs``. Pure.

An entry refers to its question, so both go into the file together and leave it together.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from types import ModuleType
from typing import Any

from trunkline_server.clients.editors.json_page import Dialect, Page
from trunkline_server.clients.editors.text import Edit, Trace, edited, indent_at, line_end

KEY = "inputs"
# The app's own editor has refused by now what the app does not read; here all may be read.
_DIALECT = Dialect(has_comments=True, has_trailing_commas=True, keeps_bom=True)
_COMMA = re.compile(r"(?>[ \t\r\n]|//[^\n]*|/\*.*?\*/)*+(,)", re.DOTALL)
_PLAIN = re.compile(r"[ \t\r\n]*,[ \t\r\n]*")

Span = tuple[int, int]


def question(question_id: str, description: str) -> dict[str, Any]:
    """Return what lets an app ask for a secret once and keep it safe."""
    what = {"id": question_id, "description": description, "password": True}
    return {"type": "promptString", **what}


def asked(editor: ModuleType, document: bytes) -> list[str]:
    """Return the ids of the questions of a document.

    Raises:
        MalformedError: the app could not read it.
    """
    found = editor.read(document, (KEY,))
    items = found if isinstance(found, list) else []
    return [str(item.get("id", "")) if isinstance(item, dict) else "" for item in items]


def added(editor: ModuleType, document: bytes, item: dict[str, Any]) -> tuple[bytes, bool]:
    """Return the document with one more question, and whether the list was not there before.

    Raises:
        MalformedError: the app could not read it.
    """
    if not isinstance(editor.read(document, (KEY,)), list):
        after, _ = editor.insert(document, (KEY,), [item])
        return after, True
    page = Page(document, _DIALECT)
    text = edited(page.text, [_addition(page, json.dumps(item, ensure_ascii=False))])
    return (page.bom + text).encode(), False


def removed(editor: ModuleType, document: bytes, question_id: str, *, with_list: bool) -> bytes:
    """Return the document without a question, and without the list if it was the only one.

    Raises:
        MalformedError: the app could not read it.
    """
    ids = asked(editor, document)
    if question_id not in ids:
        return document
    if with_list and len(ids) == 1:
        after: bytes = editor.remove(document, (KEY,), Trace())
        return after
    page = Page(document, _DIALECT)
    text = edited(page.text, _cuts(page, ids.index(question_id)))
    return (page.bom + text).encode()


def _list(page: Page) -> Span:
    member = page.holders((KEY,))[-1].named(KEY)
    assert member is not None  # noqa: S101 - the callers have read the list
    return member.value, member.end


def _items(page: Page) -> Iterator[Span]:
    decoder = json.JSONDecoder()
    here, end = _list(page)
    here += 1
    while (here := _next(page.bare, here, end)) < end - 1:
        _, after = decoder.raw_decode(page.bare, here)
        yield here, after
        here = after


def _next(bare: str, here: int, end: int) -> int:
    while here < end - 1 and bare[here] in " \t\r\n,":
        here += 1
    return here


def _addition(page: Page, item: str) -> Edit:
    """Return the new last item, on a line of its own when the others have theirs."""
    start, end = _list(page)
    items = list(_items(page))
    if not items:
        return Edit(end - 1, end - 1, item)
    last = items[-1][1]
    has_lines = "\n" in page.text[start:last]
    gap = line_end(page.text) + indent_at(page.text, last - 1) if has_lines else " "
    if comma := _COMMA.match(page.text, last, end - 1):
        return Edit(comma.end(), comma.end(), f"{gap}{item},")
    return Edit(last, last, f",{gap}{item}")


def _cuts(page: Page, at: int) -> list[Edit]:
    """Return what takes out one item with one comma; comments around it stay."""
    items = list(_items(page))
    start, end = items[at]
    if at and _PLAIN.fullmatch(page.text, items[at - 1][1], start):
        return [Edit(items[at - 1][1], end)]
    limit = items[at + 1][0] if at + 1 < len(items) else _list(page)[1] - 1
    if at == 0 and _PLAIN.fullmatch(page.text, end, limit):
        return [Edit(start, limit)]
    comma = _COMMA.match(page.text, end, limit)
    if comma is None and at:
        comma = _COMMA.match(page.text, items[at - 1][1], start)
    return [Edit(start, end), *([Edit(comma.start(1), comma.end(1))] if comma else [])]
