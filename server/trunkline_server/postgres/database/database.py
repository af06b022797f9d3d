"""Reading from one database so that nothing can change; see ``guard``."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any, TypeVar

import anyio
import asyncpg

from trunkline_server.errors import fail
from trunkline_server.postgres.database import messages, transaction
from trunkline_server.postgres.database.asking import Asking
from trunkline_server.postgres.database.channel import Channel, raise_error
from trunkline_server.postgres.database.connecting import connect
from trunkline_server.postgres.database.decoding import Types
from trunkline_server.postgres.database.failures import BROKEN, explained
from trunkline_server.postgres.database.pool import Pool
from trunkline_server.postgres.database.reading import read_capped
from trunkline_server.postgres.guard import sight
from trunkline_server.postgres.guard.lookup import Lookup
from trunkline_server.postgres.rows import Caps, Rows
from trunkline_server.profiles.profile import Profile

if TYPE_CHECKING:
    from trunkline_server.postgres.tunnel import Tunnel

GRACE_S = 1.5  # how much longer than the server's own limit we wait for it
STOP_S = 0.5  # somebody waits for the answer while a statement is being stopped
COMES_BACK_S = 8.0  # a server that was there before may be restarting
LOOK_AGAIN_S = 0.1

_MAY_COME_BACK = (
    OSError,
    asyncpg.AdminShutdownError,
    asyncpg.CannotConnectNowError,
    asyncpg.ConnectionDoesNotExistError,
    asyncpg.CrashShutdownError,
    asyncpg.TargetServerAttributeNotMatched,  # while another one is promoted
)

_T = TypeVar("_T")
_Work = Callable[[Channel], Awaitable[_T]]


class Database:
    """Reads from the database of one profile over a few connections, opened when needed."""

    def __init__(
        self, profile: Profile, password: str | None, *, ssh_secret: str | None = None
    ) -> None:
        self.profile = profile
        self._password = password
        self._ssh_secret = ssh_secret
        self._tunnel: Tunnel | None = None
        self._pool = Pool(self._connected, self._hang_up)
        self._types = Types()
        self._lookup = Lookup(sight.of(profile))
        self._beginning = b""  # until the first connection has told what the server can do

    async def read(
        self,
        sql: str,
        params: Sequence[Any] = (),
        *,
        max_rows: int | None = None,
        max_bytes: int | None = None,
    ) -> Rows:
        """Run one statement that reads, as ``guard`` allows, and return at most the caps.

        Args:
            sql: one statement; ``$1`` … stand for ``params``.
            params: JSON values, read as the types the statement asks for.
            max_rows: rows at most; the profile's when ``None``.
            max_bytes: bytes of the rows as JSON at most; the profile's when ``None``.

        Raises:
            TrunklineError: ``guard.*`` when refused, ``query.*`` when PostgreSQL refuses,
                ``reach.*``, ``login.*`` … when it cannot be reached.
        """
        caps = Caps.of(self.profile, max_rows, max_bytes)
        started = time.perf_counter()

        async def work(channel: Channel) -> Rows:
            await self._lookup.check(channel.fetch, sql)
            return await read_capped(channel, sql, params, caps, started)

        return await self._run(work)

    async def fetch(self, sql: str, *args: Any) -> list[dict[str, Any]]:
        """Run one of our own statements, read-only too; values as in :class:`Rows`.

        It has the login's search path: operators in it need operands of exactly PostgreSQL's
        types, or somebody else's operator may fit better.

        Raises:
            TrunklineError: as :meth:`read`, without ``guard.*``.
        """
        return await self._run(lambda channel: channel.fetch(sql, *args))

    @asynccontextmanager
    async def asking(self) -> AsyncIterator[Asking]:
        """Lend one read-only transaction for several questions of our own, rolled back at the end.

        Raises:
            TrunklineError: as :meth:`fetch`.
        """
        with explained(self.profile):
            until = self._until()
            for is_last in (False, True):
                channel, is_fresh, until = await self._taken(until)
                async with self._lent(channel, until):
                    try:
                        await _begun(channel, self._beginning)
                    except BROKEN:
                        if is_fresh or is_last:
                            raise
                        self._pool.drop_idle()
                        continue
                    yield Asking(channel, self._lookup, self.profile)
                    return

    async def use(self, password: str | None, *, ssh_secret: str | None = None) -> None:
        """Log in with these secrets from now on; connections there are stay."""
        self._password = password
        if ssh_secret != self._ssh_secret:
            self._ssh_secret = ssh_secret
            tunnel, self._tunnel = self._tunnel, None  # it did not open with the former one
            if tunnel is not None:
                await tunnel.close()

    @property
    def connections(self) -> tuple[int, int]:
        """How many connections answer a question, and how many wait for one."""
        return self._pool.open - self._pool.idle, self._pool.idle

    async def close(self) -> None:
        """Close every connection; running statements are left to their callers."""
        await self._pool.close()

    async def _run(self, work: _Work[_T]) -> _T:
        """Return what ``work`` returns, done in a transaction of its own."""
        with explained(self.profile):
            channel, is_fresh, until = await self._taken(self._until())
            try:
                return await self._worked(channel, until, work)
            except BROKEN:
                if is_fresh or not channel.is_beginning:
                    raise
            # The server was restarted meanwhile; nothing has run yet, so once more.
            self._pool.drop_idle()
            channel, _, until = await self._taken(until)
            return await self._worked(channel, until, work)

    async def _worked(self, channel: Channel, until: float, work: _Work[_T]) -> _T:
        async with self._lent(channel, until):
            channel.begin(self._beginning, transaction.STATEMENTS)
            return await work(channel)

    @asynccontextmanager
    async def _lent(self, channel: Channel, until: float) -> AsyncIterator[None]:
        """Give the channel back at the end, and PostgreSQL no more time than allowed."""
        try:
            async with asyncio.timeout_at(until):
                yield
        except TimeoutError as exc:
            # PostgreSQL's own limit counts each batch; this one is for all of them.
            raise fail(
                "query.timeout",
                "The query took longer than the time allowed and was stopped.",
                "Ask for less: add a WHERE, aggregate, or look at fewer rows.",
            ) from exc
        finally:
            if channel.is_busy:
                # FastMCP cancels with anyio: only this scope keeps the clean-up from it.
                with anyio.CancelScope(shield=True):
                    await asyncio.wait({self._pool.stop(channel)}, timeout=STOP_S)
            else:
                self._pool.give_back(channel)

    def _until(self) -> float:
        allowed_s = self.profile.statement_timeout + GRACE_S
        return asyncio.get_running_loop().time() + allowed_s

    async def _taken(self, until: float) -> tuple[Channel, bool, float]:
        """Return a channel, whether it is new, and until when its question may take.

        Connecting has a limit of its own and is no part of that time.
        """
        loop = asyncio.get_running_loop()
        began = loop.time()
        channel, is_fresh = await self._pool.take(until)
        return channel, is_fresh, until + (loop.time() - began if is_fresh else 0.0)

    async def _connected(self) -> Channel:
        channel = Channel(await self._reached(), self._types)
        if self._beginning:
            return channel
        self._beginning = transaction.beginning(
            self.profile,
            watches_client=await _watches_client(channel),
            is_bytes=channel.encoding == "SQL_ASCII",
        )
        return channel

    async def _reached(self) -> asyncpg.Connection:
        """Connect; wait a little for a server that was there before and may be restarting."""
        patience_until = time.monotonic() + (COMES_BACK_S if self._beginning else 0)
        while True:
            try:
                return await connect(self.profile, self._password, self._way())
            except _MAY_COME_BACK:
                if time.monotonic() > patience_until:
                    raise
            await asyncio.sleep(LOOK_AGAIN_S)

    def _way(self) -> Tunnel | None:
        if self.profile.ssh_host and self._tunnel is None:
            from trunkline_server.postgres.tunnel import Tunnel  # asyncssh: few profiles need it

            self._tunnel = Tunnel(self.profile, self._ssh_secret)
        return self._tunnel

    async def _hang_up(self) -> None:
        """Close the tunnel after the last connection through it."""
        if self._tunnel is not None:
            await self._tunnel.close()


async def _begun(channel: Channel, beginning: bytes) -> None:
    """Begin the transaction, alone, so that the channel is known to work."""
    channel.begin(beginning, transaction.STATEMENTS)
    raise_error(await channel.ask(messages.SYNC), "")


async def _watches_client(channel: Channel) -> bool:
    """Return whether the server can look if its client is still there; not before 14, on Windows.

    The setting does not stay: the channel is tidied after its first question.
    """
    try:
        await channel.execute("SET client_connection_check_interval = 2000")
    except asyncpg.PostgresError:
        return False
    return True
