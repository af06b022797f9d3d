"""Connecting each AI app: exact bytes back, no token without consent, the right way to it."""

from __future__ import annotations

import json
import stat
from pathlib import Path

import pytest

from tests.fakes import MemoryKeyring
from trunkline_server.clients import apps, connections, entries, owned, plan, tokens, writer
from trunkline_server.clients.app import App
from trunkline_server.errors import TrunklineError
from trunkline_server.profiles import secrets
from trunkline_server.profiles.profile import Profile, Transport
from trunkline_server.serving.app.endpoint import PATHS

TOKEN = "kEy-0123456789_abcdefghijklmnopqrstuvwxyz"
SALES = Profile(id="sales", name="Sales", http_port=8765)
SHOP = Profile(id="web-shop", name="Web shop", http_port=8766)
WAYS = [(app.id, way) for app in apps.ALL.values() for way in app.transports]
LAST_WAYS = [(app.id, app.transports[-1]) for app in apps.ALL.values()]
TOLD = [app.id for app in apps.ALL.values() if "http" in app.transports and app.bearer_by != "text"]
LITERAL = [
    app.id for app in apps.ALL.values() if "http" in app.transports and app.bearer_by == "text"
]
FILES = {
    "json": [
        "",
        "{}",
        "{ }\n",
        '{\n  "a": 1.50,\n  "b": [1,2]\n}\n',
        '{\r\n\t"theme": "dark"\r\n}',
    ],
    "toml": ["", '# mine\nmodel = "o9"\n', "a = 1\r\n[other]\r\nb = 2\r\n", "a = 1"],
    "yaml": ["", "# mine\na: 1\n", "a: 'x'\nlist:\n- 1\n- 2\n", "a: 1\r\nb: 2\r\n"],
}
COMMENTED = '{\n  // mine\n  "a": 1, /* 1 */\n  "b": {}\n}\n'


@pytest.fixture(autouse=True)
def keys(home: Path, memory_keyring: MemoryKeyring) -> MemoryKeyring:
    for profile in (SALES, SHOP):
        secrets.put(profile.id, TOKEN, "token")
    return memory_keyring


@pytest.fixture
def file(tmp_path: Path) -> Path:
    folder = tmp_path / "Jürgen Müller"
    folder.mkdir()
    return folder / "settings"


def documents(app: App) -> list[str]:
    more = {"json": [], "json+comments": [COMMENTED], "jsonc": [COMMENTED, '{"a": [1,],}\n']}
    kind = app.format.partition("-")[0].removesuffix("c").partition("+")[0]
    return FILES[kind] + more.get(app.format, [])


def connect(
    app_id: str, transport: Transport, file: Path, *profiles: Profile, allow: bool = True
) -> None:
    for profile in profiles or (SALES,):
        writer.apply(
            plan.connect(
                apps.ALL[app_id], profile, transport=transport, path=file, may_write_token=allow
            )
        )


def disconnect(app_id: str, file: Path, *profiles: Profile) -> None:
    for profile in profiles or (SALES,):
        writer.apply(plan.disconnect(apps.ALL[app_id], profile, path=file))


def failure(app_id: str, transport: Transport, file: Path, profile: Profile = SALES) -> str:
    with pytest.raises(TrunklineError) as caught:
        plan.connect(apps.ALL[app_id], profile, transport=transport, path=file)
    return caught.value.code


def servers(app_id: str, file: Path) -> dict[str, dict[str, object]]:
    """Return the servers in a file of JSON without comments."""
    table: dict[str, dict[str, object]] = json.loads(file.read_bytes())[apps.ALL[app_id].table[0]]
    return table


# The same bytes again


