"""What the scopes of a signed token grant. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

READ = "trunkline:read"
PROFILE = "trunkline:profile:"
TOOL = "trunkline:tool:"


@dataclass(frozen=True, slots=True)
class Grant:
    """What may be reached; ``None`` means everything of its kind."""

    profiles: frozenset[str] | None
    tools: frozenset[str] | None


def scopes_of(claims: Mapping[str, Any]) -> frozenset[str]:
    """Return the scopes of ``scope`` (RFC 9068) and ``scp`` (Okta, Entra): texts or lists."""
    found: set[str] = set()
    for name in ("scope", "scp"):
        value = claims.get(name)
        words = value.split() if isinstance(value, str) else value
        if isinstance(words, list):
            found.update(word for word in words if isinstance(word, str))
    return frozenset(found)


def granted(scopes: frozenset[str]) -> Grant | None:
    """Return what ``scopes`` grant; ``None`` when that is no database at all.

    ``trunkline:read`` grants every profile, ``trunkline:profile:ID`` one. Scopes
    ``trunkline:tool:NAME`` grant no database: they narrow the rest to these tools.
    """
    profiles = frozenset(s.removeprefix(PROFILE) for s in scopes if s.startswith(PROFILE))
    tools = frozenset(s.removeprefix(TOOL) for s in scopes if s.startswith(TOOL))
    if READ not in scopes and not profiles:
        return None
    return Grant(None if READ in scopes else profiles, tools or None)
