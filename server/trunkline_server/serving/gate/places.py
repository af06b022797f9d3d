"""How many connections there are, altogether and from one address. Pure."""

from __future__ import annotations

from collections import Counter

from trunkline_server.serving.gate.addresses import Address, bucket
from trunkline_server.serving.gate.sizes import Sizes


class Places:
    """Gives places to connections and takes them back."""

    def __init__(self, sizes: Sizes) -> None:
        self._sizes = sizes
        self._taken = 0
        self._by_address: Counter[str] = Counter()

    @property
    def taken(self) -> int:
        """How many connections have a place."""
        return self._taken

    def take(self, peer: Address | None) -> Place | None:
        """Return a place for a connection of ``peer``; ``None`` when it gets none.

        Proxies and Unix sockets have no share of their own: many clients come through them.
        """
        if self._taken >= self._sizes.connections:
            return None
        key = "" if peer is None or peer in self._sizes.proxies else bucket(peer)
        if key and self._by_address[key] >= self._sizes.per_address:
            return None
        self._taken += 1
        if key:
            self._by_address[key] += 1
        return Place(self, key)

    def _give_back(self, key: str) -> None:
        self._taken -= 1
        if key:
            self._by_address[key] -= 1
            if not self._by_address[key]:
                del self._by_address[key]


class Place:
    """One connection's place."""

    def __init__(self, places: Places, key: str) -> None:
        self._places: Places | None = places
        self._key = key

    def leave(self) -> None:
        """Give the place back; doing it again does nothing."""
        if self._places is not None:
            self._places._give_back(self._key)
            self._places = None
