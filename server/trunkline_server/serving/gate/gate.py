"""The gate itself: one ASGI app before the MCP server's, step by step from cheap to costly."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from trunkline_server.serving.gate import metadata
from trunkline_server.serving.gate.addresses import LOOPBACK, Address, address, bucket
from trunkline_server.serving.gate.answers import Refusal, later, too_often
from trunkline_server.serving.gate.door import Door
from trunkline_server.serving.gate.forwarded import Client, ContradictionError, client_of
from trunkline_server.serving.gate.health import Health
from trunkline_server.serving.gate.principal import principal
from trunkline_server.serving.gate.rates import Rates
from trunkline_server.serving.gate.rules import Rules

_SINGLE = (b"host", b"origin", b"mcp-session-id")
_SEPARATORS = 4  # ": " and the line's end, of each header


def guarded(app: ASGIApp, rules: Rules) -> ASGIApp:
    """Return ``app`` behind every rule, from cheap to costly.

    Sizes come first, then what everybody may ask (``/health``, ``/ready``), the address, its rate,
    who calls, and the caller's rate. Behind it ``scope["state"]["caller"]`` is a ``Caller``,
    ``["state"]["address"]`` the address (an IPv6 one's /64), ``scope["client"]`` and ``["scheme"]``
    are the client's own where a trusted proxy told them, ``scope["user"]`` is who owns the session,
    and the body has arrived whole.
    """
    rates = Rates(rules.storage)
    inner = Health(_Admission(app, rules, rates), rules.is_ready)
    return _Outer(inner, rules, rates)


class _Outer:
    """Holds requests to their sizes, and turns refusals into answers."""

    def __init__(self, app: ASGIApp, rules: Rules, rates: Rates) -> None:
        self._app = app
        self._rules = rules
        self._rates = rates

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer, or pass on; only HTTP comes in."""
        if scope["type"] == "lifespan":
            await self._app(scope, receive, self._closing(send))
            return
        if scope["type"] != "http":
            await send({"type": "websocket.close", "code": 1008})
            return
        try:
            _require_small(scope, self._rules)
            await self._app(scope, receive, send)
        except Refusal as refusal:
            self._rules.on_refused(refusal.kind, _who(scope))
            await refusal.answer(send)

    def _closing(self, send: Send) -> Send:
        """Return ``send`` that lets go of the store first: nobody waits once the end is told."""

        async def closing(message: Message) -> None:
            if message["type"].startswith("lifespan.shutdown."):
                await self._rates.close()
            await send(message)

        return closing


class _Admission:
    """Lets in who may come, as often as they may."""

    def __init__(self, app: ASGIApp, rules: Rules, rates: Rates) -> None:
        self._app = app
        self._rules = rules
        self._rates = rates
        self._door = Door(rules, rates)
        self._under_way: Counter[str] = Counter()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on, or raise the ``Refusal``."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        found = self._client(scope)
        scope = _told(scope, found)
        key: str = scope["state"]["address"]
        if self._under_way[key] >= self._rules.sizes.per_address:
            raise _busy()
        self._under_way[key] += 1
        try:
            await self._admitted(scope, receive, send, key)
        finally:
            self._under_way[key] -= 1
            if not self._under_way[key]:
                del self._under_way[key]

    async def _admitted(self, scope: Scope, receive: Receive, send: Send, key: str) -> None:
        rules = self._rules
        if rules.address_rate and (
            wait_s := await self._rates.wait(rules.address_rate, "address", key)
        ):
            raise too_often("address_rate", wait_s)
        if rules.issuer is not None and metadata.is_asked(scope):
            await metadata.tell(scope, send, rules.issuer)
            return
        caller = await self._door.caller(scope, key)
        scope["state"]["caller"] = caller
        scope["user"] = principal(caller.id)
        if rules.token_rate and (
            wait_s := await self._rates.wait(rules.token_rate, "caller", caller.id)
        ):
            raise too_often("token_rate", wait_s)
        body = await _whole_body(scope, receive, rules.sizes.body)
        if body is not None:
            await self._app(scope, body, send)

    def _client(self, scope: Scope) -> Client:
        rules, peer = self._rules, _peer(scope)
        if rules.is_proxied_only and peer not in rules.trusted and peer not in LOOPBACK:
            raise _forbidden("proxy")
        try:
            found = client_of(peer, scope["headers"], rules.trusted)
        except ContradictionError:
            raise _forbidden("proxy") from None
        if rules.allow and found.address not in rules.allow:
            raise _forbidden("address")
        return found


def _peer(scope: Scope) -> Address | None:
    client = scope.get("client")
    return address(client[0]) if client else None


def _who(scope: Scope) -> str:
    """Return the caller's name where there is one, or else the address."""
    state = scope.get("state", {})
    caller = state.get("caller")
    return caller.name if caller is not None else state.get("address") or bucket(_peer(scope))


def _told(scope: Scope, found: Client) -> Scope:
    """Return a scope of our own that says who the client is."""
    state = scope.setdefault("state", {})
    state.pop("caller", None)
    state["address"] = bucket(found.address)
    told = {**scope, "scheme": found.scheme or scope["scheme"]}
    if found.address is not None and found.address != _peer(scope):
        told["client"] = (str(found.address), 0)
    return told


def _forbidden(kind: str) -> Refusal:
    return Refusal(403, "forbidden", "This address may not ask here.", kind=kind)


def _busy() -> Refusal:
    message = "Too many requests of this address are under way."
    return Refusal(429, "too_many_requests", message, kind="busy", headers=(later(1),))


def _require_small(scope: Scope, rules: Rules) -> None:
    sizes = rules.sizes
    _require_single(scope)
    size = len(scope.get("raw_path") or b"") + len(scope.get("query_string", b""))
    length = 0
    for name, value in scope["headers"]:
        size += len(name) + len(value) + _SEPARATORS
        if name == b"content-length":
            length = int(value) if value.isdigit() and len(value) < 16 else sizes.body + 1
    if size > sizes.header:
        message = f"The headers are larger than {sizes.header} bytes."
        raise Refusal(431, "headers_too_large", message, kind="header")
    if length > sizes.body:
        raise _too_large(sizes.body)


def _require_single(scope: Scope) -> None:
    """Refuse two of a header that says where a request comes from: each reader takes another."""
    names = [name for name, _ in scope["headers"]]
    for name in _SINGLE:
        if names.count(name) > 1:
            message = f"There may be only one header “{name.decode()}”."
            raise Refusal(400, "bad_request", message, kind="header")


def _too_large(most: int) -> Refusal:
    message = f"The body is larger than {most} bytes."
    return Refusal(413, "body_too_large", message, kind="body")


async def _whole_body(scope: Scope, receive: Receive, most: int) -> Receive | None:
    """Return a ``receive`` that has the whole body at hand; ``None`` when the client is gone.

    A body that says no length is counted while it comes, so no app behind us starts on one that
    turns out too large.
    """
    if not any(name in (b"content-length", b"transfer-encoding") for name, _ in scope["headers"]):
        return receive
    message = await receive()
    if message["type"] != "http.request":
        return None
    pieces, size = [message.get("body", b"")], len(message.get("body", b""))
    while message.get("more_body", False):
        if size > most:
            raise _too_large(most)
        message = await receive()
        if message["type"] != "http.request":
            return None
        pieces.append(message.get("body", b""))
        size += len(pieces[-1])
    if size > most:
        raise _too_large(most)
    return _Replay(b"".join(pieces), receive)


@dataclass(slots=True)
class _Replay:
    """Gives the body that has arrived once, then what else happens."""

    body: bytes | None
    receive: Receive

    async def __call__(self) -> Message:
        """Return the next message."""
        if self.body is None:
            return await self.receive()
        message = {"type": "http.request", "body": self.body, "more_body": False}
        self.body = None
        return message