@pytest.mark.parametrize(("app_id", "transport"), WAYS)
def test_disconnecting_leaves_the_same_bytes(app_id: str, transport: Transport, file: Path) -> None:
    texts = documents(apps.ALL[app_id])
    for text in texts if transport == "stdio" else texts[-2:]:
        file.write_bytes(text.encode())
        connect(app_id, transport, file)
        assert connections.is_connected(apps.ALL[app_id], SALES, path=file)
        disconnect(app_id, file)
        assert file.read_bytes() == text.encode()


@pytest.mark.parametrize(("app_id", "transport"), LAST_WAYS)
def test_a_file_that_was_not_there_is_gone_again(
    app_id: str, transport: Transport, file: Path
) -> None:
    connect(app_id, transport, file, SALES, SHOP)
    disconnect(app_id, file, SALES, SHOP)
    assert not file.exists()


@pytest.mark.parametrize("backwards", [False, True])
@pytest.mark.parametrize(("app_id", "transport"), LAST_WAYS)
def test_two_databases_leave_in_any_order(
    app_id: str, transport: Transport, backwards: bool, file: Path
) -> None:
    for text in documents(apps.ALL[app_id])[-2:]:
        file.write_bytes(text.encode())
        connect(app_id, transport, file, SALES, SHOP)
        disconnect(app_id, file, *((SHOP, SALES) if backwards else (SALES, SHOP)))
        assert file.read_bytes() == text.encode()


@pytest.mark.parametrize(("app_id", "transport"), LAST_WAYS)
def test_connecting_twice_changes_nothing(app_id: str, transport: Transport, file: Path) -> None:
    connect(app_id, transport, file)
    again = plan.connect(
        apps.ALL[app_id], SALES, transport=transport, path=file, may_write_token=True
    )
    assert not again.is_needed


@pytest.mark.parametrize("app_id", [a.id for a in apps.ALL.values() if a.blank])
def test_a_new_file_starts_as_its_app_wants_it(app_id: str, file: Path) -> None:
    connect(app_id, "stdio", file)
    assert apps.ALL[app_id].blank.strip().splitlines()[1] in file.read_text().replace(",", "")


# The token


@pytest.mark.parametrize("app_id", TOLD)
def test_without_consent_no_token_is_written(app_id: str, file: Path, tmp_path: Path) -> None:
    connect(app_id, "http", file, allow=False)
    kept_for_it = tokens.file_of("sales")
    holding = {p for p in tmp_path.rglob("*") if p.is_file() and TOKEN.encode() in p.read_bytes()}
    assert holding == ({kept_for_it} if apps.ALL[app_id].bearer_by == "file" else set())


@pytest.mark.parametrize("app_id", LITERAL)
def test_an_app_that_only_takes_the_token_itself_needs_consent(app_id: str, file: Path) -> None:
    assert failure(app_id, "http", file) == "client.token"
    assert not file.exists()


@pytest.mark.parametrize("app_id", LITERAL)
def test_with_consent_the_token_is_written_and_the_person_told(app_id: str, file: Path) -> None:
    wanted = plan.connect(
        apps.ALL[app_id], SALES, transport="http", path=file, may_write_token=True
    )
    writer.apply(wanted)
    assert TOKEN.encode() in file.read_bytes()
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert "plain text" in wanted.warning


@pytest.mark.parametrize("app_id", LITERAL)
def test_a_token_is_not_shown_in_the_diff_nor_in_words(app_id: str, file: Path) -> None:
    connect(app_id, "http", file)
    leaving = plan.disconnect(apps.ALL[app_id], SALES, path=file)
    assert TOKEN not in leaving.diff
    assert "•••" in leaving.diff
    assert TOKEN not in repr(leaving)


