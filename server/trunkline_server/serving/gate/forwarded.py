"""What proxies say of the client they speak for, believed only of those we trust. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from trunkline_server.serving.gate.addresses import Address, Networks, address

Headers = Sequence[tuple[bytes, bytes]]

_SCHEMES = ("http", "https")
_WITH_PORT = re.compile(r"\[(?P<v6>[^\]]*)\](:\d+)?|(?P<v4>[0-9.]+)(:\d+)?")


class ContradictionError(ValueError):
    """Two headers name two clients: at least one of them was forged."""


@dataclass(frozen=True, slots=True)
class Client:
    """Who is at the other end.

    Attributes:
        address: ``None`` for the peer of a Unix socket.
        scheme: what the client used; "" when nobody we trust said.
    """

    address: Address | None
    scheme: str = ""


def client_of(peer: Address | None, headers: Headers, trusted: Networks) -> Client:
    """Return the client behind ``peer``.

    ``X-Forwarded-For`` and ``Forwarded`` are read from the right, over trusted hops only: what
    stands further left may be anybody's invention. From an untrusted peer neither counts.

    Raises:
        ContradictionError: both headers are there and name different clients.
    """
    if not trusted or peer not in trusted:
        return Client(peer)
    old = _listed(headers, b"x-forwarded-for")
    elements = [_pairs(element) for element in _listed(headers, b"forwarded")]
    found = {_walk(peer, hops, trusted) for hops in (old, _fors(elements)) if hops}
    if len(found) > 1:
        raise ContradictionError
    client = found.pop() if found else peer
    return Client(client, _scheme(headers, elements))


def _walk(peer: Address | None, hops: Sequence[str], trusted: Networks) -> Address | None:
    """Return the first hop from the right that is no proxy of ours; the last one when all are."""
    current = peer
    for hop in reversed(hops):
        found = _hop(hop)
        if found is None:  # "unknown", a hidden name, nonsense: nobody vouches for more
            return current
        current = found
        if current not in trusted:
            break
    return current


def _hop(text: str) -> Address | None:
    match = _WITH_PORT.fullmatch(text)
    return address((match["v6"] or match["v4"]) if match else text)


def _listed(headers: Headers, name: bytes) -> list[str]:
    values = [value.decode("latin-1") for key, value in headers if key == name]
    return [part.strip() for part in ",".join(values).split(",") if part.strip()]


def _pairs(element: str) -> dict[str, str]:
    """Return the parameters of one element of ``Forwarded``, RFC 7239."""
    pairs = (pair.partition("=") for pair in element.split(";"))
    return {name.strip().lower(): value.strip().strip('"') for name, _, value in pairs}


def _fors(elements: Iterable[dict[str, str]]) -> list[str]:
    return [element.get("for", "unknown") for element in elements]


def _scheme(headers: Headers, elements: Sequence[dict[str, str]]) -> str:
    told = _listed(headers, b"x-forwarded-proto") or [e.get("proto", "") for e in elements]
    last = told[-1].lower() if told else ""
    return last if last in _SCHEMES else ""
