"""What one statement answered, and how much of it is kept. Pure."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from trunkline_server.errors import fail
from trunkline_server.profiles.profile import Profile

LEAST = 24  # bytes of a reply for each column, so that a row of cut values fits
_FRAME = 400  # bytes of a reply that are neither names nor values, the hint included


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
        reply = {
            "columns": self.columns,
            "types": self.types,
            "rows": self.rows,
            "row_count": self.row_count,
            "truncated": self.truncated,
            "duration_ms": self.duration_ms,
        }
        return {**reply, "hint": self.hint} if self.truncated else reply


@dataclass(frozen=True, slots=True)
class Caps:
    """How much of an answer is kept: rows, and bytes of the reply with its names of columns."""

    rows: int
    size: int

    @classmethod
    def of(cls, profile: Profile, rows: int | None, size: int | None) -> Caps:
        """Return what was asked for; the profile's own limit where nothing was."""
        return cls(rows or profile.max_rows, size or profile.max_bytes)


class Beginning(str):
    """The beginning of a text that was too long to be taken whole.

    Attributes:
        size: bytes of all of it; -1 when nobody waited for them.
    """

    __slots__ = ("size",)
    size: int

    def __new__(cls, text: str, size: int) -> Beginning:
        """Make one of what is there."""
        made = super().__new__(cls, text)
        made.size = size
        return made


class Taken:
    """The rows kept so far, and why no more are.

    Raises:
        TrunklineError: ``query.too_wide``, when not even one row can be told.
    """

    def __init__(self, caps: Caps, columns: Sequence[str], types: Sequence[str]) -> None:
        self.rows: list[list[Any]] = []
        self.hint = ""
        self._caps = caps
        self._columns = columns
        self._frame = self._size = json_size([columns, types]) + _FRAME
        if self._frame + LEAST * len(columns) > caps.size:
            raise fail(
                "query.too_wide",
                f"A row of {len(columns)} columns does not fit into a reply.",
                "Name the columns you need.",
            )

    def add(self, batch: Iterable[list[Any]], *, is_cut: bool = False) -> bool:
        """Keep what fits; return whether more would be welcome.

        ``is_cut`` tells that rows after this batch were there and are lost.
        """
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
        if is_cut:
            self.hint = self._shorter("name fewer columns")
        return not is_cut

    def next_batch(self) -> int:
        """Return how many rows probably fill the caps, and one more to know whether more exist."""
        rows_left = self._caps.rows - len(self.rows) + 1
        typical = max(1, (self._size - self._frame) // max(1, len(self.rows)))
        return max(1, min(rows_left, (self._caps.size - self._size) // typical + 1))

    def _size_of(self, row: list[Any]) -> int:
        # A long cell is not worth writing out once more to learn that it does not fit.
        for cell in row:
            if isinstance(cell, str) and (
                len(cell) > self._caps.size or isinstance(cell, Beginning)
            ):
                return self._caps.size
        return json_size(row)

    def _cut(self, row: list[Any]) -> None:
        sizes = [_size_of_all(value) for value in row]
        longest = sizes.index(max(sizes))
        self.hint = self._shorter(_advice(self._columns[longest], sizes[longest]))
        if not self.rows:
            self.rows.append(_fitted(row, self._caps.size - self._frame))

    def _shorter(self, advice: str) -> str:
        return f"Cut at {self._caps.size} bytes: {advice}, or ask for fewer columns or rows."


def json_size(value: Any) -> int:
    """Return how many bytes ``value`` takes as JSON."""
    return len(json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode())


def _size_of_all(value: Any) -> int:
    if isinstance(value, Beginning):
        return value.size if value.size >= 0 else len(value)
    if isinstance(value, str):
        return len(value) if value.isascii() else len(value.encode())
    return 0 if value is None else json_size(value)


def _advice(column: str, size: int) -> str:
    name = column if column.isidentifier() and column == column.lower() else f'"{column}"'
    if column == "?column?" or len(column) > 63:
        return f"a value of {size} bytes is in it; shorten it with left(…, 200)"
    return f"{name} is long ({size} bytes here); shorten it with left({name}::text, 200)"


def _fitted(row: list[Any], most: int) -> list[Any]:
    """Return the row in about ``most`` bytes: long values share what the short ones leave."""
    share = most // max(1, len(row)) - 8
    short = [size for value in row if (size := _size_of_all(value) + 3) <= share]
    room = (most - sum(short)) // max(1, len(row) - len(short)) - 8
    return [_shortened(value, max(LEAST - 3, room)) for value in row]


def _shortened(value: Any, room: int) -> Any:
    """Return ``value``, or its beginning and a mark when it takes more than ``room`` bytes."""
    is_long = isinstance(value, str) and (len(value) > room or isinstance(value, Beginning))
    if not is_long and json_size(value) <= room:
        return value
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    mark = _mark(value, text)
    kept = text[:room].encode()[: max(0, room - len(mark.encode()) - 2)]
    while kept and json_size(kept.decode(errors="ignore") + mark) > room:
        kept = kept[: len(kept) * 3 // 4]
    return kept.decode(errors="ignore") + mark


def _mark(value: Any, text: str) -> str:
    if isinstance(value, Beginning):
        return f"… [{value.size} bytes]" if value.size >= 0 else "… [not read]"
    return f"… [{len(text) if text.isascii() else len(text.encode())} bytes]"
