"""How files change places on Windows and macOS, and what is left when Windows stops half way."""

from __future__ import annotations

import errno
import stat
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from unittest import mock

import pytest

from tests.unit.other_systems import Kernel32, LibSystem
from trunkline_server.clients import apps, connections, plan, writer
from trunkline_server.clients.replacing import macos, swapping, transaction, windows
from trunkline_server.clients.replacing.change import Change, digest
from trunkline_server.clients.replacing.transaction import Transaction
from trunkline_server.errors import TrunklineError
from trunkline_server.profiles.profile import Profile

CLAUDE, CURSOR = apps.ALL["claude-desktop"], apps.ALL["cursor"]
SALES = Profile(id="sales", name="Sales")
BEFORE = b'{\n  "theme": "dark"\n}\n'
HALF_DONE, NOT_SUPPORTED, MAPPED, SHARED = 1177, 50, 1224, 32


@pytest.fixture
def file(home: Path, tmp_path: Path) -> Path:
    file = tmp_path / "Claude" / "settings.json"
    file.parent.mkdir()
    file.write_bytes(BEFORE)
    return file


@pytest.fixture
def pair(tmp_path: Path) -> tuple[Path, Path]:
    new, old = tmp_path / "new", tmp_path / "old"
    new.write_text("new")
    old.write_text("old")
    return new, old


@pytest.fixture
def on_windows(monkeypatch: pytest.MonkeyPatch) -> Callable[..., Kernel32]:
    """Return what lets files change places the way of a Windows that says ``errors`` first."""
    monkeypatch.setattr(windows, "_TURN_S", 0)

    def begin(*errors: int) -> Kernel32:
        kernel = Kernel32(*errors)

        def exchange(one: Path, other: Path) -> None:
            kernel.windows().exchange(one, other, swapping.aside_of(one))

        monkeypatch.setattr(swapping, "_exchange", exchange)
        return kernel

    return begin


@contextmanager
def scanned(ending: str) -> Iterator[None]:
    """Let a virus scanner hold each file with this ending, so that it cannot be moved."""
    moves = {name: getattr(Path, name) for name in ("rename", "replace")}
    link = Path.hardlink_to

    def refusing(name: str) -> Callable[[Path, Path], Path]:
        def move(source: Path, target: Path) -> Path:
            if source.name.endswith(ending):
                raise PermissionError(errno.EACCES, "used by another process", str(source))
            moved: Path = moves[name](source, target)
            return moved

        return move

    def refuse_link(target: Path, source: Path) -> None:
        if source.name.endswith(ending):
            raise PermissionError(errno.EACCES, "used by another process", str(source))
        link(target, source)

    with (
        mock.patch.object(Path, "rename", refusing("rename")),
        mock.patch.object(Path, "replace", refusing("replace")),
        mock.patch.object(Path, "hardlink_to", refuse_link),
    ):
        yield


def connect(file: Path) -> None:
    writer.apply(plan.connect(CLAUDE, SALES, path=file))


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


# Windows


def test_on_windows_two_files_change_places(
    pair: tuple[Path, Path], on_windows: Callable[..., Kernel32]
) -> None:
    new, old = pair
    kernel = on_windows()
    swapping.exchange(new, old)
    assert (new.read_text(), old.read_text()) == ("old", "new")
    assert kernel.calls == [(str(old), str(new), f"{new}.old", 0, None, None)]
    assert names(new.parent) == ["new", "old"]


@pytest.mark.parametrize("error", [5, SHARED, 33, 1175, 1176, HALF_DONE, MAPPED])
def test_what_a_virus_scanner_holds_is_tried_again(
    pair: tuple[Path, Path], on_windows: Callable[..., Kernel32], error: int
) -> None:
    kernel = on_windows(error, error)
    swapping.exchange(*pair)
    assert [path.read_text() for path in pair] == ["old", "new"]
    assert len(kernel.calls) == 3
    assert names(pair[0].parent) == ["new", "old"]


@pytest.mark.parametrize("error", [5, 1175, MAPPED, 31])
def test_a_refusal_of_windows_is_not_taken_for_a_disk_that_cannot(
    pair: tuple[Path, Path], on_windows: Callable[..., Kernel32], error: int
) -> None:
    on_windows(*[error] * windows._TURNS)
    with pytest.raises(OSError, match=f"error {error} of Windows"):
        swapping.exchange(*pair)
    assert [path.read_text() for path in pair] == ["new", "old"]
    assert names(pair[0].parent) == ["new", "old"]


