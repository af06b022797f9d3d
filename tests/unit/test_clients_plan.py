"""Where an AI app keeps its settings, and what connecting it would change there."""

from __future__ import annotations

import json
import os
import tomllib
from dataclasses import replace
from pathlib import Path

import pytest

from trunkline_server.clients import apps, connections, plan, reading, writer
from trunkline_server.clients.computer import Computer
from trunkline_server.errors import TrunklineError
from trunkline_server.profiles.profile import Profile

CLAUDE = apps.ALL["claude-desktop"]
SALES = Profile(id="sales", name="Sales")
SHOP = Profile(id="shop", name="Shop")
STAFF = Profile(id="staff", name="Staff")


@pytest.fixture
def file(home: Path, tmp_path: Path) -> Path:
    return tmp_path / "Claude" / "claude_desktop_config.json"


def holding(file: Path, text: str) -> Path:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text)
    return file


def failure(file: Path) -> TrunklineError:
    with pytest.raises(TrunklineError) as caught:
        plan.connect(CLAUDE, SALES, path=file)
    return caught.value


def on(platform: str, home: Path, **environment: str) -> Computer:
    return Computer(platform=platform, home=home, environment=environment)


# Where


def test_on_macos_it_is_in_application_support() -> None:
    path = CLAUDE.path(on("darwin", Path("/Users/ada")))
    support = "/Users/ada/Library/Application Support"
    assert path == Path(f"{support}/Claude/claude_desktop_config.json")


def test_on_linux_it_has_a_capital_c() -> None:
    path = CLAUDE.path(on("linux", Path("/home/ada")))
    assert path == Path("/home/ada/.config/Claude/claude_desktop_config.json")


def test_on_linux_xdg_config_home_moves_it() -> None:
    path = CLAUDE.path(on("linux", Path("/home/ada"), XDG_CONFIG_HOME="/cfg"))
    assert path == Path("/cfg/Claude/claude_desktop_config.json")


def test_on_windows_the_classic_place_is_appdata(tmp_path: Path) -> None:
    path = CLAUDE.path(on("win32", tmp_path))
    assert path == tmp_path / "AppData/Roaming/Claude/claude_desktop_config.json"


def test_on_windows_the_store_package_comes_first(tmp_path: Path) -> None:
    cache = tmp_path / "AppData/Local/Packages/Claude_pzs8sxrjxfjjc/LocalCache/Roaming"
    cache.mkdir(parents=True)
    first, second = CLAUDE.paths(on("win32", tmp_path))
    assert first == cache / "Claude/claude_desktop_config.json"
    assert second == tmp_path / "AppData/Roaming/Claude/claude_desktop_config.json"


def test_a_store_package_that_was_removed_does_not_count(tmp_path: Path) -> None:
    (tmp_path / "AppData/Local/Packages/Claude_pzs8sxrjxfjjc").mkdir(parents=True)
    assert len(CLAUDE.paths(on("win32", tmp_path))) == 1


@pytest.mark.parametrize("platform", ["linux", "darwin", "win32"])
def test_it_is_installed_when_its_folder_is_there(tmp_path: Path, platform: str) -> None:
    computer = on(platform, tmp_path)
    before = CLAUDE.is_installed(computer)
    CLAUDE.path(computer).parent.mkdir(parents=True)
    assert (before, CLAUDE.is_installed(computer)) == (False, True)


# What


def test_the_entry_is_an_absolute_path_and_a_profile(file: Path, home: Path) -> None:
    entry = json.loads(plan.connect(CLAUDE, SALES, path=file).after or b"")["mcpServers"]["sales"]
    assert Path(entry["command"]).is_absolute()
    assert Path(entry["command"]).name.startswith("trunkline-stdio")
    assert entry["args"] == ["sales"]
    assert entry["env"] == {"TRUNKLINE_HOME": str(home)}


