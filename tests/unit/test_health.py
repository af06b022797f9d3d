"""What AI apps print of their servers, recorded from the real ones: read right, or not at all."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from trunkline_server.clients import apps
from trunkline_server.clients.health import Answer, Health, judged

RECORDED = Path(__file__).parent / "health"
ASKED = {app.id: app.health for app in apps.ALL.values() if app.health}
REFUSED = {
    "claude-code": "Failed to connect: Dynamic Client Registration rejected (HTTP 401)",
    "codex": "MCP startup failed",
    "gemini-cli": "Disconnected",
    "opencode": "failed",
    "qwen-code": "Disconnected",
}
UNHEARD = REFUSED | {
    "claude-code": "Failed to connect: ECONNREFUSED",
    "opencode": "failed: SSE error: Unable to connect.",
}


def printed(app: str, what: str) -> str:
    text = (RECORDED / f"{app}-{what}.txt").read_text(encoding="utf-8")
    return re.sub(r"\x1b\[[0-9]+m", "", text)


def answer(app: str, text: str, name: str = "shop") -> Answer | None:
    return ASKED[app].reading(text, name)


def test_the_apps_that_can_be_asked() -> None:
    assert sorted(ASKED) == ["claude-code", "codex", "gemini-cli", "opencode", "qwen-code"]


@pytest.mark.parametrize("what", ["program", "address"])
@pytest.mark.parametrize("app", ASKED)
def test_a_server_that_was_reached(app: str, what: str) -> None:
    found = answer(app, printed(app, what))
    assert found is not None
    assert found.is_reached
    assert found.said.casefold() == "connected"


@pytest.mark.parametrize(("app", "said"), REFUSED.items())
def test_a_server_that_did_not_let_it_in(app: str, said: str) -> None:
    found = answer(app, printed(app, "no-token"))
    assert found is not None
    assert not found.is_reached
    assert found.said.startswith(said)


@pytest.mark.parametrize(("app", "said"), UNHEARD.items())
def test_a_server_that_is_off(app: str, said: str) -> None:
    found = answer(app, printed(app, "nobody-listens"))
    assert found is not None
    assert not found.is_reached
    assert found.said.startswith(said)


@pytest.mark.parametrize("app", sorted(set(ASKED) - {"codex"}))
def test_an_entry_that_the_app_does_not_see_was_not_reached(app: str) -> None:
    found = answer(app, printed(app, "not-there"))
    assert found is not None
    assert not found.is_reached


@pytest.mark.parametrize(
    ("app", "what", "barrier"),
    [("claude-code", "off", "off"), ("claude-code", "kept-out", "kept out"),
     ("gemini-cli", "off", "off"), ("gemini-cli", "kept-out", "kept out"),
     ("opencode", "off", "off")],
)  # fmt: skip
def test_an_entry_that_the_app_leaves_alone_on_purpose(app: str, what: str, barrier: str) -> None:
    found = answer(app, printed(app, what))
    assert found is not None
    assert not found.is_reached
    assert found.barrier == barrier
    assert "/" not in found.said.replace("/mcp", "")  # no program of ours is a reason


@pytest.mark.parametrize("app", ASKED)
def test_an_entry_that_was_tried_has_no_barrier(app: str) -> None:
    for what in ("program", "address", "no-token", "nobody-listens"):
        found = answer(app, printed(app, what))
        assert found is not None
        assert found.barrier == ""


def test_codex_tells_in_no_word_that_an_entry_is_switched_off() -> None:
    assert answer("codex", printed("codex", "off")) is None


def test_an_opencode_that_does_not_start_says_why() -> None:
    found = answer("opencode", printed("opencode", "does-not-start"))
    assert found is not None
    assert not found.is_reached
    assert found.said.endswith("/tokens/shop.token does not exist")


@pytest.mark.parametrize("other", ["hop", "shop-2", "web-shop"])
@pytest.mark.parametrize("app", sorted(set(ASKED) - {"claude-code"}))  # asked for one entry only
def test_what_is_printed_of_another_entry_is_no_answer(app: str, other: str) -> None:
    assert answer(app, printed(app, "program"), other) is None
    assert answer(app, printed(app, "program").replace("shop", other)) is None


@pytest.mark.parametrize("app", ASKED)
@pytest.mark.parametrize(
    "text", ["", "connected", "Connected", "shop", "shop: Connected", "{}", '{"id":1}', "[1]",
             "✓ shop", "Status:", "Unknown command: mcp", '{"id":1,"error":{"code":-32601}}']
)  # fmt: skip
def test_whatever_else_is_printed_is_not_known(app: str, text: str) -> None:
    assert answer(app, text) is None


@pytest.mark.parametrize("app", sorted(set(ASKED) - {"codex"}))
@pytest.mark.parametrize("word", ["Connecting", "Nearly connected", "not connected", "Ready"])
def test_a_word_that_is_not_known_is_not_taken_for_connected(app: str, word: str) -> None:
    text = printed(app, "program")
    for known in ("Connected", "connected"):
        text = text.replace(f"✔ {known}", f"✔ {word}").replace(f"- {known}", f"- {word}")
        text = text.replace(f"✓ shop {known}", f"✓ shop {word}")
    assert answer(app, text) is None


def test_a_reply_of_codex_without_a_catalogue_and_without_an_error_is_not_known() -> None:
    text = printed("codex", "no-token")
    start, end = text.index('"toolsError":"'), text.index('","resources"')
    silent = f'{text[:start]}"toolsError":null{text[end + 1 :]}'
    assert answer("codex", silent) is None


def test_the_words_of_a_state_that_is_none() -> None:
    assert judged(" Connected ") == Answer(True, "Connected")
    assert judged("Needs authentication") == Answer(False, "Needs authentication")
    assert judged("failed", " why ") == Answer(False, "failed: why")
    assert judged("") is None


def test_the_name_stands_in_command_and_requests() -> None:
    health = Health(
        program="app",
        arguments=("get", "{name}"),
        reading=lambda _printed, _name: None,
        requests=('{"id":1,"name":"{name}"}',),
    )
    assert health.command("shop") == ("get", "shop")
    assert health.lines("shop") == b'{"id":1,"name":"shop"}\n'
