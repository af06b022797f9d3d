"""Hiding the password in pasted text, so that the field can be shown to anyone. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from urllib.parse import unquote

DOTS = "••••••••"

_IN_URL = re.compile(r"://[^/@:\s]*:(?P<secret>[^\s/]*)@")
_AFTER_WORD = re.compile(
    r"(?i)(?:password|pwd|passwd)[\"']?\s*(?:[=:]|\s)\s*"
    r"(?:\"(?P<double>(?:[^\"\\]|\\.)*)\"|'(?P<single>(?:[^'\\]|\\.)*)'|(?P<secret>[^\s&;,]+))"
)


def masked(text: str, password: str, read: Callable[[str], str | None]) -> str | None:
    """Return ``text`` with dots in place of ``password``; ``None`` when no such place is safe.

    ``read`` answers which password a text holds. A place counts only when the password reads as
    dots afterwards, so a user or database that happens to be spelled like it is left alone.
    """
    for start, end in _places(text, password):
        candidate = text[:start] + DOTS + text[end:]
        if read(candidate) == DOTS:
            return candidate
    return None


def _places(text: str, password: str) -> Iterator[tuple[int, int]]:
    for pattern in (_IN_URL, _AFTER_WORD):
        for found in pattern.finditer(text):
            group = found.lastgroup or "secret"
            if password in {found[group], unquote(found[group])}:
                yield found.span(group)
    for found in re.finditer(re.escape(password), text):
        yield found.span()