def test_planning_writes_nothing(file: Path) -> None:
    plan.connect(CLAUDE, SALES, path=file)
    assert not file.parent.exists()


def test_the_diff_shows_the_added_lines_only(file: Path) -> None:
    holding(file, '{\n  "theme": "dark"\n}\n')
    lines = plan.connect(CLAUDE, SALES, path=file).diff.splitlines()
    assert '+    "sales": {' in lines
    assert [line for line in lines[2:] if line.startswith("-")] == ['-  "theme": "dark"']


def test_connecting_again_changes_nothing(file: Path) -> None:
    writer.apply(plan.connect(CLAUDE, SALES, path=file))
    again = plan.connect(CLAUDE, SALES, path=file)
    assert (again.is_needed, again.diff) == (False, "")


def test_an_entry_of_someone_else_is_refused_with_a_free_name(file: Path) -> None:
    holding(file, '{"mcpServers": {"sales": {"command": "x"}, "sales-2": {}}}')
    refused = failure(file)
    assert refused.code == "client.taken"
    assert "sales-3" in refused.failure.hint


def test_another_name_can_be_chosen(file: Path) -> None:
    holding(file, '{"mcpServers": {"sales": {"command": "x"}}}')
    after = plan.connect(CLAUDE, SALES, path=file, name="sales-2").after or b""
    assert list(json.loads(after)["mcpServers"]) == ["sales", "sales-2"]


def test_what_the_person_added_to_our_entry_stays(file: Path) -> None:
    writer.apply(plan.connect(CLAUDE, SALES, path=file))
    document = json.loads(file.read_bytes())
    document["mcpServers"]["sales"] |= {"disabled": True, "command": "/old/trunkline-stdio"}
    file.write_text(json.dumps(document))
    entry = json.loads(plan.connect(CLAUDE, SALES, path=file).after or b"")["mcpServers"]["sales"]
    assert entry["disabled"] is True
    assert entry["command"] != "/old/trunkline-stdio"


def test_an_entry_exactly_like_ours_is_taken_over(file: Path, home: Path) -> None:
    writer.apply(plan.connect(CLAUDE, SALES, path=file))
    (home / "state" / "clients.json").unlink()
    assert not plan.connect(CLAUDE, SALES, path=file).is_needed


@pytest.mark.parametrize("text", ["", "{}", '{"a": 1.50}\n', '{\r\n\t"mcpServers": { }\r\n}'])
def test_disconnecting_gives_back_the_same_bytes(file: Path, text: str) -> None:
    file.parent.mkdir()
    file.write_bytes(text.encode())
    writer.apply(plan.connect(CLAUDE, SALES, path=file))
    assert plan.disconnect(CLAUDE, SALES, path=file).after == text.encode()


def test_disconnecting_removes_a_file_that_held_only_us(file: Path) -> None:
    writer.apply(plan.connect(CLAUDE, SALES, path=file))
    assert plan.disconnect(CLAUDE, SALES, path=file).after is None


def test_disconnecting_finds_the_name_it_was_connected_under(file: Path) -> None:
    writer.apply(plan.connect(CLAUDE, SALES, path=file, name="mine"))
    assert plan.disconnect(CLAUDE, SALES, path=file).steps[0].name == "mine"


def test_disconnecting_leaves_the_entry_of_someone_else(file: Path) -> None:
    holding(file, '{"mcpServers": {"sales": {"command": "x"}}}')
    with pytest.raises(TrunklineError) as caught:
        plan.disconnect(CLAUDE, SALES, path=file)
    assert caught.value.code == "client.taken"


# Which of several files


