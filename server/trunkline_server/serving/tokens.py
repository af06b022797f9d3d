"""Tokens: made here, read from a file, or kept for a profile."""

from __future__ import annotations

import re
import secrets
from pathlib import Path

from trunkline_server.errors import fail
from trunkline_server.serving.gate.bearer import Table, Token, table, token_of

MIN_TOKEN = 16
_LINE = re.compile(r"(?P<name>[A-Za-z0-9][A-Za-z0-9._-]{0,63}):(?P<token>\S{16,})")
_MAKE = "Make one with: trunkline-server token"


def new() -> str:
    """Return a token nobody can guess."""
    return secrets.token_urlsafe(32)


def read(path: Path) -> tuple[Token, ...]:
    """Return the tokens of a file; see :func:`of_lines`.

    Raises:
        TrunklineError: ``token.file`` when it cannot be read, ``token.short``, ``token.twice``.
    """
    try:
        return of_lines(path.read_bytes())
    except (OSError, UnicodeDecodeError) as exc:
        title = f"The token file {path} cannot be read."
        raise fail("token.file", title, "Check its path.", str(exc)) from exc


def of_lines(content: bytes) -> tuple[Token, ...]:
    """Return the tokens of lines such as ``ci:TOKEN``, or of a lone token without a name.

    Empty lines and those after ``#`` do not count.

    Raises:
        TrunklineError: ``token.short`` also when there is none, ``token.twice``.
        UnicodeDecodeError: it is no text.
    """
    lines = [line.strip() for line in content.decode("utf-8-sig").splitlines()]
    given = [line for line in lines if line and not line.startswith("#")]
    found = tuple(_token(line, is_alone=len(given) < 2) for line in given or [""])
    names = [token.caller.name for token in found]
    if len(set(names)) < len(names):
        raise fail("token.twice", "Two tokens have one name.", "Give each line its own name.")
    return found


def table_of_lines(content: bytes) -> Table:
    """Return :func:`of_lines` by digest."""
    return table(of_lines(content))


def _token(line: str, *, is_alone: bool) -> Token:
    if match := _LINE.fullmatch(line):
        return token_of(checked(match["token"]), match["name"])
    if not is_alone:
        title = "A line of the token file is not a name, a colon and a token."
        raise fail("token.short", title, f"Write it as in ci:TOKEN. {_MAKE}")
    return token_of(checked(line), "token")


def checked(token: str) -> str:
    """Return ``token`` when it is long enough and fits into a header; else ``token.short``."""
    if len(token) < MIN_TOKEN or not token.isascii() or not token.isprintable() or " " in token:
        title = f"A token has at least {MIN_TOKEN} letters, digits or signs, without spaces."
        raise fail("token.short", title, _MAKE)
    return token


def kept(name_or_id: str) -> str:
    """Return the token a profile keeps.

    Raises:
        TrunklineError: ``profile.unknown``, ``secrets.*``, or ``token.none`` when it has none.
    """
    from trunkline_server.profiles import secrets as keyring  # slow to load
    from trunkline_server.profiles.store import Store

    profile = Store().get(name_or_id)
    token = keyring.get(profile.id, "token")
    if token is None:
        raise fail("token.none", f"“{profile.name}” has no token yet.", "Save it once more.")
    return token
