"""An app that writes its file from memory: quit around a change, and put right afterwards."""

from __future__ import annotations

import sys
from dataclasses import replace
from functools import partial

import psutil
import pytest

from tests.desktop.apps_window import SALES, SHOP, closed, opened, planned, seen
from tests.rewriting import rewriting_app
from trunkline_desktop.controllers import arranging
from trunkline_server.clients import apps, owned, plan, writer
from trunkline_server.clients.processes import restarting, running, systems
from trunkline_server.profiles.store import Store

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="its stand-in is a Linux package")


@pytest.fixture
def desk(home, tmp_path, monkeypatch, memory_keyring):
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    monkeypatch.setattr(arranging, "_LOOK_MS", 50)
    for profile in (SALES, SHOP):
        Store().save(profile)
    file = tmp_path / "Claude" / "claude_desktop_config.json"
    file.parent.mkdir()
    file.write_text('{\n  "theme": "dark"\n}')
    with rewriting_app(tmp_path / "computer", file) as desk:
        monkeypatch.setitem(apps.ALL, "claude-desktop", desk.app)
        quick = partial(restarting.apply, watch_s=0, patience_s=5)
        monkeypatch.setattr(restarting, "apply", quick)
        yield desk


@pytest.fixture
def main(qtbot, desk):
    made = opened(qtbot)
    yield made
    closed(qtbot, made)


def show(main, *ticks):
    main.window.show_apps()
    seen(main, "connectClaudeDesktop").click()
    for profile_id in ticks:
        seen(main, f"mayAsk-{profile_id}").click()
    return main.window.apps.panel


def told_running(qtbot, panel):
    qtbot.waitUntil(panel._notices._running.isVisible)
    return panel._notices._running


# While it runs


def test_it_is_quit_changed_and_started_again(qtbot, main, desk):
    before = desk.begin()
    panel = show(main, "sales")
    assert "it would overwrite the change" in told_running(qtbot, panel).accessibleName()
    change = planned(qtbot, main)
    assert change.text() == "Quit it, change the file, start it again"
    change.click()
    after = desk.started()
    qtbot.waitUntil(main.window.toast.isVisible)
    desk.rewrite(after)
    assert after != before
    assert desk.servers() == ["sales"]


def test_the_window_lives_meanwhile_and_says_what_is_done(qtbot, main, desk):
    desk.begin()
    panel = show(main, "sales")
    notice = told_running(qtbot, panel)
    planned(qtbot, main).click()
    qtbot.waitUntil(lambda: notice.accessibleName().startswith("Quitting"))
    assert not seen(main, "changeFile").isEnabled()
    qtbot.waitUntil(main.window.toast.isVisible)
    assert desk.servers() == ["sales"]


def test_undo_quits_it_once_more(qtbot, main, desk):
    desk.begin()
    panel = show(main, "sales")
    told_running(qtbot, panel)
    planned(qtbot, main).click()
    desk.started()
    qtbot.waitUntil(main.window.toast.isVisible)
    seen(main, "undo").click()
    desk.rewrite(desk.started())
    qtbot.waitUntil(lambda: desk.servers() == [])


def test_one_that_does_not_start_again_is_told_and_the_change_can_be_undone(qtbot, main, desk):
    desk.begin()
    panel = show(main, "sales")
    told_running(qtbot, panel)
    change = planned(qtbot, main)
    desk.program.chmod(0o600)
    change.click()
    qtbot.waitUntil(main.window.toast.isVisible)
    assert "did not start again. Start it yourself" in main.window.toast._words.text()
    assert desk.servers() == ["sales"]
    seen(main, "undo").click()
    qtbot.waitUntil(lambda: desk.servers() == [])


def test_one_that_does_not_quit_is_told_and_nothing_is_changed(qtbot, main, desk, monkeypatch):
    monkeypatch.setattr(restarting, "apply", partial(restarting.apply, patience_s=0.1))
    desk.begin("stubborn")
    before = desk.file.read_bytes()
    panel = show(main, "sales")
    told_running(qtbot, panel)
    planned(qtbot, main).click()
    qtbot.waitUntil(panel._problem.isVisible)
    assert "does not quit" in panel._problem.accessibleName()
    assert desk.file.read_bytes() == before
    assert running.find(desk.app) is not None
    assert planned(qtbot, main).text().startswith("Quit it")  # to try again


def test_looking_whether_it_runs_takes_no_focus_away(qtbot, main, desk):
    desk.begin()
    told_running(qtbot, show(main, "sales"))
    planned(qtbot, main)
    by_hand = seen(main, "changeByHand")
    with qtbot.waitSignal(main._apps._arranging._watch.timeout):
        pass
    qtbot.waitUntil(lambda: main._apps._arranging._finding is None)
    assert seen(main, "changeByHand") is by_hand


def test_the_message_goes_when_the_person_quits_it(qtbot, main, desk):
    desk.begin()
    panel = show(main, "sales")
    notice = told_running(qtbot, panel)
    running.quit(running.find(desk.app))
    qtbot.waitUntil(notice.isHidden)
    change = planned(qtbot, main)
    assert change.text() == "Change the file"
    change.click()
    qtbot.waitUntil(lambda: desk.servers() == ["sales"])


def test_the_file_alone_is_changed_for_whoever_asks_for_that(qtbot, main, desk):
    pid = desk.begin()
    panel = show(main, "sales")
    told_running(qtbot, panel)
    planned(qtbot, main)
    seen(main, "changeByHand").click()
    qtbot.waitUntil(lambda: desk.servers() == ["sales"])
    assert running.find(desk.app).pid == pid


