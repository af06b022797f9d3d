"""What a relay remembers: every request is answered once, whatever happens to the server."""

from __future__ import annotations

import json
from typing import Any

import pytest

from trunkline_server.ledger import SWITCHED_OFF, TRY_AGAIN, Ledger

INITIALIZE = {"jsonrpc": "2.0", "id": 0, "method": "initialize", "params": {}}
INITIALIZED = {"jsonrpc": "2.0", "method": "notifications/initialized"}
WELCOME = {"jsonrpc": "2.0", "id": 0, "result": {"capabilities": {"tools": {}, "prompts": {}}}}


def line(message: dict[str, Any]) -> bytes:
    return json.dumps(message).encode()


def call(request_id: object, method: str = "tools/call") -> dict[str, Any]:
    return {"jsonrpc": "2.0", "id": request_id, "method": method}


def reply(request_id: object) -> dict[str, Any]:
    return {"jsonrpc": "2.0", "id": request_id, "result": {}}


def sent(ledger: Ledger) -> list[dict[str, Any]]:
    found = []
    while (next_line := ledger.next_to_send()) is not None:
        found.append(json.loads(next_line))
    return found


def say(ledger: Ledger, *messages: dict[str, Any], connected: bool = True) -> None:
    for message in messages:
        assert ledger.from_app(line(message), connected=connected) is None


def introduced() -> Ledger:
    """Return the ledger of a session whose handshake is over."""
    ledger = Ledger("Sales")
    say(ledger, INITIALIZE)
    sent(ledger)
    assert ledger.from_server(line(WELCOME)) == [line(WELCOME)]
    say(ledger, INITIALIZED)
    sent(ledger)
    return ledger


def errors(lines: list[bytes]) -> list[tuple[object, int]]:
    return [(m["id"], m["error"]["code"]) for m in map(json.loads, lines)]


def test_messages_pass_as_they_are():
    ledger = introduced()
    say(ledger, call(1))
    assert sent(ledger) == [call(1)]
    assert ledger.from_server(line(reply(1))) == [line(reply(1))]
    assert not ledger.is_owing


def test_what_was_in_flight_is_told_to_try_again():
    ledger = introduced()
    say(ledger, call(1), call("1"))
    sent(ledger)
    assert errors(ledger.lost()) == [(1, TRY_AGAIN), ("1", TRY_AGAIN)]


def test_what_no_server_has_heard_is_asked_of_the_next_one():
    ledger = introduced()
    say(ledger, call(1), call(2))
    first = ledger.next_to_send()
    assert first is not None
    ledger.not_sent(first)
    assert ledger.lost() == []
    assert ledger.connected() is not None
    ledger.from_server(line(WELCOME))
    assert sent(ledger) == [INITIALIZED, call(1), call(2)]


def test_a_notification_that_no_server_has_heard_is_dropped():
    ledger = introduced()
    say(ledger, {"jsonrpc": "2.0", "method": "notifications/progress"})
    unheard = ledger.next_to_send()
    assert unheard is not None
    ledger.not_sent(unheard)
    assert sent(ledger) == []


def test_an_answer_is_never_given_twice():
    ledger = introduced()
    say(ledger, call(1))
    sent(ledger)
    ledger.lost()
    assert ledger.from_server(line(reply(1))) == []
    assert ledger.give_up() == []


def test_a_new_server_gets_the_handshake_and_its_reply_is_kept_from_the_app():
    ledger = introduced()
    ledger.lost()
    handshake = ledger.connected()
    assert handshake is not None
    assert json.loads(handshake) == INITIALIZE
    announced = [json.loads(found)["method"] for found in ledger.from_server(line(WELCOME))]
    assert announced == ["notifications/tools/list_changed", "notifications/prompts/list_changed"]
    assert sent(ledger) == [INITIALIZED]


def test_requests_wait_until_the_handshake_is_over():
    ledger = introduced()
    ledger.lost()
    ledger.connected()
    say(ledger, call(5))
    assert sent(ledger) == []
    ledger.from_server(line(WELCOME))
    assert sent(ledger) == [INITIALIZED, call(5)]


