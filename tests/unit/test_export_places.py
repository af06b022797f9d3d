"""Where an export goes that is no plain file: pipes, devices and links stay what they are."""

from __future__ import annotations

import os
import socket
import stat
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from trunkline_server.clients.exports import saving
from trunkline_server.errors import TrunklineError
from trunkline_server.profiles.profile import Profile
from trunkline_server.profiles.store import Store
from trunkline_server.programs import path_of

if sys.platform == "win32":
    pytest.skip("Windows has no such files", allow_module_level=True)

TEXT = b"x" * 200_000  # more than a pipe holds
NULL, LOOP = (1, 3), (7, 0)  # the numbers of Linux


def refused(file: Path, *, may_replace: bool = True) -> str:
    with pytest.raises(TrunklineError) as caught:
        saving.save(file, TEXT, may_replace=may_replace)
    assert caught.value.code in {"export.unwritable", "export.exists"}
    return f"{caught.value.failure.title} {caught.value.failure.hint}"


def node(file: Path, kind: int, numbers: tuple[int, int]) -> Path:
    """Return a device; making one is for the superuser of a whole computer."""
    if sys.platform != "linux":
        pytest.skip("the numbers of devices are those of Linux")
    try:
        os.mknod(file, kind | 0o600, os.makedev(*numbers))
    except PermissionError:
        pytest.skip("this user may not make a device")
    return file


@pytest.fixture
def pipe(tmp_path: Path) -> Path:
    os.mkfifo(tmp_path / "pipe")
    return tmp_path / "pipe"


@contextmanager
def reading(pipe: Path, *command: str, out: Path = Path(os.devnull)) -> Iterator[None]:
    """Run what reads the pipe until all has been written, and wait for it to end."""
    end = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    held = os.open(pipe, os.O_WRONLY)
    os.set_blocking(end, True)
    with out.open("wb") as output, subprocess.Popen(command, stdin=end, stdout=output):
        os.close(end)
        try:
            yield
        finally:
            os.close(held)


# Pipes


def test_a_pipe_takes_it_all_and_stays_a_pipe(pipe: Path, tmp_path: Path) -> None:
    with reading(pipe, "wc", "-c", out=tmp_path / "count"):
        saving.save(pipe, TEXT, may_replace=False)
    assert int((tmp_path / "count").read_bytes()) == len(TEXT)
    assert stat.S_ISFIFO(pipe.stat().st_mode)


@pytest.mark.parametrize("may_replace", [False, True])
def test_a_pipe_that_nobody_reads_is_not_waited_for(pipe: Path, may_replace: bool) -> None:
    assert "nobody reads it. Start what reads it" in refused(pipe, may_replace=may_replace)
    assert stat.S_ISFIFO(pipe.stat().st_mode)
    assert [file.name for file in pipe.parent.iterdir()] == ["pipe"]


def test_a_reader_that_leaves_is_told(pipe: Path) -> None:
    with reading(pipe, "head", "-c", "1"):
        assert "Broken pipe" in refused(pipe)


# Devices


@pytest.mark.parametrize("may_replace", [False, True])
def test_a_device_takes_it_and_stays_a_device(tmp_path: Path, may_replace: bool) -> None:
    device = node(tmp_path / "null", stat.S_IFCHR, NULL)
    saving.save(device, TEXT, may_replace=may_replace)
    assert stat.S_ISCHR(device.stat().st_mode)
    assert [file.name for file in tmp_path.iterdir()] == ["null"]


def test_a_link_to_a_device_stays_too(tmp_path: Path) -> None:
    device, link = node(tmp_path / "null", stat.S_IFCHR, NULL), tmp_path / "link"
    link.symlink_to(device)
    saving.save(link, TEXT, may_replace=True)
    assert (link.is_symlink(), device.is_char_device()) == (True, True)


# The superuser could lose that of the whole computer by a mistake of ours.
@pytest.mark.skipif(os.geteuid() == 0, reason="the superuser has devices made for the test")
def test_the_device_that_takes_everything_takes_this() -> None:
    saving.save(Path(os.devnull), TEXT, may_replace=True)
    assert Path(os.devnull).is_char_device()


def test_a_disk_is_never_written(tmp_path: Path) -> None:
    disk = node(tmp_path / "disk", stat.S_IFBLK, LOOP)
    assert "it is a disk or a socket" in refused(disk)
    assert disk.is_block_device()


def test_a_socket_is_never_replaced(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)  # its whole path may be too long for a socket
    with socket.socket(socket.AF_UNIX) as held:
        held.bind("held")
        assert "it is a disk or a socket" in refused(Path("held"))
        assert Path("held").is_socket()


# Links


def test_a_link_stays_and_its_file_is_replaced(tmp_path: Path) -> None:
    (tmp_path / "far").mkdir()
    file, link = tmp_path / "far" / "file", tmp_path / "link"
    file.write_bytes(b"before")
    link.symlink_to("far/file")
    assert "--force" in refused(link, may_replace=False)
    saving.save(link, TEXT, may_replace=True)
    assert (link.is_symlink(), file.is_symlink(), file.read_bytes()) == (True, False, TEXT)
    assert [found.name for found in (tmp_path / "far").iterdir()] == ["file"]


def test_a_link_to_a_file_that_is_to_come_brings_it(tmp_path: Path) -> None:
    link = tmp_path / "link"
    link.symlink_to("file")
    saving.save(link, TEXT, may_replace=False)
    assert (link.is_symlink(), (tmp_path / "file").read_bytes()) == (True, TEXT)


def test_a_link_that_leads_in_a_circle_stays(tmp_path: Path) -> None:
    link = tmp_path / "link"
    link.symlink_to("link")
    assert "cannot be written" in refused(link)
    assert link.readlink() == Path("link")


# In a terminal


@pytest.mark.parametrize(("client", "start"), [("json", b"{"), ("mcpb", b"PK")])
def test_what_goes_to_the_output_is_the_export_alone(home: Path, client: str, start: bytes) -> None:
    Store().save(Profile(id="sales", name="Sales", http_port=8765))
    words = [str(path_of("trunkline")), "export", "sales", "--client", client]
    for more in ([], ["--json"], ["--force"]):
        piped = subprocess.run(
            [*words, "--output", "/dev/stdout", *more], capture_output=True, check=True
        )
        assert piped.stdout.startswith(start)
        assert b"Wrote" not in piped.stdout
        assert piped.stdout == subprocess.run(words, capture_output=True, check=True).stdout
