"""One line for one event, and no line that can harm the reader."""

from __future__ import annotations

import json

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from trunkline_server import events
from trunkline_server.errors import Failure
from trunkline_server.events import Client, Failed, Ready, Stage, Stopped, Unknown, decode, encode

# A busy computer is no reason to fail.
unhurried = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])

EXAMPLES: list[events.Event] = [
    Stage(stage="tls", state="done", ms=40.5, note="TLS 1.3"),
    Ready(transport="http", url="http://127.0.0.1:8765/mcp", pid=7, note="Another port."),
    Client(name="Claude", version="1", transport="stdio"),
    Failed(code="a.b", title="It failed.", hint="Wait.", detail="\n", stage="login"),
    Stopped(reason="asked"),
]
TEXT = st.text(st.characters(codec="utf-8"))
EVENTS = st.one_of(
    st.builds(Stage, stage=TEXT, state=TEXT, ms=st.floats(allow_nan=False), note=TEXT),
    st.builds(Ready, transport=TEXT, url=TEXT, pid=st.integers(0, 2**31), note=TEXT),
    st.builds(Client, name=TEXT, version=TEXT, transport=TEXT),
    st.builds(Failed, code=TEXT, title=TEXT, hint=TEXT, detail=TEXT, stage=TEXT),
    st.builds(Stopped, reason=TEXT),
)


@unhurried
@given(EVENTS)
def test_every_event_comes_back_from_one_line(event: events.Event) -> None:
    line = encode(event)
    assert "\n" not in line
    assert "\r" not in line
    assert decode(line) == decode(line.encode() + b"\r\n") == event


@pytest.mark.parametrize("event", EXAMPLES, ids=lambda event: event.event)
def test_a_line_says_which_event_it_is(event: events.Event) -> None:
    assert json.loads(encode(event))["event"] == event.event


def test_the_kinds_are_the_five_of_the_contract() -> None:
    assert {event.event for event in EXAMPLES} == set(events._KINDS)
    assert set(events._KINDS) == {"stage", "ready", "client", "failed", "stopped"}


@unhurried
@given(st.text() | st.binary())
def test_decoding_never_raises(line: str | bytes) -> None:
    decode(line)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=10,
)


@unhurried
@given(JSON, st.dictionaries(st.sampled_from(["stage", "state", "ms", "name", "__class__"]), JSON))
def test_decoding_any_json_never_raises(kind: object, fields: dict[str, object]) -> None:
    decode(json.dumps(kind))
    decode(json.dumps({**fields, "event": kind}))
    decode(json.dumps({**fields, "event": "stage"}))


@pytest.mark.parametrize(
    "line",
    ["", "Traceback (most recent call last):", "null", "[]", "{}", '{"event": "party"}',
     '{"event": ["stage"]}', '{"event": "stage"}', "[" * 100_000, "1" * 10_000, "\x00"],
    ids=range(11),
)  # fmt: skip
def test_a_line_that_is_none_of_ours_is_kept_as_it_is(line: str) -> None:
    assert decode(line + "\n") == Unknown(line=line)


def test_bytes_that_are_no_text_are_kept_readable() -> None:
    assert decode(b"\xff oops\n") == Unknown(line="\ufffd oops")


def test_fields_of_a_newer_server_are_ignored() -> None:
    line = '{"event": "stopped", "reason": "asked", "mood": "fine"}'
    assert decode(line) == Stopped(reason="asked")


def test_a_failure_travels_as_an_event() -> None:
    failure = Failure(code="a.b", title="It failed.", hint="Wait.", detail="words")
    event = events.failed(failure, stage="login")
    assert (event.stage, event.failure) == ("login", failure)
