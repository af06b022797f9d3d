"""Headers that two readers of one request could take for two things."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.server.gated import RULES, TOKEN, gated, read_all, status_of
from trunkline_server.serving.gate.addresses import networks

_TOKEN = f"authorization: Bearer {TOKEN}\r\n"
_BODY = "transfer-encoding: chunked\r\nconnection: close\r\n\r\n2\r\n{}\r\n0\r\n"
_BEHIND_A_PROXY = replace(RULES, trusted=networks("127.0.0.1"))


def answer_to(head: str, trailers: str = "", rules=RULES) -> bytes:
    with gated(rules) as gate, gate.dial() as connection:
        text = f"POST /mcp HTTP/1.1\r\nhost: 127.0.0.1\r\n{head}{_BODY}{trailers}\r\n"
        connection.sendall(text.encode())
        return read_all(connection)


def test_a_token_behind_the_body_is_none():
    assert status_of(answer_to("", _TOKEN)) == 401


def test_an_address_behind_the_body_is_nobodys():
    forwarded = _TOKEN + "x-forwarded-for: 192.0.2.1\r\n"
    told = answer_to(forwarded, "x-forwarded-for: 192.0.2.99\r\n", _BEHIND_A_PROXY)
    assert b'"client": "192.0.2.1"' in told


@pytest.mark.parametrize("name", ["host", "origin", "mcp-session-id"])
def test_a_header_that_says_where_from_comes_once(name: str):
    assert status_of(answer_to(f"{_TOKEN}{name}: a\r\n{name}: b\r\n")) == 400
