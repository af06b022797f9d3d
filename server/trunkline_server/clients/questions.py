"""The questions an app asks the person for secrets: VS Code's list ``inputs``. Pure.

An entry refers to its question, so both go into the file together and leave it together.
"""

from __future__ import annotations

from types import ModuleType
from typing import Any

from trunkline_server.clients.editors.json_edit import Document, after_last, cut, cut_only
from trunkline_server.clients.editors.json_layout import Layout, Members, narrow
from trunkline_server.clients.editors.json_page import Braces, Page
from trunkline_server.clients.editors.text import Edit, MalformedError, Trace, place_in

KEY = "inputs"


def question(question_id: str, description: str) -> dict[str, Any]:
    """Return what lets an app ask for a secret once and keep it safe."""
    what = {"id": question_id, "description": description, "password": True}
    return {"type": "promptString", **what}


def asked(editor: ModuleType, document: Document) -> list[str]:
    """Return the ids of the questions of a document.

    Raises:
        MalformedError: the app could not read it.
    """
    found = editor.read(document, (KEY,))
    items = found if isinstance(found, list) else []
    return [str(item.get("id", "")) if isinstance(item, dict) else "" for item in items]


def added(editor: ModuleType, document: Document, item: dict[str, Any]) -> tuple[bytes, bool]:
    """Return the document with one more question, and whether the list was not there before.

    Raises:
        MalformedError: the app could not read it.
    """
    page = _opened(editor, document)
    if page.at(()) is None or KEY not in page.at(()):
        after, _ = editor.insert(page, (KEY,), [item])
        return after, True
    items = _items(page)
    new: Members = {None: item}
    if not items.members:
        return page.written([Edit(items.close, items.close, narrow(new))]), False
    return page.written(after_last(page, Layout(page.text), items, new)), False


def removed(editor: ModuleType, document: Document, question_id: str, *, with_list: bool) -> bytes:
    """Return the document without a question, and without the list if it was the only one.

    Raises:
        MalformedError: the app could not read it.
    """
    page = _opened(editor, document)
    ids = asked(editor, page)
    if question_id not in ids:
        return page.written([])
    if with_list and len(ids) == 1:
        after: bytes = editor.remove(page, (KEY,), Trace())
        return after
    items = _items(page)
    if len(ids) == 1:
        return page.written(cut_only(page.text, items))
    return page.written(cut(page.text, items, ids.index(question_id)))


def _opened(editor: ModuleType, document: Document) -> Page:
    page: Page = document if isinstance(document, Page) else editor.opened(document)
    return page


def _items(page: Page) -> Braces:
    member = page.holders((KEY,))[-1].named(KEY)
    assert member is not None  # noqa: S101 - the callers have seen it
    if not isinstance(page.said(member), list):
        raise MalformedError(f"“{KEY}” is not a list", *place_in(page.text, member.value))
    return page.brackets(member.value)