def test_a_profile_of_vs_code_is_called_what_vs_code_calls_it(tmp_path: Path) -> None:
    user = tmp_path / "Code" / "User"
    (user / "globalStorage").mkdir(parents=True)
    for folder in ("1a2b", "3c4d"):
        (user / "profiles" / folder).mkdir(parents=True)
    stored = {"userDataProfiles": [{"location": "1a2b", "name": "Work"}]}
    (user / "globalStorage" / "storage.json").write_text(json.dumps(stored))
    code = apps.ALL["vscode"]
    files = code.files(on("linux", tmp_path, XDG_CONFIG_HOME=str(tmp_path)))
    assert [code.named(file) for file in files] == ["", "Work", "3c4d"]


def test_other_places_are_offered_only_when_there_is_a_file(tmp_path: Path) -> None:
    opencode = apps.ALL["opencode"]
    computer = on("linux", tmp_path)
    assert len(opencode.files(computer)) == 1
    second = opencode.paths(computer)[1]
    holding(second, "{}")
    assert opencode.files(computer)[:1] == opencode.paths(computer)[:1]
    assert second in opencode.files(computer)


# Several at once


def arranged(file: Path, *wanted: str) -> plan.Plan:
    return plan.arrange(CLAUDE, (SALES, SHOP, STAFF), wanted, path=file)


def test_several_databases_are_one_change(file: Path) -> None:
    holding(file, '{\n  "theme": "dark"\n}\n')
    change = arranged(file, "sales", "shop")
    assert list(json.loads(change.after or b"")["mcpServers"]) == ["sales", "shop"]
    assert change.diff.count("@@") == 2  # one hunk


def test_one_comes_and_another_goes_in_one_change(file: Path) -> None:
    writer.apply(arranged(file, "sales", "shop"))
    change = arranged(file, "shop", "staff")
    assert list(json.loads(change.after or b"")["mcpServers"]) == ["shop", "staff"]
    assert [(s.verb, s.profile.id) for s in change.steps if s.has_effect] == [
        ("connect", "staff"),
        ("disconnect", "sales"),
    ]


@pytest.mark.parametrize("text", [None, "", "{}", '{"a": 1}\n', '{"mcpServers": { }}'])
@pytest.mark.parametrize("last", ["sales", "shop"])
def test_whichever_goes_last_leaves_the_same_bytes(file: Path, text: str | None, last: str) -> None:
    if text is not None:
        holding(file, text)
    writer.apply(arranged(file, "sales", "shop"))
    writer.apply(arranged(file, last))
    writer.apply(arranged(file))
    assert reading.read(file) == (text.encode() if text is not None else None)


def test_a_database_keeps_the_name_it_has_there(file: Path) -> None:
    writer.apply(plan.connect(CLAUDE, SALES, path=file, name="mine"))
    after = arranged(file, "sales", "shop").after or b""
    assert list(json.loads(after)["mcpServers"]) == ["mine", "shop"]


def test_each_database_gets_the_way_that_is_wanted_and_the_others_keep_theirs(
    file: Path, memory_keyring: object
) -> None:
    codex, path = apps.ALL["codex"], file.with_name("config.toml")
    sales, shop = replace(SALES, http_port=8765), replace(SHOP, http_port=8766)
    ways = {"sales": plan.Way("http")}
    writer.apply(plan.arrange(codex, (sales, shop), ("sales", "shop"), ways=ways, path=path))
    ways = {"shop": plan.Way("http")}
    writer.apply(plan.arrange(codex, (sales, shop), ("sales", "shop"), ways=ways, path=path))
    servers = tomllib.loads(path.read_text())["mcp_servers"]
    assert servers["sales"]["url"] == "http://127.0.0.1:8765/mcp"
    assert servers["shop"]["url"] == "http://127.0.0.1:8766/mcp"


def test_a_choice_of_databases_goes_around_the_entry_of_someone_else(file: Path) -> None:
    before = '{"mcpServers": {"sales": {"command": "x"}}}'
    holding(file, before)
    writer.apply(plan.arrange(CLAUDE, (SALES, SHOP), {"sales", "shop"}, path=file))
    assert list(json.loads(file.read_bytes())["mcpServers"]) == ["sales", "sales-2", "shop"]
    assert connections.is_connected(CLAUDE, SALES, path=file)
    writer.apply(plan.arrange(CLAUDE, (SALES, SHOP), (), path=file))
    assert file.read_text() == before


