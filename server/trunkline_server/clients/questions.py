"""The questions an app asks the person for secrets: VS Code's list ``inputs``. Pure.

An entry refers to its question, so both go into the file together and leave it together.
"""

from __future__ import annotations

from types import ModuleType
from typing import Any

from trunkline_server.clients.editors.json_edit import after_last, cut, cut_only
from trunkline_server.clients.editors.json_layout import Layout, Members, narrow
from trunkline_server.clients.editors.json_page import Braces, Page
from trunkline_server.clients.editors.text import Edit, Trace

KEY = "inputs"


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
    page, items = _list(editor, document)
    new: Members = {None: item}
    if not items.members:
        return page.written([Edit(items.close, items.close, narrow(new))]), False
    return page.written(after_last(page, Layout(page.text), items, new)), False


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
    page, items = _list(editor, document)
    if len(ids) > 1:
        return page.written(cut(page.text, items, ids.index(question_id)))
    return page.written(cut_only(page.text, items))


def _list(editor: ModuleType, document: bytes) -> tuple[Page, Braces]:
    page: Page = editor.opened(document)
    member = page.holders((KEY,))[-1].named(KEY)
    assert member is not None  # noqa: S101 - the callers have read the list
    return page, page.brackets(member.value)
