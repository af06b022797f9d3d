"""One connection after its login: requests go out, bounded answers come back.

asyncpg opens the connection: hosts, TLS, login. What follows is ours for two reasons asyncpg has
no room for: a whole question in one round trip, and no more of an answer in memory than is kept.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Sequence
from typing import Any, cast

import asyncpg
from asyncpg import connect_utils

from trunkline_server.postgres import values
from trunkline_server.postgres.database import messages
from trunkline_server.postgres.database.decoding import Types
from trunkline_server.postgres.database.intake import Cell, Intake, Limits

MAX_UNREAD = 32 * 1024 * 1024  # bytes of one answer that are read only to be thrown away
CANCEL_S = 5.0
OWN = Limits(cell=16 * 1024 * 1024, row=16 * 1024 * 1024)  # what we ask ourselves is never cut

_DRIVER: Any = connect_utils
_LOST = "The connection was lost."


class Answer:
    """What came back for one request.

    Attributes:
        parameters: OIDs of the types of ``$1`` …; ``None`` when not told.
        columns: of the last statement; ``None`` when not told.
        rows: bodies of rows, or cells of long ones.
        has_more: whether the portal has more rows.
        is_cut: whether more came than was kept.
        error: what the server refused, by the protocol's letters.
        status: ``I`` idle, ``T`` in a transaction, ``E`` in a failed one; ``""`` until it is over.
    """

    __slots__ = (
        "columns", "error", "has_more", "is_cut", "parameters", "rows", "status",
    )  # fmt: skip

    def __init__(self) -> None:
        self.parameters: list[int] | None = None
        self.columns: list[messages.Column] | None = None
        self.rows: list[bytes | list[Cell]] = []
        self.has_more = False
        self.is_cut = False
        self.error: dict[str, str] = {}
        self.status = ""


class Channel(asyncio.Protocol):
    """Requests and answers of one connection, one after the other."""

    def __init__(self, connection: asyncpg.Connection, types: Types) -> None:
        self.types = types
        self.last_used = 0.0
        # What asyncpg gives no public way to; its version is pinned.
        self._connection = inner = cast("Any", connection)
        self._transport: Any = inner._transport
        self._driver: Any = inner._protocol
        self._intake = Intake(self._on_message, self._on_row)
        self._prefix = b""
        self._leading = self._statements = 0
        self._answer = Answer()
        self._waiter: asyncio.Future[None] | None = None
        self._seen = self._kept = 0
        self._most = 0
        self._is_lost = False
        self._ended = asyncio.get_running_loop().create_future()
        self._transport.set_protocol(self)

    @property
    def answer(self) -> Answer:
        """The answer to the last request, complete or not."""
        return self._answer

    @property
    def is_closed(self) -> bool:
        """Whether nothing can be asked any more."""
        return self._is_lost or self._transport.is_closing()

    @property
    def is_busy(self) -> bool:
        """Whether an answer is still expected."""
        return self._waiter is not None

    @property
    def encoding(self) -> str:
        """The database's own encoding, as PostgreSQL calls it."""
        return str(getattr(self._connection.get_settings(), "server_encoding", ""))

    @property
    def is_beginning(self) -> bool:
        """Whether what :meth:`begin` was told has not even started to run."""
        return self._leading == self._statements

    def begin(self, request: bytes, statements: int) -> None:
        """Let ``request``, so many statements, go out before the next one; its rows are dropped."""
        self._prefix = request
        self._leading = self._statements = statements

    async def ask(self, request: bytes, *, limits: Limits | None = None, most: int = 0) -> Answer:
        """Send ``request``, which ends with a Sync, and return the answer to all of it.

        Args:
            request: messages.
            limits: what is kept of long cells and rows.
            most: bytes of rows after which further ones are dropped; 0 means never.

        Raises:
            OSError, asyncpg.PostgresError: the connection broke; errors of a statement are in the
                answer.
        """
        waiter = self.send(request, limits=limits, most=most)
        await waiter
        return self._answer

    def send(
        self, request: bytes, *, limits: Limits | None = None, most: int = 0
    ) -> asyncio.Future[None]:
        """Send ``request`` and return what is done when it is answered; see :meth:`ask`."""
        if self._is_lost:
            raise ConnectionResetError(_LOST)
        self._answer = Answer()
        self._seen, self._kept, self._most = 0, 0, most
        self._intake.limits = limits or Limits()
        self._waiter = waiter = asyncio.get_running_loop().create_future()
        self._transport.write(self._prefix + request)
        self._prefix = b""
        return waiter

    async def settled(self) -> Answer:
        """Wait for the answer to what was sent, if it is not there yet, and return it."""
        if self._waiter is not None:
            if self._waiter.cancelled():  # with whoever asked
                self._waiter = asyncio.get_running_loop().create_future()
            await asyncio.shield(self._waiter)
        return self._answer

    async def fetch(self, sql: str, *args: Any) -> list[dict[str, Any]]:
        """Run one of our own statements; values as in ``Rows``.

        Raises:
            asyncpg.PostgresError: what the server refused.
        """
        request = messages.parse(sql) + messages.bind("", _texts(args))
        request += messages.DESCRIBE_STATEMENT + messages.execute("") + messages.SYNC
        answer = await self.ask(request, limits=OWN)
        raise_error(answer, sql)
        columns = answer.columns or []
        await self.types.learn(self, columns)
        names = [column.name for column in columns]
        read = self.types.reader(columns)
        return [dict(zip(names, read(row), strict=True)) for row in answer.rows]

    async def execute(self, sql: str) -> None:
        """Run statements of our own that answer nothing.

        Raises:
            asyncpg.PostgresError: what the server refused.
        """
        raise_error(await self.ask(messages.query(sql)), sql)

    async def cancel(self) -> None:
        """Ask the server to stop what it does, over a connection of its own; never raises."""
        # Without it the server would work on: closing a connection stops no statement.
        with contextlib.suppress(OSError, TimeoutError):
            async with asyncio.timeout(CANCEL_S):
                await _DRIVER._cancel(
                    loop=self._connection._loop,  # a tunnel's, when there is one
                    addr=self._connection._addr,
                    params=self._connection._params,
                    backend_pid=self._driver.backend_pid,
                    backend_secret=self._driver.backend_secret,
                )

    async def close(self) -> None:
        """Say goodbye and wait until the socket is let go."""
        if not self.is_closed:
            self._transport.write(messages.TERMINATE)
            self._transport.close()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(CANCEL_S):
                await asyncio.shield(self._ended)
        self.terminate()

    def terminate(self) -> None:
        """Hang up at once."""
        self._connection.terminate()

    def data_received(self, data: bytes) -> None:
        """Take what the server sent; hang up when nobody will ever read so much."""
        self._seen += len(data)
        try:
            self._intake.feed(data)
        except Exception as exc:  # noqa: BLE001 - what arrives is not ours: no byte may escape it
            self._lose(ConnectionError(f"The server's answer makes no sense: {exc}"))
            self.terminate()
            return
        if self._seen - self._kept > MAX_UNREAD and self._waiter is not None:
            self._intake.give_up()
            self._answer.is_cut = True
            self._finish()
            self.terminate()

    def connection_lost(self, exc: Exception | None) -> None:
        """Tell whoever waits, and asyncpg."""
        self._driver.connection_lost(exc)
        if not self._ended.done():
            self._ended.set_result(None)
        reason = _error(self._answer, "") if self._answer.error else None
        self._lose(reason or exc or ConnectionResetError(_LOST))

    def _lose(self, reason: Exception) -> None:
        self._is_lost = True
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_exception(reason)
            # The one that waited may be gone.
            self._waiter.exception()
        self._waiter = None

    def _finish(self) -> None:
        waiter, self._waiter = self._waiter, None
        if waiter is not None and not waiter.done():
            waiter.set_result(None)

    def _on_row(self, row: bytes | list[Cell]) -> None:
        if self._leading:
            return
        if self._most and self._kept > self._most:
            self._answer.is_cut = True
            return
        self._kept += len(row) if isinstance(row, bytes) else _size_of(row)
        self._answer.rows.append(row)

    def _on_message(self, kind: int, body: bytes) -> None:
        match kind:
            case 90:  # Z, ready for the next one
                self._answer.status = body.decode()
                self._finish()
            case 67 | 73:  # C and I: a statement ended
                self._leading = max(0, self._leading - 1)
            case 115:  # s: the portal has more
                self._answer.has_more = True
            case 84:  # T
                self._answer.columns = messages.columns(body)
            case 116:  # t
                self._answer.parameters = messages.parameters(body)
            case 69:  # E
                self._answer.error = self._answer.error or messages.fields(body)
            case 71 | 72 | 87:  # G, H, W: COPY, which nothing of ours asks for
                raise ValueError("COPY")


def _size_of(cells: list[Cell]) -> int:
    return sum(len(c if isinstance(c, bytes) else c.raw) for c in cells if c is not None)


def _texts(args: Sequence[Any]) -> list[str | None]:
    return [None if arg is None else values.to_text(arg) for arg in args]


def raise_error(answer: Answer, sql: str) -> None:
    """Raise what the server refused, if it did, as asyncpg's exception of that SQLSTATE."""
    if answer.error:
        raise _error(answer, sql)


def _error(answer: Answer, sql: str) -> Exception:
    error: Exception = asyncpg.PostgresError.new(answer.error, query=sql)
    return error
