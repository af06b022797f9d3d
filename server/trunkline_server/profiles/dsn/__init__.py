"""Any text a person was given about a connection, read into the fields of a profile. Pure.

``settings`` says what a setting means; the other modules read one form each.
"""

from __future__ import annotations

import re

from trunkline_server.profiles.dsn import env, keyvalue, programs, psql, url
from trunkline_server.profiles.dsn.settings import BadDsn, Parsed, several

__all__ = ["BadDsn", "Parsed", "parse"]

_LONGEST = 50_000
_AROUND = " \t\r\n\f\v\ufeff\u200b\u2028\u2029\xa0"
_QUOTES = {'"': '"', "'": "'", "`": "`", "“": "”", "‘": "’", "<": ">"}
_LAST_PASSWORD = re.compile(r"(?i)(?:password|passwd|pass|pwd)\s*[=:]\s*[^\s=]*\Z")
_NO_SCHEME = re.compile(r"[^\s:@/=]+(?::[^\s]*)?@[^\s@/]+/[^\s@]*")


def parse(text: str) -> Parsed:
    """Return what ``text`` says about a connection.

    It may be a ``postgresql://`` link, also with a driver's name or JDBC's; libpq's
    ``key=value``; .env lines; a ``psql`` command; or the settings of Django, Rails, .NET or JSON.

    Raises:
        BadDsn: ``dsn.empty``, ``.unknown``, ``.scheme``, ``.host``, ``.no_host``, ``.port``,
            ``.key``, ``.value``, ``.escape``, ``.space``, ``.syntax``, ``.quote``,
            ``.placeholder``, ``.conflict`` or ``.long``; it never holds a secret.
    """
    if len(text) > _LONGEST:
        title = "This text is too long for a connection."
        raise BadDsn("long", 0, title, "Paste the lines about the database only.")
    start, end = _trimmed(text)
    inner = text[start:end]
    if not inner:
        title = "There is nothing to read yet."
        raise BadDsn("empty", 0, title, "Paste a link such as postgresql://user@host/database.")
    try:
        return _read(inner, start)
    except BadDsn as exc:
        exc.position = max(0, min(exc.position, len(text)))
        raise


def _read(text: str, base: int) -> Parsed:
    if url.looks_like(text):
        return _link(text, base)
    if psql.looks_like(text):
        return psql.parse(text, base)
    if programs.looks_like_ado(text):
        return programs.ado(text, base)
    if keyvalue.looks_like(text):
        return keyvalue.parse(text, base)
    if env.looks_like(text):
        return env.parse(text, base)
    return _read_loosely(text, base)


def _read_loosely(text: str, base: int) -> Parsed:
    """Read what does not begin like a connection but has one inside."""
    links = {found[0].rstrip(",;)]}.\\"): found.start() for found in url.ANYWHERE.finditer(text)}
    if len(links) > 1:
        raise several(base + sorted(links.values())[1])
    for link, at in links.items():
        return url.parse(link, base + at)
    if found := programs.pairs(text, base):
        return found
    if _NO_SCHEME.fullmatch(text):
        return url.parse(text, base)
    env.refuse_link(text, base)
    title = "This does not look like a database connection."
    raise BadDsn(
        "unknown", base, title, "Paste a link, a psql command or the lines of an .env file."
    )


def _link(text: str, base: int) -> Parsed:
    """Read a link; what follows it on other lines may only be the same link again."""
    first, *rest = text.split(maxsplit=1)
    if rest:
        others = [found for found in url.ANYWHERE.finditer(text) if found.start() > 0]
        if any(found[0] != first for found in others):
            raise several(base + others[0].start())
        if others:
            return url.parse(first, base)
    return url.parse(text, base)


def _trimmed(text: str) -> tuple[int, int]:
    """Return the part of ``text`` without blanks, quotes and the semicolon around it."""
    start, end, before = 0, len(text), (-1, -1)
    while (start, end) != before and start < end:
        before = (start, end)
        start += len(text[start:end]) - len(text[start:end].lstrip(_AROUND))
        inner = text[start:end]
        # A last password may really end in a semicolon; a link never does.
        ending = _AROUND if _LAST_PASSWORD.search(inner) else f"{_AROUND};,"
        end = start + len(inner.rstrip(ending))
        if end - start > 1 and _is_quoted(text[start:end]):
            start, end = start + 1, end - 1
    return start, end


def _is_quoted(text: str) -> bool:
    closing = _QUOTES.get(text[0])
    return closing is not None and text[-1] == closing and closing not in text[1:-1]
