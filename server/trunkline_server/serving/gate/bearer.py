"""Static bearer tokens: kept as digests, compared in constant time."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field

from trunkline_server.serving.gate.callers import Caller


def digest_of(token: str) -> bytes:
    """Return SHA-256 of a token.

    A slow hash such as scrypt protects what people choose. Our tokens hold 256 random bits, which
    no computer guesses, and each request would pay for the slowness.
    """
    return hashlib.sha256(token.encode("utf-8", "surrogateescape")).digest()


@dataclass(frozen=True, slots=True, kw_only=True)
class Token:
    """A token somebody may present.

    Attributes:
        digest: SHA-256 of it.
        caller: who presents it.
        expires: seconds since 1970 after which it no longer counts; ``None`` means never.
    """

    digest: bytes = field(repr=False)
    caller: Caller
    expires: float | None = None


def token_of(secret: str, name: str, profiles: frozenset[str] | None = None) -> Token:
    """Return what the gate keeps of a token's text."""
    caller = Caller(name=name, id=f"token:{name}", profiles=profiles)
    return Token(digest=digest_of(secret), caller=caller)
