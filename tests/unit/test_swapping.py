"""Two files change places in one step, and whoever is writing one of them is noticed."""

from __future__ import annotations

import errno
import os
import stat
import sys
from collections.abc import Iterator
from pathlib import Path
from unittest import mock

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


@pytest.fixture(params=[errno.EPERM, errno.ENOTSUP], ids=["EPERM", "ENOTSUP"])
def without_links(request: pytest.FixtureRequest) -> Iterator[None]:
    """Make the disk one that gives no file a second name: as FAT says it, or as another."""
    refused = OSError(request.param, os.strerror(request.param))
    with mock.patch.object(os, "link", side_effect=refused):
        yield


@pytest.mark.usefixtures("without_links")
def test_without_second_names_nothing_is_placed_over_a_file_either(file: Path) -> None:
    test_nothing_is_placed_over_a_file(file)


@pytest.mark.usefixtures("without_links")
def test_without_second_names_the_old_file_is_a_copy_with_its_rights(file: Path) -> None:
    file.chmod(0o640)
    other = file.with_name("other")
    other.write_text("[]")
    unknown = OSError(errno.ENOSYS, os.strerror(errno.ENOSYS))
    with mock.patch.object(swapping, "_exchange", side_effect=unknown):
        swapping.exchange(other, file)
    assert (file.read_text(), other.read_text()) == ("[]", "{}")
    assert stat.S_IMODE(other.stat().st_mode) == 0o640
    assert {path.name for path in file.parent.iterdir()} == {file.name, "other"}


@pytest.mark.parametrize("number", [errno.EPERM, errno.EINVAL, errno.ENOSYS])
def test_where_no_such_step_is_allowed_it_is_done_in_three(file: Path, number: int) -> None:
    """A sandbox may refuse every call that it does not know."""
    with mock.patch.object(swapping, "_exchange", side_effect=OSError(number, os.strerror(number))):
        test_two_files_change_places(file)
    assert {path.name for path in file.parent.iterdir()} == {file.name, "other"}


@only_linux
def test_a_system_without_the_call_is_told_from_a_refusal(file: Path) -> None:
    with pytest.raises(OSError, match=os.strerror(errno.ENOSYS)):
        swapping.system.exchange(file, file, object())


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
    monkeypatch.setattr(f"{swapping.__package__}.linux._is_leased_out", lambda _: True)
    assert not swapping.is_being_written(file)


def test_a_file_that_is_not_there_is_written_by_nobody(tmp_path: Path) -> None:
    assert not swapping.is_being_written(tmp_path / "gone")