def test_what_comes_next_is_another_thing_when_entries_only_go(file: Path) -> None:
    connect = plan.connect(CLAUDE, SALES, path=file)
    assert connect.afterwards == CLAUDE.afterwards
    writer.apply(connect)
    gone = plan.disconnect(CLAUDE, SALES, path=file).afterwards
    assert gone == "If Claude Desktop is open, it may go on asking until you close it."


def test_a_token_stands_in_the_file_only_where_that_way_was_allowed(file: Path) -> None:
    sales, ways = replace(SALES, http_port=8765), {"sales": plan.Way("http")}
    with pytest.raises(TrunklineError) as caught:
        plan.arrange(apps.ALL["zed"], (sales,), ("sales",), ways=ways, path=file)
    assert caught.value.code == "client.token"


def test_a_malformed_file_is_refused_with_line_and_column(file: Path) -> None:
    refused = failure(holding(file, '{\n  "a": 1,\n}\n'))
    assert refused.code == "client.malformed"
    assert f"{file}, line 2, column 9: there is a comma too many." in refused.failure.title


def test_a_file_that_only_its_app_reads_is_refused_in_other_words(file: Path) -> None:
    holding(file, "x: &all {}\nextensions: *all\n")
    with pytest.raises(TrunklineError, match="line 2, column 13: “extensions” stands") as caught:
        plan.connect(apps.ALL["goose"], SALES, path=file)
    hint = "Nothing was changed. Write it there in a plainer way, then try again."
    assert caught.value.failure.hint == hint


def test_a_folder_in_its_place_is_refused(file: Path) -> None:
    file.mkdir(parents=True)
    assert failure(file).code == "client.unreadable"


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no such pipes here")
def test_a_pipe_in_its_place_is_refused_and_not_waited_for(file: Path) -> None:
    file.parent.mkdir()
    os.mkfifo(file)
    assert failure(file).code == "client.unreadable"


def test_a_device_is_no_settings_file() -> None:
    """Replacing it would take it away from every program."""
    assert failure(Path(os.devnull)).code == "client.unreadable"


def test_an_entry_for_another_database_is_refused_with_a_free_name(file: Path) -> None:
    writer.apply(plan.connect(CLAUDE, SALES, path=file))
    with pytest.raises(TrunklineError) as caught:
        plan.connect(CLAUDE, SHOP, path=file, name="sales")
    assert (caught.value.code, caught.value.failure.detail) == ("client.taken", "sales-2")


def test_disconnecting_leaves_an_entry_of_that_name_for_another_database(file: Path) -> None:
    writer.apply(plan.connect(CLAUDE, SHOP, path=file, name="sales"))
    assert not connections.is_connected(CLAUDE, SALES, path=file)
    assert not plan.disconnect(CLAUDE, SALES, path=file).is_needed


def test_it_is_connected_when_our_entry_is_there(file: Path) -> None:
    before = connections.is_connected(CLAUDE, SALES, path=file)
    writer.apply(plan.connect(CLAUDE, SALES, path=file))
    assert (before, connections.is_connected(CLAUDE, SALES, path=file)) == (False, True)


def test_an_app_that_may_no_longer_ask_loses_a_database_under_each_of_its_names(
    home: Path, tmp_path: Path
) -> None:
    file = tmp_path / "settings.json"
    file.write_text('{"theme": "dark"}')
    for name in ("sales", "again"):
        writer.apply(plan.connect(CLAUDE, SALES, path=file, name=name))
    writer.apply(plan.arrange(CLAUDE, (SALES,), (), path=file))
    assert file.read_text() == '{"theme": "dark"}'
    assert not connections.is_connected(CLAUDE, SALES, path=file)
