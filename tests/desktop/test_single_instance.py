"""One app for each person and home folder."""

from __future__ import annotations

import subprocess
import sys

from trunkline_desktop.single_instance import SingleInstance

FIRST = """
import sys
from pathlib import Path
from PySide6.QtCore import QCoreApplication
from trunkline_desktop.single_instance import SingleInstance
app = QCoreApplication([])
one = SingleInstance(Path(sys.argv[1]))
print(one.claim() and one.listen() is None, flush=True)
sys.stdin.read()
"""
SECOND = FIRST.replace("sys.stdin.read()", "")


def test_the_first_start_is_the_app(qapp, tmp_path):
    first = SingleInstance(tmp_path)
    assert first.claim()
    first.release()


def test_a_second_start_raises_the_first_and_ends(qtbot, tmp_path):
    first = SingleInstance(tmp_path)
    assert first.claim()
    first.listen()
    second = subprocess.Popen(
        [sys.executable, "-c", SECOND, str(tmp_path)], stdout=subprocess.PIPE, text=True
    )
    with qtbot.waitSignal(first.raised):
        pass
    assert second.communicate(timeout=10)[0] == "False\n"
    assert second.returncode == 0
    first.release()


def test_another_home_has_an_app_of_its_own(qapp, tmp_path):
    folders = [tmp_path / "one", tmp_path / "two"]
    for folder in folders:
        folder.mkdir()
    both = [SingleInstance(folder) for folder in folders]
    assert [one.claim() for one in both] == [True, True]
    for one in both:
        one.release()


def test_what_a_killed_app_left_is_no_hindrance(qtbot, tmp_path):
    with subprocess.Popen(
        [sys.executable, "-c", FIRST, str(tmp_path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as killed:
        assert killed.stdout.readline() == b"True\n"
        killed.kill()
    second = SingleInstance(tmp_path)
    assert second.claim()
    second.listen()
    third = SingleInstance(tmp_path)
    with qtbot.waitSignal(second.raised):
        assert not third.claim()
    second.release()


def test_it_is_heard_after_somebody_cleaned_up(qtbot, tmp_path):
    first, second = SingleInstance(tmp_path), SingleInstance(tmp_path)
    assert first.claim()
    first.listen()
    with qtbot.waitSignal(first._watcher.fileChanged):
        (tmp_path / "app.raise").unlink()
    with qtbot.waitSignal(first.raised):
        assert not second.claim()
    first.release()
