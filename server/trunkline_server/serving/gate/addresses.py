"""Where a request comes from, told honestly behind proxies. Pure."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from functools import lru_cache

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network

UNIX = "unix"


@dataclass(frozen=True, slots=True)
class Networks:
    """A list of networks; an address, or ``None`` for a Unix socket's peer, is in it or not.

    Attributes:
        nets: the networks.
        has_unix: whether peers of a Unix socket belong to it.
    """

    nets: tuple[Network, ...] = ()
    has_unix: bool = False

    def __contains__(self, address: object) -> bool:
        if address is None:
            return self.has_unix
        return any(address in net for net in self.nets)

    def __bool__(self) -> bool:
        return bool(self.nets) or self.has_unix


NOBODY = Networks()
LOOPBACK = Networks(
    (ipaddress.ip_network("127.0.0.0/8"), ipaddress.ip_network("::1/128")), has_unix=True
)


def networks(text: str) -> Networks:
    """Return the networks of a comma-separated list of addresses, CIDRs and the word ``unix``.

    Raises:
        ValueError: an entry is neither; its first argument is that entry.
    """
    words = [word.strip() for word in text.split(",") if word.strip()]
    nets = tuple(_network(word) for word in words if word.lower() != UNIX)
    return Networks(nets, has_unix=any(word.lower() == UNIX for word in words))


def _network(word: str) -> Network:
    try:
        net = ipaddress.ip_network(word.strip("[]"), strict=False)
    except ValueError as exc:
        raise ValueError(word) from exc
    mapped = getattr(net.network_address, "ipv4_mapped", None)
    if mapped is not None and net.prefixlen >= 96:
        return ipaddress.ip_network((mapped, net.prefixlen - 96))
    return net


@lru_cache(maxsize=4096)
def address(text: str) -> Address | None:
    """Return an address, an IPv4 one in IPv6's clothes as IPv4; ``None`` when it is none."""
    try:
        found = ipaddress.ip_address(text.partition("%")[0])
    except ValueError:
        return None
    return getattr(found, "ipv4_mapped", None) or found


@lru_cache(maxsize=4096)
def bucket(found: Address | None) -> str:
    """Return the key one household shares: an IPv4 address, an IPv6 /64, or ``unix``."""
    if found is None:
        return UNIX
    if found.version == 4:
        return str(found)
    return str(ipaddress.ip_network((found, 64), strict=False))
