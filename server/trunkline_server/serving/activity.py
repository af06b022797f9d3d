"""Who asked what, kept in SQLite for the person's own eyes; standard library only.

A question never waits for this log and never fails because of it: ``record`` puts the call in a
bounded queue and a thread of its own writes. Several processes may write to one file.
"""

from __future__ import annotations

import logging
import os
import queue
import sqlite3
import threading
import time
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, fields
from datetime import datetime
from pathlib import Path
from typing import Any, Literal

from trunkline_server import folders
from trunkline_server.errors import TrunklineError, fail

Outcome = Literal["ok", "refused", "failed", "cancelled"]

STATEMENT_CHARS = 10_000
MESSAGE_CHARS = 2_000
KEEP_DAYS = 30
KEEP_BYTES = 50 * 1024 * 1024

_QUEUED = 10_000
_BATCH = 500
_ATTEMPTS = 3
_TRIM_EVERY = 1_000
_BUSY_S = 5.0
_LARGEST_INTEGER = 2**63 - 1  # SQLite refuses to bind anything larger
_BROKEN = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)

_log = logging.getLogger(__name__)

_SCHEMA = """
CREATE TABLE IF NOT EXISTS call (
  at REAL NOT NULL, profile_id TEXT NOT NULL, client TEXT NOT NULL, client_version TEXT NOT NULL,
  tool TEXT NOT NULL, statement TEXT NOT NULL, duration_ms REAL NOT NULL, rows INTEGER NOT NULL,
  bytes INTEGER NOT NULL, outcome TEXT NOT NULL, message TEXT NOT NULL);
CREATE INDEX IF NOT EXISTS call_at ON call (at);
CREATE INDEX IF NOT EXISTS call_profile_at ON call (profile_id, at);
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One use of a tool by a client.

    Attributes:
        at: when it arrived, in seconds since 1970 (``time.time()``).
        profile_id: the profile it was answered from.
        client: what the AI app calls itself; "" when it did not say.
        client_version: its version, or "".
        tool: the tool's name, such as ``execute_query``.
        statement: the SQL or the arguments; cut at ``STATEMENT_CHARS`` characters.
        duration_ms: how long the answer took, in milliseconds.
        rows: rows of the reply.
        bytes: bytes of the reply.
        outcome: "ok", "refused" (by the guard), "failed" or "cancelled".
        message: why it was refused or failed; "" when it was not.
    """

    at: float
    profile_id: str
    tool: str
    client: str = ""
    client_version: str = ""
    statement: str = ""
    duration_ms: float = 0.0
    rows: int = 0
    bytes: int = 0
    outcome: Outcome = "ok"
    message: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Today:
    """What happened since midnight of this computer's time zone.

    Attributes:
        questions: how many calls.
        typical_ms: median duration of the calls that were answered, 0 when there were none.
        refused: how many calls the guard refused.
        per_hour: calls of each hour of the day, 24 numbers.
        refused_per_hour: how many of them the guard refused.
    """

    questions: int = 0
    typical_ms: float = 0.0
    refused: int = 0
    per_hour: tuple[int, ...] = (0,) * 24
    refused_per_hour: tuple[int, ...] = (0,) * 24


_Row = tuple[object, ...]

_NAMES = tuple(f.name for f in fields(Call))
_COLUMNS = ", ".join(_NAMES)
_INSERT = f"INSERT OR IGNORE INTO call ({_COLUMNS}) VALUES ({', '.join('?' * len(_NAMES))})"


