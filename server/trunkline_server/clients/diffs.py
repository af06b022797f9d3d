"""Shows what a change does to a file, line by line. Pure."""

from __future__ import annotations

from pathlib import Path

from trunkline_server.clients import tokens
from trunkline_server.clients.editors.text import BOM


def unified(path: Path, before: bytes, after: bytes) -> str:
    """Return the change as a unified diff, tokens hidden; "" when nothing would change."""
    if before == after:
        return ""
    old, new = _lines(before), _lines(after)
    import difflib  # not at the top: only a change needs it

    lines = list(difflib.unified_diff(old, new, str(path), str(path), "now", "after", n=3))
    return tokens.hidden("\n".join(line.rstrip("\r\n") for line in lines))


def _lines(document: bytes) -> list[str]:
    return document.removeprefix(BOM).decode("utf-8", "replace").splitlines(keepends=True)