@pytest.mark.parametrize(
    ("app_id", "words"),
    [
        ("cursor", "${env:TRUNKLINE_TOKEN_WEB_SHOP}"),
        ("windsurf", "${env:TRUNKLINE_TOKEN_WEB_SHOP}"),
        ("kiro", "${TRUNKLINE_TOKEN_WEB_SHOP}"),
        ("gemini-cli", "${TRUNKLINE_TOKEN_WEB_SHOP}"),
        ("qwen-code", "${TRUNKLINE_TOKEN_WEB_SHOP}"),
        ("vscode", "${input:trunkline-web-shop}"),
    ],
)
def test_where_the_token_is_stands_in_the_words_of_the_app(
    app_id: str, words: str, file: Path
) -> None:
    connect(app_id, "http", file, SHOP, allow=False)
    assert servers(app_id, file)["web-shop"]["headers"] == {"Authorization": f"Bearer {words}"}


def test_with_consent_a_variable_is_replaced_by_the_token(file: Path) -> None:
    connect("cursor", "http", file)
    assert servers("cursor", file)["sales"]["headers"] == {"Authorization": f"Bearer {TOKEN}"}


def test_claude_code_asks_our_program_for_the_headers(file: Path) -> None:
    connect("claude-code", "http", file, allow=False)
    helper = servers("claude-code", file)["sales"]["headersHelper"]
    assert str(helper).endswith(" --headers sales")
    assert Path(str(helper).split()[0]).name.startswith("trunkline-stdio")


def test_opencode_reads_the_token_from_a_file_of_ours(file: Path) -> None:
    connect("opencode", "http", file)
    kept = tokens.file_of("sales")
    assert f"{{file:{kept.as_posix()}}}" in file.read_text()
    assert (kept.read_text(), stat.S_IMODE(kept.stat().st_mode)) == (TOKEN, 0o600)


def test_the_file_with_the_token_goes_with_its_last_entry(file: Path, tmp_path: Path) -> None:
    other = tmp_path / "opencode.json"
    connect("opencode", "http", file)
    connect("opencode", "http", other)
    disconnect("opencode", file)
    still = tokens.file_of("sales").exists()
    disconnect("opencode", other)
    assert (still, tokens.file_of("sales").exists()) == (True, False)


def test_a_removed_database_is_no_obstacle_to_the_others(file: Path) -> None:
    connect("opencode", "http", file, SALES, SHOP)
    secrets.forget("sales")
    connect("opencode", "stdio", file, SHOP)
    still = tokens.file_of("sales").read_text()
    connect("opencode", "http", file, SHOP)
    disconnect("opencode", file)
    assert (still, tokens.file_of("sales").exists()) == (TOKEN, False)
    assert servers("opencode", file).keys() == {"web-shop"}


def test_undoing_brings_the_file_with_the_token_back(file: Path) -> None:
    connect("opencode", "http", file)
    applied = writer.apply(plan.disconnect(apps.ALL["opencode"], SALES, path=file))
    writer.undo(applied)
    assert tokens.file_of("sales").read_text() == TOKEN


def test_a_database_without_a_token_is_refused(file: Path, keys: MemoryKeyring) -> None:
    keys.kept.clear()
    with pytest.raises(TrunklineError) as caught:
        plan.connect(apps.ALL["cursor"], SALES, transport="http", path=file, may_write_token=True)
    assert caught.value.code == "token.none"


def test_a_database_without_a_port_is_refused(file: Path) -> None:
    assert failure("cursor", "http", file, Profile(id="new", name="New")) == "client.address"


def test_the_addresses_are_those_the_server_answers() -> None:
    assert entries.PATHS == PATHS
    assert entries.address(SALES, "sse") == "http://127.0.0.1:8765/sse"


def test_a_transport_the_app_does_not_have_is_refused(file: Path) -> None:
    assert failure("claude-desktop", "http", file) == "client.transport"
    assert failure("zed", "sse", file) == "client.transport"


@pytest.mark.parametrize("app_id", sorted(apps.BY_HAND))
def test_an_app_with_a_store_of_its_own_is_not_edited(app_id: str) -> None:
    with pytest.raises(TrunklineError) as caught:
        plan.connect(apps.BY_HAND[app_id], SALES)
    assert caught.value.code == "client.by_hand"
    assert caught.value.failure.hint == apps.BY_HAND[app_id].afterwards


