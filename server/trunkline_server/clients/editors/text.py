"""What every format's editor shares: why a document cannot be edited, and where. Pure."""

from __future__ import annotations

from dataclasses import dataclass

BOM = b"\xef\xbb\xbf"


class MalformedError(Exception):
    """The document is not one that its app reads.

    Attributes:
        reason: what is wrong, as the end of a sentence.
        line: from 1.
        column: in characters, from 1.
    """

    def __init__(self, reason: str, line: int, column: int) -> None:
        super().__init__(f"line {line}, column {column}: {reason}")
        self.reason = reason
        self.line = line
        self.column = column


@dataclass(frozen=True, slots=True)
class Trace:
    """What an insertion found in its place, so that a removal can leave the very same bytes.

    Attributes:
        made: how many objects around the entry were not there: 0, or the table, or all.
        gap: what stood between the braces of the object it went into, or the whole document when
            that was blank; "" when other members stood there.
    """

    made: int = 0
    gap: str = ""


def place(document: bytes, offset: int) -> tuple[int, int]:
    """Return the line and the column, in characters and from 1, of a byte of ``document``."""
    before = document[:offset]
    start = before.rfind(b"\n") + 1
    return before.count(b"\n") + 1, len(before[start:].decode("utf-8", "replace")) + 1


def decoded(document: bytes) -> str:
    """Return the text of a UTF-8 document.

    Raises:
        MalformedError: it is not UTF-8.
    """
    try:
        return document.decode("utf-8")
    except UnicodeDecodeError as exc:
        raise MalformedError("this is not UTF-8", *place(document, exc.start)) from exc
