"""The lines of a change to a text, with their numbers and signs. Knows nothing of Qt."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

Sign = Literal[" ", "+", "-", "@"]
_HUNK = re.compile(r"@@ -(\d+)(?:,\d+)? \+(\d+)(?:,\d+)? @@")
_NO_NEWLINE = "\\ No newline at end of file"


@dataclass(frozen=True, slots=True)
class DiffLine:
    """One line.

    Attributes:
        sign: "+" added, "-" removed, " " unchanged, "@" the head of a part of the file.
        number: in the file after the change; of removed lines, before it; 0 for heads.
        text: the line without sign and line end.
    """

    sign: Sign
    number: int
    text: str


def parse(unified: str) -> tuple[DiffLine, ...]:
    """Return the lines of a unified diff; names of files are left out."""
    found: list[DiffLine] = []
    old = new = 0
    for line in unified.splitlines():
        if match := _HUNK.match(line):
            old, new = int(match[1]), int(match[2])
            found.append(DiffLine("@", 0, line))
        elif old == new == 0 or line.startswith(_NO_NEWLINE):
            continue
        elif line.startswith("-"):
            found.append(DiffLine("-", old, line[1:]))
            old += 1
        elif line.startswith("+"):
            found.append(DiffLine("+", new, line[1:]))
            new += 1
        else:
            found.append(DiffLine(" ", new, line[1:]))
            old, new = old + 1, new + 1
    return tuple(found)


def compare(before: str, after: str, context: int = 3) -> tuple[DiffLine, ...]:
    """Return the lines that differ between two texts, with ``context`` lines around them."""
    import difflib  # not at the top: most windows never show a change

    parts = difflib.unified_diff(before.splitlines(), after.splitlines(), lineterm="", n=context)
    return parse("\n".join(parts))


def counts(lines: Iterable[DiffLine]) -> tuple[int, int]:
    """Return how many lines were added and removed."""
    signs = [line.sign for line in lines]
    return signs.count("+"), signs.count("-")


def as_unified(lines: Iterable[DiffLine]) -> str:
    """Return the lines as a unified diff without file names."""
    return "\n".join(x.text if x.sign == "@" else x.sign + x.text for x in lines)
