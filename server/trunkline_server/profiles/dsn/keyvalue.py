"""libpq's own form of a connection: ``host=… port=… user=…``. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator

from trunkline_server.profiles.dsn.settings import (
    IGNORED,
    KEPT,
    BadDsn,
    Parsed,
    Setting,
    assembled,
    unknown_key,
)

BACKSLASH = re.compile(r"\\(.)", re.DOTALL)
_KEY = re.compile(r"\s*([^\s=]*)\s*(=?)\s*")
_VALUE = re.compile(
    r"'(?P<quoted>(?:[^'\\]|\\.)*)'|(?P<plain>(?:[^\s'\\]|\\.)(?:[^\s\\]|\\.)*)?", re.DOTALL
)
_LABELS = frozenset(word for word in KEPT if " " not in word)


def looks_like(text: str) -> bool:
    """Whether ``text`` begins with one of libpq's keywords, or another name for it, and ``=``."""
    found = re.match(r"([A-Za-z_]+)\s*=", text)
    return bool(found) and found[1].lower() in _LABELS | IGNORED if found else False


def parse(text: str, base: int) -> Parsed:
    """Return what ``host=… port=…`` says. Raises ``BadDsn``."""
    settings, notes = divided(settings_in(text, base))
    return assembled(settings, "keyvalue", notes)


def settings_in(text: str, base: int) -> Iterator[Setting | str]:
    """Yield each setting, or the sentence that says it is left out. Raises ``BadDsn``."""
    at = 0
    while found := _KEY.match(text, at):
        key = found[1]
        if not key and not found[2]:
            return
        if not found[2]:
            title = "A word stands here without = and a value."
            hint = "Put a value with spaces into single quotes."
            raise BadDsn("syntax", base + found.start(1), title, hint)
        value = _VALUE.match(text, found.end())
        if not value or (text.startswith("'", found.end()) and value["quoted"] is None):
            raise open_quote(base + found.end())
        word = value["quoted"] if value["quoted"] is not None else value["plain"] or ""
        yield _known(key, BACKSLASH.sub(r"\1", word), base + found.start(1), base + value.start())
        at = value.end()


def _known(key: str, value: str, key_at: int, value_at: int) -> Setting | str:
    word = key.lower()
    if word in KEPT:
        return Setting(KEPT[word], value, value_at)
    if word in IGNORED:
        return f"“{key}” is not needed and was ignored."
    raise unknown_key(key_at, key)


def open_quote(at: int) -> BadDsn:
    """Return the error for a quotation mark that is never closed."""
    title = "A quotation mark is opened here and never closed."
    return BadDsn("quote", at, title, "Close it, or write \\' for the character itself.")


def divided(found: Iterator[Setting | str]) -> tuple[list[Setting], list[str]]:
    """Return the settings, and the sentences about what was left out."""
    settings: list[Setting] = []
    notes: list[str] = []
    for item in found:
        if isinstance(item, str):
            notes.append(item)
        else:
            settings.append(item)
    return settings, notes