@pytest.mark.parametrize("name", ["", "1st", "my db", "ü", "a" * 49, "a.b", '"'])
def test_a_name_that_some_app_refuses_is_refused(name: str, file: Path) -> None:
    with pytest.raises(TrunklineError) as caught:
        plan.connect(apps.ALL["cursor"], SALES, path=file, name=name or " ")
    assert caught.value.code == "client.name"


# VS Code's question

TEMPLATE = b'{\n\t"servers": {},\n\t"inputs": []\n}'


def questions_in(file: Path) -> list[str]:
    return [item["id"] for item in json.loads(file.read_bytes()).get("inputs", [])]


def test_the_entry_and_its_question_are_one_change_with_one_undo(file: Path) -> None:
    file.write_bytes(TEMPLATE)
    applied = writer.apply(plan.connect(apps.ALL["vscode"], SALES, transport="http", path=file))
    (question,) = json.loads(file.read_bytes())["inputs"]
    assert (question["id"], question["type"], question["password"]) == (
        "trunkline-sales",
        "promptString",
        True,
    )
    writer.undo(applied)
    assert file.read_bytes() == TEMPLATE


def test_a_program_needs_no_question(file: Path) -> None:
    connect("vscode", "stdio", file)
    assert questions_in(file) == []


def test_going_over_to_a_program_takes_the_question_along(file: Path) -> None:
    file.write_bytes(TEMPLATE)
    connect("vscode", "http", file)
    connect("vscode", "stdio", file)
    assert questions_in(file) == []


def test_two_entries_of_one_database_share_the_question(file: Path) -> None:
    file.write_bytes(TEMPLATE)
    app = apps.ALL["vscode"]
    for name in ("sales", "again"):
        writer.apply(plan.connect(app, SALES, transport="http", path=file, name=name))
    writer.apply(plan.disconnect(app, SALES, path=file, name="sales"))
    still = questions_in(file)
    writer.apply(plan.disconnect(app, SALES, path=file, name="again"))
    assert (still, file.read_bytes()) == (["trunkline-sales"], TEMPLATE)


def test_a_question_of_the_person_is_left_alone(file: Path) -> None:
    theirs = b'{"inputs": [{"id": "trunkline-sales", "type": "promptString"}]}'
    file.write_bytes(theirs)
    connect("vscode", "http", file)
    disconnect("vscode", file)
    assert file.read_bytes() == theirs


# From one transport to another


def test_the_way_is_remembered(file: Path) -> None:
    connect("cursor", "http", file)
    record = connections.remembered(apps.ALL["cursor"], SALES, path=file)
    assert record is not None
    assert (record.transport, record.bearer_by) == ("http", "text")


def test_a_change_of_the_panel_keeps_the_way(file: Path) -> None:
    connect("cursor", "http", file, allow=False)
    before = file.read_bytes()
    wanted = plan.arrange(apps.ALL["cursor"], (SALES, SHOP), {"sales", "web-shop"}, path=file)
    assert json.loads(wanted.after or b"")["mcpServers"].keys() == {"sales", "web-shop"}
    assert json.loads(before)["mcpServers"]["sales"].keys() == {"url", "headers"}
    assert b'"url"' in (wanted.after or b"")


@pytest.mark.parametrize("app_id", [a.id for a in apps.ALL.values() if "http" in a.transports])
def test_there_and_back_leaves_no_field_behind(app_id: str, file: Path) -> None:
    file.write_text(documents(apps.ALL[app_id])[1])
    before = file.read_bytes()
    connect(app_id, "stdio", file)
    as_stdio = file.read_bytes()
    connect(app_id, "http", file)
    connect(app_id, "stdio", file)
    assert file.read_bytes() == as_stdio
    disconnect(app_id, file)
    assert file.read_bytes() == before


