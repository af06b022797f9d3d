"""A client that hangs up takes its question back: what it began is stopped in the database too.

The protocol of 2026 says so. Those before it leave it open, because a client could come back for
the answer; here none is kept for it, so nobody could ever read it.
"""

from __future__ import annotations

import asyncio
import json
from typing import Any

import anyio
from starlette.types import ASGIApp, Message, Receive, Scope, Send

_SESSION = b"mcp-session-id"
_LAST_HEARD = b"last-event-id"


class HangingUp:
    """Runs each POST request until it is answered or its client is gone."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer, or stop answering."""
        if scope["type"] != "http" or scope["method"] != "POST":
            await self._app(_from_now_on(scope), receive, send)
            return
        body = await _body(receive)
        if body is None:
            return
        with anyio.CancelScope() as answering:
            watch = asyncio.get_running_loop().create_task(
                self._watched(scope, body, receive, answering)
            )
            try:
                await self._app(scope, _replayed(body, watch), send)
            finally:
                watch.cancel()

    async def _watched(
        self, scope: Scope, body: bytes, receive: Receive, answering: anyio.CancelScope
    ) -> None:
        while (await receive())["type"] != "http.disconnect":
            pass
        with anyio.CancelScope(shield=True):
            await self._take_back(scope, body)
        answering.cancel()

    async def _take_back(self, scope: Scope, body: bytes) -> None:
        """Tell the session, where there is one: the work is done there, not in the request."""
        request_id = _request_id(body)
        if request_id is None or not any(name == _SESSION for name, _ in scope["headers"]):
            return
        notice = {
            "jsonrpc": "2.0",
            "method": "notifications/cancelled",
            "params": {"requestId": request_id, "reason": "The client hung up."},
        }
        text = json.dumps(notice).encode()
        headers = [(n, v) for n, v in scope["headers"] if n != b"content-length"]
        headers.append((b"content-length", str(len(text)).encode()))
        await self._app({**scope, "headers": headers}, _replayed(text, None), _unheard)


def _from_now_on(scope: Scope) -> Scope:
    """Return ``scope`` of a client that listens without asking for what it missed.

    The library, which keeps nothing to be heard again, would not answer that at all.
    """
    headers = [(name, value) for name, value in scope.get("headers", ()) if name != _LAST_HEARD]
    return {**scope, "headers": headers}


async def _body(receive: Receive) -> bytes | None:
    """Return the whole body, whose size the gate limits; ``None`` when the client is gone."""
    parts = []
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            return None
        parts.append(message.get("body", b""))
        if not message.get("more_body", False):
            return b"".join(parts)


def _replayed(body: bytes, gone: asyncio.Task[None] | None) -> Receive:
    """Return a ``receive`` that gives ``body``, and the end when ``gone`` is over."""
    waiting: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

    async def receive() -> Message:
        if waiting:
            return waiting.pop()
        if gone is not None:
            await asyncio.wait([gone])
        return {"type": "http.disconnect"}

    return receive


async def _unheard(_: Message) -> None:
    """Send to nobody."""


def _request_id(body: bytes) -> Any:
    try:
        message = json.loads(body)
    except (ValueError, RecursionError):
        return None
    return message.get("id") if isinstance(message, dict) and "method" in message else None
