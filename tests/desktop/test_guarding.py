"""An entry that another program took out is noticed while nobody looks, and said once."""

from __future__ import annotations

import json

import pytest
import shiboken6

from tests.desktop.apps_window import CLAUDE, SALES, SHOP, end_jobs
from trunkline_desktop.guarding import Guard
from trunkline_server.clients import plan, writer
from trunkline_server.clients.upkeep import vanished
from trunkline_server.profiles.store import Store


@pytest.fixture
def file(home, tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    monkeypatch.setenv("APPDATA", str(tmp_path))
    for profile in (SALES, SHOP):
        Store().save(profile)
    path = CLAUDE.path()
    path.parent.mkdir(parents=True)
    path.write_text('{"theme": "dark"}')
    return path


@pytest.fixture
def guard(qtbot, file):
    made = Guard(settle_ms=20)
    yield made
    end_jobs(qtbot)
    shiboken6.delete(made)


@pytest.fixture
def watching(qtbot, guard, file):
    writer.apply(plan.connect(CLAUDE, SALES))
    begin(qtbot, guard, file)
    return guard


def begin(qtbot, guard, file):
    guard.look()
    qtbot.waitUntil(lambda: str(file) in guard._watcher.files())


def replace_with(file, text):
    """Write as most apps do: another file takes its place."""
    neighbour = file.with_name("neighbour")
    neighbour.write_text(text)
    neighbour.replace(file)


def without_us(file):
    found = json.loads(file.read_text())
    return json.dumps({key: value for key, value in found.items() if key != "mcpServers"})


@pytest.mark.parametrize("write", [replace_with, lambda file, text: file.write_text(text)])
def test_it_is_noticed_however_the_file_is_written(qtbot, watching, file, write):
    with qtbot.waitSignal(watching.vanished) as told:
        write(file, without_us(file))
    assert (told.args[0].app.id, told.args[0].profiles) == ("claude-desktop", ("sales",))


def test_a_file_that_is_gone_altogether_is_noticed(qtbot, watching, file):
    with qtbot.waitSignal(watching.vanished):
        file.unlink()


def test_every_write_is_seen_and_each_loss_is_said_once(qtbot, watching, file):
    said = []
    watching.vanished.connect(said.append)
    with qtbot.waitSignal(watching.changed):
        replace_with(file, without_us(file))
    replace_with(file, '{"theme": "light"}')
    marks = watching._marks
    qtbot.waitUntil(lambda: watching._marks != marks)
    assert len(said) == 1
    with qtbot.waitSignal(watching.changed):
        writer.apply(vanished.restored(watching.gone[0], (SALES,)))
    assert watching.gone == ()
    with qtbot.waitSignal(watching.changed):
        replace_with(file, without_us(file))
    assert len(said) == 2


def test_what_is_left_out_is_missed_no_more(qtbot, watching, file):
    with qtbot.waitSignal(watching.changed):
        replace_with(file, without_us(file))
    with qtbot.waitSignal(watching.changed):
        vanished.forget(watching.gone[0])
    assert watching.gone == ()


def test_a_change_of_our_own_is_no_loss(qtbot, watching, file):
    said = []
    watching.vanished.connect(said.append)
    marks = watching._marks
    writer.apply(plan.disconnect(CLAUDE, SALES))
    qtbot.waitUntil(lambda: watching._marks != marks)
    end_jobs(qtbot)
    assert said == []


def test_a_file_that_is_broken_just_now_says_nothing(qtbot, watching, file):
    marks = watching._marks
    replace_with(file, "{ broken")
    qtbot.waitUntil(lambda: watching._marks != marks)
    assert watching.gone == ()


def test_what_a_terminal_connects_later_is_watched_too(qtbot, guard, file):
    guard.look()
    qtbot.waitUntil(lambda: bool(guard._watcher.directories()))
    writer.apply(plan.connect(CLAUDE, SALES))
    qtbot.waitUntil(lambda: str(file) in guard._watcher.files())
    with qtbot.waitSignal(guard.vanished):
        replace_with(file, without_us(file))


def test_a_second_database_that_goes_too_is_said(qtbot, guard, file):
    writer.apply(plan.arrange(CLAUDE, (SALES, SHOP), {"sales", "shop"}))
    begin(qtbot, guard, file)
    found = json.loads(file.read_text())
    shop = found["mcpServers"].pop("shop")
    with qtbot.waitSignal(guard.vanished) as told:
        replace_with(file, json.dumps(found))
    assert told.args[0].profiles == ("shop",)
    del found["mcpServers"]["sales"]
    with qtbot.waitSignal(guard.vanished) as told:
        replace_with(file, json.dumps(found))
    assert shop
    assert set(told.args[0].profiles) == {"sales", "shop"}
