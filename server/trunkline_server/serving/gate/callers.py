"""Who called: the name, and what this caller may reach."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """Somebody the gate let in; ``scope["state"]["caller"]`` of every request behind it.

    Attributes:
        name: of the token, or the subject of a signed one; for logs and records.
        id: stable key of the rate limit; never the token.
        profiles: ids of the profiles it may ask; ``None`` means all of them.
        tools: names of the tools it may call; ``None`` means all of them.
    """

    name: str
    id: str
    profiles: frozenset[str] | None = None
    tools: frozenset[str] | None = None

    def may_ask(self, profile_id: str) -> bool:
        """Whether this caller may ask that database."""
        return self.profiles is None or profile_id in self.profiles

    def may_call(self, tool: str) -> bool:
        """Whether this caller may call that tool."""
        return self.tools is None or tool in self.tools


def caller_of(scope: dict[str, Any]) -> Caller | None:
    """Return who sent the request of an ASGI ``scope``; ``None`` where there is no gate."""
    found = scope.get("state", {}).get("caller")
    return found if isinstance(found, Caller) else None
