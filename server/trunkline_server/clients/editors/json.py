"""Adds and removes one entry of a JSON document without touching any other byte. Pure.

Strict JSON, as apps read it that refuse comments: ``json`` decides whether the document is valid
and what it says, tree-sitter only where things stand. A byte-order mark is dropped, because such
apps refuse it. Of a key that stands twice, the last one counts, as it does for them.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any, Never

from trunkline_server.clients.editors.text import BOM, MalformedError, Trace, decoded, place

# tree-sitter is imported where it is used: only the change needs it, not the list of apps.
Node = Any
Path = Sequence[str]


def read(document: bytes, path: Path) -> Any:
    """Return the value at ``path``, or None when it is absent.

    Raises:
        MalformedError: the document is not JSON, or what holds the value is no object.
    """
    value = _parsed(_bare(document))
    for depth, key in enumerate(path):
        if value is None and depth == 0:
            return None
        if not isinstance(value, dict):
            raise _not_an_object(_bare(document), path[:depth])
        if key not in value:
            return None
        value = value[key]
    return value


def insert(document: bytes, path: Path, value: Any) -> tuple[bytes, Trace]:
    """Return the document with ``value`` at ``path``, where nothing stands yet.

    It becomes the last member of its object; objects on the way that are missing are made.

    Raises:
        MalformedError: see :func:`read`.
    """
    document = _bare(document)
    read(document, path)
    found, depth = _deepest(document, path)
    style = _Style(document)
    if found is None:
        text = style.document(path, value)
        return text.encode(), Trace(len(path), document.decode())
    members = _pairs(found)
    made = len(path) - 1 - depth
    if members:
        return _after(document, members[-1], style, path[depth:], value), Trace(made)
    inside = slice(found.start_byte + 1, found.end_byte - 1)
    gap = document[inside].decode()
    text = style.only_member(found, path[depth:], value)
    return _spliced(document, inside, text), Trace(made, gap)


def remove(document: bytes, path: Path, trace: Trace) -> bytes:
    """Return the document without the entry at ``path``; the undoing of :func:`insert`.

    Objects that the insertion made go too when nothing else is in them by now.

    Raises:
        MalformedError: see :func:`read`.
        KeyError: there is no such entry.
    """
    document = _bare(document)
    if read(document, path) is None:
        raise KeyError(path[-1])
    chain = _chain(document, path)
    climbed = 0
    while climbed < trace.made and len(_pairs(chain[-1].parent)) == 1:
        if len(chain) == 1:
            return trace.gap.encode()
        chain.pop()
        climbed += 1
    pair = chain[-1]
    members = _pairs(pair.parent)
    if len(members) == 1:
        gap = trace.gap if climbed == trace.made else ""
        return _spliced(document, slice(pair.parent.start_byte + 1, pair.parent.end_byte - 1), gap)
    return _spliced(document, _span(members, pair), "")


def update(document: bytes, path: Path, fields: Mapping[str, Any]) -> bytes:
    """Return the document with ``fields`` of the entry at ``path`` set; its others stay.

    Raises:
        MalformedError: see :func:`read`.
    """
    document = _bare(document)
    for key, value in fields.items():
        here = (*path, key)
        now = read(document, here)
        if now is None and not _has(document, here):
            document, _ = insert(document, here, value)
        elif now != value:
            old = _chain(document, here)[-1].child_by_field_name("value")
            span = slice(old.start_byte, old.end_byte)
            document = _spliced(document, span, _one_line(value))
    return document


class _Style:
    """How this document is laid out: line ends and the unit of indentation."""

    def __init__(self, document: bytes) -> None:
        self._text = document
        self._end = "\r\n" if b"\r\n" in document else "\n"
        first = re.search(rb"\n([ \t]+)\S", document)
        self._unit = first.group(1).decode() if first else "  "

    def document(self, path: Path, value: Any) -> str:
        return self._nested(path, value, "", is_wide=True) + self._end

    def only_member(self, parent: Node, path: Path, value: Any) -> str:
        """Return what goes between the braces of an object without members."""
        if not self._is_wide(parent):
            return self._member(path, value, "", is_wide=False)
        outer = self._indent_of(parent.start_byte)
        inner = outer + self._unit
        text = self._member(path, value, inner, is_wide=True)
        return f"{self._end}{inner}{text}{self._end}{outer}"

    def next_member(self, last: Node, path: Path, value: Any) -> str:
        """Return what goes after the last member, with its comma."""
        start = self._text.rfind(b"\n", 0, last.start_byte) + 1
        before = self._text[start : last.start_byte]
        if not start or before.strip():
            is_tight = b"\n" not in self._text and b": " not in self._text
            comma = "," if is_tight else ", "
            return comma + self._member(path, value, "", is_wide=False)
        indent = before.decode()
        return f",{self._end}{indent}" + self._member(path, value, indent, is_wide=True)

    def _is_wide(self, parent: Node) -> bool:
        """Whether an object without members gets one on a line of its own."""
        return b"\n" in self._text or parent.parent.type == "document"

    def _indent_of(self, offset: int) -> str:
        start = self._text.rfind(b"\n", 0, offset) + 1
        line = self._text[start:offset].decode()
        return line[: len(line) - len(line.lstrip(" \t"))]

    def _member(self, path: Path, value: Any, indent: str, *, is_wide: bool) -> str:
        inner = self._nested(path[1:], value, indent, is_wide=is_wide)
        return f"{_one_line(path[0])}: {inner}"

    def _nested(self, path: Path, value: Any, indent: str, *, is_wide: bool) -> str:
        for key in reversed(path):
            value = {key: value}
        if not is_wide:
            return _one_line(value)
        return self._laid_out(value, indent)

    def _laid_out(self, value: Any, indent: str) -> str:
        if not isinstance(value, dict) or not value:
            return _one_line(value)
        inner = indent + self._unit
        lines = [f"{inner}{_one_line(k)}: {self._laid_out(v, inner)}" for k, v in value.items()]
        body = f",{self._end}".join(lines)
        return f"{{{self._end}{body}{self._end}{indent}}}"


def _after(document: bytes, last: Node, style: _Style, path: Path, value: Any) -> bytes:
    text = style.next_member(last, path, value)
    return _spliced(document, slice(last.end_byte, last.end_byte), text)


def _one_line(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)


def _bare(document: bytes) -> bytes:
    return document.removeprefix(BOM)


def _spliced(document: bytes, span: slice, text: str) -> bytes:
    return document[: span.start] + text.encode() + document[span.stop :]


def _parsed(document: bytes) -> Any:
    text = decoded(document)
    if not text.strip(" \t\r\n"):
        return None
    try:
        return json.loads(text, parse_constant=_refuse)
    except json.JSONDecodeError as exc:
        reason, position = _diagnosis(text, exc)
        where = len(text[:position].encode())
        raise MalformedError(reason, *place(document, where)) from exc
    except (_ConstantError, RecursionError) as exc:
        where = document.find(str(exc).encode()) if isinstance(exc, _ConstantError) else 0
        raise MalformedError("this is not JSON", *place(document, max(where, 0))) from exc


class _ConstantError(ValueError):
    """``NaN`` or ``Infinity``, which Python reads and nobody else."""


def _refuse(word: str) -> Never:
    raise _ConstantError(word)


def _diagnosis(text: str, exc: json.JSONDecodeError) -> tuple[str, int]:
    """Return what is wrong and at which character."""
    if text[exc.pos :].lstrip(" \t\r\n").startswith(("//", "/*", "#")):
        return "this app reads no comments", exc.pos
    before = text[: exc.pos].rstrip(" \t\r\n")
    if text.startswith(",", exc.pos):  # from Python 3.13 on it points at the comma
        return "there is a comma too many", exc.pos
    if before.endswith(","):
        return "there is a comma too many", len(before) - 1
    return _REASONS.get(exc.msg, "this is not JSON"), exc.pos


_REASONS = {
    "Expecting ',' delimiter": "a comma or a closing bracket is missing",
    "Expecting ':' delimiter": "a colon is missing",
    "Expecting value": "a value is missing",
    "Extra data": "there is something after the end",
    "Unterminated string starting at": "a quotation mark is missing",
}


def _tree(document: bytes) -> Node:
    import tree_sitter
    import tree_sitter_json

    language = tree_sitter.Language(tree_sitter_json.language())
    return tree_sitter.Parser(language).parse(_EXPONENT.sub(_unsigned, document)).root_node


# The grammar stumbles over the plus of 1e+2; a zero in its place keeps every position.
_EXPONENT = re.compile(rb'"(?:[^"\\]|\\.)*"|[eE]\+')


def _unsigned(found: re.Match[bytes]) -> bytes:
    text = found.group()
    return text if text.startswith(b'"') else text[:1] + b"0"


def _root(document: bytes) -> Node | None:
    return next((c for c in _tree(document).named_children if c.type == "object"), None)


def _pairs(parent: Node) -> list[Node]:
    return [child for child in parent.named_children if child.type == "pair"]


def _pair(parent: Node, key: str) -> Node | None:
    """Return the last member of that name."""
    named = [pair for pair in _pairs(parent) if _key(pair) == key]
    return named[-1] if named else None


def _key(pair: Node) -> str:
    key: str = json.loads(pair.child_by_field_name("key").text)
    return key


def _deepest(document: bytes, path: Path) -> tuple[Node | None, int]:
    """Return the innermost object on the way to ``path`` and how many keys lead to it."""
    here, depth = _root(document), 0
    for key in path[:-1]:
        pair = _pair(here, key) if here is not None else None
        if pair is None:
            break
        here, depth = pair.child_by_field_name("value"), depth + 1
    return here, depth


def _chain(document: bytes, path: Path) -> list[Node]:
    """Return the pairs that lead to the value at ``path``, which is there."""
    here, chain = _root(document), []
    for key in path:
        pair = _pair(here, key)
        assert pair is not None  # noqa: S101 - the callers have read the value
        chain.append(pair)
        here = pair.child_by_field_name("value")
    return chain


def _span(members: list[Node], pair: Node) -> slice:
    """Return the bytes of one of several members, with the comma that goes with it."""
    position = members.index(pair)
    if position:
        return slice(members[position - 1].end_byte, pair.end_byte)
    return slice(pair.start_byte, members[1].start_byte)


def _has(document: bytes, path: Path) -> bool:
    parent = read(document, path[:-1])
    return isinstance(parent, dict) and path[-1] in parent


def _not_an_object(document: bytes, path: Path) -> MalformedError:
    node = _chain(document, path)[-1].child_by_field_name("value") if path else None
    where = node.start_byte if node else len(document) - len(document.lstrip())
    what = f"“{path[-1]}” is not an object" if path else "the document is not an object"
    return MalformedError(what, *place(document, where))
