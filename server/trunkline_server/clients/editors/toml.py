"""Adds and removes one table of a TOML document without touching any other byte. Pure.

An entry becomes ``[table.name]`` after the last table beside it, or at the end; where the table is
written inline, it goes between the braces. A byte-order mark stays.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from itertools import groupby
from typing import Any

from trunkline_server.clients.editors.text import (
    Edit,
    MalformedError,
    Trace,
    UnusualError,
    edited,
    is_same,
    line_end,
    place_in,
)
from trunkline_server.clients.editors.toml_page import Inline, Page, Statement
from trunkline_server.clients.editors.toml_values import dotted, inline, lines

Path = Sequence[str]
Document = bytes | Page
_PROVED = 1_000_000  # bytes; more would take too long


def opened(document: bytes, _path: Path = ()) -> Page:
    """Return the document, read; each verb takes it in place of the bytes.

    Raises:
        MalformedError: it is not TOML.
    """
    return Page(document)


def read(document: Document, path: Path) -> Any:
    """Return the value at ``path``, or None when it is absent.

    Raises:
        MalformedError: the document is not TOML, or what holds the value is no table.
    """
    return _page(document).at(path)


def insert(document: Document, path: Path, value: Mapping[str, Any]) -> tuple[bytes, Trace]:
    """Return the document with ``value`` at ``path``, where nothing stands yet.

    Raises:
        MalformedError: see :func:`read`.
    """
    page = _page(document)
    page.at(path)
    edit, trace = _insertion(page, path, value)
    after = _written(page, [edit])
    before = _written(page, ())
    if len(before) < _PROVED and not _is_sound(before, after, path, trace, value):
        raise UnusualError("this is written in an unusual way", *place_in(page.text, edit.start))
    return after, trace


def _is_sound(
    before: bytes, after: bytes, path: Path, trace: Trace, value: Mapping[str, Any]
) -> bool:
    """Whether the entry can be read and taken out again: TOML forbids much that looks right."""
    try:
        said, back = read(after, path), remove(after, path, trace)
    except (MalformedError, KeyError):
        return False
    return is_same(said, _without_nulls(value)) and back == before


def _without_nulls(value: Any) -> Any:
    if not isinstance(value, dict):
        return value
    return {key: _without_nulls(inner) for key, inner in value.items() if inner is not None}


def remove(document: Document, path: Path, trace: Trace) -> bytes:
    """Return the document without the entry at ``path``; the undoing of :func:`insert`.

    All its parts go, wherever they stand: sub-tables, dotted keys.

    Raises:
        MalformedError: see :func:`read`.
        KeyError: there is no such entry.
    """
    page = _page(document)
    if not page.has(path):
        raise KeyError(path[-1])
    chain = _chain(page, path)
    edits = _inline_removal(chain, trace) if chain else _removals(page, path)
    text = edited(page.text, edits)
    if trace.made == len(path) and not text.strip():
        text = trace.gap
    if len(text) < _PROVED and not _is_gone(text, path):
        where = place_in(page.text, edits[0].start)
        raise UnusualError("this is written in an unusual way", *where)
    return (page.bom + text).encode()


def _is_gone(text: str, path: Path) -> bool:
    try:
        return not Page(text.encode()).has(path)
    except MalformedError:
        return False


def update(document: Document, path: Path, fields: Mapping[str, Any]) -> bytes:
    """Return the document with ``fields`` of the entry at ``path`` set; its others stay.

    Raises:
        MalformedError: see :func:`read`.
    """
    page = _page(document)
    new = {k: v for k, v in fields.items() if v is not None and not _says(page, (*path, k), v)}
    pairs = {key: _pair_of(page, (*path, key)) for key in new}
    edits = [Edit(old.value, old.end, inline(new[key])) for key, old in pairs.items() if old]
    rest = {key: new[key] for key, old in pairs.items() if not old}
    spread = [key for key in rest if page.has((*path, key))]  # in tables of their own, dotted keys
    if spread:
        after = _written(page, edits)
        for key in spread:
            after = remove(after, (*path, key), Trace())
        page, edits = opened(after), []
    return _written(page, [*edits, *([_new_fields(page, path, rest)] if rest else [])])


def _says(page: Page, path: Path, value: Any) -> bool:
    return page.has(path) and is_same(page.at(path), value)


def _page(document: Document) -> Page:
    return document if isinstance(document, Page) else opened(document)


def _written(page: Page, edits: Iterable[Edit]) -> bytes:
    return (page.bom + edited(page.text, edits)).encode()


def _insertion(page: Page, path: Path, value: Mapping[str, Any]) -> tuple[Edit, Trace]:
    text, end = page.text, line_end(page.text)
    made = next((len(path) - n for n in range(len(path)) if not page.has(path[: n + 1])), 0) - 1
    if not text.strip():
        body = end.join(lines(path, value)) + end
        return Edit(0, len(text), body), Trace(len(path), text)
    tables = _inline_tables(page, path[:-1], path[-1])
    if tables:
        table, depth = tables[-1]
        words = _inline_pair(path[depth:], value)
        return _into_braces(page, table, words), Trace(made, _gap(text, table))
    beside = [s.stop for s in page.statements(path) if s.section[: len(path) - 1] == (*path[:-1],)]
    anchor = beside[-1] if beside else len(text.rstrip(" \t\r\n"))
    return Edit(anchor, anchor, end * 2 + end.join(lines(path, value))), Trace(made)


def _gap(text: str, table: Inline) -> str:
    return "" if table.pairs else text[table.open + 1 : table.close]


def _inline_pair(path: Path, value: Any) -> str:
    return dotted(path[:1]) + " = " + inline(_wrapped(path[1:], value))


def _into_braces(page: Page, table: Inline, text: str) -> Edit:
    if table.pairs:
        return Edit(table.pairs[-1].end, table.pairs[-1].end, ", " + text)
    if page.text[table.open + 1 : table.close].strip():
        return Edit(table.close, table.close, f"{text} ")  # after the comments in there
    return Edit(table.open + 1, table.close, f" {text} ")


def _wrapped(path: Path, value: Any) -> Any:
    for key in reversed(path):
        value = {key: value}
    return value


def _inline_tables(page: Page, path: Path, key: str) -> list[tuple[Inline, int]]:
    """Return the inline tables on the way to ``key``, each with how many keys lead to it."""
    found: list[tuple[Inline, int]] = []
    pairs = _pairs(page.statements((*path, key)))
    while True:
        on_way = [p for p in pairs if p.keys == (*path[: len(p.keys)],)]
        table = page.inline(on_way[0]) if on_way else None
        if table is None:
            return found
        found.append((table, len(on_way[0].keys)))
        pairs = table.pairs


def _pairs(statements: Iterable[Statement]) -> tuple[Statement, ...]:
    return tuple(s for s in statements if s.kind == "pair")


def _chain(page: Page, path: Path) -> list[tuple[Inline, Statement]]:
    """Return the inline tables around the entry, each with the pair that leads to it."""
    tables = [table for table, _ in _inline_tables(page, path[:-1], path[-1])]
    return [(t, p) for t in tables for p in t.pairs if p.keys == (*path[: len(p.keys)],)]


def _inline_removal(chain: list[tuple[Inline, Statement]], trace: Trace) -> list[Edit]:
    climbed = 0
    while climbed < trace.made and len(chain) > 1 and len(chain[-1][0].pairs) == 1:
        chain.pop()
        climbed += 1
    table, pair = chain[-1]
    at = table.pairs.index(pair)
    if at:
        return [Edit(table.pairs[at - 1].end, pair.end)]
    if len(table.pairs) > 1:
        return [Edit(pair.start, table.pairs[1].start)]
    return [Edit(table.open + 1, table.close, trace.gap)]


def _removals(page: Page, path: Path) -> list[Edit]:
    """Return what takes out every section and line of the entry."""
    edits, whole = [], (*path,)
    ours = [s for s in page.statements(path) if s.keys[: len(whole)] == whole]
    for is_section, group in groupby(ours, lambda s: s.section[: len(whole)] == whole):
        if is_section:
            edits += [_section_cut(page.text, section) for section in _sections(group)]
        else:
            edits += [_line_cut(page.text, pair) for pair in group]
    return edits


def _sections(statements: Iterable[Statement]) -> list[list[Statement]]:
    sections: list[list[Statement]] = []
    for statement in statements:
        if statement.kind == "header" or not sections:
            sections.append([])
        sections[-1].append(statement)
    return sections


def _section_cut(text: str, section: list[Statement]) -> Edit:
    """Return what takes out a section with the one blank line in front of it."""
    start = text.rfind("\n", 0, section[0].start) + 1
    if not start:
        after = _LINES_AFTER.match(text, section[-1].stop)
        return Edit(0, after.end() if after else section[-1].stop)
    before = _LINES_BEFORE.search(text[max(start - 4, 0) : start])
    return Edit(start - len(before.group() if before else ""), section[-1].stop)


_LINES_BEFORE = re.compile(r"(?:\r?\n){1,2}\Z")
_LINES_AFTER = re.compile(r"[ \t]*(?:\r?\n){0,2}")


def _line_cut(text: str, pair: Statement) -> Edit:
    start, stop = text.rfind("\n", 0, pair.start) + 1, text.find("\n", pair.stop) + 1
    if stop:
        return Edit(start, stop)
    return Edit(len(text[:start].rstrip("\r\n")), len(text))


def _pair_of(page: Page, path: Path) -> Statement | None:
    """Return the pair that sets exactly ``path``."""
    tables = [
        page.statements(path),
        *(list(t.pairs) for t, _ in _inline_tables(page, path[:-1], path[-1])),
    ]
    found = (p for statements in tables for p in _pairs(statements) if p.keys == (*path,))
    return next(found, None)


def _new_fields(page: Page, path: Path, fields: Mapping[str, Any]) -> Edit:
    """Return what adds fields to an entry, where most of it stands."""
    tables, whole, end = _inline_tables(page, path, ""), (*path,), line_end(page.text)
    if tables:
        table, depth = tables[-1]
        pairs = (_inline_pair((*path[depth:], key), value) for key, value in fields.items())
        return _into_braces(page, table, ", ".join(pairs))
    direct = [s for s in page.statements(path) if s.section == whole]
    spread = [p for p in _pairs(page.statements(path)) if p.keys[: len(whole)] == whole]
    last = [*(p for p in spread if len(p.section) < len(whole)), *direct][-1:]
    if last:
        names = (dotted((*path[len(last[0].section) :], key)) for key in fields)
        added = (f"{end}{n} = {inline(v)}" for n, v in zip(names, fields.values(), strict=True))
        return Edit(last[0].stop, last[0].stop, "".join(added))
    anchor = len(page.text.rstrip(" \t\r\n"))
    return Edit(anchor, anchor, end * 2 + end.join(lines(path, fields)))
