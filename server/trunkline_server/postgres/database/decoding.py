"""Turning cells into values, by the types of their columns."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from struct import unpack_from
from typing import Any, Protocol

from trunkline_server.postgres import values
from trunkline_server.postgres.database.intake import Cell, Cut
from trunkline_server.postgres.database.messages import Column
from trunkline_server.postgres.rows import Beginning

_BYTEA = 17

TYPES = """
SELECT t.oid::pg_catalog.int8, t.typname::pg_catalog.text AS name,
  t.typcategory = 'A' AND t.typlen = -1 AS is_array,
  CASE WHEN e.typtype = 'd' THEN e.typbasetype ELSE e.oid END::pg_catalog.int8 AS element,
  e.typname::pg_catalog.text AS element_name, t.typdelim::pg_catalog.text AS delimiter
FROM pg_catalog.pg_type t LEFT JOIN pg_catalog.pg_type e ON e.oid = t.typelem
WHERE t.oid OPERATOR(pg_catalog.=) ANY($1::pg_catalog.oid[])
"""

Reader = Callable[[bytes | list[Cell]], list[Any]]


class Asking(Protocol):
    """The part of a connection that tells of types."""

    async def fetch(self, sql: str, *args: Any) -> list[dict[str, Any]]:
        """Run one of our own statements."""


@dataclass(frozen=True, slots=True)
class TypeInfo:
    """What a type is called, and what reads its text; ``None`` when the text is the value."""

    name: str
    decoder: values.Decoder | None


class Types:
    """The types of one database, remembered."""

    def __init__(self) -> None:
        self._known = {
            oid: TypeInfo(name, None if decoder is str else decoder)
            for oid, (name, decoder) in values.BUILT_IN.items()
        }

    async def learn(self, connection: Asking, columns: Iterable[Column]) -> None:
        """Ask what the types are that are not known yet."""
        missing = {column.type for column in columns} - self._known.keys()
        if missing:
            found = await connection.fetch(TYPES, sorted(missing))
            self._known.update({int(row["oid"]): type_info(row) for row in found})
            # One that was dropped meanwhile is a text without a name.
            for oid in missing:
                self._known.setdefault(oid, TypeInfo("unknown", None))

    def name(self, oid: int) -> str:
        """Return PostgreSQL's short name, such as ``int4`` or ``text[]``."""
        return values.short_name(self._known[oid].name)

    def reader(self, columns: Sequence[Column]) -> Reader:
        """Return what turns a row into values."""
        decoders = [self._known[column.type].decoder for column in columns]
        oids = [column.type for column in columns]

        def read(row: bytes | list[Cell]) -> list[Any]:
            if isinstance(row, bytes):
                return _values(row, decoders)
            return [_value(c, d, o) for c, d, o in zip(row, decoders, oids, strict=True)]

        return read


def type_info(row: Any) -> TypeInfo:
    """Return what one row of :data:`TYPES` tells."""
    if not row["is_array"] or row["element"] is None:
        return TypeInfo(row["name"], None)
    decoder = values.array_decoder(values.element_decoder(int(row["element"])), row["delimiter"])
    return TypeInfo(f"{row['element_name']}[]", decoder)


def _values(body: bytes, decoders: Sequence[values.Decoder | None]) -> list[Any]:
    found: list[Any] = []
    at = 2
    for decoder in decoders:
        (size,) = unpack_from("!i", body, at)
        at += 4
        if size < 0:
            found.append(None)
            continue
        text = str(body[at : at + size], "utf-8", "replace")
        at += size
        found.append(text if decoder is None else decoder(text))
    return found


def _value(cell: Cell, decoder: values.Decoder | None, oid: int) -> Any:
    if cell is None:
        return None
    if isinstance(cell, Cut):
        size = (cell.size - 2) // 2 if oid == _BYTEA and cell.size > 0 else cell.size
        return Beginning(cell.raw.decode("utf-8", "ignore"), size)
    text = cell.decode("utf-8", "replace")
    return text if decoder is None else decoder(text)
