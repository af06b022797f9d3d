"""Files of any name are changed, remembered and kept as any other."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from trunkline_server.clients import apps, connections, owned, plan, writer
from trunkline_server.clients.replacing import transaction
from trunkline_server.clients.replacing.transaction import Transaction
from trunkline_server.errors import TrunklineError
from trunkline_server.profiles import atomic
from trunkline_server.profiles.profile import Profile

CLAUDE = apps.ALL["claude-desktop"]
SALES = Profile(id="sales", name="Sales")
BEFORE = b'{\n  "theme": "dark"\n}\n'
NAMES = [b"**.json", b"[a].json", b"settings.new", b"a\nb.json", b"latin-\xe9.json", b"-.json"]

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="other systems refuse such names")


@pytest.fixture(params=NAMES)
def file(home: Path, tmp_path: Path, request: pytest.FixtureRequest) -> Path:
    folder = tmp_path / "Claude"
    folder.mkdir()
    file = folder / os.fsdecode(request.param)
    file.write_bytes(BEFORE)
    return file


def backups(home: Path) -> list[Path]:
    return sorted((home / "state/backups/claude-desktop").iterdir())


def test_ten_backups_of_each_are_kept(file: Path, home: Path) -> None:
    other = file.with_name("a.json")
    other.write_bytes(BEFORE)
    writer.apply(plan.connect(CLAUDE, SALES, path=other))
    for _ in range(7):
        applied = writer.apply(plan.connect(CLAUDE, SALES, path=file))
        assert applied.backup
        assert applied.backup.read_bytes() == BEFORE
        writer.apply(plan.disconnect(CLAUDE, SALES, path=file))
    assert file.read_bytes() == BEFORE
    assert len(backups(home)) == 11
    assert [path.name for path in file.parent.iterdir() if path != other] == [file.name]


def test_a_crash_is_put_right(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Transaction, "commit", lambda _changes: 1 / 0)
    monkeypatch.setattr(Transaction, "roll_back", lambda _changes: ())
    with pytest.raises(ZeroDivisionError):
        writer.apply(plan.connect(CLAUDE, SALES, path=file))
    assert transaction.is_left()
    writer.recover()
    assert connections.is_connected(CLAUDE, SALES, path=file)
    assert [record.path for record in owned.records()] == [str(file)]
    assert [path.name for path in file.parent.iterdir()] == [file.name]


def test_a_home_of_any_name_will_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    home = tmp_path / os.fsdecode(b"caf\xe9")
    home.mkdir()
    monkeypatch.setenv("TRUNKLINE_HOME", str(home))
    file = home / "settings.json"
    writer.apply(plan.connect(CLAUDE, SALES, path=file))
    assert connections.is_connected(CLAUDE, SALES, path=file)


def test_a_backup_that_was_half_written_goes(home: Path, tmp_path: Path) -> None:
    folder = home / "state/backups/claude-desktop"
    folder.mkdir(parents=True)
    (folder / f"settings-abc{atomic.HALF}").touch()
    file = tmp_path / "settings.json"
    file.write_bytes(BEFORE)
    applied = writer.apply(plan.connect(CLAUDE, SALES, path=file))
    assert backups(home) == [applied.backup]


def test_a_file_far_too_big_is_not_read(home: Path, tmp_path: Path) -> None:
    file = tmp_path / "settings.json"
    file.write_bytes(BEFORE)
    os.truncate(file, 50_000_001)
    with pytest.raises(TrunklineError, match="far too big") as caught:
        plan.connect(CLAUDE, SALES, path=file)
    assert caught.value.code == "client.unreadable"
