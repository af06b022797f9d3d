"""Two files change places in one step, and whoever is writing one of them is noticed."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from trunkline_server.clients.replacing import swapping

only_linux = pytest.mark.skipif(sys.platform != "linux", reason="only Linux has leases")


@pytest.fixture
def file(tmp_path: Path) -> Path:
    file = tmp_path / "settings.json"
    file.write_text("{}")
    return file


def test_two_files_change_places(file: Path) -> None:
    other = file.with_name("other")
    other.write_text("[]")
    swapping.exchange(file, other)
    assert (file.read_text(), other.read_text()) == ("[]", "{}")


def test_nothing_is_placed_over_a_file(file: Path) -> None:
    fresh = file.with_name("fresh")
    fresh.write_text("[]")
    with pytest.raises(FileExistsError):
        swapping.place(fresh, file)
    assert (fresh.read_text(), file.read_text()) == ("[]", "{}")
    file.unlink()
    swapping.place(fresh, file)
    assert file.read_text() == "[]"
    assert not fresh.exists()


@only_linux
def test_a_file_that_is_open_for_writing_is_noticed(file: Path) -> None:
    assert not swapping.is_being_written(file)
    with file.open("r+"):
        assert swapping.is_being_written(file)
    assert not swapping.is_being_written(file)
    with file.open():
        assert not swapping.is_being_written(file)
    assert [path.name for path in file.parent.iterdir()] == [file.name]


@only_linux
def test_where_no_leases_are_given_at_all_nobody_is_suspected(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(swapping, "_is_leased_out", lambda _: True)
    assert not swapping.is_being_written(file)


def test_a_file_that_is_not_there_is_written_by_nobody(tmp_path: Path) -> None:
    assert not swapping.is_being_written(tmp_path / "gone")
