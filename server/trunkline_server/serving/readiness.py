"""Whether questions can be answered now: for ``/ready``, which asks often and cannot wait long."""

from __future__ import annotations

import asyncio
import time

from trunkline_server.errors import TrunklineError
from trunkline_server.serving.source import Source, Sources

FRESH_S = 5.0
PATIENCE_S = 2.0  # orchestrators give up soon


class Readiness:
    """Knows whether one database at least answers, from asking them no more often than needed."""

    def __init__(self, sources: Sources) -> None:
        self._sources = sources
        self._is_ready = False
        self._asked_at = float("-inf")
        self._asking: asyncio.Task[None] | None = None

    async def __call__(self) -> bool:
        """Return what was found last; look again first, a bounded time, when that is old."""
        if time.monotonic() - self._asked_at > FRESH_S:
            if self._asking is None or self._asking.done():
                self._asking = asyncio.get_running_loop().create_task(self._look())
            await asyncio.wait([self._asking], timeout=PATIENCE_S)
        return self._is_ready

    async def _look(self) -> None:
        """Ask every database; one that answers is enough."""
        self._sources.refresh()
        answers = await asyncio.gather(*map(_answers, self._sources))
        self._is_ready = any(answers)
        self._asked_at = time.monotonic()

    async def close(self) -> None:
        """Stop asking."""
        if self._asking is not None:
            self._asking.cancel()
            await asyncio.wait([self._asking])


async def _answers(source: Source) -> bool:
    try:
        with source.asked():
            await (await source.database()).fetch("SELECT 1 AS works")
    except TrunklineError as exc:
        source.saw(exc.failure)
        return False
    source.saw(None)
    return True
