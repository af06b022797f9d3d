"""A planned change is made whole, backed up and undone; other programs' writing is kept."""

from __future__ import annotations

import json
import stat
from pathlib import Path

import pytest

from trunkline_server.clients import apps, connections, plan, writer
from trunkline_server.clients.writer import Applied
from trunkline_server.errors import TrunklineError
from trunkline_server.profiles.profile import Profile

CLAUDE = apps.ALL["claude-desktop"]
SALES = Profile(id="sales", name="Sales")
SHOP = Profile(id="shop", name="Shop")
BEFORE = b'{\n  "theme": "dark"\n}\n'


@pytest.fixture
def file(home: Path, tmp_path: Path) -> Path:
    folder = tmp_path / "Claude"
    folder.mkdir()
    path = folder / "claude_desktop_config.json"
    path.write_bytes(BEFORE)
    return path


def connect(file: Path) -> Applied:
    return writer.apply(plan.connect(CLAUDE, SALES, path=file))


def servers(file: Path) -> dict[str, object]:
    table: dict[str, object] = json.loads(file.read_bytes())["mcpServers"]
    return table


def test_the_file_is_what_the_plan_said(file: Path) -> None:
    planned = plan.connect(CLAUDE, SALES, path=file)
    writer.apply(planned)
    assert file.read_bytes() == planned.after


def test_the_file_before_is_kept_in_our_state_folder(file: Path, home: Path) -> None:
    backup = connect(file).backup
    assert backup is not None
    assert backup.read_bytes() == BEFORE
    assert backup.is_relative_to(home / "state" / "backups" / "claude-desktop")
    assert [path.name for path in file.parent.iterdir()] == [file.name]


def test_ten_backups_are_kept(file: Path, home: Path) -> None:
    for _ in range(6):
        connect(file)
        writer.apply(plan.disconnect(CLAUDE, SALES, path=file))
    assert len(list((home / "state/backups/claude-desktop").iterdir())) == 10


def test_a_missing_folder_is_made(file: Path) -> None:
    file.unlink()
    file.parent.rmdir()
    applied = connect(file)
    assert applied.backup is None
    assert list(servers(file)) == ["sales"]


def test_mode_and_symbolic_link_stay(file: Path, tmp_path: Path) -> None:
    file.chmod(0o640)
    link = tmp_path / "link.json"
    link.symlink_to(file)
    connect(link)
    assert link.is_symlink()
    assert stat.S_IMODE(file.stat().st_mode) == 0o640
    assert list(servers(file)) == ["sales"]


def test_what_another_program_wrote_since_the_plan_is_kept(file: Path) -> None:
    planned = plan.connect(CLAUDE, SALES, path=file)
    file.write_text('{"theme": "light"}')
    writer.apply(planned)
    assert json.loads(file.read_bytes())["theme"] == "light"
    assert list(servers(file)) == ["sales"]


def test_a_read_only_file_is_left_alone(file: Path) -> None:
    file.chmod(0o400)
    with pytest.raises(TrunklineError) as caught:
        connect(file)
    assert caught.value.code == "client.read_only"
    assert file.read_bytes() == BEFORE
    assert not connections.is_connected(CLAUDE, SALES, path=file)
    assert [path.name for path in file.parent.iterdir()] == [file.name]


def test_undo_gives_back_the_same_bytes(file: Path) -> None:
    writer.undo(connect(file))
    assert file.read_bytes() == BEFORE
    assert not connections.is_connected(CLAUDE, SALES, path=file)


def test_undo_removes_a_file_that_was_not_there(file: Path) -> None:
    file.unlink()
    writer.undo(connect(file))
    assert not file.exists()


def test_undo_takes_out_only_our_entry_when_others_wrote_since(file: Path) -> None:
    applied = connect(file)
    document = json.loads(file.read_bytes())
    document["mcpServers"]["files"] = {"command": "npx"}
    file.write_text(json.dumps(document))
    writer.undo(applied)
    assert json.loads(file.read_bytes()) == {
        "theme": "dark",
        "mcpServers": {"files": {"command": "npx"}},
    }


def test_several_databases_are_one_write_with_one_backup_and_one_undo(
    file: Path, home: Path
) -> None:
    applied = writer.apply(plan.arrange(CLAUDE, (SALES, SHOP), {"sales", "shop"}, path=file))
    assert list(servers(file)) == ["sales", "shop"]
    assert len(list((home / "state/backups/claude-desktop").iterdir())) == 1
    writer.undo(applied)
    assert file.read_bytes() == BEFORE


def test_no_change_at_all_is_made_at_once(file: Path, home: Path) -> None:
    assert writer.apply_all(()) == ()
    assert file.read_bytes() == BEFORE


def test_undo_of_several_leaves_what_others_wrote_since(file: Path) -> None:
    applied = writer.apply(plan.arrange(CLAUDE, (SALES, SHOP), {"sales", "shop"}, path=file))
    file.write_text(file.read_text().replace("dark", "light"))
    writer.undo(applied)
    assert json.loads(file.read_bytes()) == {"theme": "light"}


def test_the_moment_of_connecting_is_remembered_until_it_is_done_again(file: Path) -> None:
    connect(file)
    first = connections.remembered(CLAUDE, SALES, path=file)
    connect(file)
    assert connections.remembered(CLAUDE, SALES, path=file) == first
    writer.apply(plan.disconnect(CLAUDE, SALES, path=file))
    connect(file)
    again = connections.remembered(CLAUDE, SALES, path=file)
    assert first is not None
    assert again is not None
    assert 0 < first.since < again.since


def test_undo_of_a_disconnect_connects_again(file: Path) -> None:
    connect(file)
    connected = file.read_bytes()
    writer.undo(writer.apply(plan.disconnect(CLAUDE, SALES, path=file)))
    assert file.read_bytes() == connected
    assert connections.is_connected(CLAUDE, SALES, path=file)
