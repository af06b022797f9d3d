"""A few connections to one database, opened when needed and closed when nobody needs them."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any

import anyio
import asyncpg

from trunkline_server.errors import fail
from trunkline_server.postgres.database import messages
from trunkline_server.postgres.database.channel import Channel
from trunkline_server.postgres.database.failures import BROKEN

MAX_CONNECTIONS = 4
IDLE_S = 300.0  # how long a connection nobody uses is kept
TIDY_S = 5.0  # for a statement to stop, before the connection is given up

# What DISCARD ALL does, part by part, as its documentation lists them: DISCARD ALL itself would
# need a round trip of its own after the ROLLBACK.
TIDY = messages.query(
    "ROLLBACK; CLOSE ALL; SET SESSION AUTHORIZATION DEFAULT; RESET ALL; DEALLOCATE ALL; "
    "UNLISTEN *; SELECT pg_catalog.pg_advisory_unlock_all(); DISCARD PLANS; DISCARD TEMP; "
    "DISCARD SEQUENCES"
)


class Pool:
    """Lends channels; a lent one is given back with :meth:`give_back` or :meth:`stop`.

    Args:
        connect: opens a connection.
        on_empty: called when it is closed and no connection is left.
    """

    def __init__(
        self,
        connect: Callable[[], Awaitable[Channel]],
        on_empty: Callable[[], Coroutine[Any, Any, None]],
    ) -> None:
        self._connect = connect
        self._on_empty = on_empty
        self._idle: list[Channel] = []
        self._open = 0
        self._waiting: deque[asyncio.Future[None]] = deque()
        self._tasks: set[asyncio.Task[None]] = set()
        self._sweep: asyncio.TimerHandle | None = None
        self._is_closed = False

    async def take(self, until: float) -> tuple[Channel, bool]:
        """Return a channel and whether it is new; waits when all are lent.

        Args:
            until: how long to wait, in the loop's time.

        Raises:
            TrunklineError: ``query.busy``, ``query.closed``, and what connecting raises.
        """
        while True:
            if self._is_closed:
                raise fail("query.closed", "This database was switched off.", "Switch it on again.")
            channel = self._tidiest()
            if channel is not None and await self._is_tidy(channel):
                return channel, False
            if channel is None and self._open < MAX_CONNECTIONS:
                return await self._connected(), True
            if channel is None:
                await self._room(until)

    def give_back(self, channel: Channel) -> None:
        """Take a channel back whose question was answered; it is tidied on the way."""
        if channel.is_closed:
            self._forget(channel)
            return
        if self._is_closed:
            self._close_later(channel)
            return
        channel.send(TIDY)
        self._keep(channel)

    def stop(self, channel: Channel) -> asyncio.Task[None]:
        """Take a channel back whose question is not answered: PostgreSQL is told to stop it."""
        return self._begin(self._stop(channel))

    def drop_idle(self) -> None:
        """Forget every idle channel: when one is found broken, they broke together."""
        idle, self._idle = self._idle, []
        for channel in idle:
            self._forget(channel)

    async def close(self) -> None:
        """Close every connection; lent ones follow when they are given back."""
        self._is_closed = True
        if self._sweep is not None:
            self._sweep.cancel()
        idle, self._idle = self._idle, []
        for channel in idle:
            self._close_later(channel)
        self._leave_when_empty()
        while self._tasks:
            await asyncio.gather(*self._tasks, return_exceptions=True)
        while self._waiting:
            self._wake()

    @property
    def open(self) -> int:
        """How many connections there are."""
        return self._open

    @property
    def idle(self) -> int:
        """How many of them wait for a question."""
        return len(self._idle)

    def _tidiest(self) -> Channel | None:
        """Take the idle channel used last, those already tidied first."""
        for index in range(len(self._idle) - 1, -1, -1):
            if not self._idle[index].is_busy:
                return self._idle.pop(index)
        return self._idle.pop() if self._idle else None

    async def _is_tidy(self, channel: Channel) -> bool:
        """Wait until ``channel`` is as new; ``False`` when it can only be thrown away."""
        try:
            if channel.is_busy:
                async with asyncio.timeout(TIDY_S):
                    await channel.settled()
            if not channel.is_closed and not channel.answer.error:
                return True
        except (*BROKEN, asyncpg.PostgresError, TimeoutError):
            pass
        except BaseException:
            self._idle.append(channel)
            self._wake()
            raise
        self._forget(channel)
        return False

    async def _connected(self) -> Channel:
        self._open += 1
        try:
            return await self._connect()
        except BaseException:
            self._one_less()
            raise

    async def _room(self, until: float) -> None:
        waiter = asyncio.get_running_loop().create_future()
        self._waiting.append(waiter)
        try:
            async with asyncio.timeout_at(until):
                await waiter
        except TimeoutError as exc:
            raise fail(
                "query.busy",
                f"All {MAX_CONNECTIONS} connections to this database are at work.",
                "Try again when the queries that run now are done.",
            ) from exc
        except BaseException:
            if waiter.done() and not waiter.cancelled():
                self._wake()  # it was ours, somebody else may have it
            raise

    def _wake(self) -> None:
        while self._waiting:
            waiter = self._waiting.popleft()
            if not waiter.done():
                waiter.set_result(None)
                return

    def _forget(self, channel: Channel) -> None:
        channel.terminate()
        self._one_less()

    def _one_less(self) -> None:
        self._open -= 1
        self._wake()
        self._leave_when_empty()

    def _leave_when_empty(self) -> None:
        if self._is_closed and not self._open:
            self._begin(self._on_empty())

    def _begin(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    async def _stop(self, channel: Channel) -> None:
        try:
            async with asyncio.timeout(TIDY_S):
                if channel.is_busy:
                    await channel.cancel()
                    await channel.settled()
                await channel.ask(TIDY)
        except (*BROKEN, asyncpg.PostgresError, TimeoutError):
            pass
        if channel.is_closed or channel.is_busy or channel.answer.error or self._is_closed:
            self._forget(channel)
            return
        self._keep(channel)

    def _keep(self, channel: Channel) -> None:
        channel.last_used = time.monotonic()
        self._idle.append(channel)
        self._wake()
        self._sweep_later()

    def _close_later(self, channel: Channel) -> None:
        self._begin(self._close(channel))

    async def _close(self, channel: Channel) -> None:
        try:
            async with asyncio.timeout(TIDY_S):
                await channel.settled()
        except (*BROKEN, asyncpg.PostgresError, TimeoutError):
            pass
        with anyio.CancelScope(shield=True):
            await channel.close()
        self._one_less()

    def _sweep_later(self) -> None:
        if self._sweep is None and not self._is_closed:
            oldest = min(channel.last_used for channel in self._idle)
            wait_s = max(0.0, oldest + IDLE_S - time.monotonic())
            self._sweep = asyncio.get_running_loop().call_later(wait_s, self._sweep_now)

    def _sweep_now(self) -> None:
        self._sweep = None
        oldest = time.monotonic() - IDLE_S
        tired = [c for c in self._idle if c.last_used <= oldest or c.is_closed]
        self._idle = [c for c in self._idle if c not in tired]
        for channel in tired:
            self._close_later(channel)
        if self._idle:
            self._sweep_later()
