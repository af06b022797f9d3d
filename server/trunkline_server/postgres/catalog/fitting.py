"""How a reply stays within its bytes: counted as JSON, cut at the end, never in a word. Pure."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

#: Bytes of one page of a list: about 2,500 tokens.
PAGE = 10_000
#: Letters of a comment: in a list, and where one table is described.
SHORT, LONG = 120, 300


def size_of(value: object) -> int:
    """Return the bytes of ``value`` as compact JSON, and of the comma after it."""
    return len(json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()) + 1


def fitting(entries: Iterable[Any], max_bytes: int) -> list[Any]:
    """Return as many entries from the front as fit."""
    kept, spent = [], 0
    for entry in entries:
        spent += size_of(entry)
        if spent > max_bytes:
            break
        kept.append(entry)
    return kept


def cut(text: str, letters: int = LONG) -> str:
    """Return ``text`` in one line of at most ``letters``; a mark says that it was longer."""
    line = " ".join(text.split())
    return line if len(line) <= letters else line[: letters - 1] + "…"


def some(names: list[str], most: int = 20) -> str:
    """Return the first names in one text; a mark says that there are more."""
    return ", ".join(names[:most]) + (" …" if len(names) > most else "")


def bytes_as_text(size: int) -> str:
    """Return a size as people say it, such as ``12 MB`` or ``1.5 GB``."""
    value = float(size)
    for unit in ("bytes", "kB", "MB", "GB"):
        if value < 1024:
            return f"{value:.1f} {unit}" if value < 10 and unit == "GB" else f"{value:.0f} {unit}"
        value /= 1024
    return f"{value:.1f} TB"


def without_blanks(entry: dict[str, Any]) -> dict[str, Any]:
    """Return the keys that say something: not ``None``, no empty text, list or object."""
    return {key: value for key, value in entry.items() if value not in (None, "", [], {})}
