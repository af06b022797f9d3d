"""Where an AI app keeps its settings, and what connecting it would change there."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from trunkline_server.clients import apps, plan, reading, writer
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


def test_it_is_connected_when_our_entry_is_there(file: Path) -> None:
    before = plan.is_connected(CLAUDE, SALES, path=file)
    writer.apply(plan.connect(CLAUDE, SALES, path=file))
    assert (before, plan.is_connected(CLAUDE, SALES, path=file)) == (False, True)