def test_a_handshake_nobody_answered_is_asked_again_and_answered_once():
    ledger = Ledger("Sales")
    say(ledger, INITIALIZE)
    sent(ledger)
    assert ledger.lost() == []
    assert ledger.connected() is None
    assert sent(ledger) == [INITIALIZE]
    assert ledger.from_server(line(WELCOME)) == [line(WELCOME)]


def test_an_initialized_that_came_while_no_server_was_there_is_sent_once():
    ledger = Ledger("Sales")
    say(ledger, INITIALIZE)
    sent(ledger)
    ledger.from_server(line(WELCOME))
    ledger.lost()
    say(ledger, INITIALIZED, connected=False)
    ledger.connected()
    ledger.from_server(line(WELCOME))
    assert sent(ledger) == [INITIALIZED]


def test_lists_are_asked_again_instead_of_failing():
    ledger = introduced()
    say(ledger, call(3, "tools/list"), call(4))
    sent(ledger)
    assert errors(ledger.lost()) == [(4, TRY_AGAIN)]
    ledger.connected()
    ledger.from_server(line(WELCOME))
    assert sent(ledger) == [INITIALIZED, call(3, "tools/list")]


def test_a_session_without_handshake_is_simply_continued():
    ledger = Ledger("Sales")
    say(ledger, call(1, "server/discover"))
    sent(ledger)
    ledger.from_server(line(reply(1)))
    ledger.lost()
    assert ledger.connected() is None
    say(ledger, call(2))
    assert sent(ledger) == [call(2)]


def test_giving_up_says_that_it_is_switched_off():
    ledger = introduced()
    ledger.lost()
    say(ledger, call("a"), connected=False)
    (answer,) = ledger.give_up()
    assert errors([answer]) == [("a", SWITCHED_OFF)]
    assert "“Sales” is switched off in Trunkline" in answer.decode()
    assert sent(ledger) == []


def test_a_cancelled_request_in_flight_gets_no_answer_from_us():
    ledger = introduced()
    say(ledger, call(1))
    sent(ledger)
    cancel = {
        "jsonrpc": "2.0",
        "method": "notifications/cancelled",
        "params": {"requestId": 1},
    }
    say(ledger, cancel)
    assert sent(ledger) == [cancel]
    assert not ledger.is_owing
    assert ledger.lost() == []


def test_a_cancelled_request_that_waits_is_forgotten():
    ledger = introduced()
    ledger.lost()
    cancel = {"jsonrpc": "2.0", "method": "notifications/cancelled", "params": {"requestId": "x"}}
    say(ledger, call("x"), call("y"), cancel, connected=False)
    ledger.connected()
    ledger.from_server(line(WELCOME))
    assert sent(ledger) == [INITIALIZED, call("y")]


def test_the_app_s_answer_to_a_server_that_is_gone_is_dropped():
    ledger = introduced()
    question = call(9, "roots/list")
    assert ledger.from_server(line(question)) == [line(question)]
    ledger.lost()
    say(ledger, reply(9), connected=False)
    ledger.connected()
    ledger.from_server(line(WELCOME))
    assert sent(ledger) == [INITIALIZED]


def test_the_app_s_answer_reaches_the_server_that_asked():
    ledger = introduced()
    ledger.from_server(line(call(9, "roots/list")))
    say(ledger, reply(9))
    assert sent(ledger) == [reply(9)]


def test_a_ping_without_a_server_is_answered_here():
    ledger = introduced()
    ledger.lost()
    answer = ledger.from_app(line(call(7, "ping")), connected=False)
    assert answer is not None
    assert json.loads(answer) == reply(7)


@pytest.mark.parametrize("junk", [b"not json", b"[]", b"7", b"\xff"])
def test_what_is_no_message_passes_and_breaks_nothing(junk: bytes):
    ledger = introduced()
    assert ledger.from_app(junk, connected=True) is None
    assert ledger.next_to_send() == junk
    assert ledger.lost() == []
