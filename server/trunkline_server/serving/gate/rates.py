"""How often somebody may come: sliding windows of the ``limits`` library, here or in Redis."""

from __future__ import annotations

import contextlib
import logging
import time
from functools import cached_property
from typing import TYPE_CHECKING, Any

from trunkline_server.errors import fail

if TYPE_CHECKING:
    from limits import RateLimitItem
    from limits.aio.strategies import SlidingWindowCounterRateLimiter

_LOG = logging.getLogger("trunkline.gate")
_PATIENCE_S = 0.25
_LEAVE_ALONE_S = 5.0
_PREFIX = "trunkline"


class Rates:
    """Counts in the store at ``url``; when Redis does not answer, here until it does.

    Neither letting nobody in nor letting everybody in as often as they like is a fair answer to a
    store that is down: each server then holds callers to the same rates by itself.
    """

    def __init__(self, url: str) -> None:
        self._url = url
        self._parsed: dict[str, RateLimitItem] = {}
        self._ask_again_at = 0.0
        self._is_down = False

    async def wait(self, rate: str, *key: str) -> float:
        """Count one visit; returns the seconds to wait, 0 when it was within ``rate``."""
        return float(await self._asked(_hit, self._item(rate), key))

    async def left(self, rate: str, *key: str) -> float:
        """Return the seconds to wait before a visit would be within ``rate``; counts nothing."""
        return float(await self._asked(_test, self._item(rate), key))

    async def close(self) -> None:
        """Let go of the store."""
        if "_shared" in self.__dict__ and self._shared is not None:
            storage: Any = self._shared.storage
            with contextlib.suppress(Exception):  # a store that is gone already is let go of
                await storage.bridge.storage.aclose()

    async def _asked(self, question: Any, item: RateLimitItem, key: tuple[str, ...]) -> float:
        shared = self._shared
        if shared is None or time.monotonic() < self._ask_again_at:
            return float(await question(self._here, item, key))
        try:
            seconds = float(await question(shared, item, key))
        except Exception:  # noqa: BLE001 - every store raises its own kinds, some of them bare
            self._is_gone()
            return float(await question(self._here, item, key))
        if self._is_down:
            self._is_down = False
            _LOG.warning("The store of rate limits answers again.")
        return seconds

    def _is_gone(self) -> None:
        self._ask_again_at = time.monotonic() + _LEAVE_ALONE_S
        if not self._is_down:
            self._is_down = True
            _LOG.warning(
                "The store of rate limits does not answer. Each server counts for itself until "
                "it does."
            )

    def _item(self, rate: str) -> RateLimitItem:
        found = self._parsed.get(rate)
        if found is None:
            found = self._parsed[rate] = parsed(rate)
        return found

    @cached_property
    def _here(self) -> SlidingWindowCounterRateLimiter:
        # Not at the top: half of those who serve limit nothing, and it loads thirty modules.
        from limits.aio.strategies import SlidingWindowCounterRateLimiter

        from trunkline_server.serving.gate.memory import Memory

        return SlidingWindowCounterRateLimiter(Memory())

    @cached_property
    def _shared(self) -> SlidingWindowCounterRateLimiter | None:
        if self._url.startswith("memory:"):
            return None
        from limits.aio.strategies import SlidingWindowCounterRateLimiter

        return SlidingWindowCounterRateLimiter(_redis(self._url))


async def _hit(limiter: Any, item: RateLimitItem, key: tuple[str, ...]) -> float:
    return 0.0 if await limiter.hit(item, *key) else await _reset(limiter, item, key)


async def _test(limiter: Any, item: RateLimitItem, key: tuple[str, ...]) -> float:
    return 0.0 if await limiter.test(item, *key) else await _reset(limiter, item, key)


async def _reset(limiter: Any, item: RateLimitItem, key: tuple[str, ...]) -> float:
    stats = await limiter.get_window_stats(item, *key)
    return min(max(1.0, float(stats.reset_time) - time.time()), float(item.get_expiry()))


def parsed(rate: str) -> RateLimitItem:
    """Return a rate such as ``120/minute``.

    Raises:
        TrunklineError: ``usage.rate``.
    """
    from limits import parse

    try:
        found = parse(rate)
    except ValueError:
        found = None
    if found is None or found.amount < 1:
        raise fail("usage.rate", f"“{rate}” is not a rate.", "Write it as in 120/minute.")
    return found


def check_store(url: str) -> None:
    """Make sure that ``url`` names a store we know and its client is installed.

    Raises:
        TrunklineError: ``usage.rate_storage``.
    """
    if url.startswith("memory:"):
        return
    known = "Write memory:// or redis://host:6379, with the extra trunkline[redis] installed."
    if not url.startswith(("redis://", "rediss://", "redis+unix://")):
        raise fail("usage.rate_storage", "The store of rate limits is not one we know.", known)
    try:
        _redis(url)
    except Exception as exc:  # the library's own kinds, and whatever its client raises
        title = "The store of rate limits cannot be used as it is written."
        raise fail("usage.rate_storage", title, known, type(exc).__name__) from exc


def _redis(url: str) -> Any:
    from limits.aio.storage import RedisStorage
    from redis.asyncio.retry import Retry
    from redis.backoff import NoBackoff

    return RedisStorage(
        f"async+{url}",
        implementation="redispy",
        key_prefix=_PREFIX,
        socket_timeout=_PATIENCE_S,
        socket_connect_timeout=_PATIENCE_S,
        # A connection that idled until Redis closed it deserves a second one.
        retry=Retry(NoBackoff(), 1),  # type: ignore[arg-type]  # handed through to the client
    )
