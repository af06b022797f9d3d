"""Clients that are slow on purpose, and more of them than there is room for: on raw sockets."""

from __future__ import annotations

import contextlib
import itertools
import socket
import threading
import time
from collections.abc import Iterator
from dataclasses import replace

import pytest
from uvicorn.protocols.http.h11_impl import H11Protocol

from tests.server.gated import (
    KNOWN,
    PATIENCE_S,
    RULES,
    TOKEN,
    Gated,
    gated,
    read_all,
    status_of,
)
from trunkline_server.serving import transports
from trunkline_server.serving.gate.sizes import Sizes

BRIEF = Sizes(header=2048, body=4096, header_s=0.4, body_s=0.4, idle_s=1)
ASK = f"Host: x\r\nAuthorization: Bearer {TOKEN}\r\n"
GET = f"GET /mcp HTTP/1.1\r\n{ASK}\r\n".encode()
POST = f"POST /mcp HTTP/1.1\r\n{ASK}Content-Length: 9\r\n\r\n".encode()


@pytest.fixture(scope="module", params=["httptools", "h11"])
def brief(request: pytest.FixtureRequest) -> Iterator[Gated]:
    """Serve with little patience, once per HTTP protocol uvicorn may choose."""
    with pytest.MonkeyPatch.context() as patch:
        if request.param == "h11":
            patch.setattr(transports.Endpoint, "_protocol", _h11)
        with gated(replace(RULES, sizes=BRIEF)) as found:
            yield found


def _h11(endpoint: transports.Endpoint) -> H11Protocol:
    state, app_state = endpoint.server_state, endpoint.lifespan.state
    return H11Protocol(config=endpoint.config, server_state=state, app_state=app_state)


@contextlib.contextmanager
def dripping(connection: socket.socket, text: bytes) -> Iterator[None]:
    """Send a byte every few milliseconds until the block ends or the other end hangs up."""
    is_over = threading.Event()

    def drip() -> None:
        with contextlib.suppress(OSError):
            for byte in itertools.cycle(text):
                if is_over.wait(0.02):
                    return
                connection.send(bytes([byte]))

    thread = threading.Thread(target=drip)
    thread.start()
    try:
        yield
    finally:
        is_over.set()
        thread.join(PATIENCE_S)


def test_headers_that_drip_are_cut_off(brief: Gated):
    with brief.dial() as connection:
        connection.sendall(b"GET / HTTP/1.1\r\n")
        with dripping(connection, b"X-Slow: on purpose\r\n"):
            assert status_of(read_all(connection)) == 408
    assert brief.refused[-1] == ("slow", "127.0.0.1")


def test_a_client_that_never_speaks_is_dropped(brief: Gated):
    with brief.dial() as connection:
        assert status_of(read_all(connection)) == 408


def test_empty_lines_are_no_request(brief: Gated):
    with brief.dial() as connection, dripping(connection, b"\r\n"):
        assert status_of(read_all(connection)) in (400, 408)


def test_empty_lines_after_a_request_keep_nothing_open(brief: Gated):
    with brief.dial() as connection:
        connection.sendall(GET)
        assert connection.recv(12) == b"HTTP/1.1 200"
        with dripping(connection, b"\r\n"):
            read_all(connection)


def test_a_second_request_must_hurry_too(brief: Gated):
    with brief.dial() as connection:
        connection.sendall(GET)
        assert connection.recv(12) == b"HTTP/1.1 200"
        with dripping(connection, b"GET / HTTP/1.1\r\nX-Slow: on purpose\r\n"):
            assert b"408 Request Timeout" in read_all(connection)


def test_a_body_that_drips_is_cut_off(brief: Gated):
    with brief.dial() as connection:
        connection.sendall(POST.replace(b"9", b"4000"))
        with dripping(connection, b"x"):
            assert status_of(read_all(connection)) == 408


def test_a_body_that_nobody_waits_for_is_cut_off_too(brief: Gated):
    """The 401 goes out at once; what still drips in is thrown away, but not for ever."""
    with brief.dial() as connection:
        connection.sendall(POST.replace(b"Bearer", b"Basic").replace(b"9", b"4000"))
        with dripping(connection, b"x"):
            assert status_of(read_all(connection)) == 401


