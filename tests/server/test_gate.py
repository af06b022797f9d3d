"""The gate on a real socket: who comes in, who does not, and what is said to them."""

from __future__ import annotations

import json
import logging
import socket
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import httpx2
import pytest

from tests.server.gated import KNOWN, RULES, TOKEN, Gated, gated, read_all, status_of
from trunkline_server.serving import ports, tokens
from trunkline_server.serving.gate.addresses import networks
from trunkline_server.serving.gate.answers import KINDS
from trunkline_server.serving.gate.bearer import token_of
from trunkline_server.serving.gate.rules import Rules
from trunkline_server.serving.gate.sizes import Sizes
from trunkline_server.serving.named_tokens import NamedTokens

SMALL = Sizes(header=2048, body=4096)


@pytest.fixture(scope="module")
def gate() -> Iterator[Gated]:
    """One gate with small sizes for all tests that only knock at it."""
    with gated(replace(RULES, sizes=SMALL, failure_rate="")) as found:
        yield found


def test_a_known_token_comes_in_and_is_named(gate: Gated):
    answer = gate.ask()
    assert answer.status_code == 200
    assert answer.json()["caller"] == "tester"


@pytest.mark.parametrize(
    "header", [None, "Bearer wrong-token-0123456789", f"Basic {TOKEN}", "Bearer", TOKEN, "Bearer é"]
)
def test_anything_else_gets_401_and_no_reason(gate: Gated, header: str | None):
    raw = {b"Authorization": header.encode("latin-1")} if header else {}
    refused = httpx2.get(f"{gate.url}/mcp", headers=raw)
    assert (refused.status_code, refused.headers["www-authenticate"]) == (401, "Bearer")
    assert refused.json()["error"] == "unauthorized"


def test_two_authorization_headers_are_as_good_as_none(gate: Gated):
    both = [("Authorization", f"Bearer {TOKEN}"), ("Authorization", f"Bearer {TOKEN}")]
    assert httpx2.get(f"{gate.url}/mcp", headers=both).status_code == 401


def test_the_scheme_may_be_written_in_any_case(gate: Gated):
    assert gate.get(Authorization=f"bEARER {TOKEN}").status_code == 200


@pytest.mark.parametrize("path", ["/health", "/ready"])
def test_health_needs_no_token_and_says_only_ok(gate: Gated, path: str):
    answer = gate.get(path)
    assert (answer.status_code, answer.text) == (200, "ok")


def test_a_server_that_cannot_answer_is_alive_but_not_ready():
    async def not_yet() -> bool:
        return False

    with gated(replace(RULES, is_ready=not_yet)) as gate:
        live, ready = gate.get("/health"), gate.get("/ready")
    assert (live.status_code, ready.status_code, ready.text) == (200, 503, "not ready")


def test_health_is_asked_and_not_told(gate: Gated):
    assert httpx2.post(f"{gate.url}/health", content=b"x").status_code == 405


def test_headers_beyond_their_size_are_refused(gate: Gated):
    refused = gate.ask(**{"X-Large": "x" * 2048})
    assert (refused.status_code, refused.json()["error"]) == (431, "headers_too_large")
    assert gate.refused[-1] == ("header", "127.0.0.1")


def test_health_too_is_asked_with_small_headers(gate: Gated):
    assert gate.get("/health", **{"X-Large": "x" * 2048}).status_code == 431


def test_headers_that_never_end_are_cut_off(gate: Gated):
    with gate.dial() as connection:
        connection.sendall(b"GET / HTTP/1.1\r\nX-Large: " + b"x" * 4000)
        assert status_of(read_all(connection)) == 431


def test_a_body_within_its_size_arrives_whole(gate: Gated):
    answer = httpx2.post(f"{gate.url}/mcp", headers=KNOWN, content=b"x" * 4096)
    assert answer.json()["body"] == 4096


