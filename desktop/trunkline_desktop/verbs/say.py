"""How a verb answers on the terminal: lines, aligned tables, JSON. Colour only where wanted."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Sequence
from typing import Any

from trunkline_server import programs

_COLOURS = {"green": "32", "yellow": "33", "red": "31", "grey": "90", "bold": "1"}
_SIGNS = {"done": ("✓", "green"), "warned": ("!", "yellow"), "failed": ("✗", "red"),
          "skipped": ("○", "grey")}  # fmt: skip


def line(text: str = "") -> None:
    """Write one line of the answer; seen at once, also through a pipe."""
    sys.stdout.write(f"{text.rstrip()}\n")
    sys.stdout.flush()


def note(text: str) -> None:
    """Write one line beside the answer, on standard error."""
    sys.stderr.write(f"{text}\n")
    sys.stderr.flush()


def typed(rest: str, program: str = "trunkline") -> str:
    """Return a command of ours the way it can be typed here: ``trunkline check sales``."""
    return f"{programs.as_typed(program)} {rest}"


def as_json(value: Any) -> None:
    """Write one JSON value, laid out for reading."""
    line(json.dumps(value, indent=2, ensure_ascii=False))


def table(head: Sequence[str], rows: Sequence[Sequence[object]], indent: str = "") -> None:
    """Write rows under their heads; columns of numbers are aligned to the right."""
    cells = [[str(cell) for cell in row] for row in rows]
    widths = [max(len(row[i]) for row in [list(head), *cells]) for i in range(len(head))]
    right = [bool(rows) and all(_is_number(row[i]) for row in cells) for i in range(len(head))]
    line(indent + colour(_row(head, widths, right), "grey"))
    for row in cells:
        line(indent + _row(row, widths, right))


def pairs(values: Sequence[tuple[str, object]]) -> None:
    """Write names and values in two columns; empty values are left out."""
    shown = [(name, str(value)) for name, value in values if value not in {"", None}]
    width = max((len(name) for name, _ in shown), default=0)
    for name, value in shown:
        line(f"{colour(name.ljust(width), 'grey')}  {value}")


def sign(state: str) -> str:
    """Return the sign of a stage: ``done, warned, failed`` or ``skipped``."""
    text, wanted = _SIGNS[state]
    return colour(text, wanted)


def diff(text: str, indent: str = "") -> None:
    """Write a unified diff, added lines green and removed ones red."""
    for text_line in text.splitlines():
        is_added, is_removed = text_line[:1] == "+", text_line[:1] == "-"
        wanted = "green" if is_added else "red" if is_removed else "grey"
        line(indent + colour(text_line, wanted))


def colour(text: str, wanted: str) -> str:
    """Return ``text`` coloured where standard output is a terminal that may have colours."""
    if not sys.stdout.isatty() or os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb":
        return text
    return f"\x1b[{_COLOURS[wanted]}m{text}\x1b[0m"


def _row(cells: Sequence[str], widths: Sequence[int], right: Sequence[bool]) -> str:
    fitted = [
        cell.rjust(width) if is_right else cell.ljust(width)
        for cell, width, is_right in zip(cells, widths, right, strict=True)
    ]
    return "  ".join(fitted)


def _is_number(text: str) -> bool:
    return text.replace(",", "").replace(".", "", 1).lstrip("-").isdigit()
