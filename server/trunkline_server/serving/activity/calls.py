"""What one call and one greeting are, and how they are stored. Opens nothing."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Literal

from trunkline_server.serving import statements
from trunkline_server.serving.statements import Statements

Outcome = Literal["ok", "refused", "failed", "cancelled"]

STATEMENT_CHARS = 10_000
MESSAGE_CHARS = 2_000
_LARGEST_INTEGER = 2**63 - 1  # SQLite refuses to bind anything larger

Row = tuple[object, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One use of a tool by a client.

    Attributes:
        at: when it arrived, in seconds since 1970 (``time.time()``).
        profile_id: the profile it was answered from.
        client: what the AI app calls itself; "" when it did not say.
        client_version: its version, or "".
        tool: the tool's name, such as ``execute_query``.
        statement: the SQL or the arguments; cut at ``STATEMENT_CHARS`` characters, or its hash.
        duration_ms: how long the answer took, in milliseconds.
        rows: rows of the reply.
        bytes: bytes of the reply.
        outcome: "ok", "refused" (by the guard), "failed" or "cancelled".
        message: why it was refused or failed; "" when it was not.
        caller: the name of the token it came with; "" without one.
        request_id: the request it was part of, as in the server's other logs; "" without one.
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
    caller: str = ""
    request_id: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Greeting:
    """An AI app introduced itself.

    Attributes:
        at: when it last did, in seconds since 1970.
        profile_id: the profile whose server it greeted.
        client: what it calls itself.
        client_version: its version, or "".
        transport: ``stdio, http`` or ``sse``; "" when that is not known.
    """

    at: float
    profile_id: str
    client: str
    client_version: str = ""
    transport: str = ""


CALL_FIELDS = tuple(f.name for f in fields(Call))
GREETING_FIELDS = tuple(f.name for f in fields(Greeting))


def row(thing: Call | Greeting, how: Statements) -> Row:
    """Return what SQLite stores of ``thing``, in the order of its fields."""
    if isinstance(thing, Greeting):
        return tuple(_storable(getattr(thing, name), 500) for name in GREETING_FIELDS)
    return tuple(_field(thing, name, how) for name in CALL_FIELDS)


def _field(call: Call, name: str, how: Statements) -> object:
    value = getattr(call, name)
    if name == "statement":
        text = value if isinstance(value, str) else str(value)
        return _storable(statements.kept(text, how, STATEMENT_CHARS), STATEMENT_CHARS)
    if name == "message" and isinstance(value, str):
        value = statements.explained(value[:MESSAGE_CHARS], how)
    return _storable(value, MESSAGE_CHARS)


def _storable(value: object, longest: int) -> object:
    if isinstance(value, str):
        return value[:longest].encode("utf-8", "replace").decode()
    if isinstance(value, int):
        return max(-_LARGEST_INTEGER, min(value, _LARGEST_INTEGER))
    return value if isinstance(value, float) else str(value)[:longest]
