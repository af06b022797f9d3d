"""Connections to one database and reading from it, so that nothing can change; see ``guard``.

The only ``import asyncpg``.
"""

from __future__ import annotations

import asyncio
import ssl
import sys
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from typing import Any

import anyio
import asyncpg

from trunkline_server.errors import Failure, TrunklineError, explain, fail
from trunkline_server.postgres import tls, values
from trunkline_server.postgres.lookup import Lookup
from trunkline_server.postgres.rows import Caps, Rows, Taken
from trunkline_server.profiles.profile import Profile

MAX_CONNECTIONS = 4
FIRST_BATCH = 32  # rows fetched before their size is known
MAX_IN_FLIGHT = 32 * 1024 * 1024  # bytes of one batch; one cell may be a gigabyte
GRACE_S = 1.5  # how much longer than the server's own limit we wait for it
TIDY_S = 5.0  # for a statement to stop, before the connection is given up
TIDY_AT_ONCE_S = 0.5  # of it while somebody waits for the answer
MAX_DETAIL = 2000  # letters of PostgreSQL's own words; they can quote a whole value

_BROKEN = (OSError, asyncpg.InterfaceError, asyncpg.PostgresConnectionError,
           asyncpg.AdminShutdownError, asyncpg.CrashShutdownError)  # fmt: skip

_TYPES = """
SELECT t.oid, t.typname::text AS name, t.typcategory = 'A' AND t.typlen = -1 AS is_array,
  CASE WHEN e.typtype = 'd' THEN e.typbasetype ELSE e.oid END AS element,
  e.typname::text AS element_name, t.typdelim::text AS delimiter
FROM pg_catalog.pg_type t LEFT JOIN pg_catalog.pg_type e ON e.oid = t.typelem
WHERE t.oid OPERATOR(pg_catalog.=) ANY($1::pg_catalog.oid[])
"""


@dataclass(frozen=True, slots=True)
class _TypeInfo:
    name: str
    decoder: values.Decoder


class _Meter(asyncio.Protocol):
    """Stands before asyncpg's protocol and hangs up when a batch becomes too large for us."""

    def __init__(self, inner: Any, transport: Any) -> None:
        self._inner = inner
        self._transport = transport
        self.seen = 0
        transport.set_protocol(self)

    @property
    def is_over(self) -> bool:
        """Whether it hung up."""
        return self.seen > MAX_IN_FLIGHT

    def data_received(self, data: bytes) -> None:
        self.seen += len(data)
        if self.is_over:
            self._transport.abort()
        else:
            self._inner.data_received(data)

    def connection_lost(self, exc: Exception | None) -> None:
        self._inner.connection_lost(exc)

    def eof_received(self) -> Any:
        return self._inner.eof_received()

    def pause_writing(self) -> None:
        self._inner.pause_writing()

    def resume_writing(self) -> None:
        self._inner.resume_writing()


class Connection(asyncpg.Connection):
    """asyncpg's connection, with every type PostgreSQL's own text where JSON has no twin."""

    known_types: dict[int, _TypeInfo]
    meter: _Meter
    _transport: Any
    _protocol: Any  # asyncpg's own, which its type stubs leave out

    def speak_text(self, known_types: dict[int, _TypeInfo]) -> None:
        """Let the values of ``values.TEXT_CODECS`` and of types in ``known_types`` be text."""
        self.known_types = known_types
        self.meter = _Meter(self._protocol, self._transport)
        for oid, (name, decoder) in values.TEXT_CODECS.items():
            encoder = values.to_json_text if name in {"json", "jsonb"} else values.to_text
            self._register(oid, name, encoder, decoder)
        self._register(17, "bytea", values.to_bytes, values.to_hex, "binary")

    def _register(
        self, oid: int, name: str, encoder: Any, decoder: Any, form: str = "text"
    ) -> None:
        # asyncpg's public way asks the server about every single type first.
        settings = self._protocol.get_settings()
        settings.add_python_codec(oid, name, "pg_catalog", [], "scalar", encoder, decoder, form)

    async def _introspect_types(
        self,
        typeoids: Any,
        timeout: Any,  # noqa: ASYNC109 - asyncpg's signature
    ) -> Any:
        """Replace asyncpg's search through the catalogue: unknown types are simply text."""
        missing = [oid for oid in typeoids if oid not in self.known_types]
        if missing:
            # asyncpg's own inner call: fetch() would find the connection busy with the statement.
            execute = self._Connection__execute  # type: ignore[attr-defined] # private there
            found, _ = await execute(_TYPES, (missing,), 0, timeout, ignore_custom_codec=True)
            self.known_types.update({row["oid"]: _type_info(row) for row in found})
        for oid in typeoids:
            info = self.known_types.get(oid, _TypeInfo("unknown", str))
            self._register(oid, info.name, values.to_text, info.decoder)
        return (), _Unnamed


