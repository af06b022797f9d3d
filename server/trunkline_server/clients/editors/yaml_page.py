"""A YAML document as nodes with their places, read by libyaml, which Goose's parser descends from.

Pure. Keys that stand twice are refused, as the apps refuse them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from trunkline_server.clients.editors.text import MalformedError, UnusualError, place_in

# yaml is imported where it is used: only a change needs it, not the list of apps.


@dataclass(slots=True)
class Node:
    """A value.

    Attributes:
        kind: what it is; an alias is what it stands for, except for ``is_alias``.
        start: where it starts, its anchor and tag included.
        end: where it ends; of a block, where its last value does.
        column: of a block: how far its keys are indented.
        is_flow: whether it is written with brackets.
        is_plain: of a scalar: whether it has no quotes.
        is_block: of a scalar: whether it is one of several lines, after ``|`` or ``>``.
        keeps_lines: of a scalar: whether the empty lines after it are part of it.
        is_open: whether it ends in the last line of the document, which has no end, and a line
            end there would become a part of it.
        pairs: of a map.
        items: of a list.
        text: of a scalar.
    """

    kind: Literal["map", "list", "scalar"]
    start: int
    end: int
    column: int = 0
    is_flow: bool = False
    is_plain: bool = False
    is_alias: bool = False
    is_block: bool = False
    keeps_lines: bool = False
    is_open: bool = False
    pairs: list[tuple[Node, Node]] = field(default_factory=list)
    items: list[Node] = field(default_factory=list)
    text: str = ""

    @property
    def is_empty(self) -> bool:
        """Whether nothing is written where a value could be."""
        return self.kind == "scalar" and self.is_plain and not self.text

    @property
    def value(self) -> Any:
        """What it says, in JSON's terms and with the words of YAML 1.2."""
        if self.kind == "map":
            return {_word(key): value.value for key, value in self.pairs}
        if self.kind == "list":
            return [item.value for item in self.items]
        return _plain(self.text) if self.is_plain else self.text

    def pair(self, key: str) -> tuple[Node, Node] | None:
        """Return the pair of that key in a map."""
        return next((pair for pair in self.pairs if _word(pair[0]) == key), None)


def _word(key: Node) -> str:
    return key.text if key.kind == "scalar" else str(key.value)


_WORDS = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL"), None),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
}
_INTEGER = re.compile(r"[-+]?[0-9]{1,400}|0o[0-7]+|0x[0-9a-fA-F]+")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")


def _plain(text: str) -> Any:
    if text in _WORDS:
        return _WORDS[text]
    if _INTEGER.fullmatch(text):
        return int(text, 0) if text[:2] in {"0o", "0x"} else int(text)
    return float(text) if _FLOAT.fullmatch(text) else text


def says_itself(text: str) -> bool:
    """Whether ``text`` without quotes would be read as that very text."""
    return _plain(text) == text and bool(_SAFE.fullmatch(text)) and text.lower() not in _OLD_WORDS


_SAFE = re.compile(r"[A-Za-z/_][A-Za-z0-9_./@+-]*")
_OLD_WORDS = {"y", "n", "yes", "no", "on", "off"}  # of YAML 1.1


def root(text: str, *, is_part: bool = False) -> Node | None:
    """Return the outermost value; None when there is no document.

    Of a part, an alias may stand for something outside of it.

    Raises:
        MalformedError: it is not YAML, there are two documents, or a key stands twice.
    """
    import yaml

    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    try:
        return _Composer(text, yaml.parse(text, Loader=loader), is_part=is_part).root()
    except yaml.MarkedYAMLError as exc:
        mark = exc.problem_mark or exc.context_mark
        raise _malformed(
            f"this is not YAML ({exc.problem})", text, mark.index if mark else 0
        ) from exc
    except yaml.YAMLError as exc:
        where = getattr(exc, "position", None) or 0
        offset = len(text.encode("utf-8", "replace")[:where].decode("utf-8", "replace"))
        raise _malformed("a character is not allowed here", text, offset) from exc
    except RecursionError as exc:
        raise UnusualError("this is nested too deeply", 1, 1) from exc


def check(text: str) -> bool:
    """Whether ``text`` is YAML by its syntax alone; quick."""
    import yaml

    try:
        loader = yaml.CSafeLoader(text)
        loader.raw_parse()
    except (yaml.YAMLError, AttributeError):  # AttributeError: a Python without libyaml
        return False
    return True


