"""How an entry is written into a JSON document so that it looks like its neighbours. Pure."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from trunkline_server.clients.editors.json_page import Braces
from trunkline_server.clients.editors.text import indent_at, line_end

Members = Mapping[str | None, Any]  # None is the key of an item of a list


class Layout:
    """Line ends and the unit of indentation of one document.

    Attributes:
        end: what ends a line.
        has_lines: whether there is more than one.
    """

    def __init__(self, text: str) -> None:
        self._text = text
        self.has_lines = "\n" in text
        self.end = line_end(text)
        first = re.search(r"\n([ \t]+)[^\s/]", text)
        self._unit = first.group(1) if first else "  "

    def document(self, members: Members) -> str:
        """Return a whole document."""
        return self._laid_out(members, "") + self.end

    def only(self, braces: Braces, members: Members) -> str:
        """Return the first members of an object, each on a line of its own."""
        return self._lines(self.outer(braces) + self._unit, members)

    def outer(self, braces: Braces) -> str:
        """Return the indentation of the closing brace."""
        return indent_at(self._text, braces.open)

    def next(self, last_start: int, members: Members, *, must_break: bool) -> str:
        """Return the next members, with the blanks in front of them.

        ``last_start`` is where the member before them starts; ``must_break`` asks for new lines
        even if that one does not stand on its own.
        """
        start = self._text.rfind("\n", 0, last_start) + 1
        is_alone = bool(start) and not self._text[start:last_start].strip()
        if is_alone or must_break:
            return self._lines(indent_at(self._text, last_start), members)
        is_tight = "\n" not in self._text and ": " not in self._text
        return ("" if is_tight else " ") + narrow(members)

    def _lines(self, indent: str, members: Members) -> str:
        return ",".join(
            f"{self.end}{indent}{_name(key)}"
            f"{one_line(value) if key is None else self._laid_out(value, indent)}"
            for key, value in members.items()
        )

    def _laid_out(self, value: Any, indent: str) -> str:
        if not isinstance(value, dict) or not value:
            return one_line(value)
        return f"{{{self._lines(indent + self._unit, value)}{self.end}{indent}}}"


def narrow(members: Members) -> str:
    """Return members on one line."""
    return ", ".join(f"{_name(key)}{one_line(value)}" for key, value in members.items())


def one_line(value: Any) -> str:
    """Return ``value`` as JSON on one line; half characters are escaped, nothing else is."""
    text = json.dumps(value, ensure_ascii=False)
    return re.sub("[\ud800-\udfff]", lambda half: f"\\u{ord(half.group()):04x}", text)


def _name(key: str | None) -> str:
    return "" if key is None else f"{one_line(key)}: "
