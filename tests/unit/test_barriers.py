"""What settings say against an entry of ours, and the next step that is named for it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from trunkline_server.clients import apps, barriers

OFF = {
    "cline": '{"mcpServers": {"shop": {"disabled": true}}}',
    "codex": "[mcp_servers.shop]\nenabled = false\n",
    "goose": "extensions:\n  shop:\n    enabled: false\n",
    "jan": '{"mcpServers": {"shop": {"active": false}}}',
    "opencode": '{"mcp": {"shop": {"enabled": false}}}',
    "windsurf": '{"mcpServers": {"shop": {"disabled": true}}}',
    "zed": '{"context_servers": {"shop": {"enabled": false}}}',
}
Write = Callable[[str, str], None]


@pytest.fixture
def write(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Write:
    """Return a function that writes the settings of an app where it looks for them."""
    monkeypatch.setattr(Path, "home", lambda: tmp_path)
    for name in ("HOME", "USERPROFILE", "APPDATA", "XDG_CONFIG_HOME"):
        monkeypatch.setenv(name, str(tmp_path))
    for name in ("CODEX_HOME", "OPENCODE_CONFIG", "OPENCODE_CONFIG_DIR", "CLINE_DIR"):
        monkeypatch.delenv(name, raising=False)

    def put(app: str, text: str) -> None:
        file = apps.ALL[app].path()
        assert file.is_relative_to(tmp_path)
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)

    return put


@pytest.mark.parametrize(("app", "text"), OFF.items())
def test_an_entry_is_switched_off(write: Write, app: str, text: str) -> None:
    write(app, text)
    assert barriers.found(apps.ALL[app], "shop") == "off"
    assert barriers.found(apps.ALL[app], "other") == ""


@pytest.mark.parametrize(("app", "text"), OFF.items())
def test_an_entry_is_switched_on(write: Write, app: str, text: str) -> None:
    words = {"true": "false", "false": "true"}
    (word,) = (word for word in words if word in text)
    write(app, text.replace(word, words[word]))
    assert barriers.found(apps.ALL[app], "shop") == ""


@pytest.mark.parametrize("app", ["claude-code", "gemini-cli", "qwen-code"])
def test_a_word_that_an_app_does_not_know_switches_nothing_off(write: Write, app: str) -> None:
    write(app, '{"mcpServers": {"shop": {"enabled": false, "disabled": true}}}')
    assert barriers.found(apps.ALL[app], "shop") == ""


@pytest.mark.parametrize(
    ("lists", "barrier"),
    [
        ({"allowed": ["other"]}, "kept out"),
        ({"allowed": []}, "kept out"),
        ({"excluded": ["shop"]}, "kept out"),
        ({"allowed": ["shop"], "excluded": ["shop"]}, "kept out"),
        ({"allowed": ["shop"], "excluded": ["other"]}, ""),
        ({"allowed": None, "excluded": "shop"}, ""),
        ({}, ""),
        (None, ""),
        (["shop"], ""),
    ],
)
def test_lists_of_qwen_code(lists: Any, barrier: str) -> None:
    values = {("mcp",): lists}
    assert barriers.said(apps.ALL["qwen-code"], "shop", values.get) == barrier


def test_a_file_that_cannot_be_read_says_nothing(write: Write) -> None:
    write("opencode", "{")
    assert barriers.found(apps.ALL["opencode"], "shop") == ""


def test_each_app_that_can_be_asked_has_a_next_step_for_what_it_may_say() -> None:
    for app in apps.ALL.values():
        if app.health or app.switch:
            said = barriers.remedy(app, "shop", "off")
            assert said.startswith(f"Switch it on in {app.name}: ")
            assert "{" not in said
            assert "“” " not in said
        if app.lists or (app.health and app.health.allow):
            assert barriers.remedy(app, "shop", "kept out").startswith(f"Allow it in {app.name}: ")
