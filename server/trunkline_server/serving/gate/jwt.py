"""Signed tokens (JWT) of an issuer elsewhere: checked whole, then turned into a caller."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from trunkline_server.serving.gate.callers import Caller
from trunkline_server.serving.gate.jwks import ALLOWED, Key, KeySet
from trunkline_server.serving.gate.scopes import granted, scopes_of

LEEWAY_S = 30
_REMEMBERED_S = 30.0
_REMEMBERED = 512
_REQUIRED = ["exp", "iss", "aud"]
_NAME_CHARS = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Issuer:
    """Whose signed tokens count.

    Attributes:
        issuer: the ``iss`` claim, exactly.
        audience: what the ``aud`` claim must name.
        jwks: path of a JWKS file, or its URL; https, or http on this computer.
    """

    issuer: str
    audience: str
    jwks: str


class Ungranted(Exception):  # noqa: N818 - told on as 403
    """A token that is right and grants nothing here."""


class Signed:
    """Checks the tokens of one issuer.

    ``exp``, ``iss`` and ``aud`` must be there and right; ``nbf`` and ``iat`` must be right when
    they are there, since half of the known issuers leave ``nbf`` out. Clocks may differ by
    :data:`LEEWAY_S`.
    """

    def __init__(self, issuer: Issuer) -> None:
        self._issuer = issuer
        self._keys = KeySet(issuer.jwks)
        self._remembered: dict[bytes, tuple[float, Caller]] = {}

    async def caller(self, token: str, digest: bytes) -> Caller | None:
        """Return who a token speaks for; ``None`` when it does not count.

        Raises:
            Ungranted: it counts and grants nothing here.
            Unavailable: the issuer's keys cannot be had.
        """
        until, caller = self._remembered.get(digest, (0.0, None))
        if caller is not None and time.monotonic() < until:
            return caller
        claims = await self._claims(token)
        if claims is None:
            return None
        caller = caller_of(claims)
        self._remember(digest, caller, float(claims["exp"]))
        return caller

    async def _claims(self, token: str) -> Mapping[str, Any] | None:
        import jwt  # not at the top: ten megabytes that only signed tokens need

        try:
            header = jwt.get_unverified_header(token)
        except jwt.InvalidTokenError:
            return None
        kid, algorithm = header.get("kid"), header.get("alg")
        if algorithm not in ALLOWED or not isinstance(kid, str | None) or "crit" in header:
            return None
        for key in await self._keys.fitting(kid, algorithm):
            claims = self._opened(token, key, algorithm)
            if claims is not None:
                return claims
        return None

    def _opened(self, token: str, key: Key, algorithm: str) -> Mapping[str, Any] | None:
        import jwt

        try:
            claims: Mapping[str, Any] = jwt.decode(
                token,
                jwt.PyJWK(key, algorithm),
                algorithms=[algorithm],
                issuer=self._issuer.issuer,
                audience=self._issuer.audience,
                leeway=LEEWAY_S,
                options={"require": _REQUIRED, "enforce_minimum_key_length": True},
            )
        except jwt.PyJWTError:
            return None
        return claims

    def _remember(self, digest: bytes, caller: Caller, expires: float) -> None:
        """Keep the answer a moment: a signature costs more than the rest of the gate."""
        if len(self._remembered) >= _REMEMBERED:
            self._remembered.clear()
        seconds = min(_REMEMBERED_S, expires + LEEWAY_S - time.time())
        self._remembered[digest] = (time.monotonic() + seconds, caller)


def caller_of(claims: Mapping[str, Any]) -> Caller:
    """Return the caller that checked ``claims`` speak of.

    Raises:
        Ungranted: none of its scopes grants a database.
    """
    grant = granted(scopes_of(claims))
    if grant is None:
        raise Ungranted
    who = next((c for k in ("sub", "client_id", "azp") if isinstance(c := claims.get(k), str)), "")
    name = "".join(filter(str.isprintable, who))[:_NAME_CHARS] or "unnamed"
    return Caller(name=name, id=f"jwt:{who}", profiles=grant.profiles, tools=grant.tools)
