"""Where clients get signed tokens for this server: RFC 9728, as MCP's authorization asks."""

from __future__ import annotations

import json
import re

from starlette.types import Scope, Send

from trunkline_server.serving.gate.answers import JSON, Header, respond
from trunkline_server.serving.gate.jwt import Issuer
from trunkline_server.serving.gate.scopes import READ

PLACE = "/.well-known/oauth-protected-resource"
_HOST = re.compile(r"[A-Za-z0-9.\-]{1,253}(:\d{1,5})?|\[[0-9A-Fa-f:.]{2,45}\](:\d{1,5})?")
_PATH = re.compile(r"(/[A-Za-z0-9_\-]{1,40}){0,3}")
_PUBLIC: tuple[Header, ...] = (
    (b"access-control-allow-origin", b"*"),
    (b"cache-control", b"max-age=3600"),
)


def is_asked(scope: Scope) -> bool:
    """Whether a request is for the document."""
    path: str = scope["path"]
    return path == PLACE or path.startswith(f"{PLACE}/")


async def tell(scope: Scope, send: Send, issuer: Issuer) -> None:
    """Answer with the document; it names the issuer and no profile."""
    suffix = scope["path"].removeprefix(PLACE)
    document = {
        "resource": _resource(scope, suffix, issuer),
        "authorization_servers": [issuer.issuer],
        "bearer_methods_supported": ["header"],
        "scopes_supported": [READ],
    }
    await respond(send, 200, json.dumps(document).encode(), JSON, _PUBLIC)


def challenge(scope: Scope, issuer: Issuer | None, error: str = "") -> Header:
    """Return the WWW-Authenticate of a refusal; ``error`` is RFC 6750's word."""
    if issuer is None:
        return (b"www-authenticate", b"Bearer")
    path = scope["path"] if _PATH.fullmatch(scope["path"]) else ""
    words = [f'resource_metadata="{_origin(scope)}{PLACE}{path}"', f'scope="{READ}"']
    if error:
        words.insert(0, f'error="{error}"')
    return (b"www-authenticate", f"Bearer {', '.join(words)}".encode("latin-1"))


def _resource(scope: Scope, suffix: str, issuer: Issuer) -> str:
    """Return what tokens must be made for: the audience where it is an address, or this one."""
    if issuer.audience.startswith(("https://", "http://")):
        return issuer.audience
    return _origin(scope) + (suffix if _PATH.fullmatch(suffix) else "")


def _origin(scope: Scope) -> str:
    """Return the address as the client wrote it; a nonsensical Host is answered with our own."""
    named = next((v.decode("latin-1") for k, v in scope["headers"] if k == b"host"), "")
    if not _HOST.fullmatch(named):
        host, port = scope.get("server") or ("localhost", None)
        named = f"[{host}]" if ":" in host else host
        named = f"{named}:{port}" if port else named
    return f"{scope['scheme']}://{named}"
