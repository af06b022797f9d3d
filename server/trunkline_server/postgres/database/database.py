"""Reading from one database so that nothing can change; see ``guard``."""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

import anyio
import asyncpg

from trunkline_server.errors import fail
from trunkline_server.postgres.database.asking import Asking
from trunkline_server.postgres.database.connecting import connect
from trunkline_server.postgres.database.connection import Connection, TypeInfo
from trunkline_server.postgres.database.failures import BROKEN, explained
from trunkline_server.postgres.database.reading import read_capped, too_large
from trunkline_server.postgres.lookup import Lookup
from trunkline_server.postgres.rows import Caps, Rows
from trunkline_server.profiles.profile import Profile

MAX_CONNECTIONS = 4
GRACE_S = 1.5  # how much longer than the server's own limit we wait for it
TIDY_S = 5.0  # for a statement to stop, before the connection is given up
TIDY_AT_ONCE_S = 0.5  # of it while somebody waits for the answer


class Database:
    """Reads from the database of one profile over a few connections, opened when needed."""

    def __init__(
        self, profile: Profile, password: str | None, *, ssh_secret: str | None = None
    ) -> None:
        self.profile = profile
        self._password = password
        self._ssh_secret = ssh_secret
        self._idle: list[Connection] = []
        self._open = 0
        self._tidying: set[asyncio.Task[None]] = set()
        self._freed = asyncio.Condition()
        self._types: dict[int, TypeInfo] = {}
        self._watches_client = sys.platform != "win32"
        self._lookup = Lookup()
        self._is_closed = False

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
        with explained(self.profile):
            return await self._read(sql, params, Caps.of(self.profile, max_rows, max_bytes))

    async def fetch(self, sql: str, *args: Any) -> list[dict[str, Any]]:
        """Run one of our own statements, read-only too; values as in :class:`Rows`.

        It has the login's search path: operators in it need operands of exactly PostgreSQL's
        types, or somebody else's operator may fit better.

        Raises:
            TrunklineError: as :meth:`read`, without ``guard.*``.
        """
        with explained(self.profile):
            async with self._transaction() as connection:
                return [dict(row) for row in await connection.fetch(sql, *args)]

    @asynccontextmanager
    async def asking(self) -> AsyncIterator[Asking]:
        """Lend one read-only transaction for several questions of our own, rolled back at the end.

        Raises:
            TrunklineError: as :meth:`fetch`.
        """
        with explained(self.profile):
            async with self._transaction() as connection:
                yield Asking(connection, self._lookup, self.profile)

    async def close(self) -> None:
        """Close every connection; running statements are left to their callers."""
        self._is_closed = True
        while self._tidying:
            await asyncio.gather(*self._tidying, return_exceptions=True)
        idle, self._idle = self._idle, []
        self._open -= len(idle)
        for connection in idle:
            await _close(connection)

    async def _read(self, sql: str, params: Sequence[Any], caps: Caps) -> Rows:
        started = time.perf_counter()
        async with self._transaction() as connection:
            await self._lookup.check(connection.fetch, sql)
            try:
                return await read_capped(connection, sql, params, caps, started)
            except BROKEN as exc:
                if connection.meter.is_over:
                    raise too_large() from exc
                raise

    @asynccontextmanager
    async def _transaction(self) -> AsyncIterator[Connection]:
        """Lend a connection inside a new read-only transaction that is always rolled back."""
        connection = await self._begun()
        is_whole = False
        try:
            async with asyncio.timeout(self.profile.statement_timeout + GRACE_S):
                yield connection
            is_whole = True
        except TimeoutError as exc:
            # PostgreSQL's own limit counts each batch; this one is for all of them.
            raise fail(
                "query.timeout",
                "The query took longer than the time allowed and was stopped.",
                "Ask for less: add a WHERE, aggregate, or look at fewer rows.",
            ) from exc
        finally:
            if is_whole:
                self._tidy_later(connection)
            else:
                # FastMCP cancels with anyio: only this scope keeps the clean-up from it.
                with anyio.CancelScope(shield=True):
                    await asyncio.wait({self._tidy_later(connection)}, timeout=TIDY_AT_ONCE_S)

    async def _begun(self) -> Connection:
        connection, is_fresh = await self._acquire()
        try:
            try:
                await self._begin(connection)
            except BROKEN:
                if is_fresh:
                    raise
                # The server was restarted meanwhile; nothing has run yet, so once more.
                connection = await self._replaced(connection)
                await self._begin(connection)
        except BaseException:
            with anyio.CancelScope(shield=True):
                await self._tidy(connection)
            raise
        return connection

    async def _begin(self, connection: Connection) -> None:
        connection.meter.seen = 0
        try:
            await connection.execute(_begin(self.profile, self._watches_client))
        except (asyncpg.UndefinedObjectError, asyncpg.InvalidParameterValueError):
            # Servers before 14, and those on Windows, cannot watch their client.
            self._watches_client = False
            await connection.execute("ROLLBACK")
            await connection.execute(_begin(self.profile, self._watches_client))

    async def _acquire(self) -> tuple[Connection, bool]:
        """Return a connection and whether it is new."""
        async with self._freed:
            await self._freed.wait_for(self._has_room)
            while self._idle:
                connection = self._idle.pop()
                if not connection.is_closed():
                    return connection, False
                self._open -= 1
            self._open += 1
        try:
            return await self._connected(), True
        except BaseException:
            with anyio.CancelScope(shield=True):
                await self._release(None)
            raise

    def _has_room(self) -> bool:
        # One that is being tidied is free in a moment: cheaper than a new one.
        return bool(self._idle) or (self._open < MAX_CONNECTIONS and not self._tidying)

    async def _connected(self) -> Connection:
        if self._is_closed:
            raise fail("query.closed", "This database was switched off.", "Switch it on again.")
        connection = await connect(self.profile, self._password)
        connection.known_types = self._types
        return connection

    async def _replaced(self, broken: Connection) -> Connection:
        broken.terminate()
        for connection in self._idle:
            connection.terminate()
        return await self._connected()

    def _tidy_later(self, connection: Connection) -> asyncio.Task[None]:
        task = asyncio.get_running_loop().create_task(self._tidy(connection))
        self._tidying.add(task)
        task.add_done_callback(self._tidying.discard)
        return task

    async def _tidy(self, connection: Connection) -> None:
        try:
            async with asyncio.timeout(TIDY_S):
                # Two round trips: DISCARD ALL refuses to share one with another statement.
                await connection.execute("ROLLBACK")
                await connection.execute("DISCARD ALL")
        except (*BROKEN, asyncpg.PostgresError, TimeoutError):
            connection.terminate()
        if self._is_closed:
            await _close(connection)
        await self._release(None if connection.is_closed() else connection)

    async def _release(self, connection: Connection | None) -> None:
        if task := asyncio.current_task():
            self._tidying.discard(task)
        async with self._freed:
            if connection is None:
                self._open -= 1
            else:
                self._idle.append(connection)
            self._freed.notify_all()


def _begin(profile: Profile, watches_client: bool) -> str:
    """Return our own constant text: one round trip begins and bounds the transaction."""
    timeout_ms = max(1, round(profile.statement_timeout * 1000))
    watch = "SET LOCAL client_connection_check_interval = 2000;" if watches_client else ""
    return (
        f"BEGIN READ ONLY; SET LOCAL statement_timeout = {timeout_ms};"
        # The guard reads strings by this rule; by the other one a string ends elsewhere.
        "SET LOCAL standard_conforming_strings = on;"
        f"SET LOCAL lock_timeout = {min(timeout_ms, 5000)}; {watch}"
        f"SET LOCAL idle_in_transaction_session_timeout = {timeout_ms + 30_000}"
    )


async def _close(connection: Connection) -> None:
    try:
        await connection.close(timeout=TIDY_S)
    except (*BROKEN, asyncpg.PostgresError, TimeoutError):
        connection.terminate()
        await asyncio.sleep(0)  # the socket is let go in the loop's next turn