class _Unnamed:
    """Tells asyncpg that the statement it had prepared must be prepared again."""

    name = ""


def _type_info(row: asyncpg.Record) -> _TypeInfo:
    if not row["is_array"] or row["element"] is None:
        return _TypeInfo(row["name"], str)
    decoder = values.array_decoder(values.element_decoder(row["element"]), row["delimiter"])
    return _TypeInfo(f"{row['element_name']}[]", decoder)


async def connect(profile: Profile, password: str | None) -> Connection:
    """Return a connection made of the profile and the password alone.

    Every parameter is given, so that no ``PG*`` variable, service file or passfile fills a gap.

    Raises:
        TrunklineError: the profile's files for TLS cannot be used.
        OSError, TimeoutError, asyncpg.PostgresError: as the driver raises them, see
            ``errors.explain``.
    """
    if profile.sample:
        from trunkline_server import sample  # starts a server; only the sample needs it

        profile = sample.resolve(profile)
    context = tls.context_for(profile)
    first, second = _encryption(profile, context)
    try:
        connection = await _connect(profile, password, first)
    except (OSError, asyncpg.InvalidAuthorizationSpecificationError) as exc:
        if second is None or not _may_try_other(exc):
            raise
        connection = await _connect(profile, password, second)
    connection.speak_text({})
    return connection


def _encryption(
    profile: Profile, context: ssl.SSLContext | None
) -> tuple[ssl.SSLContext | bool, ssl.SSLContext | bool | None]:
    """Return what to try first and what then; ``False`` is no encryption, ``None`` nothing."""
    if context is None:
        return False, None
    if profile.sslmode == "prefer":
        return context, False
    if profile.sslmode == "allow":
        return False, context
    return context, None


def _may_try_other(exc: BaseException) -> bool:
    # A plain ConnectionError is asyncpg's word for "the server does not speak TLS".
    refused = asyncpg.InvalidAuthorizationSpecificationError
    is_password = isinstance(exc, asyncpg.InvalidPasswordError)
    return type(exc) is ConnectionError or (
        isinstance(exc, ssl.SSLError | refused) and not is_password
    )


async def _connect(
    profile: Profile, password: str | None, encryption: ssl.SSLContext | bool
) -> Connection:
    hosts, ports = map(list, zip(*profile.addresses, strict=True))
    connection: Connection = await asyncpg.connect(
        host=hosts,
        port=ports,
        user=profile.user,
        password=password or "",
        passfile="",
        database=profile.database,
        service="",
        servicefile="",
        timeout=profile.connect_timeout,
        # A statement is prepared without a name and used once: right behind any pooler too.
        statement_cache_size=0,
        ssl=encryption,
        direct_tls=False,
        server_settings={"application_name": "Trunkline", "datestyle": "ISO"},
        target_session_attrs=asyncpg.connect_utils.SessionAttribute(profile.target_session_attrs),
        krbsrvname="postgres",
        gsslib="sspi" if sys.platform == "win32" else "gssapi",
        connection_class=Connection,
    )
    return connection


