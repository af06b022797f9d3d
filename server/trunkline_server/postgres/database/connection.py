"""One connection of asyncpg's, with values as text where JSON has no twin, and a meter."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Any

import asyncpg

from trunkline_server.postgres import values

MAX_IN_FLIGHT = 32 * 1024 * 1024  # bytes of one batch; one cell may be a gigabyte

_TYPES = """
SELECT t.oid, t.typname::text AS name, t.typcategory = 'A' AND t.typlen = -1 AS is_array,
  CASE WHEN e.typtype = 'd' THEN e.typbasetype ELSE e.oid END AS element,
  e.typname::text AS element_name, t.typdelim::text AS delimiter
FROM pg_catalog.pg_type t LEFT JOIN pg_catalog.pg_type e ON e.oid = t.typelem
WHERE t.oid OPERATOR(pg_catalog.=) ANY($1::pg_catalog.oid[])
"""


@dataclass(frozen=True, slots=True)
class TypeInfo:
    """What a type is called, and what reads its text."""

    name: str
    decoder: values.Decoder


class Meter(asyncio.Protocol):
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
        """Pass it on, or hang up."""
        self.seen += len(data)
        if self.is_over:
            self._transport.abort()
        else:
            self._inner.data_received(data)

    def connection_lost(self, exc: Exception | None) -> None:
        """Pass it on."""
        self._inner.connection_lost(exc)

    def eof_received(self) -> Any:
        """Pass it on."""
        return self._inner.eof_received()

    def pause_writing(self) -> None:
        """Pass it on."""
        self._inner.pause_writing()

    def resume_writing(self) -> None:
        """Pass it on."""
        self._inner.resume_writing()


class Connection(asyncpg.Connection):
    """asyncpg's connection, with every type PostgreSQL's own text where JSON has no twin."""

    known_types: dict[int, TypeInfo]
    meter: Meter
    _transport: Any
    _protocol: Any  # asyncpg's own, which its type stubs leave out

    def speak_text(self, known_types: dict[int, TypeInfo]) -> None:
        """Let the values of ``values.TEXT_CODECS`` and of types in ``known_types`` be text."""
        self.known_types = known_types
        self.meter = Meter(self._protocol, self._transport)
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
            info = self.known_types.get(oid, TypeInfo("unknown", str))
            self._register(oid, info.name, values.to_text, info.decoder)
        return (), _Unnamed


class _Unnamed:
    """Tells asyncpg that the statement it had prepared must be prepared again."""

    name = ""


def _type_info(row: asyncpg.Record) -> TypeInfo:
    if not row["is_array"] or row["element"] is None:
        return TypeInfo(row["name"], str)
    decoder = values.array_decoder(values.element_decoder(row["element"]), row["delimiter"])
    return TypeInfo(f"{row['element_name']}[]", decoder)