@pytest.mark.parametrize("error", sorted(windows.UNKNOWN))
def test_a_disk_of_windows_that_cannot_does_it_in_steps(
    pair: tuple[Path, Path], on_windows: Callable[..., Kernel32], error: int
) -> None:
    kernel = on_windows(error)
    swapping.exchange(*pair)
    assert [path.read_text() for path in pair] == ["old", "new"]
    assert len(kernel.calls) == 1


def test_the_old_file_that_cannot_be_put_back_is_kept_and_goes_back_later(
    file: Path, tmp_path: Path, on_windows: Callable[..., Kernel32]
) -> None:
    on_windows(HALF_DONE)
    with scanned(".old"), pytest.raises(TrunklineError) as caught:
        connect(file)
    (kept,) = file.parent.glob("*.old")
    assert caught.value.code == "client.unwritable"
    assert str(kept) in caught.value.failure.hint
    assert (file.exists(), kept.read_bytes()) == (False, BEFORE)
    with scanned(".old"):  # nor is it in the way of others
        writer.recover()
        writer.apply(plan.connect(CURSOR, SALES, path=tmp_path / "cursor.json"))
    assert kept.read_bytes() == BEFORE
    writer.recover()
    assert file.read_bytes() == BEFORE
    assert names(file.parent) == [file.name]
    assert not transaction.is_left()
    assert not connections.is_connected(CLAUDE, SALES, path=file)


def test_the_old_file_comes_back_after_a_crash_half_way(
    file: Path, on_windows: Callable[..., Kernel32]
) -> None:
    on_windows(HALF_DONE)
    dies = mock.patch.object(Transaction, "roll_back", return_value=())
    with scanned(".old"), dies, pytest.raises(TrunklineError):
        connect(file)
    assert not file.exists()
    writer.recover()
    assert file.read_bytes() == BEFORE
    assert names(file.parent) == [file.name]


def test_a_file_that_an_app_made_meanwhile_is_not_replaced(
    file: Path, on_windows: Callable[..., Kernel32]
) -> None:
    on_windows(HALF_DONE)
    dies = mock.patch.object(Transaction, "roll_back", return_value=())
    with scanned(".old"), dies, pytest.raises(TrunklineError):
        connect(file)
    file.write_text("{}")
    writer.recover()
    assert file.read_text() == "{}"
    assert names(file.parent) == [file.name]


def test_the_only_copy_of_a_file_is_never_cleaned_up(file: Path) -> None:
    aside = file.with_name("aside")
    change = Change(
        client="cursor", path=file, before=digest(BEFORE), after=digest(b"{}"), former=(),
        records=(), aside=aside,
    )  # fmt: skip
    aside.write_bytes(b"{}")
    old = file.rename(swapping.aside_of(aside))
    with scanned(".old"), pytest.raises(PermissionError):
        change.discard()
    assert old.read_bytes() == BEFORE
    change.discard()
    assert file.read_bytes() == BEFORE
    assert names(file.parent) == [file.name]


def test_windows_tells_who_writes_a_file(pair: tuple[Path, Path]) -> None:
    kernel = Kernel32(SHARED, 2)
    assert [kernel.windows().is_being_written(pair[1]) for _ in range(3)] == [True, False, False]
    assert kernel.opened[0] == (str(pair[1]), 0x80000000, 1, None, 3, 0, None)
    assert kernel.closed == 1


# macOS


def test_on_macos_two_files_change_places(pair: tuple[Path, Path]) -> None:
    new, old = pair
    library = LibSystem()
    macos.exchange(new, old, library)
    assert (new.read_text(), old.read_text()) == ("old", "new")
    assert library.calls == [(bytes(new), bytes(old), 2)]


@pytest.mark.parametrize("number", [errno.ENOTSUP, errno.EINVAL])
def test_a_disk_of_macos_that_cannot_does_it_in_steps(
    pair: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    library = LibSystem(number)
    monkeypatch.setattr(swapping, "_exchange", lambda a, b: macos.exchange(a, b, library))
    swapping.exchange(*pair)
    assert [path.read_text() for path in pair] == ["old", "new"]
    assert names(pair[0].parent) == ["new", "old"]


def test_a_refusal_of_macos_is_told(pair: tuple[Path, Path]) -> None:
    with pytest.raises(PermissionError, match="Permission denied"):
        macos.exchange(*pair, LibSystem(errno.EACCES))


@pytest.mark.parametrize(
    ("flags", "is_locked"), [(stat.UF_IMMUTABLE, True), (stat.UF_HIDDEN, False), (0, False)]
)
def test_macos_tells_which_file_is_locked(flags: int, is_locked: bool) -> None:
    file = mock.create_autospec(Path, instance=True)
    file.stat.return_value = SimpleNamespace(st_flags=flags)
    assert macos.is_locked(file) is is_locked
