"""A system that refuses a step for a moment, as Windows does while a virus scanner reads a file."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from unittest import mock

import pytest

from trunkline_server import folders
from trunkline_server.clients import apps, connections, owned, plan, tokens, writer
from trunkline_server.clients.replacing import transaction
from trunkline_server.clients.replacing.change import Change
from trunkline_server.clients.replacing.transaction import Transaction
from trunkline_server.errors import TrunklineError
from trunkline_server.profiles import secrets
from trunkline_server.profiles.profile import Profile

SALES = Profile(id="sales", name="Sales", http_port=8765)
IDS = ("claude-desktop", "cursor", "windsurf")
BEFORE = b'{\n  "theme": "dark"\n}\n'


@pytest.fixture
def files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, Path]:
    monkeypatch.setenv("TRUNKLINE_HOME", str(tmp_path / "home"))
    found = {app_id: tmp_path / app_id / "settings.json" for app_id in IDS}
    for file in found.values():
        file.parent.mkdir()
        file.write_bytes(BEFORE)
    return found


def connect(files: dict[str, Path]) -> None:
    writer.apply_all([plan.connect(apps.ALL[i], SALES, path=file) for i, file in files.items()])


def assert_tidy(files: dict[str, Path]) -> None:
    assert all([path.name for path in f.parent.iterdir()] == [f.name] for f in files.values())
    assert not transaction.is_left()


def test_an_old_file_that_cannot_go_yet_goes_with_the_next_change(files: dict[str, Path]) -> None:
    with mock.patch.object(Change, "discard", side_effect=PermissionError):
        connect(files)
    assert transaction.is_left()
    for app_id, file in files.items():
        assert connections.is_connected(apps.ALL[app_id], SALES, path=file)
    writer.recover()
    assert_tidy(files)
    for app_id, file in files.items():
        assert connections.is_connected(apps.ALL[app_id], SALES, path=file)


def test_what_could_be_taken_back_only_in_part_is_taken_back_later(files: dict[str, Path]) -> None:
    held, undo = files["windsurf"], Change.undo

    def refused(change: Change) -> None:
        if change.path == held:
            raise PermissionError
        undo(change)

    commit = mock.patch.object(Transaction, "commit", side_effect=OSError)
    with (
        commit,
        mock.patch.object(Change, "undo", refused),
        pytest.raises(TrunklineError, match="cannot be written"),
    ):
        connect(files)
    assert held.read_bytes() != BEFORE
    writer.recover()
    for app_id, file in files.items():
        assert file.read_bytes() == BEFORE
        assert connections.remembered(apps.ALL[app_id], SALES, path=file) is None
    assert_tidy(files)


@contextmanager
def unreadable(file: Path) -> Iterator[None]:
    """Let nobody read ``file``, root included."""
    aside = file.rename(file.with_name("aside"))
    file.mkdir()
    yield
    file.rmdir()
    aside.rename(file)


@pytest.mark.usefixtures("memory_keyring")
def test_a_list_that_cannot_be_read_is_not_begun_anew(files: dict[str, Path]) -> None:
    secrets.put(SALES.id, "a-token-of-thirty-two-letters-or-so", "token")
    with_token = plan.connect(
        apps.ALL["opencode"], SALES, transport="http", path=files["windsurf"].with_name("other")
    )
    writer.apply(with_token)
    known, cursor = owned.records(), files["cursor"]
    with unreadable(folders.state() / "clients.json"):
        tokens.tidy()
        with pytest.raises(TrunklineError) as refused:
            writer.apply(plan.connect(apps.ALL["cursor"], SALES, path=cursor))
        assert refused.value.code == "client.unwritable"
        assert cursor.read_bytes() == BEFORE
    assert owned.records() == known
    assert tokens.file_of(SALES.id).exists()
