"""The writing end of one log file: its tables, and what is deleted or set aside."""

from __future__ import annotations

import os
import sqlite3
import time
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from itertools import groupby
from operator import itemgetter
from pathlib import Path

from trunkline_server.serving.activity import calls
from trunkline_server.serving.activity.calls import Call, Greeting, Row
from trunkline_server.serving.statements import Statements

BUSY_S = 5.0
_TURN_S = 0.02
GREETINGS = 500

_TRIM_EVERY_ROWS = 1_000
_TRIM_EVERY_S = 3_600.0
_DAY_S = 86_400.0
_BROKEN = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)

_SCHEMA = """
CREATE TABLE IF NOT EXISTS call (
  at REAL NOT NULL, profile_id TEXT NOT NULL, client TEXT NOT NULL, client_version TEXT NOT NULL,
  tool TEXT NOT NULL, statement TEXT NOT NULL, duration_ms REAL NOT NULL, rows INTEGER NOT NULL,
  bytes INTEGER NOT NULL, outcome TEXT NOT NULL, message TEXT NOT NULL);
CREATE INDEX IF NOT EXISTS call_at ON call (at);
CREATE INDEX IF NOT EXISTS call_profile ON call (profile_id);
DROP INDEX IF EXISTS call_profile_at;
CREATE TABLE IF NOT EXISTS greetings (
  at REAL NOT NULL, profile_id TEXT NOT NULL, client TEXT NOT NULL, client_version TEXT NOT NULL,
  transport TEXT NOT NULL, PRIMARY KEY (profile_id, client, transport)) WITHOUT ROWID;
"""
# Added later: a file may be older than these, and an older Trunkline may go on writing to it.
_LATER = ("caller", "request_id")

_ADD_CALL = (
    f"INSERT INTO call ({', '.join(calls.CALL_FIELDS)})"
    f" VALUES ({', '.join('?' * len(calls.CALL_FIELDS))})"
)
_ADD_GREETING = (
    f"INSERT INTO greetings ({', '.join(calls.GREETING_FIELDS)}) VALUES (?, ?, ?, ?, ?)"
    " ON CONFLICT DO UPDATE SET at = excluded.at, client_version = excluded.client_version"
)


Stored = tuple[str, Row]


class File:
    """A sink for calls and greetings."""

    def __init__(
        self, path: Path, *, keep_days: float, keep_bytes: int, statements: Statements
    ) -> None:
        self._path = path
        self._keep_s, self._keep_bytes = keep_days * _DAY_S, keep_bytes
        self._statements: Statements = statements
        self._connection: sqlite3.Connection | None = None
        self._identity: tuple[int, int] | None = None
        self._until_trim = 0
        self._trim_at = 0.0
        self._clock = _Clock()

    def prepared(self, thing: Call | Greeting) -> Stored:
        """Return the statement that adds ``thing``, and its values."""
        adding = _ADD_GREETING if isinstance(thing, Greeting) else _ADD_CALL
        return adding, calls.row(thing, self._statements)

    def write(self, waiting: deque[Stored]) -> None:
        """Add what was prepared; a damaged file is set aside, a deleted one made anew.

        Raises:
            sqlite3.Error, OSError: they could not be written.
        """
        try:
            self._write(waiting)
        except sqlite3.Error as exc:
            was = self._identity
            self.close()
            if getattr(exc, "sqlite_errorcode", 0) & 0xFF not in _BROKEN:
                raise
            _set_aside(self._path, was)
            self._write(waiting)
        except OSError:
            self.close()
            raise

    def close(self) -> None:
        """Let go of the file."""
        if self._connection:
            self._connection.close()
        self._connection = self._identity = None

    def _write(self, waiting: deque[Stored]) -> None:
        connection = self._opened()
        if waiting:
            with _transaction(connection):
                for adding, rows in groupby(waiting, key=itemgetter(0)):
                    connection.executemany(adding, [row for _, row in rows])
        self._until_trim -= len(waiting)
        waiting.clear()
        if self._until_trim <= 0 or time.monotonic() >= self._trim_at:
            self._until_trim = _TRIM_EVERY_ROWS
            self._trim_at = time.monotonic() + _TRIM_EVERY_S
            self._trim(connection)

    def _opened(self) -> sqlite3.Connection:
        if self._connection and self._identity != _identity(self._path):
            self.close()  # somebody deleted or replaced it: what is written there is lost
        if not self._connection:
            # Statements may hold people's data, so the file is this user's before SQLite sees it.
            self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            os.close(os.open(self._path, os.O_RDWR | os.O_CREAT, 0o600))
            self._identity = _identity(self._path)
            self._connection = _connected(self._path)
            self._until_trim = 0
        return self._connection

    def _trim(self, connection: sqlite3.Connection) -> None:
        if self._clock.is_steady():
            _delete_older(connection, time.time(), self._keep_s)
        while _used_bytes(connection) > self._keep_bytes and _delete_tenth(connection):
            pass
        connection.execute(
            "DELETE FROM greetings WHERE at < (SELECT at FROM greetings ORDER BY at DESC"
            " LIMIT 1 OFFSET ?)",
            (GREETINGS,),
        )
        # execute() would stop after the first page, because this statement answers no columns.
        connection.executescript("PRAGMA incremental_vacuum")


