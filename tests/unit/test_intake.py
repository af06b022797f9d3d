"""What PostgreSQL sends, in any portions, becomes the same bounded messages."""

from __future__ import annotations

import struct

from hypothesis import given
from hypothesis import strategies as st

from trunkline_server.postgres.database.intake import Cell, Cut, Intake, Limits

LIMITS = Limits(cell=1000, row=3000)


def row(*cells: bytes | None) -> bytes:
    body = struct.pack("!h", len(cells))
    for cell in cells:
        body += struct.pack("!i", -1) if cell is None else struct.pack("!i", len(cell)) + cell
    return message(b"D", body)


def message(kind: bytes, body: bytes) -> bytes:
    return kind + struct.pack("!I", len(body) + 4) + body


def fed(data: bytes, portion: int) -> tuple[list[tuple[int, bytes]], list[bytes | list[Cell]]]:
    messages: list[tuple[int, bytes]] = []
    rows: list[bytes | list[Cell]] = []
    intake = Intake(lambda kind, body: messages.append((kind, body)), rows.append)
    intake.limits = LIMITS
    for start in range(0, len(data), portion):
        intake.feed(data[start : start + portion])
    return messages, rows


@given(
    bodies=st.lists(st.binary(max_size=200), max_size=8),
    portion=st.integers(1, 300),
)
def test_messages_are_the_same_in_any_portions(bodies: list[bytes], portion: int):
    told, _ = fed(b"".join(message(b"C", body) for body in bodies), portion)
    assert told == [(ord("C"), body) for body in bodies]


@given(portion=st.integers(700, 70_000))
def test_a_long_row_is_cut_alike_in_any_portions(portion: int):
    long = row(b"first", b"x" * 80_000, None, b"", b"last") + message(b"Z", b"T")
    told, rows = fed(long, min(portion, 65_000))
    assert rows == [[b"first", Cut(b"x" * 1000, 80_000), None, b"", b"last"]]
    assert told == [(ord("Z"), b"T")]


def test_many_long_cells_share_what_a_row_may_have():
    _, rows = fed(row(*[b"x" * 1000] * 100), 50_000)
    kept = [cell.raw if isinstance(cell, Cut) else cell for cell in rows[0] if cell]
    assert [len(cell) for cell in kept[:5]] == [1000, 1000, 1000, 64, 64]


def test_of_a_long_error_the_beginning_is_told():
    told, _ = fed(message(b"E", b"C22000\0M" + b"x" * 5_000_000), 65_536)
    assert told[0][1][:10] == b"C22000\0Mxx"
    assert len(told[0][1]) == 1024 * 1024


def test_what_never_arrived_of_a_row_is_marked():
    rows: list[bytes | list[Cell]] = []
    intake = Intake(lambda *_: None, rows.append)
    intake.limits = LIMITS
    intake.feed(row(b"first", b"x" * 90_000, b"last")[:50_000])
    intake.give_up()
    assert rows == [[b"first", Cut(b"x" * 1000, 90_000), Cut(b"", -1)]]


def test_messages_that_tell_nothing_are_passed_over():
    told, _ = fed(message(b"N", b"a notice") + message(b"1", b"") + message(b"Z", b"I"), 4)
    assert told == [(ord("Z"), b"I")]
