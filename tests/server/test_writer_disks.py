"""Settings files on a disk that fills up: nothing is lost, nothing is left half done."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.server.disks import Disk, small_disk
from trunkline_server.clients import apps, connections, owned, plan, writer
from trunkline_server.clients.exports import saving
from trunkline_server.clients.replacing import transaction
from trunkline_server.errors import TrunklineError
from trunkline_server.profiles.profile import Profile

SALES = Profile(id="sales", name="Sales")
BEFORE = b'{\n  "theme": "' + b"dark" * 3000 + b'"\n}\n'
PAGE = 4096
IDS = ("claude-desktop", "cursor", "windsurf")


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Disk]:
    with small_disk(tmp_path / "disk", "512k") as found:
        yield found


def files(folder: Path) -> dict[str, Path]:
    return {app_id: folder / app_id / "settings.json" for app_id in IDS}


def prepare(folder: Path) -> None:
    for file in files(folder).values():
        file.parent.mkdir()
        file.write_bytes(BEFORE)


def connect(folder: Path) -> None:
    plans = [plan.connect(apps.ALL[i], SALES, path=file) for i, file in files(folder).items()]
    writer.apply_all(plans)


def tried(folder: Path) -> str:
    """Return why it could not be done; "" when it was."""
    try:
        connect(folder)
    except TrunklineError as exc:
        return exc.code
    return ""


def rooms(disk: Disk) -> Iterator[int]:
    """Leave no room, then a page more each time."""
    disk.fill()
    ballast = disk.folder / "ballast"
    for size in range(ballast.stat().st_size, 0, -PAGE):
        with ballast.open("r+b") as file:
            file.truncate(size)
        yield size


@pytest.mark.parametrize("place", ["state", "settings"])
def test_all_files_are_changed_or_none(
    disk: Disk, place: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Either what we remember or the apps' files are on the disk that is full."""
    other = tmp_path / "other"
    other.mkdir()
    home, folder = (disk.folder, other) if place == "state" else (other, disk.folder)
    monkeypatch.setenv("TRUNKLINE_HOME", str(home / "home"))
    prepare(folder)
    assert owned.records() == ()  # its folder is there from now on
    refused = 0
    for _ in rooms(disk):
        if (code := tried(folder)) == "":
            break
        assert code == "client.unwritable"
        refused += 1
        for file in files(folder).values():
            assert file.read_bytes() == BEFORE
            assert [path.name for path in file.parent.iterdir()] == [file.name]
            assert not connections.is_connected(apps.ALL["cursor"], SALES, path=file)
    assert refused > 1
    assert not transaction.is_left()
    for app_id, file in files(folder).items():
        assert connections.is_connected(apps.ALL[app_id], SALES, path=file)
        assert [path.name for path in file.parent.iterdir()] == [file.name]


def test_an_undo_waits_for_room_on_the_disk(
    disk: Disk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TRUNKLINE_HOME", str(tmp_path / "home"))
    prepare(disk.folder)
    file = files(disk.folder)["cursor"]
    applied = writer.apply(plan.connect(apps.ALL["cursor"], SALES, path=file))
    disk.fill()
    after = file.read_bytes()
    with pytest.raises(TrunklineError, match=r"No space left .* Make room"):
        writer.undo(applied)
    assert file.read_bytes() == after
    assert connections.is_connected(apps.ALL["cursor"], SALES, path=file)
    disk.free()
    writer.undo(applied)
    assert file.read_bytes() == BEFORE


def test_an_export_that_finds_no_room_leaves_the_older_one(disk: Disk):
    older = disk.folder / "sales.mcpb"
    saving.save(older, BEFORE, may_replace=False)
    disk.fill()
    with pytest.raises(TrunklineError, match="cannot be written"):
        saving.save(older, BEFORE + b"more", may_replace=True)
    assert older.read_bytes() == BEFORE
    assert {path.name for path in disk.folder.iterdir()} == {"sales.mcpb", "ballast"}
