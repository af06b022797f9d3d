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

    ``active`` counts requests under way.
    """

    async def tracked_app(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "http":
            await app(scope, receive, send)
            return
        name = logs.request(logs.candidate(scope["headers"]))
        scope.setdefault("state", {})["request_id"] = name
        active("requests", 1)
        try:
            with traces.continued(scope["headers"]) if has_traces else nullcontext():
                await app(scope, receive, _naming(send, name))
        finally:
            active("requests", -1)

    return tracked_app


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


def _naming(send: Any, name: str) -> Any:
    async def naming(message: Any) -> None:
        if message["type"] == "http.response.start":
            headers = [*message.get("headers", ()), (logs.REQUEST_ID_HEADER, name.encode())]
            message = {**message, "headers": headers}
        await send(message)

    return naming