class _Clock:
    """Whether this computer's clock may be believed: one that leaps a day may leap back."""

    def __init__(self) -> None:
        self._difference = time.time() - time.monotonic()
        self._steady_at = 0.0

    def is_steady(self) -> bool:
        difference = time.time() - time.monotonic()
        if abs(difference - self._difference) > _DAY_S:
            self._steady_at = time.monotonic() + 3_600
        self._difference = difference
        return time.monotonic() >= self._steady_at


def _connected(path: Path) -> sqlite3.Connection:
    """Open the file, and make it when it is new, as other processes may be doing.

    SQLite does not wait for its turn to change the journal of a file; we do.
    """
    until = time.monotonic() + BUSY_S
    while True:
        try:
            return _made(path)
        except sqlite3.Error as exc:
            is_busy = getattr(exc, "sqlite_errorcode", 0) & 0xFF == sqlite3.SQLITE_BUSY
            if not is_busy or time.monotonic() >= until:
                raise
        time.sleep(_TURN_S)


def _made(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(path, timeout=BUSY_S, isolation_level=None)
    try:
        # Only an empty file can still choose to give space back, hence before the tables.
        connection.execute("PRAGMA auto_vacuum = INCREMENTAL")
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = NORMAL")
        connection.execute("PRAGMA journal_size_limit = 4194304")
        connection.executescript(_SCHEMA)
        if not set(_LATER) <= columns(connection):
            _add_later(connection)
    except sqlite3.Error:
        connection.close()
        raise
    return connection


def columns(connection: sqlite3.Connection) -> set[str]:
    """Return the names of the columns that calls have in this file."""
    return {row[1] for row in connection.execute("PRAGMA table_info(call)")}


def _add_later(connection: sqlite3.Connection) -> None:
    with _transaction(connection):  # another process may be doing the same
        for name in set(_LATER) - columns(connection):
            connection.execute(f"ALTER TABLE call ADD COLUMN {name} TEXT NOT NULL DEFAULT ''")


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


def _delete_older(connection: sqlite3.Connection, now: float, keep_s: float) -> None:
    """Delete what was recorded before the first call that is young enough.

    Calls are numbered as they come, so a clock that was wrong for a while neither saves nor costs
    those it dated.
    """
    young = connection.execute(
        "SELECT min(rowid) FROM call WHERE at BETWEEN ? AND ?", (now - keep_s, now + _DAY_S)
    ).fetchone()[0]
    if young is not None:
        connection.execute("DELETE FROM call WHERE rowid < ?", (young,))
    else:
        connection.execute("DELETE FROM call WHERE at < ?", (now - keep_s,))


def _delete_tenth(connection: sqlite3.Connection) -> int:
    return connection.execute(
        "DELETE FROM call WHERE rowid IN (SELECT rowid FROM call ORDER BY rowid LIMIT"
        " (SELECT max(1, count(*) / 10) FROM call))"
    ).rowcount


def _used_bytes(connection: sqlite3.Connection) -> int:
    pages, free, size = (
        int(connection.execute(f"PRAGMA {name}").fetchone()[0])
        for name in ("page_count", "freelist_count", "page_size")
    )
    return (pages - free) * size


def _identity(path: Path) -> tuple[int, int] | None:
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino


def _set_aside(path: Path, damaged: tuple[int, int] | None) -> None:
    """Keep a damaged file, and what SQLite put beside it, under another name.

    Not the fresh one that another process has put in its place meanwhile.
    """
    if damaged is None or _identity(path) == damaged:
        for end in ("", "-wal", "-shm"):
            with suppress(FileNotFoundError):
                Path(f"{path}{end}").replace(f"{path}.damaged{end}")
