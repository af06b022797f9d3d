"""The few bytes of PostgreSQL's protocol that the check speaks itself. Pure: opens nothing."""

from __future__ import annotations

import struct
from dataclasses import dataclass, field
from typing import Literal

# https://www.postgresql.org/docs/current/protocol-message-formats.html
SSL_REQUEST = struct.pack("!ii", 8, 80877103)
TERMINATE = b"X" + struct.pack("!i", 4)
HTTP_REQUEST = b"GET / HTTP/1.0\r\n\r\n"
LONGEST_FIRST_MESSAGE = 30_000

Program = Literal["postgres", "http", "ssh", "mysql", "tls", "other"]

_PROTOCOL = 196608
_PASSWORD_METHODS = {3, 5}
_SASL = 10
_TRUSTED = 0
_METHOD_NAMES = {2: "Kerberos", 6: "SCM", 7: "GSSAPI", 9: "SSPI"}
_SCRAM = ("SCRAM-SHA-256", "SCRAM-SHA-256-PLUS")


@dataclass(frozen=True, slots=True, kw_only=True)
class Greeting:
    """The server's first answer to a start-up message.

    Attributes:
        wants_password: it asks for a password in a way Trunkline knows.
        lets_in: it asks for nothing (trust, peer, certificate).
        unknown_method: the name of a login method Trunkline does not have, or "".
        fields: of an error, by PostgreSQL's one-letter names; empty otherwise.
    """

    wants_password: bool = False
    lets_in: bool = False
    unknown_method: str = ""
    fields: dict[str, str] = field(default_factory=dict)

    @property
    def sqlstate(self) -> str:
        """The error's SQLSTATE, or ""."""
        return self.fields.get("C", "")


def program(answer: bytes) -> Program:
    """Say who gives this answer to an ``SSL_REQUEST``.

    PostgreSQL answers one byte, ``S`` or ``N``, or (before 7.0, and some in-betweens) an error.
    """
    if answer in {b"S", b"N"} or answer[:1] == b"E":
        return "postgres"
    if answer.startswith(b"HTTP/"):
        return "http"
    if answer.startswith(b"SSH-"):
        return "ssh"
    if _is_mysql(answer):
        return "mysql"
    # A record of TLS itself: content type alert or handshake, then major version 3.
    return "tls" if answer[:2] in {b"\x15\x03", b"\x16\x03"} else "other"


def _is_mysql(answer: bytes) -> bool:
    """MySQL and MariaDB speak first: length (3 bytes), sequence 0, then version 10 or an error."""
    is_first = len(answer) > 5 and answer[3] == 0
    return is_first and (answer[4] == 0xFF or (answer[4] == 0x0A and answer[5:6].isdigit()))


def startup_message(user: str, database: str) -> bytes:
    """Return the first message of a session; no other parameter, so none can be refused."""
    pairs = ("user", user, "database", database)
    body = struct.pack("!i", _PROTOCOL) + b"".join(p.encode() + b"\0" for p in pairs) + b"\0"
    return struct.pack("!i", len(body) + 4) + body


def greeting(kind: bytes, body: bytes) -> Greeting | None:
    """Return what the first message after start-up says; ``None`` when it is not PostgreSQL's."""
    if kind == b"E":
        return Greeting(fields=error_fields(body))
    if kind != b"R" or len(body) < 4:
        return None
    method = int.from_bytes(body[:4], "big")
    if method == _TRUSTED:
        return Greeting(lets_in=True)
    if method in _PASSWORD_METHODS:
        return Greeting(wants_password=True)
    if method == _SASL:
        return _sasl(body[4:])
    return Greeting(unknown_method=_METHOD_NAMES.get(method, f"number {method}"))


def _sasl(body: bytes) -> Greeting:
    offered = [m.decode("ascii", "replace") for m in body.split(b"\0") if m]
    if any(m in _SCRAM for m in offered):
        return Greeting(wants_password=True)
    return Greeting(unknown_method=", ".join(offered) or "SASL")


def error_fields(body: bytes) -> dict[str, str]:
    """Return the fields of an error message by their one-letter names."""
    return {chr(part[0]): part[1:].decode("utf-8", "replace") for part in body.split(b"\0") if part}
