"""Adds and removes one entry of a JSON document without touching any other byte. Pure.

A removal takes the entry, one comma and the blanks in front of it. What a person has written
since, comments included, stays.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from trunkline_server.clients.editors.json_layout import Layout, Members, narrow, one_line
from trunkline_server.clients.editors.json_page import Braces, Dialect, Page, after_blanks
from trunkline_server.clients.editors.text import Edit, Trace, is_same

Path = Sequence[str]
Document = bytes | Page


class Editor:
    """One dialect's four verbs; every format's editor has them, as functions of its module."""

    def __init__(self, dialect: Dialect) -> None:
        self._dialect = dialect

    def opened(self, document: bytes, _path: Path = ()) -> Page:
        """Return the document, read; each verb takes it in place of the bytes.

        Raises:
            MalformedError: the app could not read it.
        """
        return Page(document, self._dialect)

    def read(self, document: Document, path: Path) -> Any:
        """Return the value at ``path``, or None when it is absent.

        Raises:
            MalformedError: the app could not read the document, or what holds the value is no
                object.
        """
        return self._page(document).at(path)

    def insert(self, document: Document, path: Path, value: Any) -> tuple[bytes, Trace]:
        """Return the document with ``value`` at ``path``, where nothing stands yet.

        It becomes the last member of its object; objects on the way that are missing are made.

        Raises:
            MalformedError: see :meth:`read`.
        """
        page = self._page(document)
        page.at(path)
        edits, trace = _insertion(page, path, value)
        return page.written(edits), trace

    def remove(self, document: Document, path: Path, trace: Trace) -> bytes:
        """Return the document without the entry at ``path``; the undoing of :meth:`insert`.

        Objects that the insertion made go too when nothing else is in them by now.

        Raises:
            MalformedError: see :meth:`read`.
            KeyError: there is no such entry.
        """
        page = self._page(document)
        parent = page.at(path[:-1])
        if not isinstance(parent, dict) or path[-1] not in parent:
            raise KeyError(path[-1])
        return page.written(_removal(page, path, trace))

    def update(self, document: Document, path: Path, fields: Mapping[str, Any]) -> bytes:
        """Return the document with ``fields`` of the entry at ``path`` set; its others stay.

        Raises:
            MalformedError: see :meth:`read`.
            KeyError: there is no such entry.
        """
        page = self._page(document)
        page.at((*path, ""))  # refused when it is no object
        entry = page.entry(path)
        missing: Members = {k: v for k, v in fields.items() if entry.named(k) is None}
        edits = _addition(page, Layout(page.text), entry, missing) if missing else []
        for key, value in fields.items():
            member = entry.named(key)
            if member and not is_same(page.said(member), value):
                edits.append(Edit(member.value, member.end, one_line(value)))
        return page.written(edits)

    def _page(self, document: Document) -> Page:
        return document if isinstance(document, Page) else self.opened(document)


def _insertion(page: Page, path: Path, value: Any) -> tuple[list[Edit], Trace]:
    layout, holders = Layout(page.text), page.holders(path)
    made = len(path) - len(holders)
    for key in reversed(path[max(len(holders) - 1, 0) :]):
        value = {key: value}
    if not holders:
        return [_whole(page.text, layout, value)], Trace(made, page.text)
    braces = holders[-1]
    inside = page.text[braces.open + 1 : braces.close]
    if braces.members or inside.strip():
        return _addition(page, layout, braces, value), Trace(made)
    if layout.has_lines or len(holders) == 1:
        text = layout.only(braces, value) + layout.end + layout.outer(braces)
    else:
        text = narrow(value)
    return [Edit(braces.open + 1, braces.close, text)], Trace(made, inside)


def _whole(text: str, layout: Layout, members: Members) -> Edit:
    """Return what makes a document that had no value yet, after its comments if it has any."""
    if not text.strip():
        return Edit(0, len(text), layout.document(members))
    gap = "" if text.endswith("\n") else layout.end
    return Edit(len(text), len(text), gap + layout.document(members))


def _addition(page: Page, layout: Layout, braces: Braces, members: Members) -> list[Edit]:
    """Return the new last members of an object, comments in it or not."""
    if braces.members:
        return after_last(page, layout, braces, members)
    marks = _marks(page.text, braces.open + 1, braces.close)
    anchor = marks[-1].end() if marks else braces.open + 1
    is_in_note = bool(marks) and marks[-1].group(1).startswith("//")
    if is_in_note or "\n" in page.text[braces.open : braces.close]:
        return [Edit(anchor, anchor, layout.only(braces, members))]
    return [Edit(anchor, anchor, (" " if marks else "") + narrow(members))]


def after_last(page: Page, layout: Layout, braces: Braces, members: Members) -> list[Edit]:
    """Return the new last members, or items, after those that are there.

    Comments on the line of the one before stay with that one.
    """
    last = braces.members[-1]
    marks = _marks(page.text, last.end, braces.close)
    comma = _comma(marks)
    anchor, must_break = last.end if comma is None else comma + 1, False
    for mark in marks:
        if mark.start() == anchor and "\n" not in page.text[anchor : mark.start(1)]:
            anchor, must_break = mark.end(), mark.group(1).startswith("//")
    text = layout.next(last.start, members, must_break=must_break)
    if comma is not None:
        return [Edit(anchor, anchor, text + ",")]
    if anchor == last.end:
        return [Edit(anchor, anchor, "," + text)]
    return [Edit(last.end, last.end, ","), Edit(anchor, anchor, text)]


def _removal(page: Page, path: Path, trace: Trace) -> list[Edit]:
    holders = page.holders(path)
    path, climbed = list(path), 0
    while climbed < trace.made and _is_all_there_is(page, holders[-1]):
        if len(holders) == 1:
            return [Edit(0, len(page.text), _without_document(page, holders[0], trace))]
        holders.pop()
        path.pop()
        climbed += 1
    braces = holders[-1]
    if _is_all_there_is(page, braces):
        gap = trace.gap if climbed == trace.made else ""
        return [Edit(braces.open + 1, braces.close, gap)]
    ours = braces.named(path[-1])
    return cut(page.text, braces, braces.members.index(ours)) if ours else []


def _is_all_there_is(page: Page, braces: Braces) -> bool:
    """Whether an object has one member and no comment beside it."""
    if len(braces.members) != 1:
        return False
    only = braces.members[0]
    around = page.text[braces.open + 1 : only.start] + page.text[only.end : braces.close]
    return not around.replace(",", "").strip()


def _without_document(page: Page, root: Braces, trace: Trace) -> str:
    before, after = page.text[: root.open], page.text[root.close + 1 :]
    if not trace.gap.strip() and not (before + after).strip():
        return trace.gap
    if trace.gap.strip() and before.startswith(trace.gap) and not after.strip():
        return trace.gap if not before[len(trace.gap) :].strip() else before
    return before + after


def cut(text: str, braces: Braces, at: int) -> list[Edit]:
    """Return what takes out one member, or item, among others or among comments."""
    members = braces.members
    ours, is_first, is_last = members[at], at == 0, at == len(members) - 1
    floor = braces.open + 1 if is_first else members[at - 1].end
    limit = braces.close if is_last else members[at + 1].start
    before, after = _marks(text, floor, ours.start), _marks(text, ours.end, limit)
    edits, end = [], ours.end
    comma = _comma(after)
    if comma is not None and not text[end:comma].strip():
        end = comma + 1
    elif (stray := _comma(before) if comma is None else comma) is not None:
        edits.append(Edit(stray, stray + 1))
    if is_first and not is_last:
        return [*edits, Edit(ours.start, after_blanks(text, end))]
    if not is_first and not after and len(before) == 1:
        return [Edit(floor, end)]
    return [*edits, Edit(_start_of_cut(text, before, floor, ours.start, end), end)]


def cut_only(text: str, brackets: Braces) -> list[Edit]:
    """Return what takes out the only item of a list, and leaves all that is around it."""
    only = brackets.members[0]
    comma = _comma(_marks(text, only.end, brackets.close))
    return [Edit(only.start, only.end), *([] if comma is None else [Edit(comma, comma + 1)])]


def _start_of_cut(text: str, before: list[Mark], floor: int, start: int, end: int) -> int:
    """Return where the blanks in front of a member start, as far as they may go with it.

    What follows must not end up behind a ``//``.
    """
    if before and before[-1].group(1).startswith("//") and text[end : end + 1] not in ("\r", "\n"):
        return start
    return before[-1].end() if before else floor


Mark = re.Match[str]
_MARK = re.compile(r"[ \t\r\n]*(//[^\r\n]*|/\*.*?\*/|,)", re.DOTALL)


def _marks(text: str, start: int, end: int) -> list[Mark]:
    """Return the commas and comments between two places where nothing else stands but blanks."""
    found = []
    while (mark := _MARK.match(text, start, end)) is not None:
        found.append(mark)
        start = mark.end()
    return found


def _comma(marks: list[Mark]) -> int | None:
    """Return where the comma among ``marks`` is."""
    return next((mark.start(1) for mark in marks if mark.group(1) == ","), None)