def test_what_the_person_added_stays_on_another_way(file: Path) -> None:
    connect("cursor", "http", file, allow=False)
    document = json.loads(file.read_bytes())
    document["mcpServers"]["sales"]["disabled"] = True
    file.write_text(json.dumps(document, indent=2))
    connect("cursor", "stdio", file)
    assert servers("cursor", file)["sales"].keys() == {"disabled", "command", "args", "env"}


def test_what_the_person_changed_in_our_entry_stays(file: Path) -> None:
    connect("copilot-cli", "stdio", file)
    document = json.loads(file.read_bytes())
    document["mcpServers"]["sales"]["tools"] = ["list_tables"]
    document["mcpServers"]["sales"]["env"]["MINE"] = "1"
    file.write_text(json.dumps(document))
    connect("copilot-cli", "stdio", file)
    assert json.loads(file.read_bytes()) == document
    connect("copilot-cli", "http", file)
    assert servers("copilot-cli", file)["sales"]["tools"] == ["list_tables"]


def test_an_entry_that_became_something_else_is_not_ours_any_more(file: Path) -> None:
    connect("cursor", "http", file)
    file.write_text('{"mcpServers": {"sales": "off"}}')
    with pytest.raises(TrunklineError) as caught:
        plan.connect(apps.ALL["cursor"], SALES, path=file)
    assert caught.value.code == "client.taken"


@pytest.mark.parametrize(
    ("app_id", "transport", "ours", "theirs"),
    [
        ("codex", "stdio", "[mcp_servers.sales]", "[mcp_servers.sales]\ntool_timeout_sec = 9"),
        ("goose", "stdio", "enabled: true", "enabled: false"),
        ("goose", "http", "timeout: 300", "timeout: 9 # mine"),
        ("continue", "stdio", "  - name: sales", "  - name: sales\n    cwd: /srv"),
    ],
)
def test_it_stays_in_toml_and_yaml_too(
    app_id: str, transport: Transport, ours: str, theirs: str, file: Path
) -> None:
    connect(app_id, transport, file)
    written = file.read_text()
    assert ours in written
    file.write_text(written.replace(ours, theirs))
    connect(app_id, transport, file)
    assert file.read_text() == written.replace(ours, theirs)
    connect(app_id, "stdio" if transport == "http" else "http", file)
    assert theirs.rsplit("\n", maxsplit=1)[-1] in file.read_text()
    assert connections.is_connected(apps.ALL[app_id], SALES, path=file)


def test_undoing_another_way_goes_back_to_the_former(file: Path) -> None:
    connect("cursor", "http", file, allow=False)
    applied = writer.apply(plan.connect(apps.ALL["cursor"], SALES, path=file))
    document = json.loads(file.read_bytes())
    file.write_text(json.dumps(document | {"theme": "dark"}))  # somebody else wrote it since
    writer.undo(applied)
    assert servers("cursor", file)["sales"].keys() == {"url", "headers"}
    assert json.loads(file.read_bytes())["theme"] == "dark"


@pytest.fixture
def three(tmp_path: Path) -> dict[str, Path]:
    """Cursor by stdio, Claude Code and Codex's neighbour Zed by HTTP."""
    files = {i: tmp_path / f"{i}.json" for i in ("cursor", "claude-code", "windsurf")}
    connect("cursor", "stdio", files["cursor"])
    connect("claude-code", "http", files["claude-code"])
    connect("windsurf", "http", files["windsurf"])
    return files


def test_switching_rewrites_those_with_an_address_only(three: dict[str, Path]) -> None:
    plans = plan.switch(apps.ALL, SALES, "sse")
    assert {p.app.id for p in plans} == {"claude-code", "windsurf"}
    writer.apply_all(plans)
    assert servers("claude-code", three["claude-code"])["sales"]["type"] == "sse"
    assert servers("windsurf", three["windsurf"])["sales"]["serverUrl"] == (
        "http://127.0.0.1:8765/sse"
    )