def test_an_idle_connection_is_closed(brief: Gated):
    with brief.dial() as connection:
        connection.sendall(GET)
        assert status_of(read_all(connection)) == 200


def test_a_request_in_two_halves_is_fine(brief: Gated):
    with brief.dial() as connection:
        connection.sendall(GET[:40])
        connection.sendall(GET[40:])
        assert connection.recv(12) == b"HTTP/1.1 200"


def test_a_stream_outlives_every_deadline(brief: Gated):
    with brief.dial() as connection, brief.dial() as other:
        connection.sendall(GET.replace(b"/mcp", b"/stream"))
        assert connection.recv(12) == b"HTTP/1.1 200"
        assert status_of(read_all(other)) == 408  # as long as a deadline takes
        connection.setblocking(False)
        assert b": hello" in connection.recv(4096)
        with pytest.raises(BlockingIOError):  # neither more of it, nor its end
            connection.recv(4096)


def test_headers_behind_an_open_stream_are_bounded(brief: Gated):
    with brief.dial() as connection:
        connection.sendall(GET.replace(b"/mcp", b"/stream"))
        assert connection.recv(12) == b"HTTP/1.1 200"
        with contextlib.suppress(ConnectionError):
            connection.sendall(b"GET / HTTP/1.1\r\nX: " + b"x" * 100_000)
        read_all(connection)


def test_a_body_that_comes_after_its_headers_is_no_header(brief: Gated):
    with brief.dial() as connection:
        head = POST.replace(b"9", b"4000").replace(b"Host", b"Expect: 100-continue\r\nHost")
        connection.sendall(head)
        assert connection.recv(64) == b"HTTP/1.1 100 Continue\r\n\r\n"
        connection.sendall(b"x" * 4000)
        assert b'"body": 4000' in read_all(connection)


def test_two_requests_at_once_are_both_answered(brief: Gated):
    with brief.dial() as connection:
        connection.sendall(GET + GET)
        assert read_all(connection).count(b"HTTP/1.1 200") == 2


def test_beyond_the_last_place_there_is_503_and_a_place_is_free_again_after():
    with gated(replace(RULES, sizes=Sizes(connections=3))) as gate, contextlib.ExitStack() as stack:
        held = [stack.enter_context(gate.dial()) for _ in range(3)]
        for connection in held:  # each is served, so each has its place
            connection.sendall(GET)
            assert connection.recv(12) == b"HTTP/1.1 200"
        with gate.dial() as refused:
            assert status_of(read_all(refused)) == 503
        held[0].close()
        assert _until_served(gate)
    assert gate.refused[0] == ("connections", "127.0.0.1")


def _until_served(gate: Gated) -> bool:
    """Ask until there is a place: the server hears of a closed one in its own time."""
    ends = time.monotonic() + PATIENCE_S
    while time.monotonic() < ends:
        with gate.dial() as connection:
            connection.sendall(GET)
            if connection.recv(12) == b"HTTP/1.1 200":
                return True
    return False


def test_one_address_gets_its_share_of_the_places_only():
    sizes = Sizes(connections=10, per_address=2)
    with gated(replace(RULES, sizes=sizes)) as gate, contextlib.ExitStack() as stack:
        for _ in range(2):
            connection = stack.enter_context(gate.dial())
            connection.sendall(GET)
            assert connection.recv(12) == b"HTTP/1.1 200"
        with gate.dial() as refused:
            assert status_of(read_all(refused)) == 503
        with socket.create_connection(
            ("127.0.0.1", gate.port), PATIENCE_S, ("127.0.0.2", 0)
        ) as other:
            other.sendall(GET)
            assert other.recv(12) == b"HTTP/1.1 200"


def test_a_hundred_slow_clients_leave_room_for_an_honest_one():
    with (
        gated(replace(RULES, sizes=Sizes(connections=150))) as gate,
        contextlib.ExitStack() as stack,
    ):
        for _ in range(100):
            stack.enter_context(gate.dial()).sendall(b"GET / HTTP/1.1\r\nX-Slow: ")
        assert gate.get(**KNOWN).status_code == 200
