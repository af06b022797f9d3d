"""Tokens: made here, read from a file, or kept for a profile."""

from __future__ import annotations

import secrets
from pathlib import Path

from trunkline_server.errors import fail

MIN_TOKEN = 16


def new() -> str:
    """Return a token nobody can guess."""
    return secrets.token_urlsafe(32)


def read(path: Path) -> str:
    """Return the token in a file.

    Raises:
        TrunklineError: ``token.file`` when it cannot be read, ``token.short`` when it is too short.
    """
    try:
        token = path.read_text("utf-8").strip()
    except (OSError, UnicodeDecodeError) as exc:
        raise fail(
            "token.file", f"The token file {path} cannot be read.", "Check its path.", str(exc)
        ) from exc
    return checked(token)


def checked(token: str) -> str:
    """Return ``token`` when it is long enough and fits into a header; else ``token.short``."""
    if len(token) < MIN_TOKEN or not token.isascii() or not token.isprintable() or " " in token:
        raise fail(
            "token.short",
            f"A token has at least {MIN_TOKEN} letters, digits or signs, without spaces.",
            "Make one with: trunkline-server token",
        )
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
