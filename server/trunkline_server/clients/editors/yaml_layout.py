"""Where the lines of an entry go in a YAML document, and which ones go with it. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass

from trunkline_server.clients.editors.text import Edit, indent_at, line_end
from trunkline_server.clients.editors.yaml_page import Node


@dataclass(frozen=True, slots=True)
class Addition:
    """What is to be written: as lines, not indented, or between brackets."""

    lines: list[str]
    flow: str


def added(text: str, node: Node, new: Addition) -> tuple[Edit, str]:
    """Return what adds to a map or list, and what gave way to it."""
    if not node.is_flow:
        column = node.column if node.kind == "map" else _column(text, dash(text, node, 0))
        lines, where = indented(text, new.lines, column), stop(text, node)
        if node.is_open:  # so it comes first
            where = text.rfind("\n", 0, _starts(node)[0]) + 1
            lines = lines.removeprefix(line_end(text)) + line_end(text)
        return Edit(where, where, lines), ""
    inner, close = children(node), node.end - 1
    if inner:
        return Edit(inner[-1].end, inner[-1].end, ", " + new.flow), ""
    start = _bracket(text, node) + 1
    if noted := text[start:close].rstrip():  # a comment, which only a line's end ends
        where, indent = start + len(noted), indent_at(text, start) + "  "
        return Edit(where, where, f"{line_end(text)}{indent}{new.flow}"), ""
    return Edit(start, close, new.flow), text[start:close]


def added_under(text: str, null: Node, new: Addition, column: int) -> tuple[Edit, str]:
    """Return what gives a value to a key that has none, and what gave way to it."""
    if null.is_empty:
        where = stop(text, null)
        return Edit(where, where, indented(text, new.lines, column)), ""
    flow = f"[{new.flow}]" if new.lines[0].startswith("- ") else f"{{{new.flow}}}"
    return Edit(null.start, null.end, flow), text[null.start : null.end]


def indented(text: str, lines: list[str], column: int) -> str:
    """Return lines, each on a new one."""
    end = line_end(text)
    return "".join(f"{end}{' ' * column}{line}" for line in lines)


def stop(text: str, node: Node, *, with_comment: bool = True) -> int:
    """Return where the last line of a value ends, its comment included."""
    if node.keeps_lines:
        last = _LAST_BREAK.search(text, max(node.end - 200, 0), node.end)
        return last.start() if last else node.end
    found = _COMMENT.match(text, node.end) if with_comment else None
    return node.end + len(found.group().rstrip()) if found else node.end


_LAST_BREAK = re.compile(r"\r?\n[ ]*\Z")
_COMMENT = re.compile(r"[ \t]+#[^\r\n]*")


def cut(text: str, parent: Node, at: int, gap: str) -> Edit | None:
    """Return what takes out one value; None when it shares its line with others.

    ``gap`` is what comes back when nothing else is between the brackets.
    """
    if parent.is_flow:
        return _flow_cut(text, parent, at, gap)
    start = parent.pairs[at][0].start if parent.kind == "map" else dash(text, parent, at)
    line = text.rfind("\n", 0, start) + 1
    if text[line:start].strip(" "):
        return None
    end = stop(text, children(parent)[at])
    if not line:
        after = re.compile(r"[ \t]*(?:\r?\n)?").match(text, end)
        return Edit(0, after.end() if after else end)
    return Edit(line - (2 if text[line - 2 : line] == "\r\n" else 1), end)


def cut_key(text: str, parent: Node, at: int) -> Edit | None:
    """Return what takes out a key that has no value; a note on its line stays."""
    key, value = parent.pairs[at]
    if stop(text, value) == value.end or parent.is_flow:
        return None if parent.is_flow else cut(text, parent, at, "")
    return Edit(key.start, value.end + len(text[value.end :]) - len(text[value.end :].lstrip(" ")))


def _flow_cut(text: str, parent: Node, at: int, gap: str) -> Edit:
    starts, inner = _starts(parent), children(parent)
    if at:
        between = text[inner[at - 1].end : starts[at]]
        return Edit(inner[at - 1].end, inner[at].end, _notes(between))
    if len(inner) > 1:
        return Edit(starts[0], starts[1], _notes(text[inner[0].end : starts[1]]))
    if gap.strip():
        return Edit(parent.start, parent.end, gap)
    start, comma = _bracket(text, parent) + 1, _COMMA.match(text, inner[0].end)
    if is_alone(text, parent):
        return Edit(start, parent.end - 1, gap)
    end = comma.end() if comma and not comma[1].strip() else inner[0].end
    if not _REST_OF_LINE.match(text, end):  # or it would end up in a comment
        return Edit(starts[0], end)
    return Edit(start + len(text[start : starts[0]].rstrip()), end)


_REST_OF_LINE = re.compile(r"[ \t]*\r?\n")
_COMMA = re.compile(r"((?:[ \t\r\n]|#[^\n]*\n)*+),")


def _notes(between: str) -> str:
    """Return what stays of what is between two values: all but the comma, if it has comments."""
    comma = _COMMA.match(between)
    if "#" not in between or comma is None:
        return ""
    return comma[1] + between[comma.end() :]


def is_alone(text: str, parent: Node) -> bool:
    """Whether a map or list has one value and no comment beside it."""
    if len(children(parent)) != 1:
        return False
    if not parent.is_flow:
        line = text.rfind("\n", 0, _starts(parent)[0])
        before = text[: max(line, 0)].rstrip(" \t\r\n")
        return before.endswith(":") and "#" not in before[before.rfind("\n") + 1 :]
    start, end = _starts(parent)[0], children(parent)[0].end
    return "#" not in text[_bracket(text, parent) : start] + text[end : parent.end]


def dash(text: str, parent: Node, at: int) -> int:
    """Return where the dash of an item is."""
    found = parent.items[at]
    floor = parent.items[at - 1].end if at else text.rfind("\n", 0, parent.start) + 1
    dashes = list(_DASH.finditer(text, floor, found.start))
    return dashes[-1].start(1) if dashes else found.start


_DASH = re.compile(r"^[ ]*(-)(?=[ \t\r\n]|\Z)", re.MULTILINE)


def _column(text: str, where: int) -> int:
    return where - text.rfind("\n", 0, where) - 1


def _bracket(text: str, node: Node) -> int:
    return text.index("{" if node.kind == "map" else "[", node.start)


def children(node: Node) -> list[Node]:
    """Return the values of a map, the items of a list; none of them ends before its key does."""
    return [value for _, value in node.pairs] if node.kind == "map" else node.items


def _starts(node: Node) -> list[int]:
    if node.kind == "map":
        return [key.start for key, _ in node.pairs]
    return [item.start for item in node.items]
