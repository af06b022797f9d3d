"""The stages of the check, in order, and what people read for them. Imports nothing."""

from __future__ import annotations

from typing import Final

NAMES: Final = ("resolve", "reach", "tls", "login", "database", "rights", "posture")

TITLES: Final[dict[str, str]] = {
    "resolve": "Find the server",
    "reach": "Reach port {port}",
    "tls": "Encrypt the connection",
    "login": "Log in",
    "database": "Open the database",
    "rights": "Read its tables",
    "posture": "What this login may do",
}


def title(stage: str, *, port: int) -> str:
    """Return the words of one stage's row."""
    return TITLES[stage].format(port=port)
