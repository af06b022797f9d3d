"""What one statement answered, and how much of it is kept. Pure."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import Any

from trunkline_server.profiles.profile import Profile


@dataclass(frozen=True, slots=True, kw_only=True)
class Rows:
    """What one statement answered; every value is ready for JSON.

    Attributes:
        columns: names as PostgreSQL gave them, duplicates included.
        types: PostgreSQL's short names, such as ``int4`` or ``text[]``.
        rows: lists of values in column order. Timestamps are ISO 8601, numerics strings, bytea
            hex, json and arrays nested; integers beyond 2**53 are strings.
        row_count: how many rows are here.
        truncated: whether more was there, rows or bytes of a cell.
        duration_ms: from the question to the last row, in milliseconds.
        hint: how to ask for less; empty unless truncated.
    """

    columns: list[str]
    types: list[str]
    rows: list[list[Any]]
    row_count: int
    truncated: bool
    duration_ms: float
    hint: str = ""

    def as_json(self) -> dict[str, Any]:
        """Return the reply of ``execute_query``; ``hint`` only when truncated."""
        reply = asdict(self)
        if not self.truncated:
            del reply["hint"]
        return reply


@dataclass(frozen=True, slots=True)
class Caps:
    """How much of an answer is kept: rows, and bytes of its JSON."""

    rows: int
    size: int

    @classmethod
    def of(cls, profile: Profile, rows: int | None, size: int | None) -> Caps:
        """Return what was asked for; the profile's own limit where nothing was."""
        return cls(rows or profile.max_rows, size or profile.max_bytes)


class Taken:
    """The rows kept so far, and why no more are."""

    def __init__(self, caps: Caps) -> None:
        self.rows: list[list[Any]] = []
        self.hint = ""
        self._caps = caps
        self._size = 2

    def add(self, batch: list[list[Any]]) -> bool:
        """Keep what fits; return whether more would be welcome."""
        for row in batch:
            if len(self.rows) == self._caps.rows:
                self.hint = (
                    f"Only the first {self._caps.rows} rows: add a WHERE, aggregate, "
                    "or ask for the next part with OFFSET and ORDER BY."
                )
                return False
            size = self._size_of(row) + 1
            if self._size + size > self._caps.size:
                self._cut(row)
                return False
            self.rows.append(row)
            self._size += size
        return True

    def _size_of(self, row: list[Any]) -> int:
        longest = max((len(cell) for cell in row if isinstance(cell, str)), default=0)
        # A long cell is not worth writing out once more to learn that it does not fit.
        return longest if longest > self._caps.size else _json_size(row)

    def next_batch(self) -> int:
        """Return how many rows probably fill the caps, and one more to know whether more exist."""
        rows_left = self._caps.rows - len(self.rows) + 1
        typical = max(1, self._size // max(1, len(self.rows)))
        return max(1, min(rows_left, (self._caps.size - self._size) // typical + 1))

    def _cut(self, row: list[Any]) -> None:
        self.hint = (
            f"Cut at {self._caps.size} bytes: name fewer columns, "
            "or shorten long ones with left(column, 200)."
        )
        if not self.rows:
            room = max(16, (self._caps.size - 64) // max(1, len(row)) - 8)
            self.rows.append([_shortened(value, room) for value in row])


def _json_size(value: Any) -> int:
    return len(json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode())


def _shortened(value: Any, room: int) -> Any:
    """Return ``value``, or its beginning and a mark when it takes more than ``room`` bytes."""
    is_long = isinstance(value, str) and len(value) > room
    if not is_long and _json_size(value) <= room:
        return value
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    mark = f"… [{len(text) if text.isascii() else len(text.encode())} bytes]"
    kept = text[:room].encode()[: max(0, room - len(mark.encode()) - 2)]
    while kept and _json_size(kept.decode(errors="ignore") + mark) > room:
        kept = kept[: len(kept) * 3 // 4]
    return kept.decode(errors="ignore") + mark
