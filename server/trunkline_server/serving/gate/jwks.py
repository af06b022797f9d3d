"""The keys of an issuer: from a file or an address, fetched rarely, kept when fetching fails."""

from __future__ import annotations

import asyncio
import json
import logging
import time
from pathlib import Path
from typing import Any

from trunkline_server.serving.gate.followed import Followed

_LOG = logging.getLogger("trunkline.gate")

# What keys may be used with which algorithm. No secret ones: a public key would be their secret.
ALGORITHMS: dict[tuple[str, str], tuple[str, ...]] = {
    ("RSA", ""): ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512"),
    ("EC", "P-256"): ("ES256",),
    ("EC", "P-384"): ("ES384",),
    ("EC", "P-521"): ("ES512",),
    ("OKP", "Ed25519"): ("EdDSA",),
}
ALLOWED = frozenset(name for names in ALGORITHMS.values() for name in names)

_SMALLEST_PAUSE_S = 60.0
_AFTER_FAILURE_S = 10.0
_OLDEST_S = 3600.0
_PATIENCE_S = 5.0
_MOST = 1 << 20

Key = dict[str, Any]
Keys = tuple[Key, ...]


class Unavailable(Exception):  # noqa: N818 - a state, told on as 503
    """The issuer's keys have never been had."""


class KeySet:
    """The keys of one issuer."""

    def __init__(self, place: str) -> None:
        self._url = place if place.startswith(("https:", "http:")) else ""
        self._file = None if self._url else Followed[Keys](Path(place), keys_of, ())
        self._keys: Keys | None = None
        self._fetched_at = self._tried_at = float("-inf")
        self._one_at_a_time = asyncio.Lock()
        self._refreshing: asyncio.Task[None] | None = None

    async def fitting(self, kid: str | None, algorithm: str) -> Keys:
        """Return the keys a token with this header may be signed with.

        Raises:
            Unavailable: there were never any keys.
        """
        if self._file is not None:
            return _fitting(self._file.now(), kid, algorithm)
        if self._keys is None:
            await self._refresh(_AFTER_FAILURE_S)
        elif time.monotonic() - self._fetched_at > _OLDEST_S:
            self._refresh_meanwhile()
        found = _fitting(self._known(), kid, algorithm)
        if not found:  # the issuer may have begun to sign with another one
            await self._refresh(_SMALLEST_PAUSE_S)
            found = _fitting(self._known(), kid, algorithm)
        return found

    def _known(self) -> Keys:
        if self._keys is None:
            raise Unavailable
        return self._keys

    def _refresh_meanwhile(self) -> None:
        """Let those who ask have the keys at hand: an issuer that is down must not slow them."""
        if self._refreshing is None or self._refreshing.done():
            self._refreshing = asyncio.create_task(self._refresh(_AFTER_FAILURE_S))

    async def _refresh(self, pause_s: float) -> None:
        async with self._one_at_a_time:
            now = time.monotonic()
            if now - self._tried_at < pause_s:
                return
            self._tried_at = now
            try:
                self._keys = keys_of(await _fetched(self._url))
                self._fetched_at = now
            except Exception as exc:  # noqa: BLE001 - a network, TLS, HTTP or JSON of elsewhere
                _LOG.warning("The keys of the issuer cannot be fetched: %s.", type(exc).__name__)


def keys_of(content: bytes) -> Keys:
    """Return the public signing keys of a JWKS document; others in it are left out.

    Raises:
        ValueError: it is no such document.
    """
    try:
        keys = list(json.loads(content)["keys"])
    except (TypeError, KeyError) as exc:
        raise ValueError("no JWKS") from exc
    return tuple(k for k in keys if isinstance(k, dict) and _algorithms(k) and _signs(k))


def _algorithms(key: Key) -> tuple[str, ...]:
    kind = str(key.get("kty"))
    names = ALGORITHMS.get((kind, "" if kind == "RSA" else str(key.get("crv"))), ())
    return tuple(name for name in names if key.get("alg") in (None, name))


def _signs(key: Key) -> bool:
    return key.get("use") in (None, "sig")


def _fitting(keys: Keys, kid: str | None, algorithm: str) -> Keys:
    return tuple(
        key for key in keys if algorithm in _algorithms(key) and kid in (None, key.get("kid"))
    )


async def _fetched(url: str) -> bytes:
    import httpx2  # not at the top: only an issuer elsewhere needs it

    async with (
        httpx2.AsyncClient(timeout=_PATIENCE_S, follow_redirects=False) as client,
        client.stream("GET", url, headers={"accept": "application/json"}) as response,
    ):
        response.raise_for_status()
        content = b""
        async for piece in response.aiter_bytes():
            content += piece
            if len(content) > _MOST:
                raise ValueError("too large")
        return content
