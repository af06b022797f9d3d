"""The log of one file: recording goes through a thread, reading opens the file for a moment."""

from __future__ import annotations

import logging
import sqlite3
import threading
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

from trunkline_server import folders
from trunkline_server.errors import Failure, TrunklineError, fail
from trunkline_server.serving.activity import days
from trunkline_server.serving.activity.calls import (
    CALL_FIELDS,
    GREETING_FIELDS,
    Call,
    Greeting,
)
from trunkline_server.serving.activity.days import Today
from trunkline_server.serving.activity.file import BUSY_S, File, Stored
from trunkline_server.serving.background import Background
from trunkline_server.serving.statements import Statements

KEEP_DAYS = 30
KEEP_BYTES = 50 * 1024 * 1024

_log = logging.getLogger(__name__)

Tell = Callable[[Failure], None]


class Activity:
    """The log of one file, by default the one in the state folder.

    Reading needs no thread; the first ``record`` starts one. ``tell`` hears once of each time the
    log cannot be kept, in that thread.
    """

    def __init__(
        self,
        path: Path | None = None,
        *,
        keep_days: float = KEEP_DAYS,
        keep_bytes: int = KEEP_BYTES,
        statements: Statements = "text",
        tell: Tell | None = None,
    ) -> None:
        self._path = path
        self._keep_days, self._keep_bytes = keep_days, keep_bytes
        self._statements: Statements = statements
        self._tell = tell
        self._background: Background[Call | Greeting, Stored] | None = None
        self._starting = threading.Lock()
        self._is_troubled = False

    @property
    def path(self) -> Path:
        """Where the log is."""
        return self._path or folders.state() / "activity.sqlite3"

    def record(self, call: Call) -> None:
        """Keep ``call``. Returns at once and never raises; a full queue drops it."""
        self._put(call)

    def greet(self, greeting: Greeting) -> None:
        """Keep ``greeting`` instead of the same app's last one; like :meth:`record`."""
        self._put(greeting)

    def flush(self, timeout_s: float = 5.0) -> bool:
        """Wait until everything recorded so far was handled; whether that was in time."""
        return self._background is None or self._background.flush(timeout_s)

    def close(self, timeout_s: float = 5.0) -> None:
        """Write what is queued, at most for ``timeout_s`` seconds, and stop."""
        if self._background is not None:
            self._background.close(timeout_s)

    def recent(self, profile_id: str | None = None, limit: int = 50) -> list[Call]:
        """Return the last calls, in the order they were recorded, the last one first.

        Of every profile when ``profile_id`` is None.

        Raises:
            TrunklineError: ``activity.unreadable``.
        """
        which, values = _of(profile_id)
        return [
            Call(**row)
            for row in self._read("call", CALL_FIELDS, f"{which} ORDER BY rowid DESC LIMIT ?",
                                  *values, limit)
        ]  # fmt: skip

    def today(self, profile_id: str | None = None, *, now: float | None = None) -> Today:
        """Return the sums of the day that ``now`` (seconds since 1970) falls in.

        Raises:
            TrunklineError: ``activity.unreadable``.
        """
        begin, end = days.bounds(time.time() if now is None else now)
        which, values = _of(profile_id)
        # The plus keeps SQLite from looking through every call of the profile: few are of one day.
        sql = f"SELECT at, duration_ms, outcome FROM call WHERE +{which} AND at >= ? AND at < ?"
        return days.summed(self._rows(sql, *values, begin, end))

    def last_seen(self, profile_id: str | None = None) -> dict[str, float]:
        """Return when each client last asked, in seconds since 1970, by the client's name.

        Raises:
            TrunklineError: ``activity.unreadable``.
        """
        which, values = _of(profile_id)
        return dict(
            self._rows(f"SELECT client, max(at) FROM call WHERE {which} GROUP BY 1", *values)
        )

    def greetings(self, profile_id: str | None = None) -> list[Greeting]:
        """Return the last greeting of each app over each transport, the latest first.

        Raises:
            TrunklineError: ``activity.unreadable``.
        """
        which, values = _of(profile_id)
        found = self._read("greetings", GREETING_FIELDS, f"{which} ORDER BY at DESC", *values)
        return [Greeting(**row) for row in found]

    def _read(
        self, table: str, fields: tuple[str, ...], where: str, *values: object
    ) -> list[dict[str, Any]]:
        """Return rows by field; a file of an older Trunkline may not have every column."""
        kept = fields
        if table == "call" and (there := self._columns()):
            kept = tuple(name for name in fields if name in there)
        rows = self._rows(f"SELECT {', '.join(kept)} FROM {table} WHERE {where}", *values)
        return [dict(zip(kept, row, strict=True)) for row in rows]

    def _columns(self) -> set[str]:
        return {str(row[1]) for row in self._rows("PRAGMA table_info(call)")}

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

    def _put(self, thing: Call | Greeting) -> None:
        try:
            (self._background or self._started()).put(thing)
        except Exception as exc:  # noqa: BLE001 - a question never fails because of its log
            if not self._is_troubled:
                self._on_trouble(exc)

    def _started(self) -> Background[Call | Greeting, Stored]:
        with self._starting:
            if self._background is None:
                file = File(
                    self.path,
                    keep_days=self._keep_days,
                    keep_bytes=self._keep_bytes,
                    statements=self._statements,
                )
                self._background = Background(file, "activity", self._on_trouble, self._on_recovery)
            return self._background

    def _on_trouble(self, exc: Exception) -> None:
        self._is_troubled = True
        _log.warning("Activity is not being kept in %s: %s", self._path or "its file", exc)
        if self._tell:
            self._tell(_not_kept(exc))

    def _on_recovery(self, lost: int) -> None:
        self._is_troubled = False
        _log.warning("Activity is being kept again; calls lost: %d.", lost)


def _opened_to_read(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(
        f"{path.absolute().as_uri()}?mode=ro", uri=True, timeout=BUSY_S, isolation_level=None
    )
    connection.execute("PRAGMA query_only = 1")
    return connection


def _of(profile_id: str | None) -> tuple[str, tuple[str, ...]]:
    return ("1", ()) if profile_id is None else ("profile_id = ?", (profile_id,))


def _not_kept(exc: Exception) -> Failure:
    return Failure(
        code="activity.not_kept",
        title="What AI apps ask is not being written down at the moment.",
        hint="Questions are answered all the same; see whether the disk is full.",
        detail=str(exc),
    )


def _unreadable(path: Path, exc: Exception) -> TrunklineError:
    return fail(
        "activity.unreadable",
        f"The activity log {path} cannot be read.",
        "Databases and AI apps are not affected; rename the file to start a new log.",
        str(exc),
    )
