"""Where a reader of a long list stopped: an opaque text that needs no memory on our side. Pure.

It names the last entry seen, not how many were: tables made meanwhile do not shift the pages. Who
changes one gets another page of the same list, never something the list itself would not show.
"""

from __future__ import annotations

import base64
import binascii
import json
import zlib
from dataclasses import dataclass

from trunkline_server.errors import TrunklineError, fail

_LONGEST = 4096


@dataclass(frozen=True, slots=True)
class Cursor:
    """A place in the answers to one question.

    Attributes:
        of: the list and what it was asked for, see :func:`mark_of`.
        at: score, schema and name of the last entry seen.
    """

    of: int
    at: tuple[int, str, str]


def mark_of(*asked: str | None) -> int:
    """Return a number for a list and what it was asked for, such as ``"list_tables", "public"``."""
    return zlib.crc32(json.dumps(asked).encode())


def written(cursor: Cursor) -> str:
    """Return the text an AI hands back for the next page."""
    text = json.dumps([cursor.of, *cursor.at], ensure_ascii=False, separators=(",", ":"))
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def read(text: str, of: int) -> Cursor:
    """Return the place ``text`` stands for, in the list ``of``.

    Raises:
        TrunklineError: ``arguments.cursor`` when it is garbled or belongs to another list.
    """
    match _items(text):
        case [given, int(score), str(schema), str(name)] if (
            given == of and abs(score) < 2**31 and _is_text(schema + name)
        ):
            return Cursor(of, (score, schema, name))
    raise _unknown()


def _items(text: str) -> object:
    try:
        raw = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
        return json.loads(raw) if len(text) <= _LONGEST else None
    except (ValueError, RecursionError, binascii.Error):
        return None


def _is_text(names: str) -> bool:
    return "\0" not in names and names == names.encode(errors="replace").decode()


def _unknown() -> TrunklineError:
    return fail(
        "arguments.cursor",
        "This cursor does not belong to this list.",
        "Repeat the other arguments of the call that gave the cursor, or leave it out to begin.",
    )
