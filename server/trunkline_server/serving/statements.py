"""How much of a statement is written down: its text, a hash, or nothing. Opens nothing."""

from __future__ import annotations

from typing import Literal, get_args

from trunkline_server.serving import redact

Statements = Literal["text", "hash", "none"]
_MARGIN = 1_000  # a secret may begin before the end and go on after it
KINDS: tuple[Statements, ...] = get_args(Statements)


def kept(statement: str, how: Statements, longest: int) -> str:
    """Return what may be written down of ``statement``: at most ``longest`` characters.

    Secrets are masked. The hash is of the whole statement as it was asked, ``sha256:`` and 64
    digits, so that equal ones can be counted and a known one can be found.
    """
    if how == "text":
        return redact.masked(statement[: longest + _MARGIN])[:longest]
    return hashed(statement) if how == "hash" and statement else ""


def hashed(statement: str) -> str:
    """Return ``sha256:`` and the digest of ``statement``."""
    import hashlib  # only here: the desktop reads the log and never needs it

    return f"sha256:{hashlib.sha256(statement.encode('utf-8', 'replace')).hexdigest()}"


def explained(message: str, how: Statements) -> str:
    """Return why a call failed, without names and values when the statement is not kept."""
    return redact.masked(message if how == "text" else redact.unquoted(message))
