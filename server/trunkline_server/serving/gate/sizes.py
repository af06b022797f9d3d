"""How much of what a connection may cost: bytes, seconds, places."""

from __future__ import annotations

from dataclasses import dataclass

from trunkline_server.serving.gate.addresses import NOBODY, Networks

KIB = 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Sizes:
    """The limits of connections and requests.

    Attributes:
        header: bytes of a request's line and headers together.
        body: bytes of a request's body, chunked ones too.
        header_s: seconds from a request's first byte (or the connection) to its last header;
            also what a TLS handshake may take.
        body_s: seconds for the body.
        idle_s: whole seconds a connection may wait for its next request.
        connections: how many there may be at once.
        per_address: how many of them may come from one address, as may requests under way.
        proxies: addresses without a share of their own: many clients come through them.
    """

    header: int = 16 * KIB
    body: int = KIB * KIB
    header_s: float = 10.0
    body_s: float = 30.0
    idle_s: int = 15
    connections: int = 200
    per_address: int = 200
    proxies: Networks = NOBODY
