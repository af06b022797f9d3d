"""What the gate answers by itself: short JSON, no reason that would help a stranger."""

from __future__ import annotations

import json
from collections.abc import Iterable

from starlette.types import Send

Header = tuple[bytes, bytes]


class Refusal(Exception):  # noqa: N818 - not an error of ours: it is the answer
    """A request that ends at the gate.

    Attributes:
        status: of HTTP.
        error: one word for programs.
        message: one sentence for people.
        kind: what is counted; see :data:`KINDS`.
        headers: further ones of the answer.
    """

    def __init__(
        self, status: int, error: str, message: str, *, kind: str, headers: Iterable[Header] = ()
    ) -> None:
        super().__init__(kind)
        self.status = status
        self.error = error
        self.message = message
        self.kind = kind
        self.headers = tuple(headers)

    async def answer(self, send: Send) -> None:
        """Send the refusal."""
        body = {"error": self.error, "message": self.message}
        await respond(send, self.status, json.dumps(body).encode(), JSON, self.headers)


JSON = b"application/json"
TEXT = b"text/plain; charset=utf-8"

KINDS = {
    "header": "the request's line and headers are too large",
    "body": "the request's body is too large",
    "proxy": "the connection came past the proxy, or the proxies contradict each other",
    "address": "the address is not on the list of those allowed",
    "busy": "the address has too many requests under way",
    "address_rate": "the address asks too often",
    "failures": "the address presented too many wrong tokens",
    "token": "no token, or none that is known",
    "issuer": "the keys of the tokens' issuer cannot be had",
    "scope": "the token grants nothing here",
    "token_rate": "the caller asks too often",
    "connections": "the server has no place for another connection",
    "slow": "the request did not arrive in time",
}


async def respond(
    send: Send, status: int, body: bytes, kind: bytes, headers: Iterable[Header] = ()
) -> None:
    """Send one whole response."""
    size = str(len(body)).encode()
    sent = [(b"content-type", kind), (b"content-length", size), *headers]
    await send({"type": "http.response.start", "status": status, "headers": sent})
    await send({"type": "http.response.body", "body": body})


def later(seconds: float) -> Header:
    """Return the header that says when to come back: whole seconds, at least one."""
    return (b"retry-after", str(max(1, int(-(-seconds // 1)))).encode())


def too_often(kind: str, seconds: float) -> Refusal:
    """Return the refusal of somebody who must wait ``seconds``."""
    wait = later(seconds)
    message = f"Too many requests. Try again in {wait[1].decode()} s."
    return Refusal(429, "too_many_requests", message, kind=kind, headers=(wait,))
