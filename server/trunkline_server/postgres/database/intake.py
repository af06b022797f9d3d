"""What PostgreSQL sends, taken apart into messages; of endless ones only the beginning. Pure.

However long a value is, no more of it is kept than could ever be answered.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from struct import unpack_from

MAX_WHOLE = 65536  # bytes of a message that is waited for as a whole
MAX_BEGINNING = 1024 * 1024  # bytes kept of a longer one: 1,600 names of columns, never an error
LEAST = 64  # bytes kept of a cell when its row has had its share

ROW = ord("D")
TOLD = frozenset(b"CEGHITWZst")  # the others say nothing that reading needs to know


@dataclass(frozen=True, slots=True)
class Cut:
    """The beginning of a cell, and how many bytes all of it has; -1 when nobody waited for it."""

    raw: bytes
    size: int


Cell = bytes | Cut | None


@dataclass(frozen=True, slots=True)
class Limits:
    """How much is kept, in bytes: of one cell, and of one row."""

    cell: int = 65536
    row: int = 262144


class Intake:
    """Feeds on bytes in any portions; tells each message as it is complete.

    Args:
        on_message: gets the kind, one of :data:`TOLD`, and the body.
        on_row: gets the body of a row, or its cells when it was too long.
    """

    def __init__(
        self,
        on_message: Callable[[int, bytes], None],
        on_row: Callable[[bytes | list[Cell]], None],
    ) -> None:
        self.limits = Limits()
        self._on_message = on_message
        self._on_row = on_row
        self._rest = b""
        self._long: LongRow | LongMessage | None = None

    def feed(self, data: bytes) -> None:
        """Take what arrived."""
        if self._long is not None:
            data = self._fed(self._long, data)
        elif self._rest:
            data = self._rest + data
        at, end = 0, len(data)
        while end - at >= 5:
            stop = at + 1 + int.from_bytes(data[at + 1 : at + 5], "big")
            if stop > end:
                if stop - at <= MAX_WHOLE:
                    break
                self._long = self._begun(data[at], stop - at - 5)
                data, at = self._fed(self._long, data[at + 5 :]), 0
                end = len(data)
                continue
            if data[at] == ROW:
                self._on_row(data[at + 5 : stop])
            elif data[at] in TOLD:
                self._on_message(data[at], data[at + 5 : stop])
            at = stop
        self._rest = data[at:]

    def give_up(self) -> None:
        """Tell what has arrived of a long message; nothing more will be fed."""
        if isinstance(self._long, LongRow):
            self._on_row(self._long.unfinished())
        elif self._long is not None and self._long.kind in TOLD:
            self._on_message(self._long.kind, bytes(self._long.beginning))

    def _begun(self, kind: int, size: int) -> LongRow | LongMessage:
        return LongRow(size, self.limits) if kind == ROW else LongMessage(kind, size)

    def _fed(self, long: LongRow | LongMessage, data: bytes) -> bytes:
        used = long.feed(data)
        if not long.left:
            self._long = None
            if isinstance(long, LongRow):
                self._on_row(long.cells)
            elif long.kind in TOLD:
                self._on_message(long.kind, bytes(long.beginning))
        return data[used:]


class LongMessage:
    """A message whose beginning is enough."""

    def __init__(self, kind: int, size: int) -> None:
        self.kind = kind
        self.left = size
        self.beginning = bytearray()

    def feed(self, data: bytes) -> int:
        """Take what belongs to it; returns how many bytes those were."""
        used = min(self.left, len(data))
        self.beginning += data[: min(used, MAX_BEGINNING - len(self.beginning))]
        self.left -= used
        return used


class LongRow:
    """A row whose cells are cut while they arrive."""

    def __init__(self, size: int, limits: Limits) -> None:
        self.left = size
        self.cells: list[Cell] = []
        self._limits = limits
        self._room = limits.row
        self._columns = -1  # until the first two bytes have told
        self._head = bytearray()
        self._cell = bytearray()
        self._size = self._wanted = self._skip = 0

    def feed(self, data: bytes) -> int:
        """Take what belongs to it; returns how many bytes those were."""
        at, end = 0, min(self.left, len(data))
        while at < end:
            at += self._step(data, at, end)
        self.left -= end
        return end

    def unfinished(self) -> list[Cell]:
        """Return the cells, those that never arrived included."""
        if self._wanted:
            self.cells.append(Cut(bytes(self._cell), self._size))
        return self.cells + [Cut(b"", -1)] * (self._columns - len(self.cells))

    def _step(self, data: bytes, at: int, end: int) -> int:
        if self._skip:
            step = min(self._skip, end - at)
            self._skip -= step
        elif self._wanted:
            step = min(self._wanted, end - at)
            self._cell += data[at : at + step]
            self._wanted -= step
            if not self._wanted:
                self._finish_cell()
        else:
            need = 2 if self._columns < 0 else 4
            step = min(need - len(self._head), end - at)
            self._head += data[at : at + step]
            if len(self._head) == need:
                self._read_head()
        return step

    def _read_head(self) -> None:
        head, self._head = bytes(self._head), bytearray()
        if self._columns < 0:
            (self._columns,) = unpack_from("!h", head)
            return
        (self._size,) = unpack_from("!i", head)
        if self._size <= 0:
            self.cells.append(None if self._size < 0 else b"")
            return
        self._wanted = min(self._size, self._limits.cell, max(LEAST, self._room))
        self._room -= self._wanted

    def _finish_cell(self) -> None:
        raw, self._cell = bytes(self._cell), bytearray()
        self._skip = self._size - len(raw)
        self.cells.append(Cut(raw, self._size) if self._skip else raw)