def test_a_chunked_body_within_its_size_arrives_whole(gate: Gated):
    pieces = (b"x" * 1000 for _ in range(4))
    answer = httpx2.post(f"{gate.url}/mcp", headers=KNOWN, content=pieces)
    assert answer.json()["body"] == 4000


def test_a_body_that_says_it_is_too_large_is_refused_before_anything_else(gate: Gated):
    refused = httpx2.post(f"{gate.url}/mcp", content=b"x" * 4097)
    assert (refused.status_code, refused.json()["error"]) == (413, "body_too_large")


def test_a_chunked_body_is_refused_once_it_is_too_large(gate: Gated):
    pieces = (b"x" * 1000 for _ in range(5))
    refused = httpx2.post(f"{gate.url}/mcp", headers=KNOWN, content=pieces)
    assert refused.status_code == 413
    assert gate.refused[-1] == ("body", "tester")


@pytest.mark.parametrize("length", [b"-1", b"9" * 40, b"abc", b"1_0"])
def test_a_length_that_is_none_never_reaches_the_app(gate: Gated, length: bytes):
    with gate.dial() as connection:
        connection.sendall(
            b"POST /mcp HTTP/1.1\r\nHost: x\r\nConnection: close\r\nAuthorization: Bearer "
            + TOKEN.encode() + b"\r\nContent-Length: " + length + b"\r\n\r\n"
        )  # fmt: skip
        assert status_of(read_all(connection)) in (400, 413)


def test_after_a_refusal_the_connection_goes_on(gate: Gated):
    with httpx2.Client(base_url=gate.url) as client:
        assert client.post("/mcp", content=b"x" * 4000).status_code == 401
        assert client.post("/mcp", headers=KNOWN, content=b"x").json()["body"] == 1


def test_an_address_off_the_list_may_not_ask_even_with_the_token():
    with gated(replace(RULES, allow=networks("10.0.0.0/8"))) as gate:
        refused = gate.ask()
        assert gate.get("/health").status_code == 200
    assert (refused.status_code, refused.json()["error"]) == (403, "forbidden")
    assert gate.refused == [("address", "127.0.0.1")]


def test_an_address_on_the_list_asks():
    with gated(replace(RULES, allow=networks("10.0.0.0/8, 127.0.0.0/8"))) as gate:
        assert gate.ask().status_code == 200


@pytest.mark.parametrize(
    ("host", "allowed", "status"),
    [("::1", "::1", 200), ("::1", "fd00::/8", 403), ("::", "127.0.0.1", 200), ("::", "::1", 403)],
)
def test_the_list_knows_both_kinds_of_addresses(host: str, allowed: str, status: int):
    """A listener on :: sees 127.0.0.1 as ::ffff:127.0.0.1."""
    listener = socket.create_server(
        (host, 0), family=socket.AF_INET6, dualstack_ipv6=host == "::"
    )  # fmt: skip
    name = "127.0.0.1" if host == "::" else "[::1]"
    with gated(replace(RULES, allow=networks(allowed)), listener) as gate:
        assert httpx2.get(f"http://{name}:{gate.port}/", headers=KNOWN).status_code == status


def test_a_proxy_nobody_trusts_is_not_believed():
    with gated(replace(RULES, allow=networks("10.0.0.0/8"))) as gate:
        assert gate.ask(**{"X-Forwarded-For": "10.1.1.1"}).status_code == 403
        assert gate.ask(Forwarded="for=10.1.1.1").status_code == 403


def test_a_trusted_proxy_tells_the_client_and_the_scheme():
    with gated(replace(RULES, trusted=networks("127.0.0.1"))) as gate:
        answer = gate.ask(**{"X-Forwarded-For": "6.6.6.6, 10.1.1.1", "X-Forwarded-Proto": "https"})
    assert (answer.json()["client"], answer.json()["scheme"]) == ("10.1.1.1", "https")


