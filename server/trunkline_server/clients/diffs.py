"""Shows what a change does to a file, line by line, without anybody's secrets. Pure.

Only what is near the change is looked at, so that a file of megabytes costs no more than a small
one; of a very long line only what is near the change is shown.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from trunkline_server.clients.editors.text import BOM
from trunkline_server.clients.masking import spans
from trunkline_server.clients.masking.spans import Layout

_LINES = 3  # shown before and after the change
_NEAR = 4_000  # bytes in which those lines are looked for
_BESIDE = 100  # bytes shown of a line that is longer
_AROUND = 8_000  # bytes in which is looked for what holds them, such as a list of variables


def unified(path: Path, before: bytes, after: bytes, layout: Layout | None = None) -> str:
    """Return the change as a unified diff, secrets hidden; "" when nothing would change.

    ``layout`` tells what the file is; without it, only what is a secret in any text is known.
    """
    if before == after:
        return ""
    old, new = before.removeprefix(BOM), after.removeprefix(BOM)
    start = _start(old, _alike(old, new))
    rest = _alike_at_end(old[start:], new[start:])
    skipped, stop = old.count(b"\n", 0, start), _stop(old, len(old) - rest)
    was, now = (
        _Part(document, start, end, layout)
        for document, end in ((old, stop), (new, len(new) - len(old) + stop))
    )
    return "\n".join([f"--- {path}\tnow", f"+++ {path}\tafter", *_hunks(was, now, skipped)])


class _Part:
    """The part of a document in which the change is.

    Attributes:
        lines: its lines as they are, to be compared.
        shown: the same lines without secrets and without their ends.
    """

    def __init__(self, document: bytes, start: int, stop: int, layout: Layout | None) -> None:
        first = _before(document, start)
        text = _decoded(document[first : _whole(document, stop + _NEAR)])
        at = len(_decoded(document[first:start]))
        end = at + len(_decoded(document[start:stop]))
        secret = spans.in_words(text, (max(0, at - _NEAR), len(text)))
        if layout:
            is_line = document[first - 1 : first] == b"\n"
            secret += spans.in_settings(
                text, layout, (at, end), is_whole=first == 0, is_line=is_line
            )
        self.lines = _lines(text[at:end])
        shown = _lines(spans.hidden(text, secret, (at, end)))
        self.shown = [line.rstrip("\r\n") for line in shown]


def _hunks(was: _Part, now: _Part, skipped: int) -> Iterator[str]:
    import difflib  # not at the top: only a change needs it

    matcher = difflib.SequenceMatcher(None, was.lines, now.lines)
    for group in matcher.get_grouped_opcodes(_LINES):
        (_, first, _, there, _), (_, _, last, _, end) = group[0], group[-1]
        yield f"@@ -{_range(first, last, skipped)} +{_range(there, end, skipped)} @@"
        for what, i, j, k, m in group:
            if what == "equal":
                yield from (f" {line}" for line in was.shown[i:j])
                continue
            yield from (f"-{line}" for line in was.shown[i:j])
            yield from (f"+{line}" for line in now.shown[k:m])


def _range(start: int, stop: int, skipped: int) -> str:
    """Return lines as a hunk names them: the first, and how many when it is not one."""
    count = stop - start
    first = skipped + start + bool(count)
    return f"{first}" if count == 1 else f"{first},{count}"


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
    return found if found or near <= 0 else _whole(document, changed - _BESIDE)


def _stop(document: bytes, changed: int) -> int:
    """Return where lines after ``changed`` end, or a place near it in a very long line."""
    near = changed + _NEAR
    if near >= len(document):
        return len(document)
    return document.rfind(b"\n", changed, near) + 1 or _whole(document, changed + _BESIDE)


def _before(document: bytes, start: int) -> int:
    """Return where to begin looking for what holds the part that begins at ``start``."""
    far = start - _AROUND
    if far <= 0:
        return 0
    return document.find(b"\n", far, start) + 1 or _whole(document, far)


def _whole(document: bytes, where: int) -> int:
    """Return a place near ``where`` at which a character starts, or the document ends."""
    while 0 < where < len(document) and document[where] & 0xC0 == 0x80:
        where -= 1
    return where


def _decoded(document: bytes) -> str:
    return document.decode("utf-8", "replace")


def _lines(text: str) -> list[str]:
    return re.findall(r"[^\n]*\n|[^\n]+", text)