def _malformed(reason: str, text: str, where: int) -> MalformedError:
    return MalformedError(reason, *place_in(text, where))


class _Composer:
    def __init__(self, text: str, events: Iterator[Any], *, is_part: bool) -> None:
        self._text, self._events, self._is_part = text, events, is_part
        self._anchors: dict[str, Node] = {}

    def root(self) -> Node | None:
        """Read the whole stream."""
        found, begun = None, 0
        for event in self._events:
            kind = type(event).__name__
            if kind == "DocumentStartEvent" and found is not None:
                where = event.start_mark.index
                raise _malformed("a second document starts here", self._text, where)
            if kind == "DocumentStartEvent":
                begun = event.end_mark.index
            elif kind not in _FRAME:
                found = self._node(event)
                if found.is_empty:  # its mark is behind the comments after ---
                    found.start = found.end = begun
        return found

    def _node(self, event: Any) -> Node:
        kind = type(event).__name__
        start, end = event.start_mark.index, event.end_mark.index
        if kind == "AliasEvent":
            return self._meant(event.anchor, start, end)
        if kind == "ScalarEvent":
            node = self._scalar(event, start, end)
        elif kind == "MappingStartEvent":
            node = self._map(event, Node("map", start, end, is_flow=bool(event.flow_style)))
        else:
            node = self._list(event, Node("list", start, end, is_flow=bool(event.flow_style)))
        if event.anchor:
            self._anchors[event.anchor] = node
        return node

    def _meant(self, anchor: str, start: int, end: int) -> Node:
        meant = self._anchors.get(anchor)
        if meant is None and not self._is_part:
            raise _malformed(f"“*{anchor}” stands for nothing", self._text, start)
        meant = meant or Node("scalar", start, end)
        return replace(meant, start=start, end=end, is_alias=True, keeps_lines=False)

    def _scalar(self, event: Any, start: int, end: int) -> Node:
        is_block = event.style in {"|", ">"}
        keeps = is_block and "+" in self._text[start:end].split("\n", 1)[0].split("#", 1)[0]
        if is_block and not keeps:
            end = start + _end_of_block(self._text[start:end])
        is_open = is_block and end == len(self._text) and not self._text.endswith("\n")
        is_plain = bool(event.implicit[0]) and not event.style
        return Node("scalar", start, end, text=event.value, is_plain=is_plain, is_block=is_block,
                    keeps_lines=keeps, is_open=is_open)  # fmt: skip

    def _map(self, event: Any, node: Node) -> Node:
        seen, node.column = set(), event.start_mark.column
        while type(key_event := next(self._events)).__name__ != "MappingEndEvent":
            key, value = self._node(key_event), self._node(next(self._events))
            if not node.pairs and (event.anchor or event.tag):
                node.column = key_event.start_mark.column
            if key.kind == "scalar":
                word = (key.text, key.is_plain and _plain(key.text) != key.text)
                if word in seen:
                    raise _malformed(f"the key “{key.text}” stands twice", self._text, key.start)
                seen.add(word)
            node.pairs.append((key, value))
            node.end = max(node.end, key.end, value.end)
        return self._closed(node, key_event, node.pairs[-1][1] if node.pairs else None)

    def _list(self, event: Any, node: Node) -> Node:
        while type(item_event := next(self._events)).__name__ != "SequenceEndEvent":
            node.items.append(self._node(item_event))
            node.end = max(node.end, node.items[-1].end)
        return self._closed(node, item_event, node.items[-1] if node.items else None)

    def _closed(self, node: Node, end_event: Any, last: Node | None) -> Node:
        if node.is_flow:
            node.end = end_event.end_mark.index
        else:
            node.keeps_lines = last is not None and last.keeps_lines
            node.is_open = last is not None and last.is_open
        return node


def _end_of_block(text: str) -> int:
    """Return where a text of several lines ends, without the empty lines after it.

    A line of blanks is empty as long as it is not more indented than the others.
    """
    head, *lines = text.split("\n")
    written = [line for line in lines if line.strip(" \t\r")]
    may_be = (
        0 if re.search("[0-9]", head.split("#", 1)[0]) else min(map(_indent, written), default=0)
    )
    return len(re.sub(rf"(?:\r?\n[ ]{{0,{may_be}}})+\Z", "", text))


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip(" "))


_FRAME = {"StreamStartEvent", "StreamEndEvent", "DocumentStartEvent", "DocumentEndEvent"}
