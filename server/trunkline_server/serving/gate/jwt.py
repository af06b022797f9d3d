"""Signed tokens (JWT) of an issuer elsewhere: their keys, claims and scopes."""

from __future__ import annotations

from dataclasses import dataclass


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