def test_switching_to_stdio_lets_them_start_the_program(three: dict[str, Path]) -> None:
    writer.apply_all(plan.switch(apps.ALL, SALES, "stdio"))
    for app_id in three:
        assert "command" in servers(app_id, three[app_id])["sales"]
    assert plan.switch(apps.ALL, SALES, "http") == ()


def test_an_app_without_the_new_transport_gets_the_program(tmp_path: Path) -> None:
    file = tmp_path / "settings.json"
    connect("zed", "http", file)
    writer.apply_all(plan.switch(apps.ALL, SALES, "sse"))
    assert servers("zed", file)["sales"]["source"] == "custom"


def test_another_port_is_a_switch_too(three: dict[str, Path]) -> None:
    moved = Profile(id="sales", name="Sales", http_port=9000)
    writer.apply_all(plan.switch(apps.ALL, moved, "http"))
    assert servers("claude-code", three["claude-code"])["sales"]["url"] == (
        "http://127.0.0.1:9000/mcp"
    )


def test_another_token_reaches_those_that_hold_the_old_one(tmp_path: Path) -> None:
    files = {i: tmp_path / f"{i}.json" for i in ("lm-studio", "opencode")}
    for app_id, path in files.items():
        connect(app_id, "http", path)
    secrets.put("sales", f"new-{TOKEN}", "token")
    writer.apply_all(plan.switch(apps.ALL, SALES, "http"))
    assert servers("lm-studio", files["lm-studio"])["sales"]["headers"] == {
        "Authorization": f"Bearer new-{TOKEN}"
    }
    assert tokens.file_of("sales").read_text() == f"new-{TOKEN}"


def test_one_undo_takes_a_switch_back(three: dict[str, Path]) -> None:
    before = {i: path.read_bytes() for i, path in three.items()}
    remembered = owned.records()
    writer.undo_all(writer.apply_all(plan.switch(apps.ALL, SALES, "sse")))
    assert {i: path.read_bytes() for i, path in three.items()} == before
    assert set(owned.records()) == set(remembered)


def test_an_undo_that_fails_half_way_leaves_every_file(three: dict[str, Path]) -> None:
    done = writer.apply_all(plan.switch(apps.ALL, SALES, "sse"))
    done[0].plan.path.write_text("{ broken")  # the one that is undone last
    before = {i: path.read_bytes() for i, path in three.items()}
    remembered = owned.records()
    with pytest.raises(TrunklineError) as caught:
        writer.undo_all(done)
    assert caught.value.code == "client.malformed"
    assert {i: path.read_bytes() for i, path in three.items()} == before
    assert set(owned.records()) == set(remembered)


def test_a_switch_that_fails_half_way_leaves_every_file(three: dict[str, Path]) -> None:
    before = {i: path.read_bytes() for i, path in three.items()}
    remembered = owned.records()
    plans = plan.switch(apps.ALL, SALES, "sse")
    last = plans[-1].path
    last.chmod(0o400)
    with pytest.raises(TrunklineError) as caught:
        writer.apply_all(plans)
    assert caught.value.code == "client.read_only"
    assert {i: path.read_bytes() for i, path in three.items()} == before
    assert set(owned.records()) == set(remembered)


def test_a_file_that_cannot_be_read_stops_the_whole_switch(three: dict[str, Path]) -> None:
    three["windsurf"].write_text('{"mcpServers": {"sales": {}}, }')
    with pytest.raises(TrunklineError) as caught:
        plan.switch(apps.ALL, SALES, "sse")
    assert caught.value.code == "client.malformed"


def test_an_entry_that_the_person_took_out_stays_out(three: dict[str, Path]) -> None:
    three["windsurf"].write_text("{}")
    assert [p.app.id for p in plan.switch(apps.ALL, SALES, "sse")] == ["claude-code"]
