"""An entry that another program took out of its file is noticed, put back or forgotten."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.fakes import MemoryKeyring
from trunkline_server import folders
from trunkline_server.clients import apps, owned, plan, tokens, writer
from trunkline_server.clients.upkeep import vanished
from trunkline_server.clients.upkeep.vanished import Vanished
from trunkline_server.profiles import secrets
from trunkline_server.profiles.profile import Profile, Transport
from trunkline_server.profiles.store import Store

CLAUDE, CURSOR, VSCODE = apps.ALL["claude-desktop"], apps.ALL["cursor"], apps.ALL["vscode"]
OPENCODE = apps.ALL["opencode"]
SALES = Profile(id="sales", name="Sales", http_port=8765)
SHOP = Profile(id="shop", name="Shop", http_port=8766)
BEFORE = '{\n  "theme": "dark"\n}\n'
REWRITTEN = '{\n\t"theme": "light"\n}'


@pytest.fixture(autouse=True)
def store(home: Path, memory_keyring: MemoryKeyring) -> Store:
    store = Store()
    for profile in (SALES, SHOP):
        store.save(profile)
        secrets.put(profile.id, "kEy-0123456789_abcdefghijklmnopqrstuvwxyz", "token")
    return store


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "settings.json"
    path.write_text(BEFORE)
    return path


def connect(
    file: Path, *profiles: Profile, app: Any = CLAUDE, transport: Transport = "stdio"
) -> None:
    for profile in profiles or (SALES,):
        wanted = plan.connect(app, profile, path=file, transport=transport, may_write_token=True)
        writer.apply(wanted)


def disconnect(file: Path, *profiles: Profile, app: Any = CLAUDE) -> None:
    for profile in profiles or (SALES,):
        writer.apply(plan.disconnect(app, profile, path=file))


def gone() -> Vanished:
    (found,) = vanished.vanished()
    return found


def put_back() -> None:
    writer.apply(vanished.restored(gone(), Store().load()))


def servers(file: Path) -> dict[str, Any]:
    table: dict[str, Any] = json.loads(file.read_bytes())["mcpServers"]
    return table


# Noticed


def test_what_is_there_has_not_vanished(file: Path) -> None:
    connect(file, SALES, SHOP)
    assert vanished.vanished() == ()


def test_what_an_app_wrote_away_is_told_by_file(file: Path) -> None:
    connect(file, SALES, SHOP)
    file.write_text(REWRITTEN)
    assert (gone().app, gone().path, gone().profiles) == (CLAUDE, file, ("sales", "shop"))


def test_what_stayed_is_not_told(file: Path) -> None:
    connect(file, SALES, SHOP)
    file.write_text(json.dumps({"mcpServers": {"shop": servers(file)["shop"]}}))
    assert gone().profiles == ("sales",)


def test_an_entry_that_the_person_changed_is_still_ours(file: Path) -> None:
    connect(file)
    file.write_text(file.read_text().replace('"args"', '"timeout": 9, "args"'))
    assert vanished.vanished() == ()


def test_an_entry_that_somebody_put_in_its_place_is_not(file: Path) -> None:
    connect(file)
    file.write_text(file.read_text().replace("trunkline-stdio", "my-own"))
    assert [gone.profiles for gone in vanished.vanished()] == [("sales",)]


def test_a_file_that_is_gone_counts(file: Path) -> None:
    connect(file)
    file.unlink()
    assert gone().profiles == ("sales",)


@pytest.mark.parametrize("half", ["", '{\n  "theme": "da', '{"mcpServers": {'])
def test_of_a_file_that_is_just_being_written_nothing_is_said(file: Path, half: str) -> None:
    connect(file)
    file.write_text(half)
    assert vanished.vanished() == ()


def test_a_file_that_may_not_be_read_is_not_told(file: Path) -> None:
    connect(file)
    file.unlink()
    file.mkdir()
    assert vanished.vanished() == ()


def test_a_database_that_was_removed_is_not_missed(file: Path, store: Store) -> None:
    connect(file, SALES, SHOP)
    file.write_text(REWRITTEN)
    store.remove("sales")
    assert gone().profiles == ("shop",)


def test_what_was_disconnected_is_not_missed(file: Path) -> None:
    connect(file)
    disconnect(file)
    file.write_text(REWRITTEN)
    assert vanished.vanished() == ()


def test_without_any_entry_only_our_own_folder_is_watched(home: Path) -> None:
    assert owned.watched() == (folders.state(),)


def test_the_files_to_watch_are_those_with_entries_of_ours(file: Path, tmp_path: Path) -> None:
    other = tmp_path / "cursor" / "mcp.json"
    connect(file, SALES, SHOP)
    connect(other, app=CURSOR)
    ours = folders.state() / "clients.json"
    assert owned.watched() == (ours, file, other, tmp_path, other.parent)
    disconnect(other, app=CURSOR)
    assert owned.watched() == (ours, file, tmp_path)


# Put back


def test_it_is_put_back_the_way_it_was(file: Path) -> None:
    connect(file, SALES, app=CURSOR, transport="http")
    connect(file, SHOP, app=CURSOR)
    before = servers(file)
    file.write_text(REWRITTEN)
    put_back()
    assert (servers(file), vanished.vanished()) == (before, ())
    assert json.loads(file.read_bytes())["theme"] == "light"


def test_it_keeps_the_name_it_had(file: Path) -> None:
    writer.apply(plan.connect(CLAUDE, SALES, path=file, name="my-sales"))
    file.write_text(REWRITTEN)
    put_back()
    assert list(servers(file)) == ["my-sales"]


def test_what_comes_back_leaves_the_bytes_that_the_app_wrote(file: Path) -> None:
    connect(file, SALES, SHOP)
    file.write_text(REWRITTEN)
    put_back()
    disconnect(file, SALES, SHOP)
    assert file.read_text() == REWRITTEN


def test_into_a_file_that_was_gone_it_comes_back_and_goes_with_it(file: Path) -> None:
    connect(file)
    file.unlink()
    put_back()
    disconnect(file)
    assert not file.exists()


def test_a_file_that_only_we_had_made_is_the_apps_by_now(file: Path) -> None:
    file.unlink()
    connect(file)
    file.write_text(REWRITTEN)
    put_back()
    disconnect(file)
    assert file.read_text() == REWRITTEN


def test_putting_back_is_undone_by_taking_out(file: Path) -> None:
    connect(file)
    file.write_text(REWRITTEN)
    applied = writer.apply(vanished.restored(gone(), Store().load()))
    file.write_text(file.read_text().replace("light", "blue"))
    writer.undo(applied)
    assert file.read_text() == REWRITTEN.replace("light", "blue")


def test_only_the_databases_that_are_asked_for_come_back(file: Path) -> None:
    connect(file, SALES, SHOP)
    file.write_text(REWRITTEN)
    writer.apply(vanished.restored(gone(), [SHOP]))
    assert (list(servers(file)), gone().profiles) == (["shop"], ("sales",))


def test_a_question_that_stayed_is_still_taken_out_at_the_end(file: Path) -> None:
    connect(file, app=VSCODE, transport="http")
    document = json.loads(file.read_bytes())
    assert document.pop("servers").keys() == {"sales"}
    file.write_text(json.dumps(document))
    put_back()
    assert len(json.loads(file.read_bytes())["inputs"]) == 1
    disconnect(file, app=VSCODE)
    assert json.loads(file.read_bytes()) == {"theme": "dark"}


# Forgotten


def test_what_was_taken_out_on_purpose_is_forgotten(file: Path) -> None:
    connect(file)
    file.write_text(REWRITTEN)
    vanished.forget(gone())
    assert (vanished.vanished(), owned.records()) == ((), ())
    assert file.read_text() == REWRITTEN


def test_its_file_with_the_token_goes_too(file: Path) -> None:
    connect(file, app=OPENCODE, transport="http")
    file.write_text(REWRITTEN)
    assert tokens.file_of("sales").exists()
    vanished.forget(gone())
    assert not tokens.file_of("sales").exists()


def test_one_that_came_back_meanwhile_stays_ours(file: Path) -> None:
    connect(file)
    with_us = file.read_bytes()
    file.write_text(REWRITTEN)
    found = gone()
    file.write_bytes(with_us)
    vanished.forget(found)
    disconnect(file)
    assert file.read_text() == BEFORE


def test_the_one_that_stays_leaves_no_table_behind(file: Path) -> None:
    connect(file, SALES, SHOP)
    document = json.loads(file.read_bytes())
    del document["mcpServers"]["sales"]
    file.write_text(json.dumps(document))
    vanished.forget(gone())
    disconnect(file, SHOP)
    assert json.loads(file.read_bytes()) == {"theme": "dark"}
