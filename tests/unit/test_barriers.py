"""What settings say against an entry of ours, and the next step that is named for it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from trunkline_server.clients import apps, barriers, plan, writer
from trunkline_server.profiles.profile import Profile

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


LISTS: list[tuple[dict[str, Any], bool]] = [
    ({"excluded": ["web-shop"]}, True),
    ({"excluded": ["sales", "Web", 7]}, False),
    ({"allowed": ["web-shop"]}, False),
    ({"allowed": ["sales"]}, True),
    ({"allowed": ["web-shop"], "excluded": ["web-shop"]}, True),
    ({"allowed": "sales", "excluded": {}}, False),
    ({"allowed": None}, False),
    ({}, False),
]
OF_QWEN: list[tuple[dict[str, Any], bool]] = [
    ({"allowed": []}, True),
    ({"allowed": ["web-*"]}, False),
    ({"excluded": ["*sho?"]}, True),
    ({"excluded": ["[w]eb-shop"]}, False),
]


def kept_out(app: str, lists: dict[str, Any]) -> bool:
    """Whether an app leaves ``web-shop`` alone in settings with these lists of MCP servers."""
    values = {("mcp", key): value for key, value in lists.items()}
    return barriers.said(apps.ALL[app], "web-shop", values.get) in {"excluded", "not allowed"}


@pytest.mark.parametrize("app", sorted(apps.ALL))
@pytest.mark.parametrize(("lists", "is_out"), LISTS)
def test_lists_count_where_the_app_has_them(app: str, lists: dict[str, Any], is_out: bool) -> None:
    assert kept_out(app, lists) == (is_out and app in {"gemini-cli", "qwen-code"})


@pytest.mark.parametrize(("lists", "is_out"), OF_QWEN)
def test_qwen_code_reads_patterns_and_a_list_of_nothing(
    lists: dict[str, Any], is_out: bool
) -> None:
    assert kept_out("qwen-code", lists) == is_out
    assert kept_out("gemini-cli", lists) == (lists.get("allowed") == ["web-*"])


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
        if app.health:
            assert barriers.remedy(app, "shop", "kept out").startswith(f"Allow it in {app.name}: ")


@pytest.mark.parametrize("app", ["gemini-cli", "qwen-code"])
@pytest.mark.parametrize(
    ("lists", "said"),
    [
        ({"excluded": ["shop"]}, "take “shop” out of mcp.excluded"),
        ({"allowed": ["other"]}, "put “shop” into mcp.allowed"),
        ({"allowed": ["other"], "excluded": ["shop"]}, "take “shop” out of mcp.excluded"),
    ],
)
def test_the_list_that_keeps_it_out_is_the_one_to_change(
    app: str, lists: dict[str, Any], said: str
) -> None:
    values = {("mcp", key): value for key, value in lists.items()}
    barrier = barriers.said(apps.ALL[app], "shop", values.get)
    assert said in barriers.remedy(apps.ALL[app], "shop", barrier)


def test_whoever_connects_is_told_that_the_app_will_leave_it_alone(
    write: Write, home: Path
) -> None:
    codex, shop = apps.ALL["codex"], Profile(id="shop", name="Shop")
    writer.apply(plan.connect(codex, shop))
    assert plan.connect(codex, shop).afterwards == codex.afterwards
    write("codex", codex.path().read_text() + "enabled = false\n")
    change = plan.connect(codex, shop)
    assert not change.is_needed
    assert change.afterwards.startswith("Switch it on in Codex: ")
