"""Where Trunkline keeps its files."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from trunkline_server import folders

PARTS = ("config", "data", "state", "run")


@pytest.mark.parametrize("part", PARTS)
def test_one_variable_moves_every_folder(home: Path, part: str) -> None:
    assert getattr(folders, part)() == home / part
    assert (home / part).is_dir()


@pytest.mark.parametrize("part", PARTS)
def test_asking_twice_is_the_same(home: Path, part: str) -> None:
    ask = getattr(folders, part)
    assert ask() == ask()


def test_a_relative_home_and_a_tilde_become_absolute(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("TRUNKLINE_HOME", "here")
    assert folders.run() == tmp_path / "here" / "run"
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    monkeypatch.setenv("TRUNKLINE_HOME", "~/there")
    assert folders.run() == tmp_path / "there" / "run"


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no file modes")
@pytest.mark.parametrize("part", PARTS)
def test_only_this_user_may_look_into_the_folders(home: Path, part: str) -> None:
    assert stat.S_IMODE(getattr(folders, part)().stat().st_mode) == 0o700


@pytest.mark.skipif(sys.platform != "linux", reason="the folders of Linux")
def test_without_the_variable_the_folders_of_the_platform_are_used(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("TRUNKLINE_HOME", raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    for name in ("XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_STATE_HOME"):
        monkeypatch.delenv(name, raising=False)
    assert folders.config() == tmp_path / ".config" / "Trunkline"
    assert folders.data() == tmp_path / ".local" / "share" / "Trunkline"
    assert folders.state() == tmp_path / ".local" / "state" / "Trunkline"


@pytest.mark.parametrize("part", PARTS)
def test_on_windows_no_folder_is_one_that_a_store_app_has_a_copy_of(
    part: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("TRUNKLINE_HOME", raising=False)
    for name in ("HOME", "USERPROFILE"):
        monkeypatch.setenv(name, str(tmp_path))
    monkeypatch.setenv("LOCALAPPDATA", str(tmp_path / "AppData" / "Local"))
    monkeypatch.setattr(sys, "platform", "win32")
    assert getattr(folders, part)() == tmp_path / ".trunkline" / part


def test_the_run_folder_does_not_depend_on_what_an_ai_app_hides(tmp_path: Path) -> None:
    code = "import sys; from trunkline_server import folders; print(folders.run())"
    keep = ("SYSTEMROOT", "LOCALAPPDATA", "USERPROFILE", "HOME")
    bare = {name: os.environ[name] for name in keep if name in os.environ}
    bare["PYTHONPATH"] = os.pathsep.join(sys.path)
    command = [sys.executable, "-c", code]
    bare["HOME"] = bare["USERPROFILE"] = str(tmp_path)
    full = {**os.environ, **bare, "XDG_RUNTIME_DIR": str(tmp_path), "XDG_STATE_HOME": str(tmp_path)}
    said = [
        subprocess.run(command, env=env, capture_output=True, text=True, timeout=60, check=True)
        for env in (bare, full)
    ]
    assert said[0].stdout == said[1].stdout


def test_asking_for_the_run_folder_needs_the_standard_library_only(home: Path) -> None:
    code = (
        "import sys; from trunkline_server import folders; folders.run();"
        "print('platformdirs' in sys.modules)"
    )
    command = [sys.executable, "-c", code]
    said = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True)
    assert said.stdout.strip() == "False"
