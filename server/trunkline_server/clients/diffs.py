"""Shows what a change does to a file, line by line. Pure.

Only the lines around the change are looked at, so that a file of megabytes costs no more than a
small one; of a very long line only what is near the change is shown.
"""

from __future__ import annotations

import re
from pathlib import Path

from trunkline_server.clients import tokens
from trunkline_server.clients.editors.text import BOM

_LINES = 3  # shown before and after the change
_NEAR = 4_000  # bytes in which those lines are looked for
_BESIDE = 100  # bytes shown of a line that is longer


def unified(path: Path, before: bytes, after: bytes) -> str:
    """Return the change as a unified diff, secrets hidden; "" when nothing would change."""
    if before == after:
        return ""
    old, new = before.removeprefix(BOM), after.removeprefix(BOM)
    start = _start(old, _alike(old, new))
    rest = _alike_at_end(old[start:], new[start:])
    skipped, stop = old.count(b"\n", 0, start), _stop(old, len(old) - rest)
    import difflib  # not at the top: only a change needs it

    lines = difflib.unified_diff(
        _lines(old[start:stop]),
        _lines(new[start : len(new) - len(old) + stop]),
        *(str(path), str(path), "now", "after"),
        n=_LINES,
    )
    return tokens.hidden("\n".join(_moved(line.rstrip("\r\n"), skipped) for line in lines))


def _alike(one: bytes, other: bytes) -> int:
    """Return how many bytes are the same at the start."""
    same, more = 0, min(len(one), len(other))
    while same < more:
        middle = (same + more + 1) // 2
        if one[same:middle] == other[same:middle]:
            same = middle
        else:
            more = middle - 1
    return same


def _alike_at_end(one: bytes, other: bytes) -> int:
    return _alike(one[::-1], other[::-1])


def _start(document: bytes, changed: int) -> int:
    """Return where lines before ``changed`` start, or a place near it in a very long line."""
    near = changed - _NEAR
    found = document.find(b"\n", near, changed) + 1 if near > 0 else 0
    return found if found or near <= 0 else _before_token(document, changed - _BESIDE)


def _stop(document: bytes, changed: int) -> int:
    """Return where lines after ``changed`` end, or a place near it in a very long line."""
    near = changed + _NEAR
    if near >= len(document):
        return len(document)
    found = document.rfind(b"\n", changed, near) + 1
    return found or _after_token(document, changed + _BESIDE)


def _before_token(document: bytes, where: int) -> int:
    """Return a place near where a character starts; of a token all is after it, so it is hidden."""
    while document[where] & 0xC0 == 0x80:
        where -= 1
    head = document[max(0, where - _NEAR) : where]
    kept = head.rstrip(tokens.LETTERS)
    return where - len(head) + len(kept.removesuffix(tokens.SCHEME))


def _after_token(document: bytes, where: int) -> int:
    """Return a place near where a character starts; of a token all is before it."""
    while document[where] & 0xC0 == 0x80:
        where -= 1
    tail = document[where : where + _NEAR]
    return where + len(tail) - len(tail.lstrip(tokens.LETTERS))


def _lines(document: bytes) -> list[str]:
    text = document.decode("utf-8", "replace")
    return re.findall(r"[^\n]*\n|[^\n]+", text)


def _moved(line: str, by: int) -> str:
    """Return a line of the diff of a part, as it is in the diff of the whole."""
    if not line.startswith("@@"):
        return line
    return re.sub(r"(?<=[-+])\d+", lambda first: str(int(first.group()) + by), line)