class Activity:
    """The log of one file, by default the one in the state folder.

    Reading opens the file for a moment and needs no thread; the first ``record`` starts one.
    """

    def __init__(
        self,
        path: Path | None = None,
        *,
        keep_days: float = KEEP_DAYS,
        keep_bytes: int = KEEP_BYTES,
    ) -> None:
        self._path = path
        self._keep_days = keep_days
        self._keep_bytes = keep_bytes
        self._calls: queue.Queue[_Row | threading.Event] = queue.Queue(_QUEUED)
        self._starting = threading.Lock()
        self._thread: threading.Thread | None = None
        self._is_closed = False
        self._is_troubled = False

    @property
    def path(self) -> Path:
        """Where the log is."""
        return self._path or folders.state() / "activity.sqlite3"

    def record(self, call: Call) -> None:
        """Keep ``call``. Returns at once and never raises; a full queue drops it."""
        if self._is_closed:
            return
        try:
            self._start()
            self._calls.put_nowait(_row(call))
        except Exception as exc:  # noqa: BLE001 - a question never fails because of its log
            self._say_once(exc)

    def flush(self, timeout_s: float = 5.0) -> bool:
        """Wait until everything recorded so far was handled; whether that was in time."""
        if self._thread is None or self._is_closed:
            return self._thread is None or not self._thread.is_alive()
        written = threading.Event()
        try:
            self._calls.put(written, timeout=timeout_s)
        except queue.Full:
            return False
        return written.wait(timeout_s)

    def close(self, timeout_s: float = 5.0) -> None:
        """Write what is queued, at most for ``timeout_s`` seconds, and stop."""
        self._is_closed = True
        if self._thread is not None:
            with suppress(queue.Full):  # then the thread is awake anyway
                self._calls.put_nowait(threading.Event())
            self._thread.join(timeout_s)

    def recent(self, profile_id: str | None = None, limit: int = 50) -> list[Call]:
        """Return the last calls, newest first; of every profile when ``profile_id`` is None.

        Raises:
            TrunklineError: ``activity.unreadable``.
        """
        which, values = _of(profile_id)
        sql = f"SELECT {_COLUMNS} FROM call WHERE {which} ORDER BY at DESC, rowid DESC LIMIT ?"
        return [
            Call(**dict(zip(_NAMES, row, strict=True))) for row in self._rows(sql, *values, limit)
        ]

    def today(self, profile_id: str | None = None, *, now: float | None = None) -> Today:
        """Return the sums of the day that ``now`` (seconds since 1970) falls in.

        Raises:
            TrunklineError: ``activity.unreadable``.
        """
        at = datetime.fromtimestamp(time.time() if now is None else now).astimezone()
        midnight = at.replace(hour=0, minute=0, second=0, microsecond=0, tzinfo=None).timestamp()
        which, values = _of(profile_id)
        sql = f"SELECT at, duration_ms, outcome FROM call WHERE {which} AND at BETWEEN ? AND ?"
        return _summed(self._rows(sql, *values, midnight, at.timestamp()))

    def last_seen(self, profile_id: str | None = None) -> dict[str, float]:
        """Return when each client last asked, in seconds since 1970, by the client's name.

        Raises:
            TrunklineError: ``activity.unreadable``.
        """
        which, values = _of(profile_id)
        return dict(
            self._rows(f"SELECT client, max(at) FROM call WHERE {which} GROUP BY 1", *values)
        )

    def _rows(self, sql: str, *values: object) -> list[tuple[Any, ...]]:
        if not self.path.exists():
            return []
        try:
            with closing(_opened_to_read(self.path)) as connection:
                return connection.execute(sql, values).fetchall()
        except sqlite3.OperationalError as exc:
            if "no such table" in str(exc):  # its first writer has only just made the file
                return []
            raise _unreadable(self.path, exc) from exc
        except sqlite3.Error as exc:
            raise _unreadable(self.path, exc) from exc

    def _start(self) -> None:
        with self._starting:
            if self._thread is None:
                self._thread = threading.Thread(
                    target=self._write_until_closed, name="activity", daemon=True
                )
                self._thread.start()

    def _write_until_closed(self) -> None:
        writer: _Writer | None = None
        while not (self._is_closed and self._calls.empty()):
            batch = self._next_batch()
            rows = [item for item in batch if isinstance(item, tuple)]
            try:
                writer = writer or _Writer(self.path, self._keep_days, self._keep_bytes)
                writer.write(rows)
                self._is_troubled = False
            except Exception as exc:  # noqa: BLE001 - nothing may escape the thread of a log
                self._say_once(exc)
            for item in batch:
                if isinstance(item, threading.Event):
                    item.set()
        if writer:
            writer.close()

    def _next_batch(self) -> list[_Row | threading.Event]:
        batch = [self._calls.get()]
        with suppress(queue.Empty):
            while len(batch) < _BATCH:
                batch.append(self._calls.get_nowait())
        return batch

    def _say_once(self, exc: Exception) -> None:
        """Tell the log about the first of a series of losses only."""
        if not self._is_troubled:
            self._is_troubled = True
            _log.warning("Activity is not being kept in %s: %s", self._path or "its file", exc)


class _Writer:
    """The writing end of one file; used by one thread."""

    def __init__(self, path: Path, keep_days: float, keep_bytes: int) -> None:
        self._path = path
        self._keep_days = keep_days
        self._keep_bytes = keep_bytes
        self._connection: sqlite3.Connection | None = None
        self._until_trim = 0

    def write(self, rows: list[_Row]) -> None:
        """Add ``rows``; opens the file again and repeats when that fails.

        Raises:
            sqlite3.Error, OSError: they could not be written.
        """
        for attempts_left in reversed(range(_ATTEMPTS)):
            try:
                return self._write(rows)
            except sqlite3.Error as exc:
                self.close()
                if getattr(exc, "sqlite_errorcode", 0) & 0xFF in _BROKEN:
                    _set_aside(self._path)
                elif not attempts_left or _is_full(exc):
                    raise
        return None

    def close(self) -> None:
        if self._connection:
            self._connection.close()
            self._connection = None

    def _write(self, rows: list[_Row]) -> None:
        self._connection = connection = self._connection or _opened_to_write(self._path)
        if rows:
            with _transaction(connection):
                connection.executemany(_INSERT, rows)
        self._until_trim -= len(rows)
        if self._until_trim <= 0:
            self._until_trim = _TRIM_EVERY
            _trim(connection, time.time() - self._keep_days * 86_400, self._keep_bytes)


