"""How an entry is written into a JSON document so that it looks like its neighbours. Pure."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from typing import Any

from trunkline_server.clients.editors.json_page import Braces
from trunkline_server.clients.editors.text import indent_at, line_end

Path = Sequence[str]


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

    def document(self, path: Path, value: Any) -> str:
        """Return a whole document."""
        return self._nested(path, value, "") + self.end

    def only(self, braces: Braces, path: Path, value: Any) -> str:
        """Return the first member of an object, on a line of its own."""
        inner = self.outer(braces) + self._unit
        return f"{self.end}{inner}{self._wide(path, value, inner)}"

    def outer(self, braces: Braces) -> str:
        """Return the indentation of the closing brace."""
        return indent_at(self._text, braces.open)

    def next(self, last_start: int, path: Path, value: Any, *, must_break: bool) -> str:
        """Return the next member, with the blanks in front of it.

        ``last_start`` is where the member before it starts; ``must_break`` asks for a new line
        even if that one does not stand on its own.
        """
        start = self._text.rfind("\n", 0, last_start) + 1
        is_alone = bool(start) and not self._text[start:last_start].strip()
        if is_alone or must_break:
            indent = indent_at(self._text, last_start)
            return f"{self.end}{indent}{self._wide(path, value, indent)}"
        is_tight = "\n" not in self._text and ": " not in self._text
        return ("" if is_tight else " ") + self.narrow(path, value)

    def narrow(self, path: Path, value: Any) -> str:
        """Return a member on one line."""
        return f"{one_line(path[0])}: {one_line(_wrapped(path[1:], value))}"

    def _wide(self, path: Path, value: Any, indent: str) -> str:
        return f"{one_line(path[0])}: {self._nested(path[1:], value, indent)}"

    def _nested(self, path: Path, value: Any, indent: str) -> str:
        return self._laid_out(_wrapped(path, value), indent)

    def _laid_out(self, value: Any, indent: str) -> str:
        if not isinstance(value, dict) or not value:
            return one_line(value)
        inner = indent + self._unit
        lines = [f"{inner}{one_line(k)}: {self._laid_out(v, inner)}" for k, v in value.items()]
        body = f",{self.end}".join(lines)
        return f"{{{self.end}{body}{self.end}{indent}}}"


def one_line(value: Any) -> str:
    """Return ``value`` as JSON on one line; half characters are escaped, nothing else is."""
    text = json.dumps(value, ensure_ascii=False)
    return re.sub("[\ud800-\udfff]", lambda half: f"\\u{ord(half.group()):04x}", text)


def _wrapped(path: Path, value: Any) -> Any:
    for key in reversed(path):
        value = {key: value}
    return value
