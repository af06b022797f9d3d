"""A changed file belongs to whom it belonged before, and allows what it allowed."""

from __future__ import annotations

import errno
import os
import stat
import struct
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from unittest import mock

import pytest

from tests.unit.users import NOBODY, USERS, acting_as, only_root
from trunkline_server.clients import apps, plan, writer
from trunkline_server.clients.replacing import rights, swapping, transaction
from trunkline_server.errors import TrunklineError
from trunkline_server.profiles.profile import Profile

CLAUDE = apps.ALL["claude-desktop"]
SALES, SHOP = Profile(id="sales", name="Sales"), Profile(id="shop", name="Shop")
BEFORE = b'{\n  "theme": "dark"\n}\n'
ACL, DEFAULT_ACL = "system.posix_acl_access", "system.posix_acl_default"
ADA = 1234
EVERY = 0xFFFFFFFF

only_linux = pytest.mark.skipif(sys.platform != "linux", reason="only Linux has these")


@pytest.fixture
def file(common_folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("TRUNKLINE_HOME", str(common_folder / "home"))
    (common_folder / "home").mkdir()
    (common_folder / "home").chmod(0o777)
    file = common_folder / "Claude" / "settings.json"
    file.parent.mkdir()
    file.parent.chmod(0o777)
    file.write_bytes(BEFORE)
    return file


def connect(file: Path, profile: Profile = SALES) -> None:
    writer.apply(plan.connect(CLAUDE, profile, path=file))


def refused(file: Path) -> TrunklineError:
    """Return why it cannot be connected; nothing has happened."""
    found = file.read_bytes() if os.geteuid() == 0 else BEFORE
    with pytest.raises(TrunklineError) as caught:
        connect(file)
    assert file.read_bytes() == found
    assert [path.name for path in file.parent.iterdir()] == [file.name]
    assert not transaction.is_left()
    return caught.value


def people(path: Path) -> tuple[int, int, int]:
    found = path.stat()
    return found.st_uid, found.st_gid, stat.S_IMODE(found.st_mode)


def acl(*entries: tuple[int, int, int]) -> bytes:
    """Return a list of rights as the kernel takes it; each has a tag, its rights and a user."""
    return struct.pack("<I", 2) + b"".join(struct.pack("<HHI", *entry) for entry in entries)


def set_attribute(path: Path, name: str, value: bytes) -> None:
    try:
        os.setxattr(path, name, value)
    except OSError as exc:
        pytest.skip(f"this disk has no such attributes: {exc.strerror}")


@contextmanager
def in_steps() -> Iterator[None]:
    """Take away that two files change places at once."""
    unknown = OSError(errno.ENOSYS, os.strerror(errno.ENOSYS))
    with mock.patch.object(swapping, "_exchange", side_effect=unknown):
        yield


# Owners and groups


@only_root
def test_what_root_changes_stays_its_owners(file: Path) -> None:
    os.chown(file, ADA, ADA + 1)
    file.chmod(0o640)
    connect(file)
    assert people(file) == (ADA, ADA + 1, 0o640)


@only_root
def test_what_root_changes_in_steps_stays_its_owners(file: Path) -> None:
    os.chown(file, ADA, ADA + 1)
    with in_steps():
        applied = writer.apply(plan.connect(CLAUDE, SALES, path=file))
        assert people(file)[:2] == (ADA, ADA + 1)
        writer.undo(applied)
    assert people(file)[:2] == (ADA, ADA + 1)


@only_root
def test_what_root_makes_belongs_to_the_owner_of_the_folder(file: Path) -> None:
    os.chown(file.parent, ADA, ADA + 1)
    made = file.parent / "new" / "folder" / "settings.json"
    connect(made)
    assert people(made) == (ADA, ADA + 1, 0o600)
    assert [people(folder)[:2] for folder in list(made.parents)[:2]] == [(ADA, ADA + 1)] * 2


@only_root
def test_the_group_of_a_file_stays(file: Path) -> None:
    os.chown(file, NOBODY, USERS)
    file.chmod(0o660)
    with acting_as(NOBODY, USERS):
        connect(file)
    assert people(file) == (NOBODY, USERS, 0o660)


@only_root
def test_a_shared_file_is_not_taken_from_its_owner(file: Path) -> None:
    os.chown(file, 0, USERS)
    file.chmod(0o660)
    with acting_as(NOBODY, USERS):
        error = refused(file)
    assert error.code == "client.not_yours"
    assert "the user root" in str(error)
    assert people(file) == (0, USERS, 0o660)
    connect(file)
    assert people(file) == (0, USERS, 0o660)


@only_root
def test_a_file_that_everybody_may_write_is_not_taken_from_its_owner(file: Path) -> None:
    """In a folder where only owners remove files, what was made beside it could not go again."""
    file.chmod(0o666)
    file.parent.chmod(0o1777)
    with acting_as(NOBODY):
        assert refused(file).code == "client.not_yours"
        with in_steps(), pytest.raises(PermissionError):
            swapping.exchange(plain(file.with_name("mine")), file)
        swapping.aside_of(file.with_name("mine")).unlink()
        other = file.with_name("other.json")
        connect(other)
    assert b"sales" in other.read_bytes()


def plain(file: Path) -> Path:
    file.write_bytes(b"{}")
    return file


@only_root
def test_a_group_of_others_is_not_let_in(file: Path) -> None:
    """One's own file may have a group that one cannot give to another file."""
    os.chown(file, NOBODY, USERS)
    file.chmod(0o644)
    with acting_as(NOBODY):
        connect(file)
        assert people(file) == (NOBODY, NOBODY, 0o644)
    os.chown(file, NOBODY, USERS)
    file.chmod(0o606)
    with acting_as(NOBODY):
        connect(file, SHOP)
        assert people(file) == (NOBODY, NOBODY, 0o606)


@only_root
def test_a_group_does_not_lose_what_it_had(file: Path) -> None:
    os.chown(file, NOBODY, USERS)
    file.chmod(0o640)
    with acting_as(NOBODY):
        error = refused(file)
    assert "the group users" in str(error)


# Lists of rights, and flags


@only_linux
@only_root
def test_a_folder_gives_nobody_rights_to_a_file_that_had_none(file: Path) -> None:
    file.chmod(0o640)
    rules = acl((1, 7, EVERY), (2, 7, NOBODY), (4, 5, EVERY), (0x10, 7, EVERY), (0x20, 0, EVERY))
    set_attribute(file.parent, DEFAULT_ACL, rules)
    connect(file)
    assert ACL not in os.listxattr(file)
    assert people(file)[2] == 0o640
    with acting_as(NOBODY), pytest.raises(PermissionError):
        file.read_bytes()


@only_linux
def test_rights_and_notes_of_a_file_stay(file: Path) -> None:
    rules = acl((1, 6, EVERY), (2, 6, NOBODY), (4, 4, EVERY), (0x10, 6, EVERY), (0x20, 4, EVERY))
    set_attribute(file, ACL, rules)
    set_attribute(file, "user.note", b"mine")
    connect(file)
    assert os.getxattr(file, ACL) == rules
    assert os.getxattr(file, "user.note") == b"mine"


@only_linux
@only_root
@pytest.mark.parametrize("flag", ["i", "a"])
def test_a_locked_file_is_told_and_nothing_is_left(file: Path, flag: str) -> None:
    locking = subprocess.run(["chattr", f"+{flag}", file], capture_output=True, check=False)
    if locking.returncode:
        pytest.skip("this disk locks no files")
    try:
        error = refused(file)
    finally:
        subprocess.run(["chattr", f"-{flag}", file], check=True)
    assert error.code == "client.read_only"
    assert "is locked" in error.failure.title
    connect(file)


def test_what_locks_a_file_is_not_given_to_its_copy(file: Path) -> None:
    """On macOS it is a flag among others, which a file has."""
    copy = file.with_name("copy")
    copy.write_bytes(b"")
    found = {path: os.stat_result(path.stat()) for path in (file, copy)}

    class Flagged:
        st_flags = stat.UF_IMMUTABLE | stat.UF_HIDDEN

        def __getattr__(self, name: str) -> object:
            return getattr(found[file], name)

    with (
        mock.patch.object(Path, "stat", lambda path: Flagged() if path == file else found[path]),
        mock.patch.object(os, "chflags", create=True) as given,
    ):
        rights.give(file, copy)
    given.assert_called_once_with(copy, stat.UF_HIDDEN)


# Two names


def test_a_file_with_two_names_is_not_split(file: Path) -> None:
    other = file.parent.with_name("dotfiles.json")
    other.hardlink_to(file)
    error = refused(file)
    assert error.code == "client.linked"
    assert "hard link" in error.failure.title
    assert other.samefile(file)


@only_linux
def test_a_file_system_without_attributes_has_none_to_give(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    original, copy = tmp_path / "original", tmp_path / "copy"
    for file in (original, copy):
        file.write_text("x")
    original.chmod(0o640)

    def without(path: object) -> list[str]:
        raise OSError(errno.ENOTSUP, os.strerror(errno.ENOTSUP), path)

    monkeypatch.setattr(os, "listxattr", without, raising=False)
    rights.give(original, copy)
    assert stat.S_IMODE(copy.stat().st_mode) == 0o640