def _opened_to_read(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(
        f"{path.absolute().as_uri()}?mode=ro", uri=True, timeout=_BUSY_S, isolation_level=None
    )
    connection.execute("PRAGMA query_only = 1")
    return connection


def _opened_to_write(path: Path) -> sqlite3.Connection:
    # Statements may hold people's data, so the file is this user's before SQLite sees it.
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
    connection = sqlite3.connect(path, timeout=_BUSY_S, isolation_level=None)
    try:
        # Only an empty file can still choose to give space back, hence before the tables.
        connection.execute("PRAGMA auto_vacuum = INCREMENTAL")
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = NORMAL")
        connection.execute("PRAGMA journal_size_limit = 4194304")
        connection.executescript(_SCHEMA)
    except sqlite3.Error:
        connection.close()
        raise
    return connection


@contextmanager
def _transaction(connection: sqlite3.Connection) -> Iterator[None]:
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
        connection.execute("COMMIT")
    except BaseException:
        with suppress(sqlite3.Error):  # a full disk has rolled back already
            connection.execute("ROLLBACK")
        raise


def _trim(connection: sqlite3.Connection, oldest: float, keep_bytes: int) -> None:
    """Delete what is older than ``oldest``, then the oldest tenths until the rest is small."""
    connection.execute("DELETE FROM call WHERE at < ?", (oldest,))
    while _used_bytes(connection) > keep_bytes:
        deleted = connection.execute(
            "DELETE FROM call WHERE rowid IN (SELECT rowid FROM call ORDER BY at LIMIT"
            " (SELECT max(1, count(*) / 10) FROM call))"
        ).rowcount
        if not deleted:
            break
    # execute() would stop after the first page, because this statement answers no columns.
    connection.executescript("PRAGMA incremental_vacuum")


def _used_bytes(connection: sqlite3.Connection) -> int:
    pages, free, size = (
        int(connection.execute(f"PRAGMA {name}").fetchone()[0])
        for name in ("page_count", "freelist_count", "page_size")
    )
    return (pages - free) * size


def _set_aside(path: Path) -> None:
    """Keep a damaged file, and what SQLite put beside it, under another name."""
    for end in ("", "-wal", "-shm"):
        with suppress(FileNotFoundError):
            Path(f"{path}{end}").replace(f"{path}.damaged{end}")


def _is_full(exc: sqlite3.Error) -> bool:
    return getattr(exc, "sqlite_errorcode", 0) & 0xFF == sqlite3.SQLITE_FULL


def _row(call: Call) -> _Row:
    return tuple(_storable(getattr(call, name), name) for name in _NAMES)


def _storable(value: object, name: str) -> object:
    if isinstance(value, str):
        longest = MESSAGE_CHARS if name == "message" else STATEMENT_CHARS
        return value[:longest].encode("utf-8", "replace").decode()
    if isinstance(value, int):
        return max(-_LARGEST_INTEGER, min(value, _LARGEST_INTEGER))
    return value if isinstance(value, float) else str(value)[:MESSAGE_CHARS]


def _of(profile_id: str | None) -> tuple[str, tuple[str, ...]]:
    return ("1", ()) if profile_id is None else ("profile_id = ?", (profile_id,))


def _summed(rows: Iterable[tuple[float, float, str]]) -> Today:
    calls = list(rows)
    answered = [duration_ms for _, duration_ms, outcome in calls if outcome == "ok"]
    refused = [at for at, _, outcome in calls if outcome == "refused"]
    return Today(
        questions=len(calls),
        typical_ms=_median(answered),
        refused=len(refused),
        per_hour=_by_hour(at for at, _, _ in calls),
        refused_per_hour=_by_hour(refused),
    )


def _median(values: list[float]) -> float:
    """Return the middle of ``values``, 0 for none; ``statistics`` would cost the app a megabyte."""
    ordered, half = sorted(values), len(values) // 2
    return (ordered[half] + ordered[~half]) / 2 if ordered else 0.0


def _by_hour(moments: Iterable[float]) -> tuple[int, ...]:
    counts = [0] * 24
    for at in moments:
        counts[datetime.fromtimestamp(at).astimezone().hour] += 1
    return tuple(counts)


def _unreadable(path: Path, exc: Exception) -> TrunklineError:
    return fail(
        "activity.unreadable",
        f"The activity log {path} cannot be read.",
        "Databases and AI apps are not affected; rename the file to start a new log.",
        str(exc),
    )
