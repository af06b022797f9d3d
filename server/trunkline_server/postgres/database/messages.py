"""What a client tells PostgreSQL, and what it hears: the protocol's messages as bytes. Pure.

https://www.postgresql.org/docs/current/protocol-message-formats.html
Only what reading needs. Values travel as text both ways, so no type has a form of its own.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from dataclasses import dataclass
from struct import pack, unpack_from

from trunkline_server.errors import fail

SYNC = b"S\0\0\0\4"
TERMINATE = b"X\0\0\0\4"
DESCRIBE_STATEMENT = b"D\0\0\0\6S\0"  # the statement without a name

_COLUMN = struct.Struct("!IhIhih")  # table, number, type, type's size, modifier, form


@dataclass(frozen=True, slots=True)
class Column:
    """What a row has: a name and the OID of a type."""

    name: str
    type: int


def query(sql: str) -> bytes:
    """Return statements of our own, to be run one after the other as one transaction."""
    return _message(b"Q", _text(sql))


def parse(sql: str) -> bytes:
    """Return one statement to be understood; a second one in it is a syntax error there.

    Raises:
        TrunklineError: ``query.characters``, for what no PostgreSQL text can hold.
    """
    return _message(b"P", b"\0" + _text(sql) + b"\0\0")


def bind(portal: str, values: Sequence[str | None] = ()) -> bytes:
    """Return the values of the statement parsed last, and a name for its answer.

    Raises:
        TrunklineError: ``query.characters``.
    """
    parts = [portal.encode(), b"\0\0\0\0", pack("!h", len(values))]
    for value in values:
        if value is None:
            parts.append(b"\xff\xff\xff\xff")
        else:
            raw = _text(value)[:-1]
            parts += (pack("!i", len(raw)), raw)
    parts.append(b"\0\0")
    return _message(b"B", b"".join(parts))


def execute(portal: str, rows: int = 0) -> bytes:
    """Return the request for the next ``rows`` of a portal; 0 means all."""
    return _message(b"E", portal.encode() + b"\0" + pack("!i", rows))


def columns(body: bytes) -> list[Column]:
    """Return what a RowDescription tells."""
    found, at = [], 2
    for _ in range(unpack_from("!h", body)[0]):
        end = body.index(0, at)
        _, _, oid, _, _, _ = _COLUMN.unpack_from(body, end + 1)
        found.append(Column(body[at:end].decode("utf-8", "replace"), oid))
        at = end + 1 + _COLUMN.size
    return found


def parameters(body: bytes) -> list[int]:
    """Return the types, by OID, that a ParameterDescription tells."""
    (count,) = unpack_from("!H", body)
    return list(unpack_from(f"!{count}I", body, 2))


def fields(body: bytes) -> dict[str, str]:
    """Return what an ErrorResponse tells, by the protocol's letters; a cut one may miss some."""
    return {
        chr(field[0]): field[1:].decode("utf-8", "replace") for field in body.split(b"\0") if field
    }


def _text(words: str) -> bytes:
    try:
        raw = words.encode()
    except UnicodeEncodeError as exc:
        raise _unspeakable() from exc
    if 0 in raw:
        raise _unspeakable()
    return raw + b"\0"


def _unspeakable() -> Exception:
    return fail(
        "query.characters",
        "A text holds a character that PostgreSQL cannot store.",
        "Leave out NUL characters and halves of surrogate pairs.",
    )


def _message(kind: bytes, body: bytes) -> bytes:
    return kind + pack("!I", len(body) + 4) + body
