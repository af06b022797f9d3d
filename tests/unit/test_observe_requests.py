"""Which request ids are believed, and what is taken for a secret."""

from __future__ import annotations

import contextvars
from typing import Any

import pytest

from trunkline_server.serving import logs, redact, requests


def begun(candidate: str) -> str:
    return contextvars.copy_context().run(logs.request, candidate)


@pytest.mark.parametrize("sane", ["r-1", "Root=1-67891233-abcdef", "0" * 128, "a/b:c.d_e+f"])
def test_a_sane_id_of_the_client_is_kept(sane: str):
    assert begun(sane) == sane


@pytest.mark.parametrize(
    "odd", ["", " ", "-", "a b", "a\nb", "a\x1b[31m", "ä", "0" * 129, '"}', "<script>", "%s", "a,b"]
)
def test_another_one_is_replaced(odd: str):
    assert begun(odd) != odd
    assert len(begun(odd)) == 16


def test_two_ids_are_none():
    header = logs.REQUEST_ID_HEADER
    assert logs.candidate([(header, b"a"), (b"host", b"x")]) == "a"
    assert logs.candidate([(header, b"a"), (header, b"b")]) == ""


class Http:
    """One request of ASGI."""

    def __init__(self, *headers: tuple[bytes, bytes]) -> None:
        self.scope: dict[str, Any] = {"type": "http", "method": "GET", "headers": list(headers)}
        self.sent: list[Any] = []

    async def send(self, message: Any) -> None:
        self.sent.append(message)


async def test_a_request_knows_its_id_and_its_answer_tells_it():
    seen: list[object] = []
    counted: list[int] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        seen.extend([scope["state"]["request_id"], logs.request_id(), sum(counted)])
        await send({"type": "http.response.start", "status": 200, "headers": [(b"a", b"b")]})

    http = Http((b"x-request-id", b"r-1"))
    tracked = requests.tracked(app, lambda _, change: counted.append(change), has_traces=False)
    await tracked(http.scope, None, http.send)  # type: ignore[arg-type]  # nothing is received
    assert seen == ["r-1", "r-1", 1]
    assert http.sent[0]["headers"] == [(b"a", b"b"), (b"x-request-id", b"r-1")]
    assert sum(counted) == 0


@pytest.mark.parametrize(
    ("method", "content_type", "sessions"),
    [
        ("GET", b"text/event-stream; charset=utf-8", 1),
        ("POST", b"text/event-stream", 0),
        ("GET", b"text/plain", 0),
    ],
)
async def test_a_stream_that_a_client_listens_to_is_a_session(
    method: str, content_type: bytes, sessions: int
):
    counted = {"requests": 0, "sessions": 0}
    meanwhile: list[int] = []

    def active(kind: str, change: int) -> None:
        counted[kind] += change

    async def app(scope: Any, receive: Any, send: Any) -> None:
        headers = [(b"Content-Type", content_type)]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        meanwhile.append(counted["sessions"])

    http = Http()
    tracked = requests.tracked(app, active, has_traces=False)
    await tracked({**http.scope, "method": method}, None, http.send)  # type: ignore[arg-type]  # nothing is received
    assert meanwhile == [sessions]
    assert counted == {"requests": 0, "sessions": 0}


async def test_a_request_that_breaks_is_not_under_way_any_more():
    counted: list[int] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        raise OSError

    tracked = requests.tracked(app, lambda _, change: counted.append(change), has_traces=False)
    with pytest.raises(OSError):
        await tracked(Http().scope, None, None)  # type: ignore[arg-type]  # it gets that far not
    assert counted == [1, -1]


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("postgresql://u:p@ss@h:5432/db?x=1", "postgresql://u:***@h:5432/db?x=1"),
        ("redis://:secret1@h", "redis://:***@h"),
        ("host=h password=a user=u", "host=h password=*** user=u"),
        ("PGPASSWORD='a b' psql", "PGPASSWORD=*** psql"),
        ('{"password": "a\\"b", "x": 1}', '{"password": ***, "x": 1}'),
        ("ALTER ROLE u PASSWORD 'it''s' VALID", "ALTER ROLE u PASSWORD *** VALID"),
        ("Authorization: Basic dXNlcjpwYXNz", "Authorization: Basic ***"),
        ("{'authorization': 'Bearer abcdefghij'}", "{'authorization': 'Bearer ***'}"),
        ("sent Bearer abcdefghij.k-l_m", "sent Bearer ***"),
        ("api_key=abc&token=def&q=1", "api_key=***&token=***&q=1"),
        ("jwt eyJhbGciOiJIUzI1.eyJzdWIiOiIx.c2ln ends", "jwt *** ends"),
        ("-----BEGIN PRIVATE KEY-----\nMII\n-----END PRIVATE KEY-----", "***"),
    ],
)
def test_a_secret_is_masked(text: str, masked: str):
    assert redact.masked(text) == masked


@pytest.mark.parametrize(
    "harmless",
    [
        "SELECT count(*) FROM tokens",
        "the token of the profile is not known",
        "The password or the user “ada” is not right.",
        "https://example.com/a:b",
        "WHERE token = $1",
        "SELECT '12:30' AS key",
    ],
)
def test_what_is_no_secret_stays(harmless: str):
    assert redact.masked(harmless) == harmless


def test_masking_takes_no_longer_than_the_text():
    text = ("password" * 2_000 + "://" + "a:" * 2_000 + "'" * 2_000) * 2
    assert len(redact.masked(text)) <= len(text)
