"""The caller in the words of the MCP library, so that a session belongs to who began it."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mcp.server.auth.middleware.bearer_auth import AuthenticatedUser


@lru_cache(maxsize=1024)
def principal(caller_id: str) -> AuthenticatedUser:
    """Return the user that ``scope["user"]`` is to name; it holds no token.

    With it the library answers 404 to anybody else who presents a session's id.
    """
    # Not at the top: a server that speaks HTTP has loaded it already, nobody else needs it.
    from mcp.server.auth.middleware.bearer_auth import AuthenticatedUser
    from mcp.server.auth.provider import AccessToken

    return AuthenticatedUser(AccessToken(token="", client_id=caller_id, scopes=[]))
