"""Starting when the person logs in."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from trunkline_desktop import autostart

pytestmark = pytest.mark.skipif(
    sys.platform != "linux", reason="the file of this test is the XDG one"
)


@pytest.fixture(autouse=True)
def config(monkeypatch, tmp_path):
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    return tmp_path


def test_it_is_off_at_first():
    assert not autostart.is_on()


def test_switched_on_it_is_one_desktop_entry(config):
    autostart.switch(on=True)
    entry = (config / "autostart" / "trunkline.desktop").read_text()
    assert autostart.is_on()
    assert '/trunkline"\n' in entry


def test_switched_off_nothing_is_left(config):
    autostart.switch(on=True)
    autostart.switch(on=False)
    assert list((config / "autostart").iterdir()) == []


def test_a_path_with_signs_is_quoted_as_the_specification_says():
    entry = autostart.content(Path("/opt/A $b/100%/trunkline")).decode()
    assert 'Exec="/opt/A \\\\$b/100%%/trunkline"\n' in entry
