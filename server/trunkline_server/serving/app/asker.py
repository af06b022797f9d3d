"""Who asks, and what they may: the AI app, the access key it came with, the request."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol

from fastmcp.server.context import Context
from fastmcp.server.dependencies import fastmcp_request_ctx, get_http_request

from trunkline_server.errors import fail


class Allowed(Protocol):
    """What an access key opens, as the gate before HTTP found out; ``None`` means all."""

    name: str
    profiles: frozenset[str] | None
    tools: frozenset[str] | None


@dataclass(frozen=True, slots=True)
class Asker:
    """Who asks.

    Attributes:
        client: the AI app's name, by its own word; "" when it did not say.
        version: its version.
        key: name of the access key; "" where none is needed (this user's own processes).
        request_id: of the HTTP request; "" elsewhere.
        profiles: ids of the databases it may ask; ``None`` means all.
        tools: names of the tools it may call; ``None`` means all.
    """

    client: str = ""
    version: str = ""
    key: str = ""
    request_id: str = ""
    profiles: frozenset[str] | None = None
    tools: frozenset[str] | None = None

    def require_tool(self, name: str) -> None:
        """Raise ``access.denied`` when the tool is not open to this caller."""
        if self.tools is not None and name not in self.tools:
            raise fail(
                "access.denied",
                f"This access key may not call {name}.",
                "Ask the administrator for one that may.",
            )


def asker() -> Asker:
    """Return who asks in the request at hand."""
    client, version = _client()
    state = _state()
    caller: Allowed | None = state.get("caller")
    request_id = str(state.get("request_id", ""))
    if caller is None:
        return Asker(client, version, "", request_id)
    return Asker(client, version, caller.name, request_id, caller.profiles, caller.tools)


def transport_of(context: Context | None) -> str:
    """Return ``stdio``, ``http`` or ``sse``."""
    found = context.transport if context is not None else None
    return "http" if found == "streamable-http" else found or "stdio"


def _state() -> dict[str, Any]:
    """Return what the gate wrote beside the request; nothing outside of HTTP."""
    try:
        state: dict[str, Any] = get_http_request().scope.get("state", {})
    except RuntimeError:
        return {}
    return state


def _client() -> tuple[str, str]:
    request = fastmcp_request_ctx.get()
    params = request.session.client_params if request is not None else None
    if params is None or params.client_info is None:
        name, version = _state().get("client", ("", ""))
        return str(name), str(version)
    return params.client_info.name, params.client_info.version