class Database:
    """Reads from the database of one profile over a few connections, opened when needed."""

    def __init__(self, profile: Profile, password: str | None) -> None:
        self.profile = profile
        self._password = password
        self._idle: list[Connection] = []
        self._open = 0
        self._tidying: set[asyncio.Task[None]] = set()
        self._freed = asyncio.Condition()
        self._types: dict[int, _TypeInfo] = {}
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
        with _explained(self.profile):
            return await self._read(sql, params, Caps.of(self.profile, max_rows, max_bytes))

    async def fetch(self, sql: str, *args: Any) -> list[dict[str, Any]]:
        """Run one of our own statements, read-only too; values as in :class:`Rows`.

        It has the login's search path: operators in it need operands of exactly PostgreSQL's
        types, or somebody else's operator may fit better.

        Raises:
            TrunklineError: as :meth:`read`, without ``guard.*``.
        """
        with _explained(self.profile):
            async with self._transaction() as connection:
                return [dict(row) for row in await connection.fetch(sql, *args)]

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
                return await _read_capped(connection, sql, params, caps, started)
            except _BROKEN as exc:
                if connection.meter.is_over:
                    raise _too_large() from exc
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
            except _BROKEN:
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
        except (*_BROKEN, asyncpg.PostgresError, TimeoutError):
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


class _explained:  # noqa: N801 - used as a word after ``with``
    """Translate what the driver raises, once, at this edge."""

    def __init__(self, profile: Profile) -> None:
        self._profile = profile

    def __enter__(self) -> None:
        return None

    def __exit__(self, _kind: object, exc: BaseException | None, _trace: object) -> None:
        if isinstance(exc, Exception) and not isinstance(exc, TrunklineError):
            raise TrunklineError(failure_of(exc, self._profile)) from exc


def failure_of(exc: Exception, profile: Profile) -> Failure:
    """Return what a person, and the model, should read: PostgreSQL's words are the detail."""
    failure = explain(
        exc,
        host=profile.host,
        port=profile.port,
        database=profile.database,
        user=profile.user,
    )
    return replace(failure, detail=_detail(exc))


def _detail(exc: Exception) -> str:
    if isinstance(exc, asyncpg.PostgresError):
        position = getattr(exc, "position", None)
        return str(exc)[:MAX_DETAIL] + (f"\nPOSITION:  {position}" if position else "")
    # The system's words can name folders of this computer.
    words = (exc.strerror or "") if isinstance(exc, OSError) else f"{type(exc).__name__}: {exc}"
    return words[:MAX_DETAIL]


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
    except (*_BROKEN, asyncpg.PostgresError, TimeoutError):
        connection.terminate()
        await asyncio.sleep(0)  # the socket is let go in the loop's next turn


async def _read_capped(
    connection: Connection, sql: str, params: Sequence[Any], caps: Caps, started: float
) -> Rows:
    statement = await connection.prepare(sql, name="")
    columns = statement.get_attributes()
    arguments = _arguments(statement.get_parameters(), params)
    portal: Any = statement.cursor(*arguments, prefetch=1).__aiter__()
    taken = Taken(caps)
    size = min(FIRST_BATCH, caps.rows + 1)
    # Bind and Execute in one round trip, further batches from the same portal: asyncpg has a
    # public way that takes two.
    connection.meter.seen = 0
    batch = await portal._bind_exec(size, None)
    while taken.add([list(row) for row in batch]) and not portal._exhausted:
        connection.meter.seen = 0
        batch = await portal._exec(taken.next_batch(), None)
    return Rows(
        columns=[c.name for c in columns],
        types=[values.short_name(c.type.name) for c in columns],
        rows=taken.rows,
        row_count=len(taken.rows),
        truncated=bool(taken.hint),
        duration_ms=round((time.perf_counter() - started) * 1000, 1),
        hint=taken.hint,
    )


def _arguments(types: Sequence[asyncpg.Type], params: Sequence[Any]) -> list[Any]:
    if len(types) != len(params):
        raise fail(
            "query.params",
            f"The statement has {len(types)} parameters and {len(params)} values were given.",
            "Give one value in params for each of $1, $2, …",
        )
    return [
        _argument(number, t, p) for number, (t, p) in enumerate(zip(types, params, strict=True), 1)
    ]


def _argument(number: int, kind: asyncpg.Type, param: Any) -> Any:
    try:
        return values.parameter(param, kind.oid)
    except (ValueError, TypeError, OverflowError) as exc:
        raise fail(
            "query.params",
            f"The value of ${number} is not a valid {values.short_name(kind.name)}.",
            "Correct the value, or cast the parameter in the statement.",
        ) from exc


def _too_large() -> TrunklineError:
    return fail(
        "query.too_large",
        f"The rows of this query are larger than {MAX_IN_FLIGHT // 1024**2} MB.",
        "Shorten long columns with left(column, 200), or ask for fewer rows.",
    )
