"""Deadlines and sizes of one connection, around whichever HTTP protocol uvicorn speaks on it."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from typing import Any, cast

from trunkline_server.serving.gate.sizes import Sizes

_MOST_DISCARDED = 16  # times the size of a body


class Watch(asyncio.Protocol):
    """Passes everything on to ``inner``, and drops clients that are slow on purpose.

    uvicorn waits for a request's headers and body for as long as they take, and keeps headers of
    any size while they come. What it is busy with shows in ``inner.cycle``: a new one begins when
    headers are complete, and its ``more_body`` falls when the body is.
    """

    def __init__(
        self, inner: asyncio.Protocol, sizes: Sizes, on_refused: Callable[[str], None],
        on_lost: Callable[[], None],
    ) -> None:  # fmt: skip
        self._inner = inner
        self._sizes = sizes
        self._on_refused = on_refused
        self._on_lost = on_lost
        self._cycle: Any = None
        self._pending = 0
        self._deadline: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin to wait for the first request."""
        self._transport = cast("asyncio.Transport", transport)
        self._inner.connection_made(transport)
        self._set_deadline(self._sizes.header_s)

    def connection_lost(self, exc: Exception | None) -> None:
        """Stop waiting."""
        self._relax()
        self._inner.connection_lost(exc)
        self._on_lost()

    def data_received(self, data: bytes) -> None:
        """Let ``inner`` read, then look how far it came."""
        before = self._cycle
        was_body = before is not None and before.more_body
        self._inner.data_received(data)
        cycle = cast("Any", self._inner).cycle
        if cycle is not before:
            self._begin(cycle)
        elif not was_body:
            self._more_headers(cycle, len(data))
        elif cycle.response_complete:  # what comes now is thrown away unread
            self._count(len(data), self._sizes.body * _MOST_DISCARDED)
        elif not cycle.more_body:
            self._relax()

    def eof_received(self) -> bool | None:
        """Pass the end on."""
        return self._inner.eof_received()

    def pause_writing(self) -> None:
        """Pass on that the client reads slowly."""
        self._inner.pause_writing()

    def resume_writing(self) -> None:
        """Pass on that it reads again."""
        self._inner.resume_writing()

    def _begin(self, cycle: Any) -> None:
        self._cycle, self._pending = cycle, 0
        if cycle.more_body:
            self._set_deadline(self._sizes.body_s)
        else:
            self._relax()

    def _more_headers(self, cycle: Any, received: int) -> None:
        """Count what has not become a request yet; the time runs from its first byte."""
        is_idle = cycle is None or cycle.response_complete
        if is_idle and self._deadline is None:
            self._set_deadline(self._sizes.header_s)
        self._count(received, self._sizes.header)

    def _count(self, received: int, most: int) -> None:
        self._pending += received
        if self._pending > most and not self._transport.is_closing():
            self._refuse("header", 431, "headers_too_large", "The headers are too large.")

    def _set_deadline(self, seconds: float) -> None:
        self._relax()
        self._deadline = asyncio.get_running_loop().call_later(seconds, self._on_deadline)

    def _relax(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None

    def _on_deadline(self) -> None:
        self._deadline = None
        cycle = self._cycle
        if self._transport.is_closing() or (
            cycle is not None and not cycle.more_body and not cycle.response_complete
        ):
            return
        self._refuse("slow", 408, "too_slow", "The request did not arrive in time.")

    def _refuse(self, kind: str, status: int, error: str, message: str) -> None:
        self._on_refused(kind)
        cycle = self._cycle
        if cycle is None or cycle.response_complete or not cycle.response_started:
            self._transport.write(plain(status, error, message))
        self._transport.close()


_PHRASES = {
    408: b"Request Timeout",
    431: b"Request Header Fields Too Large",
    503: b"Service Unavailable",
}


def plain(status: int, error: str, message: str, *headers: bytes) -> bytes:
    """Return a whole response as it goes over the wire, for connections no app answers on."""
    body = json.dumps({"error": error, "message": message}).encode()
    lines = [
        b"HTTP/1.1 %d %b" % (status, _PHRASES[status]),
        b"content-type: application/json",
        b"content-length: %d" % len(body),
        b"connection: close",
        *headers,
        b"",
        body,
    ]
    return b"\r\n".join(lines)
