"""The stages of the check, in order, and what people read for them. Imports nothing."""

from __future__ import annotations

from typing import Final

NAMES: Final = ("resolve", "reach", "tls", "login", "database", "rights", "posture")
TUNNEL: Final = "tunnel"  # comes after the first, for a database behind SSH servers only

TITLES: Final[dict[str, str]] = {
    "resolve": "Find the server",
    "tunnel": "Open the SSH tunnel",
    "reach": "Reach port {port}",
    "tls": "Encrypt the connection",
    "login": "Log in",
    "database": "Open the database",
    "rights": "Read its tables",
    "posture": "What this login may do",
}


SOCKET_TITLE: Final = "Reach the socket"


def names(*, has_tunnel: bool) -> tuple[str, ...]:
    """Return the stages of one check, in order."""
    return (NAMES[0], TUNNEL, *NAMES[1:]) if has_tunnel else NAMES


def title(stage: str, *, port: int | None) -> str:
    """Return the words of one stage's row; ``port`` is ``None`` for a Unix socket."""
    is_socket = port is None and stage == "reach"
    return SOCKET_TITLE if is_socket else TITLES[stage].format(port=port)