def test_one_that_was_started_after_the_panel_looked_is_not_quit_unasked(qtbot, main, desk):
    panel = show(main, "sales")
    change = planned(qtbot, main)
    qtbot.waitUntil(lambda: main._apps._arranging._finding is None)
    main._apps._arranging._watch.stop()  # it has not looked again yet
    pid = desk.begin()
    assert change.text() == "Change the file"
    change.click()
    told_running(qtbot, panel)
    assert running.find(desk.app).pid == pid
    assert desk.servers() == []
    qtbot.waitUntil(change.isEnabled)


# What it took out


@pytest.fixture
def bereft(qtbot, main, desk):
    """The window, after the app wrote its file without our entry."""
    writer.apply(plan.connect(desk.app, SALES))
    desk.file.write_text('{"theme": "dark"}')
    with qtbot.waitSignal(main._apps.changed):
        main._apps.refresh()
    return main


def card(main):
    main.window.show_apps()
    return main.window.apps._cards["claude-desktop"]


def test_the_card_says_that_the_entry_is_gone(bereft):
    assert "Its entry is gone" in card(bereft).accessibleName()


def test_the_page_of_the_database_says_it_too(bereft):
    bereft.show_database("sales")
    names = [
        w.accessibleName() for w in bereft.window.database.apps.findChildren(type(card(bereft)))
    ]
    assert any("Its entry is gone" in name for name in names)


def test_it_is_put_back(qtbot, bereft, desk):
    panel = show(bereft)
    assert "gone from the settings of Claude Desktop" in panel._notices._gone.accessibleName()
    seen(bereft, "putBack").click()
    qtbot.waitUntil(lambda: desk.servers() == ["sales"])
    qtbot.waitUntil(lambda: "Waiting" in card(bereft).accessibleName())
    assert not panel.isVisible()


def test_it_is_put_back_around_a_restart(qtbot, bereft, desk):
    desk.begin()
    panel = show(bereft)
    qtbot.waitUntil(lambda: "quit and started" in panel._notices._gone.accessibleDescription())
    seen(bereft, "putBack").click()
    desk.rewrite(desk.started())
    assert desk.servers() == ["sales"]


def test_it_is_left_out(qtbot, bereft, desk):
    show(bereft)
    seen(bereft, "leaveOut").click()
    qtbot.waitUntil(lambda: "Not connected" in card(bereft).accessibleName())
    assert desk.servers() == []


def test_what_cannot_be_put_back_is_told(qtbot, bereft, desk):
    panel = show(bereft)
    desk.file.write_text("{ broken")
    seen(bereft, "putBack").click()
    qtbot.waitUntil(panel._problem.isVisible)
    assert "line 1" in panel._problem.accessibleName()
    assert desk.file.read_text() == "{ broken"


def test_an_open_panel_says_it_as_soon_as_it_is_known(qtbot, main, desk):
    writer.apply(plan.connect(desk.app, SALES))
    with qtbot.waitSignal(main._apps.changed):
        main._apps.refresh()
    panel = show(main)
    desk.file.write_text('{"theme": "dark"}')
    main.refresh_apps()
    qtbot.waitUntil(panel._notices._gone.isVisible)


# What it needs to make contact


def needs(qtbot, main):
    with qtbot.waitSignal(main._apps.changed):
        main._apps.refresh()
    return card(main).accessibleName()


def test_one_that_runs_with_its_former_settings_is_restarted_once(qtbot, main, desk):
    desk.begin()
    writer.apply(plan.connect(desk.app, SALES))
    later = [replace(record, since=record.since + 60) for record in owned.of(desk.file)]
    owned.keep(desk.file, later)
    assert "It is running: restart it once" in needs(qtbot, main)


def test_one_that_does_not_run_is_started_once(qtbot, main, desk):
    writer.apply(plan.connect(desk.app, SALES))
    assert "Start it once" in needs(qtbot, main)


def test_one_that_started_afterwards_is_only_waited_for(qtbot, main, desk):
    writer.apply(plan.connect(desk.app, SALES))
    desk.begin()
    said = needs(qtbot, main)
    assert "Waiting for first contact" in said
    assert "once" not in said


# When its database goes


def test_removing_a_database_is_told_and_done_around_a_restart(qtbot, main, desk):
    writer.apply(plan.connect(desk.app, SALES))
    desk.begin()
    with qtbot.waitSignal(main._apps.changed):
        main._apps.refresh()
    main.show_database("sales")
    main.window.database._on_remove()
    told = main.window.database._confirm.accessibleDescription()
    assert "Claude Desktop is quit and started again for that." in told
    seen(main, "confirmRemove").click()
    qtbot.waitUntil(main.window.toast.isVisible)
    desk.rewrite(desk.started())
    assert desk.servers() == []


# Where it cannot be quit for the person


def test_where_it_cannot_be_quit_the_person_is_asked_to(qtbot, main, desk, monkeypatch):
    monkeypatch.setattr(systems, "can_be_quit", lambda _platform: False)
    main._apps.refresh()
    qtbot.waitUntil(lambda: not main._apps.facts[0].can_quit)
    pid = desk.begin()
    panel = show(main, "sales")
    notice = told_running(qtbot, panel)
    assert "Quit it from its icon in the tray" in notice.accessibleDescription()
    assert seen(main, "changeFile").text() == "Change the file"
    assert not seen(main, "changeFile").isEnabled()
    psutil.Process(pid).terminate()
    planned(qtbot, main).click()
    qtbot.waitUntil(lambda: desk.servers() == ["sales"])
