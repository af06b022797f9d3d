"""Adds and removes one entry of a YAML document without touching any other byte. Pure.

An entry becomes the last of its map or list, in their style: on lines of its own, or between the
brackets. A byte-order mark stays.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from trunkline_server.clients.editors import yaml_values as spelled
from trunkline_server.clients.editors.text import Edit, MalformedError, Trace, edited, is_same
from trunkline_server.clients.editors.yaml_layout import (
    Addition,
    added,
    added_under,
    children,
    cut,
    cut_key,
    is_alone,
    stop,
)
from trunkline_server.clients.editors.yaml_page import Node
from trunkline_server.clients.editors.yaml_tree import Page

Path = Sequence[str]
Document = bytes | Page
_PROVED = 200_000  # bytes; more would take too long


class Editor:
    """The four verbs for entries in maps, or in lists whose items are known by ``name``.

    The last key of a path is the entry's key in its map, or the ``name`` of the item, which the
    value tells too. Of a whole list, :meth:`read` returns a map from names to items.
    """

    def __init__(self, *, in_list: bool) -> None:
        self._in_list = in_list

    def opened(self, document: bytes, path: Path) -> Page:
        """Return the document, read as far as ``path`` needs it; each verb takes it too.

        Raises:
            MalformedError: it is not YAML.
        """
        return Page(document, path, in_list=self._in_list)

    def read(self, document: Document, path: Path) -> Any:
        """Return the value at ``path``, or None when it is absent.

        Raises:
            MalformedError: the document is not YAML, or what holds the value cannot.
        """
        node = self._page(document, path).at(path)
        if node is not None and self._in_list and node.kind == "list" and len(path) == 1:
            return {item["name"]: item for item in node.value if _has_name(item)}
        return None if node is None else node.value

    def insert(
        self, document: Document, path: Path, value: Mapping[str, Any]
    ) -> tuple[bytes, Trace]:
        """Return the document with ``value`` at ``path``, where nothing stands yet.

        Raises:
            MalformedError: see :meth:`read`; or the key is there, with nothing in it.
        """
        page = self._page(document, path)
        there = page.at(path)
        if there is not None:
            raise page.unusual(f"“{path[-1]}” is there already", there.start)
        if self._in_list:
            value = {"name": path[-1], **value}
        edit, trace = self._insertion(page, path, value)
        if not self._is_sound(page, path, trace, value, edit):
            raise page.unusual("this is written in an unusual way", edit.start)
        return page.written(edit), trace

    def _is_sound(
        self, page: Page, path: Path, trace: Trace, value: Mapping[str, Any], edit: Edit
    ) -> bool:
        """Whether the entry can be read and taken out again: YAML has many ways."""
        core, move = page.core(edit.start)
        if len(core) > _PROVED:
            return True
        edit = Edit(edit.start - move, edit.end - move, edit.text)
        before = core.encode()
        after = edited(core, [edit]).encode()
        try:
            said, back = self.read(after, path), self.remove(after, path, trace)
        except (MalformedError, KeyError):
            return False
        return bool(said == value) and back == before

    def remove(self, document: Document, path: Path, trace: Trace) -> bytes:
        """Return the document without the entry at ``path``; the undoing of :meth:`insert`.

        Raises:
            MalformedError: see :meth:`read`; or something else refers to a part of the entry.
            KeyError: there is no such entry.
        """
        page = self._page(document, path)
        if page.at(path) is None:
            raise KeyError(path[-1])
        edit, is_last = _removal(page, path, trace)
        after = page.written(edit)
        if "&" in page.text[edit.start : edit.end]:
            Page(after, (), in_list=self._in_list)  # refused when an anchor is missed
        if trace.made and is_last:
            after = self._without_empty_table(after, path[:-1])
        if trace.made == len(path) and not after[len(page.bom.encode()) :].strip():
            after = (page.bom + trace.gap).encode()
        if len(after) < _PROVED and not self._is_gone(after, path):
            raise page.unusual("this is written in an unusual way", edit.start)
        return after

    def _is_gone(self, document: bytes, path: Path) -> bool:
        try:
            return self.opened(document, path).at(path) is None
        except MalformedError:
            return False

    def _without_empty_table(self, document: bytes, path: Path) -> bytes:
        """Return the document without the key of a table that has nothing but notes in it."""
        page = self.opened(document, path)
        nodes = page.nodes(path)
        if len(nodes) <= len(path) or not nodes[-1].is_empty:
            return document
        edit = cut_key(page.text, nodes[-2], page.index(nodes[-2], path[-1]))
        return page.written(edit) if edit else document

    def update(self, document: Document, path: Path, fields: Mapping[str, Any]) -> bytes:
        """Return the document with ``fields`` of the entry at ``path`` set; its others stay.

        Raises:
            MalformedError: see :meth:`read`.
        """
        page = self._page(document, path)
        entry = page.at(path)
        if entry is None or entry.kind != "map" or entry.is_alias:
            raise page.refusal(f"“{path[-1]}” is not a map", entry.start if entry else 0)
        missing = {key: value for key, value in fields.items() if entry.pair(key) is None}
        edits = [_new_fields(page, entry, missing)] if missing else []
        for key, value in fields.items():
            pair = entry.pair(key)
            if pair and not is_same(pair[1].value, value):
                edits.append(_replaced(page.text, entry, pair, value))
        return page.written(*edits)

    def _page(self, document: Document, path: Path) -> Page:
        return document if isinstance(document, Page) else self.opened(document, path)

    def _insertion(self, page: Page, path: Path, value: Any) -> tuple[Edit, Trace]:
        nodes = page.nodes(path[:-1])
        new = _addition(path[max(len(nodes) - 1, 0) :], value, in_list=self._in_list)
        if not nodes:
            return page.first(new, len(path))
        made = len(path) - len(nodes)
        if nodes[-1].kind != "scalar":
            edit, gap = added(page.text, nodes[-1], new)
            return edit, Trace(made, gap)
        if len(nodes) > 1 and nodes[-2].is_flow:
            raise page.unusual(f"“{path[-2]}” has no value", nodes[-1].start)
        column = nodes[-2].column + 2 if len(nodes) > 1 else 0
        edit, gap = added_under(page.text, nodes[-1], new, column)
        return edit, Trace(made, gap)


def _has_name(item: Any) -> bool:
    return isinstance(item, dict) and isinstance(item.get("name"), str)


def _addition(path: Path, value: Any, *, in_list: bool) -> Addition:
    """Return what is written for a value and the keys in front of it that are missing."""
    if in_list and len(path) == 1:
        return Addition(spelled.item(value), spelled.flow(value))
    *outer, key = path[:-1] if in_list else path
    lines = spelled.nested(key, spelled.item(value)) if in_list else spelled.fields({key: value})
    flow: Any = {key: [value] if in_list else value}
    for name in reversed(outer):
        lines, flow = spelled.nested(name, lines), {name: flow}
    return Addition(lines, spelled.flow(flow)[1:-1])


def _new_fields(page: Page, entry: Node, fields: Mapping[str, Any]) -> Edit:
    flow = ", ".join(spelled.pair(key, value) for key, value in fields.items())
    return added(page.text, entry, Addition(spelled.fields(fields), flow))[0]


def _removal(page: Page, path: Path, trace: Trace) -> tuple[Edit, bool]:
    """Return what takes the entry out, and whether that leaves its table without any."""
    nodes, depth = page.nodes(path), len(path) - 1
    first = depth
    while depth and first - depth < trace.made and is_alone(page.text, nodes[depth]):
        depth -= 1
    gap = trace.gap if first - depth == trace.made else ""
    edit = cut(page.text, nodes[depth], page.index(nodes[depth], path[depth]), gap)
    if edit is None:
        raise page.unusual(f"“{path[depth]}” is not on lines of its own", nodes[depth].start)
    return edit, depth == first and len(children(nodes[depth])) == 1


def _replaced(text: str, entry: Node, pair: tuple[Node, Node], value: Any) -> Edit:
    key, old = pair
    if entry.is_flow and not old.is_empty:
        return Edit(old.start, old.end, spelled.flow(value))
    new = spelled.flow(value) if entry.is_flow else spelled.one_line(value)
    if old.is_alias or old.is_flow or (old.kind == "scalar" and not old.is_block and old.text):
        return Edit(old.start, old.end, new)
    return Edit(text.index(":", key.end) + 1, stop(text, old, with_comment=False), " " + new)