def test_headers_that_contradict_each_other_are_refused():
    with gated(replace(RULES, trusted=networks("127.0.0.1"))) as gate:
        refused = gate.ask(**{"X-Forwarded-For": "10.1.1.1", "Forwarded": "for=10.1.1.2"})
    assert refused.status_code == 403
    assert gate.refused[0][0] == "proxy"


def test_where_only_proxies_may_connect_others_may_not():
    listener = socket.create_server(("0.0.0.0", 0))
    rules = replace(RULES, trusted=networks("10.0.0.1"), is_proxied_only=True)
    outside = _own_address()
    with gated(rules, listener) as gate:
        assert httpx2.get(f"http://127.0.0.1:{gate.port}/", headers=KNOWN).status_code == 200
        assert httpx2.get(f"http://{outside}:{gate.port}/", headers=KNOWN).status_code == 403
    assert gate.refused == [("proxy", outside)]


def _own_address() -> str:
    """Return an address of this computer that is not loopback; no packet is sent."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.connect(("192.0.2.1", 9))
        address: str = probe.getsockname()[0]
        return address


@pytest.fixture
def unix(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> socket.socket:
    """Listen on the Unix socket ``s`` of a folder of this test."""
    monkeypatch.chdir(tmp_path)  # a socket's path is short
    listener = socket.socket(socket.AF_UNIX)
    listener.bind("s")
    listener.listen()
    return listener


@pytest.mark.parametrize(("allowed", "status"), [("unix", 200), ("127.0.0.1", 403)])
def test_a_unix_socket_has_a_word_of_its_own(unix: socket.socket, allowed: str, status: int):
    with gated(replace(RULES, allow=networks(allowed)), unix):
        transport = httpx2.HTTPTransport(uds="s")
        with httpx2.Client(transport=transport) as client:
            assert client.get("http://localhost/", headers=KNOWN).status_code == status


def test_the_peer_of_a_unix_socket_can_be_a_trusted_proxy(unix: socket.socket):
    with gated(replace(RULES, trusted=networks("unix")), unix):
        transport = httpx2.HTTPTransport(uds="s")
        with httpx2.Client(transport=transport) as client:
            told = client.get("http://x/", headers={**KNOWN, "X-Forwarded-For": "10.1.1.1"}).json()
    assert told["client"] == "10.1.1.1"


def test_a_named_token_comes_in_while_the_server_runs_and_goes_when_revoked(tmp_path: Path):
    book, token = NamedTokens(tmp_path / "tokens.json"), tokens.new()
    known = {"Authorization": f"Bearer {token}"}
    with gated(Rules(named=book.path, failure_rate="")) as gate:
        assert gate.get(**known).status_code == 401
        book.add("ci", token, profiles=("sales",), tools=("list_tables",), days=None)
        told = gate.get(**known).json()
        book.revoke("ci")
        assert gate.get(**known).status_code == 401
    assert (told["caller"], told["profiles"], told["tools"]) == ("ci", ["sales"], ["list_tables"])


def test_a_named_token_ends_on_its_day(tmp_path: Path):
    book, token = NamedTokens(tmp_path / "tokens.json"), tokens.new()
    book.add("ci", token, profiles=None, tools=None, days=1)
    document = json.loads(book.path.read_text())
    document["tokens"][0]["expires"] = "2026-01-01T00:00:00+00:00"
    with gated(Rules(named=book.path)) as gate:
        assert gate.get(Authorization=f"Bearer {token}").status_code == 200
        book.path.write_text(json.dumps(document))
        assert gate.get(Authorization=f"Bearer {token}").status_code == 401


def test_a_list_of_tokens_that_went_wrong_lets_nobody_in_and_says_so(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
):
    book, token = NamedTokens(tmp_path / "tokens.json"), tokens.new()
    book.add("ci", token, profiles=None, tools=None, days=None)
    with gated(replace(RULES, named=book.path)) as gate:
        book.path.write_text('{"version": 1, "tokens": [')
        assert gate.get(Authorization=f"Bearer {token}").status_code == 401
        assert gate.ask().status_code == 200
    assert [r.levelname for r in caplog.records] == ["ERROR"]


def test_a_token_file_is_followed_and_holds_several(tmp_path: Path):
    file, one, two = tmp_path / "tokens", tokens.new(), tokens.new()
    file.write_text(f"# people\nanna:{one}\n\nbert:{two}\n")
    with gated(Rules(token_file=file)) as gate:
        names = [gate.get(Authorization=f"Bearer {t}").json()["caller"] for t in (one, two)]
        file.write_text(f"anna:{one}\n")
        statuses = [gate.get(Authorization=f"Bearer {t}").status_code for t in (one, two)]
    assert (names, statuses) == (["anna", "bert"], [200, 401])


def test_without_any_token_nobody_comes_in():
    with gated(Rules()) as gate:
        assert gate.ask().status_code == 401


def test_many_idle_streams_of_one_address_do_not_starve_the_others():
    """Behind a proxy every client comes over the same address, but each has its own share."""
    sizes = Sizes(connections=20, per_address=3, proxies=networks("127.0.0.1"))
    rules = replace(RULES, sizes=sizes, trusted=networks("127.0.0.1"))
    greedy, other = (
        {**KNOWN, "X-Forwarded-For": "10.0.0.1"},
        {**KNOWN, "X-Forwarded-For": "10.0.0.2"},
    )
    with gated(rules) as gate, httpx2.Client(base_url=gate.url) as client:
        streams = [client.stream("GET", "/stream", headers=greedy) for _ in range(3)]
        opened = [stream.__enter__() for stream in streams]
        refused = client.get("/mcp", headers=greedy)
        assert client.get("/mcp", headers=other).status_code == 200
        for stream in streams:
            stream.__exit__(None, None, None)
    assert [o.status_code for o in opened] == [200, 200, 200]
    assert (refused.status_code, "retry-after" in refused.headers) == (429, True)
    assert gate.refused == [("busy", "10.0.0.1")]


def test_no_token_is_ever_logged(caplog: pytest.LogCaptureFixture, tmp_path: Path):
    caplog.set_level(logging.DEBUG)
    secret = tokens.new()
    file = tmp_path / "tokens"
    file.write_text(f"ci:{secret}")
    with gated(replace(RULES, token_file=file, sizes=SMALL, failure_rate="2/day")) as gate:
        for given in (secret, f"{secret}-wrong", f"{secret}.a.b"):
            gate.get(Authorization=f"Bearer {given}")
            gate.get(f"/mcp?token={secret}", Authorization=f"Bearer {given}")
        httpx2.post(gate.url, headers={"Authorization": f"Bearer {secret}"}, content=b"x" * 5000)
        file.write_text(f"a line with {secret} that is wrong\nand another")
        gate.get(Authorization=f"Bearer {secret}")
    ours = [r for r in caplog.records if not r.name.startswith("httpx2")]  # the test's own client
    assert ours
    assert secret not in "".join(f"{r.getMessage()} {r.exc_info}" for r in ours)
    assert secret not in repr(gate.refused)
    assert secret not in repr(replace(RULES, tokens=(token_of(secret, "x"),)))


def test_every_kind_of_refusal_is_described(gate: Gated):
    assert {kind for kind, _ in gate.refused} <= set(KINDS)


def test_something_that_is_not_http_ends_in_400(gate: Gated):
    with gate.dial() as connection:
        connection.sendall(b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03 hello\r\n\r\n")
        assert status_of(read_all(connection)) == 400


def test_an_endpoint_stops_while_streams_are_open():
    with gated() as gate, gate.dial() as connection:
        connection.sendall(
            f"GET /stream HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {TOKEN}\r\n\r\n".encode()
        )
        assert connection.recv(10) == b"HTTP/1.1 2"
    assert ports.bind("127.0.0.1", gate.port).close() is None
