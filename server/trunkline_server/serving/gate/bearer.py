"""Static bearer tokens: kept as digests, compared in constant time."""

from __future__ import annotations

import hashlib
import hmac
import time
from collections.abc import Iterable
from dataclasses import dataclass, field

from trunkline_server.serving.gate.callers import Caller
from trunkline_server.serving.gate.followed import Followed


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


Table = dict[bytes, Token]


def table(tokens: Iterable[Token]) -> Table:
    """Return tokens by their digest."""
    return {token.digest: token for token in tokens}


class Known:
    """Every static token that counts at this moment."""

    def __init__(self, fixed: Iterable[Token], files: Iterable[Followed[Table]]) -> None:
        self._fixed = table(fixed)
        self._files = tuple(files)

    def caller(self, digest: bytes) -> Caller | None:
        """Return who presents the token with this digest; ``None`` when nobody may."""
        for tokens in (self._fixed, *(file.now() for file in self._files)):
            # The look-up finds a digest by its bytes; what its timing tells is of no use without
            # a preimage of SHA-256. The comparison that decides takes the same time always.
            found = tokens.get(digest)
            if found is not None and hmac.compare_digest(found.digest, digest):
                return found.caller if _holds(found) else None
        return None


def _holds(token: Token) -> bool:
    return token.expires is None or time.time() < token.expires
