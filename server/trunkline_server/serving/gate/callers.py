"""Who called: the name, and what this caller may reach."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """Somebody the gate let in; ``scope["state"]["caller"]`` of every request behind it.

    Attributes:
        name: of the token, or the subject of a signed one; for logs and records.
        id: stable key of the rate limit and of sessions; never the token.
        profiles: ids of the profiles it may ask; ``None`` means all of them.
        tools: names of the tools it may call; ``None`` means all of them.
    """

    name: str
    id: str
    profiles: frozenset[str] | None = None
    tools: frozenset[str] | None = None
