"""Two questions anybody may ask: does it live, and can it answer."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from starlette.types import ASGIApp, Receive, Scope, Send

from trunkline_server.serving.gate.answers import TEXT, respond

LIVE, READY = "/health", "/ready"
_NEVER_KEPT = ((b"cache-control", b"no-store"),)


class Health:
    """Answers ``/health`` and ``/ready`` with one word; everything else goes to ``app``.

    Balancers and orchestrators ask from addresses nobody lists and hold no token, so the answers
    give no reason and name nothing.
    """

    def __init__(self, app: ASGIApp, is_ready: Callable[[], Awaitable[bool]]) -> None:
        self._app = app
        self._is_ready = is_ready

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer, or pass on."""
        path = scope["path"] if scope["type"] == "http" else ""
        if path not in (LIVE, READY):
            await self._app(scope, receive, send)
        elif scope["method"] not in ("GET", "HEAD"):
            await respond(send, 405, b"", TEXT, ((b"allow", b"GET, HEAD"),))
        elif path == LIVE or await self._is_ready():
            await respond(send, 200, b"ok", TEXT, _NEVER_KEPT)
        else:
            await respond(send, 503, b"not ready", TEXT, _NEVER_KEPT)
