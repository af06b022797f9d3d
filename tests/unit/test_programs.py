"""Our own commands are found, and named so that a person can type them."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from trunkline_server import programs
from trunkline_server.errors import TrunklineError


def test_our_commands_are_found_as_absolute_paths():
    for command in ("trunkline", "trunkline-server", "trunkline-stdio"):
        assert programs.path_of(command).is_absolute()


def test_a_lost_command_says_what_to_do():
    with pytest.raises(TrunklineError) as caught:
        programs.path_of("trunkline-nothing")
    assert caught.value.code == "program.missing"
    assert "again" in caught.value.failure.hint


def test_on_windows_apps_start_the_twin_without_a_console(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
):
    monkeypatch.setattr(programs, "_folders", lambda: iter([tmp_path]))
    monkeypatch.setattr(programs, "_SUFFIX", ".exe")
    monkeypatch.setattr(sys, "platform", "win32")
    for name in ("trunkline-stdio.exe", "trunkline-stdiow.exe"):
        (tmp_path / name).touch()
    assert programs.relay() == tmp_path / "trunkline-stdiow.exe"
    (tmp_path / "trunkline-stdiow.exe").unlink()
    assert programs.relay() == tmp_path / "trunkline-stdio.exe"


def test_elsewhere_apps_start_the_relay_itself():
    if sys.platform == "win32":
        pytest.skip("Windows has the twin")
    assert programs.relay() == programs.path_of("trunkline-stdio")


def test_a_command_on_the_path_is_typed_by_its_name(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("PATH", str(programs.path_of("trunkline").parent))
    assert programs.as_typed("trunkline") == "trunkline"


def test_a_command_below_this_folder_is_typed_with_a_short_path(monkeypatch: pytest.MonkeyPatch):
    path = programs.path_of("trunkline")
    monkeypatch.setenv("PATH", "")
    monkeypatch.chdir(path.parents[1])
    assert programs.as_typed("trunkline") == str(Path(path.parent.name, path.name))


def test_a_command_elsewhere_is_typed_with_its_whole_path(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
):
    monkeypatch.setenv("PATH", "")
    monkeypatch.chdir(tmp_path)
    assert programs.as_typed("trunkline") == str(programs.path_of("trunkline"))
