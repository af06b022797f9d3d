"""What cannot be cleaned up now is cleaned up later, and is in nobody's way meanwhile."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from unittest import mock

import pytest

from tests.unit.users import NOBODY, acting_as, only_root
from trunkline_server.clients import apps, connections, plan, writer
from trunkline_server.clients.replacing import leftovers, swapping, transaction
from trunkline_server.clients.replacing.change import Change
from trunkline_server.clients.replacing.transaction import Transaction
from trunkline_server.errors import TrunklineError
from trunkline_server.profiles.profile import Profile

CLAUDE, CURSOR = apps.ALL["claude-desktop"], apps.ALL["cursor"]
SALES, SHOP = Profile(id="sales", name="Sales"), Profile(id="shop", name="Shop")
BEFORE = b'{\n  "theme": "dark"\n}\n'


@pytest.fixture
def folder(common_folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("TRUNKLINE_HOME", str(common_folder / "home"))
    for name in ("home", "Claude", "Cursor"):
        (common_folder / name).mkdir()
        (common_folder / name).chmod(0o777)
    return common_folder


@pytest.fixture
def file(folder: Path) -> Path:
    file = folder / "Claude" / "settings.json"
    file.write_bytes(BEFORE)
    return file


@pytest.fixture
def other(folder: Path) -> Path:
    file = folder / "Cursor" / "mcp.json"
    file.write_bytes(BEFORE)
    return file


def connect(file: Path, profile: Profile = SALES) -> None:
    app = CURSOR if file.name == "mcp.json" else CLAUDE
    writer.apply(plan.connect(app, profile, path=file))


def beside(file: Path) -> list[Path]:
    return [path for path in file.parent.iterdir() if path != file]


@contextmanager
def unable_to_take_back(file: Path) -> Iterator[None]:
    """Let a change be taken back that cannot be, of this file."""
    undo = Change.undo

    def refused(change: Change) -> None:
        if change.path == file:
            raise PermissionError
        undo(change)

    with mock.patch.object(Change, "undo", refused):
        yield


@contextmanager
def unable_to_commit() -> Iterator[None]:
    with (
        mock.patch.object(Transaction, "commit", side_effect=OSError),
        pytest.raises(TrunklineError),
    ):
        yield


@only_root
def test_an_old_file_that_nobody_may_remove_blocks_no_app(file: Path, other: Path) -> None:
    """An administrator closes the folder at the worst moment."""
    commit = Transaction.commit

    def closed(changes: Transaction) -> None:
        os.seteuid(0)
        file.parent.chmod(0o755)
        os.seteuid(NOBODY)
        commit(changes)

    for path in (file, other):
        os.chown(path, NOBODY, NOBODY)
    with acting_as(NOBODY):
        connect(other)
        with mock.patch.object(Transaction, "commit", closed):
            connect(file)
        (old,) = beside(file)
        assert (old.read_bytes(), b"sales" in file.read_bytes()) == (BEFORE, True)
        writer.recover()
        connect(other, SHOP)
        assert beside(file) == [old]
    file.parent.chmod(0o777)
    with acting_as(NOBODY):
        connect(file, SHOP)
    assert not beside(file)
    assert not transaction.is_left()
    assert [len(beside(path)) for path in (file, other)] == [0, 0]


def test_a_file_beside_that_stays_does_not_block_its_own_file(file: Path, home: Path) -> None:
    with mock.patch.object(Change, "discard", side_effect=PermissionError):
        connect(file)
        (old,) = beside(file)
        connect(file, SHOP)
        assert old in beside(file)
        assert len(beside(file)) == 2
    assert b"shop" in file.read_bytes()
    writer.recover()
    assert not beside(file)
    assert not transaction.is_left()


def test_what_could_not_be_taken_back_is_told_and_taken_back_later(file: Path) -> None:
    with unable_to_take_back(file):
        with unable_to_commit():
            connect(file)
        writer.recover()
        assert b"sales" in file.read_bytes()
        assert connections.is_connected(CLAUDE, SALES, path=file)
    writer.recover()
    assert file.read_bytes() == BEFORE
    assert not connections.is_connected(CLAUDE, SALES, path=file)
    assert not transaction.is_left()


def test_the_file_that_is_stuck_is_named(file: Path, other: Path) -> None:
    commit = mock.patch.object(Transaction, "commit", side_effect=OSError)
    plans = [plan.connect(CURSOR, SALES, path=other), plan.connect(CLAUDE, SALES, path=file)]
    with unable_to_take_back(file), commit, pytest.raises(TrunklineError) as caught:
        writer.apply_all(plans)
    (old,) = beside(file)
    assert caught.value.failure.title.startswith(f"The file {file} cannot be written now")
    assert str(old) in caught.value.failure.hint
    assert other.read_bytes() == BEFORE


def test_whoever_connects_it_anew_keeps_it(file: Path) -> None:
    with unable_to_take_back(file):
        with unable_to_commit():
            connect(file)
        connect(file)
    writer.recover()
    assert connections.is_connected(CLAUDE, SALES, path=file)
    assert b"sales" in file.read_bytes()
    assert not beside(file)


def test_what_another_program_wrote_since_is_not_taken_back(file: Path) -> None:
    with unable_to_take_back(file), unable_to_commit():
        connect(file)
    file.write_text('{"theme": "light"}')
    writer.recover()
    assert file.read_text() == '{"theme": "light"}'
    assert not transaction.is_left()


def test_what_another_program_kept_of_ours_is_still_remembered(file: Path) -> None:
    with unable_to_take_back(file), unable_to_commit():
        connect(file)
    file.write_text(file.read_text().replace("dark", "light"))
    writer.recover()
    assert connections.is_connected(CLAUDE, SALES, path=file)
    assert connections.remembered(CLAUDE, SALES, path=file) is not None


def test_what_is_left_of_a_change_that_another_program_met_does_not_end_the_next(
    file: Path,
) -> None:
    exchange, refusals = swapping.exchange, iter([PermissionError])
    discard = Change.discard

    def met(one: Path, other: Path) -> None:
        if next(meetings, None):
            other.write_text('{"theme": "light"}')
        exchange(one, other)

    def refused(change: Change) -> None:
        if error := next(refusals, None):
            raise error
        discard(change)

    meetings = iter([True])
    with (
        mock.patch.object(swapping, "exchange", met),
        mock.patch.object(Change, "discard", refused),
    ):
        connect(file)
    assert b"light" in file.read_bytes()
    assert b"sales" in file.read_bytes()
    writer.recover()
    assert not beside(file)
    assert not transaction.is_left()


def test_a_crashed_change_whose_file_cannot_be_read_blocks_no_app(file: Path, other: Path) -> None:
    dies = mock.patch.object(Transaction, "roll_back", return_value=())
    commit = mock.patch.object(Transaction, "commit", side_effect=OSError)
    with dies, commit, pytest.raises(TrunklineError):
        connect(file)
    aside = file.rename(file.with_name("kept"))
    file.mkdir()  # which nobody can read as a file, root neither
    connect(other)
    assert connections.is_connected(CURSOR, SALES, path=other)
    assert leftovers.are_there()
    file.rmdir()
    aside.rename(file)
    writer.recover()
    assert file.read_bytes() == BEFORE
    assert not beside(file)


def test_a_list_that_is_damaged_is_no_obstacle(file: Path, folder: Path) -> None:
    connect(file)
    (folder / "home/state/clients.leftovers.json").write_text('{"back": [{}]}')
    connect(file, SHOP)
    assert b"shop" in file.read_bytes()
