"""Which AI app sends a request when no session remembers it: the client carries its own name.

The handshake of 2025 says who connects, later requests do not. Without sessions, the answer to
the handshake hands the name out as the session's id, and every client sends that back, to
whichever process or replica. It is the client's own word, so nothing is signed.
"""

from __future__ import annotations

import base64
import json

from starlette.types import ASGIApp, Message, Receive, Scope, Send

_HEADER = b"mcp-session-id"
_LONGEST = 100  # letters of a name; headers are limited

Named = tuple[str, str]


class Remembering:
    """Puts ``scope["state"]["client"]``, name and version, beside each request."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer as the app within does, with the header."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        given = next((value for name, value in scope["headers"] if name == _HEADER), b"")
        if given:
            headers = [(name, value) for name, value in scope["headers"] if name != _HEADER]
            state = {**scope.get("state", {}), "client": _decoded(given)}
            await self._app({**scope, "headers": headers, "state": state}, receive, send)
        elif scope["method"] == "POST":
            await self._introduce(scope, receive, send)
        else:
            await self._app(scope, receive, send)

    async def _introduce(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a first request on; the answer to a handshake gets the header."""
        found: list[Named] = []

        async def hearing() -> Message:
            message = await receive()
            if named := _introduced(message.get("body", b"")):
                found.append(named)
            return message

        async def telling(message: Message) -> None:
            if message["type"] == "http.response.start" and found and message["status"] == 200:
                headers = [*message.get("headers", ()), (_HEADER, _encoded(found[0]))]
                message = {**message, "headers": headers}
            await send(message)

        await self._app(scope, hearing, telling)


def _introduced(body: bytes) -> Named | None:
    """Return who says hello in ``body``; it arrives whole, see ``hanging_up``."""
    if b'"initialize"' not in body:
        return None
    try:
        message = json.loads(body)
        who = message["params"]["clientInfo"] if message["method"] == "initialize" else {}
        return str(who["name"])[:_LONGEST], str(who["version"])[:_LONGEST]
    except (ValueError, KeyError, TypeError, RecursionError):
        return None


def _encoded(named: Named) -> bytes:
    return base64.urlsafe_b64encode(json.dumps(named, ensure_ascii=False).encode())


def _decoded(value: bytes) -> Named:
    try:
        name, version = json.loads(base64.urlsafe_b64decode(value))
        return str(name)[:_LONGEST], str(version)[:_LONGEST]
    except (ValueError, TypeError, RecursionError):
        return "", ""
