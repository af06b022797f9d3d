"""One HTTP request seen from outside: its id, the trace it is part of, that it is under way."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import nullcontext
from typing import TYPE_CHECKING, Any, Literal

from trunkline_server.serving import logs, traces

if TYPE_CHECKING:
    from starlette.types import ASGIApp

_NOT_ALL = b"This access key does not open every database; metrics are about all of them.\n"

Active = Callable[[Literal["requests", "sessions"], int], None]


def tracked(app: ASGIApp, active: Active, *, has_traces: bool) -> ASGIApp:
    """Return ``app`` where each request has an id: in logs, in its state, and in its answer.

    ``active`` counts requests under way, and sessions.
    """

    async def tracked_app(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "http":
            await app(scope, receive, send)
            return
        name = logs.request(logs.candidate(scope["headers"]))
        scope.setdefault("state", {})["request_id"] = name
        answer = _Answer(send, name, is_read=scope["method"] == "GET", active=active)
        active("requests", 1)
        try:
            with traces.continued(scope["headers"]) if has_traces else nullcontext():
                await app(scope, receive, answer)
        finally:
            active("requests", -1)
            answer.end()

    return tracked_app


class _Answer:
    """The way an answer is sent: its request's id is added, and a session is counted.

    A session is an event stream that a client keeps open to listen.
    """

    def __init__(self, send: Any, name: str, *, is_read: bool, active: Active) -> None:
        self._send, self._name = send, name.encode()
        self._is_read, self._active = is_read, active
        self._is_session = False

    async def __call__(self, message: Any) -> None:
        if message["type"] == "http.response.start":
            headers = list(message.get("headers", ()))
            if self._is_read and any(_is_stream(header) for header in headers):
                self._is_session = True
                self._active("sessions", 1)
            named = [*headers, (logs.REQUEST_ID_HEADER, self._name)]
            message = {**message, "headers": named}
        await self._send(message)

    def end(self) -> None:
        """Count the session no more."""
        if self._is_session:
            self._active("sessions", -1)


def _is_stream(header: tuple[bytes, bytes]) -> bool:
    name, value = header
    return name.lower() == b"content-type" and value.startswith(b"text/event-stream")


def with_metrics(app: ASGIApp, metrics: ASGIApp, profile_ids: Sequence[str]) -> ASGIApp:
    """Return ``app`` with ``metrics`` at ``/metrics``, for callers that may ask ``profile_ids``.

    An access key for some of them only would learn how the others are used. What else it may do
    does not matter, so that there can be one for Prometheus that may call no tool.
    """

    async def routed(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "http" or scope["path"] != "/metrics":
            await app(scope, receive, send)
        elif not _opens(scope.get("state", {}).get("caller"), profile_ids):
            headers = [(b"content-type", b"text/plain; charset=utf-8")]
            await send({"type": "http.response.start", "status": 403, "headers": headers})
            await send({"type": "http.response.body", "body": _NOT_ALL})
        else:
            await metrics(scope, receive, send)

    return routed


def _opens(caller: Any, profile_ids: Sequence[str]) -> bool:
    return caller is None or caller.profiles is None or caller.profiles.issuperset(profile_ids)
