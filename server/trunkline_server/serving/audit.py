"""The audit log: one line of JSON for each call, for whoever has to answer for the database.

A log that cannot be written is told once and does not stop the calls; what waits is written when
it can be, up to a bounded number of lines.
"""

from __future__ import annotations

import errno
import json
import logging
import os
import sys
import time
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from stat import S_ISREG

from trunkline_server.errors import Failure, fail
from trunkline_server.serving import statements
from trunkline_server.serving.activity import Call
from trunkline_server.serving.background import Background
from trunkline_server.serving.statements import Statements

STATEMENT_CHARS = 20_000
REFUSALS_PER_S = 20

_WORD_CHARS = 500
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Refusal:
    """The gate let somebody not in.

    Attributes:
        at: when, in seconds since 1970.
        kind: why, such as ``rate`` or ``token``.
        who: an address or a token's name.
        omitted: how many before it were not written, because there were too many at once.
    """

    at: float
    kind: str
    who: str
    omitted: int = 0


Entry = Call | Refusal
WriteLine = Callable[[bytes], None]


class Audit:
    """Writes lines to a file, or to ``output`` when the target is "-" (None: standard error).

    ``profiles`` gives the names of profiles by id. ``tell`` hears once of each time it fails.

    Raises:
        TrunklineError: ``audit.unwritable``: it cannot even be opened.
    """

    def __init__(
        self,
        target: str,
        *,
        profiles: Mapping[str, str],
        statements: Statements = "text",
        output: WriteLine | None = None,
        tell: Callable[[Failure], None] | None = None,
    ) -> None:
        write_line = (output or _to_standard_error) if target == "-" else _File(target).write_line
        self._tell = tell
        self._second, self._spent, self._omitted = 0, 0, 0
        lines = _Lines(write_line, profiles, statements)
        self._background: Background[Entry, bytes] = Background(
            lines, "audit", self._on_trouble, self._on_recovery
        )

    def record(self, call: Call) -> None:
        """Write ``call``; returns at once."""
        self._background.put(call)

    def refused(self, kind: str, who: str) -> None:
        """Write that the gate refused ``who``; of a flood only the first of each second."""
        now = time.time()
        if int(now) != self._second:
            self._second, self._spent = int(now), 0
        self._spent += 1
        if self._spent > REFUSALS_PER_S:
            self._omitted += 1
        else:
            self._background.put(Refusal(now, kind, who, self._omitted))
            self._omitted = 0

    def flush(self, timeout_s: float = 5.0) -> bool:
        """Wait until everything so far was handled; whether that was in time."""
        return self._background.flush(timeout_s)

    def close(self, timeout_s: float = 5.0) -> None:
        """Write what waits, a bounded time, and stop."""
        self._background.close(timeout_s)

    def _on_trouble(self, exc: Exception) -> None:
        _log.warning("The audit log is not being written: %s", exc)
        if self._tell:
            self._tell(_not_written(exc))

    def _on_recovery(self, lost: int) -> None:
        _log.warning("The audit log is being written again; lines lost: %d.", lost)


class _Lines:
    """The sink: entries become lines, and each line one write."""

    def __init__(self, write_line: WriteLine, profiles: Mapping[str, str], how: Statements) -> None:
        self._write_line = write_line
        self._profiles = profiles
        self._how: Statements = how

    def prepared(self, entry: Entry) -> bytes:
        fields = (
            _refusal(entry)
            if isinstance(entry, Refusal)
            else _call(entry, self._profiles.get(entry.profile_id, entry.profile_id), self._how)
        )
        return json.dumps(fields, ensure_ascii=False).encode("utf-8", "replace")

    def write(self, waiting: deque[bytes]) -> None:
        while waiting:
            self._write_line(waiting[0])
            waiting.popleft()

    def close(self) -> None:
        """Leave the file to the end of the process: nothing waits in it."""


def _call(call: Call, profile: str, how: Statements) -> dict[str, object]:
    return {
        "ts": _time(call.at),
        "event": "call",
        "profile": profile,
        "client": call.client[:_WORD_CHARS],
        "client_version": call.client_version[:_WORD_CHARS],
        "caller": call.caller[:_WORD_CHARS],
        "tool": call.tool,
        **_statement(call.statement, how),
        "duration_ms": call.duration_ms,
        "rows": call.rows,
        "bytes": call.bytes,
        "outcome": call.outcome,
        "message": statements.explained(call.message, how),
        "request_id": call.request_id,
    }


def _statement(statement: str, how: Statements) -> dict[str, str]:
    if how == "none":
        return {}
    if how == "hash":
        return {"statement_sha256": statements.hashed(statement).removeprefix("sha256:")}
    return {"statement": statements.kept(statement, how, STATEMENT_CHARS)}


def _refusal(refusal: Refusal) -> dict[str, object]:
    return {
        "ts": _time(refusal.at),
        "event": "refused",
        "kind": refusal.kind,
        "who": refusal.who[:_WORD_CHARS],
        "omitted": refusal.omitted,
    }


def _time(at: float) -> str:
    """Return ISO 8601 in UTC, to the millisecond; now for a moment that is none."""
    try:
        moment = datetime.fromtimestamp(at, UTC)
    except (ValueError, OverflowError, OSError):
        moment = datetime.now(UTC)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


class _File:
    """The file that is at a path now: another one, after ``logrotate`` moved it away."""

    def __init__(self, target: str) -> None:
        self._path = Path(target).expanduser().absolute()
        self._descriptor = -1
        self._has_failed = False
        try:
            self._open()
        except OSError as exc:
            raise fail(
                "audit.unwritable",
                f"The audit log {target} cannot be written.",
                "Name a file in a folder that exists and that this user may write to.",
                exc.strerror or "",
            ) from exc

    def write_line(self, line: bytes) -> None:
        """Add one line with one write, which no other process's write can cut in two."""
        try:
            self._write(line)
        except OSError:
            self._has_failed = True
            raise
        self._has_failed = False

    def _write(self, line: bytes) -> None:
        if self._is_another():
            self._open()
        start = b"\n" if self._has_failed and not self._ends_whole() else b""
        data = start + line + b"\n"
        if os.write(self._descriptor, data) < len(data):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    def _open(self) -> None:
        flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | getattr(os, "O_BINARY", 0)
        before, self._descriptor = self._descriptor, -1
        if before >= 0:
            os.close(before)
        self._descriptor = os.open(self._path, flags, 0o600)

    def _is_another(self) -> bool:
        try:
            return self._descriptor < 0 or not os.path.samestat(
                self._path.stat(), os.fstat(self._descriptor)
            )
        except OSError:
            return True

    def _ends_whole(self) -> bool:
        """Whether the last line has its end: a full disk may have cut it, here or elsewhere."""
        with self._path.open("rb") as file:
            status = os.fstat(file.fileno())
            if not S_ISREG(status.st_mode) or not status.st_size:
                return True
            file.seek(-1, os.SEEK_END)
            return file.read(1) == b"\n"


def _to_standard_error(line: bytes) -> None:
    os.write(sys.stderr.fileno() if sys.stderr else 2, line + b"\n")


def _not_written(exc: Exception) -> Failure:
    return Failure(
        code="audit.not_written",
        title="The audit log is not being written at the moment.",
        hint="Questions are answered all the same; see whether the disk is full.",
        detail=str(exc),
    )
