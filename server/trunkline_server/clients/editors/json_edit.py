"""Adds and removes one entry of a JSON document without touching any other byte. Pure.

A removal takes the entry, one comma and the blanks in front of it. What a person has written
since, comments included, stays.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from trunkline_server.clients.editors.json_layout import Layout, one_line
from trunkline_server.clients.editors.json_page import Braces, Dialect, Page
from trunkline_server.clients.editors.text import Edit, Trace, edited, is_same

Path = Sequence[str]


class Editor:
    """One dialect's four verbs; every format's editor has them, as functions of its module."""

    def __init__(self, dialect: Dialect) -> None:
        self._dialect = dialect

    def read(self, document: bytes, path: Path) -> Any:
        """Return the value at ``path``, or None when it is absent.

        Raises:
            MalformedError: the app could not read the document, or what holds the value is no
                object.
        """
        return Page(document, self._dialect).at(path)

    def insert(self, document: bytes, path: Path, value: Any) -> tuple[bytes, Trace]:
        """Return the document with ``value`` at ``path``, where nothing stands yet.

        It becomes the last member of its object; objects on the way that are missing are made.

        Raises:
            MalformedError: see :meth:`read`.
        """
        page = Page(document, self._dialect)
        page.at(path)
        text, trace = _inserted(page, path, value)
        return (page.bom + text).encode(), trace

    def remove(self, document: bytes, path: Path, trace: Trace) -> bytes:
        """Return the document without the entry at ``path``; the undoing of :meth:`insert`.

        Objects that the insertion made go too when nothing else is in them by now.

        Raises:
            MalformedError: see :meth:`read`.
            KeyError: there is no such entry.
        """
        page = Page(document, self._dialect)
        if not _has(page, path):
            raise KeyError(path[-1])
        return (page.bom + _removed(page, path, trace)).encode()

    def update(self, document: bytes, path: Path, fields: Mapping[str, Any]) -> bytes:
        """Return the document with ``fields`` of the entry at ``path`` set; its others stay.

        Raises:
            MalformedError: see :meth:`read`.
        """
        for key, value in fields.items():
            here, page = (*path, key), Page(document, self._dialect)
            if not _has(page, here):
                document, _ = self.insert(document, here, value)
            elif not is_same(page.at(here), value):
                old = page.objects(path)[-1].named(key)
                assert old is not None  # noqa: S101 - it has just been seen
                text = edited(page.text, [Edit(old.value, old.end, one_line(value))])
                document = (page.bom + text).encode()
        return document


def _has(page: Page, path: Path) -> bool:
    parent = page.at(path[:-1])
    return isinstance(parent, dict) and path[-1] in parent


def _inserted(page: Page, path: Path, value: Any) -> tuple[str, Trace]:
    layout, objects = Layout(page.text), page.objects(path[:-1])
    if not objects:
        return _whole(page.text, layout, path, value), Trace(len(path), page.text)
    made, rest, braces = len(path) - len(objects), path[len(objects) - 1 :], objects[-1]
    if braces.members:
        return edited(page.text, _after_last(page, layout, braces, rest, value)), Trace(made)
    inside = page.text[braces.open + 1 : braces.close]
    if inside.strip():
        edit = _after_comments(page, layout, braces, rest, value)
        return edited(page.text, [edit]), Trace(made)
    if layout.has_lines or len(objects) == 1:
        text = layout.only(braces, rest, value) + layout.end + layout.outer(braces)
    else:
        text = layout.narrow(rest, value)
    return edited(page.text, [Edit(braces.open + 1, braces.close, text)]), Trace(made, inside)


def _whole(text: str, layout: Layout, path: Path, value: Any) -> str:
    """Return a document that had no value yet, after its comments if it has any."""
    if not text.strip():
        return layout.document(path, value)
    return text + ("" if text.endswith("\n") else layout.end) + layout.document(path, value)


def _after_last(page: Page, layout: Layout, braces: Braces, path: Path, value: Any) -> list[Edit]:
    """Return the new last member; comments on the line of the one before it stay with that one."""
    last = braces.members[-1]
    marks = _marks(page.text, last.end, braces.close)
    comma = _comma(marks)
    anchor, must_break = last.end if comma is None else comma + 1, False
    for mark in marks:
        if mark.start() == anchor and "\n" not in page.text[anchor : mark.start(1)]:
            anchor, must_break = mark.end(), mark.group(1).startswith("//")
    text = layout.next(last.start, path, value, must_break=must_break)
    if comma is not None:
        return [Edit(anchor, anchor, text + ",")]
    if anchor == last.end:
        return [Edit(anchor, anchor, "," + text)]
    return [Edit(last.end, last.end, ","), Edit(anchor, anchor, text)]


def _after_comments(page: Page, layout: Layout, braces: Braces, path: Path, value: Any) -> Edit:
    """Return the first member of an object that has nothing but comments in it."""
    last = _marks(page.text, braces.open + 1, braces.close)[-1]
    inside = page.text[braces.open : braces.close]
    if "\n" in inside:
        return Edit(last.end(), last.end(), layout.only(braces, path, value))
    return Edit(last.end(), last.end(), " " + layout.narrow(path, value))


def _removed(page: Page, path: Path, trace: Trace) -> str:
    objects = page.objects(path[:-1])
    path, climbed = list(path), 0
    while climbed < trace.made and _is_all_there_is(page, objects[-1]):
        if len(objects) == 1:
            return _without_document(page, objects[0], trace)
        objects.pop()
        path.pop()
        climbed += 1
    braces = objects[-1]
    if _is_all_there_is(page, braces):
        gap = trace.gap if climbed == trace.made else ""
        return edited(page.text, [Edit(braces.open + 1, braces.close, gap)])
    return edited(page.text, _cut(page.text, braces, path[-1]))


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


def _cut(text: str, braces: Braces, key: str) -> list[Edit]:
    """Return what takes out one member among others or among comments."""
    members = braces.members
    at = max(i for i, member in enumerate(members) if member.key == key)
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
        return [*edits, Edit(ours.start, _after_blanks(text, end))]
    if not is_first and not after and len(before) == 1:
        return [Edit(floor, end)]
    return [*edits, Edit(_start_of_cut(text, before, floor, ours.start, end), end)]


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


def _after_blanks(text: str, start: int) -> int:
    return start + len(text[start:]) - len(text[start:].lstrip(" \t\r\n"))
