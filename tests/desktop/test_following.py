"""AI apps with an address follow their database: together, or not at all, and back again."""

from __future__ import annotations

import json
import sys
from dataclasses import replace

import pytest
import shiboken6
from PySide6.QtWidgets import QLabel

from tests.desktop import apps_window
from tests.desktop.apps_window import CLAUDE, SHOP, closed, end_jobs, live_in, opened, seen
from tests.desktop.test_supervisor import PORT_TAKEN_ONCE
from trunkline_desktop.following import Following
from trunkline_desktop.models.profiles import Profiles
from trunkline_desktop.supervisor import Supervisor
from trunkline_server.clients import apps, plan, writer
from trunkline_server.profiles import secrets
from trunkline_server.profiles.store import Store

SALES = replace(apps_window.SALES, transport="http")
OPENCODE, CODE = apps.ALL["opencode"], apps.ALL["vscode"]


@pytest.fixture
def files(home, tmp_path, monkeypatch, memory_keyring):
    """Three apps use Sales: two at its address, one starts a program."""
    live_in(tmp_path, monkeypatch)
    Store().save(SALES)
    for profile in (SALES, SHOP):
        secrets.put(profile.id, "a-token-that-is-long-enough", "token")
    for app in (OPENCODE, CODE, CLAUDE):
        app.path().parent.mkdir(parents=True)
        app.path().write_text('{\n  "theme": "dark"\n}\n')
        writer.apply(plan.connect(app, SALES, transport="stdio" if app is CLAUDE else "http"))
    return tuple(app.path() for app in (OPENCODE, CODE, CLAUDE))


@pytest.fixture
def main(qtbot, files):
    made = opened(qtbot)
    made.show_database("sales")
    yield made
    closed(qtbot, made)


def texts(files):
    return [file.read_text() for file in files]


def words(widget):
    return " ".join(label.text() for label in widget.findChildren(QLabel))


def switched(qtbot, main, way):
    seen(main, f"segment-{way}").click()
    qtbot.waitUntil(lambda: Store().get("sales").transport == way)


def test_one_click_moves_every_app_with_an_address_and_no_other(qtbot, main, files):
    before = texts(files)
    switched(qtbot, main, "sse")
    qtbot.waitUntil(main.window.toast.isVisible)
    opencode, code, claude = texts(files)
    assert "8765/sse" in opencode
    assert json.loads(code)["servers"]["sales"]["type"] == "sse"
    assert claude == before[2]
    assert "2 apps now use SSE." in words(main.window.toast)


def test_one_undo_takes_the_files_and_the_transport_back(qtbot, main, files):
    before = texts(files)
    switched(qtbot, main, "sse")
    qtbot.waitUntil(main.window.toast.isVisible)
    seen(main, "undo").click()
    qtbot.waitUntil(lambda: Store().get("sales").transport == "http")
    assert texts(files) == before
    assert not main.window.toast.isVisible()  # the way back is no change of its own


def test_an_undo_after_another_program_wrote_keeps_what_it_wrote(qtbot, main, files):
    switched(qtbot, main, "sse")
    qtbot.waitUntil(main.window.toast.isVisible)
    changed = json.loads(files[1].read_text()) | {"theirs": True}
    files[1].write_text(json.dumps(changed))
    seen(main, "undo").click()
    qtbot.waitUntil(lambda: Store().get("sales").transport == "http")
    code = json.loads(files[1].read_text())
    assert code["theirs"]
    assert code["servers"]["sales"]["type"] == "http"


def test_an_undo_that_one_file_forbids_changes_nothing_and_is_told(qtbot, main, files):
    switched(qtbot, main, "sse")
    qtbot.waitUntil(main.window.toast.isVisible)
    files[1].write_text("{ broken")
    before = texts(files)
    seen(main, "undo").click()
    qtbot.waitUntil(lambda: main.window.page is main.window.apps)
    assert main._following.settle(5000)
    assert texts(files) == before
    assert Store().get("sales").transport == "sse"
    assert "line 1" in words(main.window.apps.panel)


def test_with_one_broken_file_no_app_is_changed_and_it_is_told(qtbot, main, files):
    files[1].write_text("{ broken")
    before = texts(files)
    switched(qtbot, main, "sse")
    message = main.window.database._failure
    qtbot.waitUntil(lambda: main._following.problem("sales") is not None)
    assert texts(files) == before
    assert "left as they were" in message.accessibleName()
    assert "line 1" in message.accessibleDescription()
    assert not main.window.toast.isVisible()


def test_what_failed_is_made_up_for_once_the_file_is_right(qtbot, main, files):
    right = files[1].read_text()
    files[1].write_text("{ broken")
    switched(qtbot, main, "sse")
    qtbot.waitUntil(lambda: main._following.problem("sales") is not None)
    files[1].write_text(right)
    seen(main, "follow").click()
    qtbot.waitUntil(lambda: "sse" in files[1].read_text())
    qtbot.waitUntil(main.window.database._failure.isHidden)
    assert "8765/sse" in files[0].read_text()


def test_a_person_who_goes_back_after_a_failure_ends_the_trouble(qtbot, main, files):
    before, told = texts(files), []
    right = files[1].read_text()
    files[1].write_text("{ broken")
    switched(qtbot, main, "sse")
    qtbot.waitUntil(lambda: main._following.problem("sales") is not None)
    files[1].write_text(right)
    main._following.followed.connect(told.append)
    switched(qtbot, main, "http")
    qtbot.waitUntil(lambda: main._following.problem("sales") is None)
    assert [done.can_go_back for done in told] == [False]
    assert texts(files) == before
    assert not main.window.toast.isVisible()


def test_another_port_is_followed_too(qtbot, main, files):
    main._profiles.update(replace(SALES, http_port=8799))
    qtbot.waitUntil(main.window.toast.isVisible)
    assert all("8799" in text for text in texts(files)[:2])
    assert "2 apps now use the new address." in words(main.window.toast)
    seen(main, "undo").click()
    qtbot.waitUntil(lambda: Store().get("sales").http_port == 8765)
    assert all("8765" in text for text in texts(files)[:2])


def test_of_quick_changes_the_last_one_counts(qtbot, main, files):
    for way in ("sse", "http", "sse"):
        seen(main, f"segment-{way}").click()
    qtbot.waitUntil(lambda: Store().get("sales").transport == "sse")
    qtbot.waitUntil(lambda: "8765/sse" in files[0].read_text())
    main._profiles.settle(5000)
    main._following.settle(5000)
    assert "8765/sse" in files[0].read_text()


def test_a_database_that_no_app_reaches_by_address_says_nothing(qtbot, main, files):
    before = texts(files)
    main._profiles.change("shop", transport="http")
    qtbot.waitUntil(lambda: Store().get("shop").transport == "http")
    assert main._following.settle(5000)
    assert texts(files) == before
    assert not main.window.toast.isVisible()


def test_a_port_that_was_taken_is_followed_without_a_way_back(qtbot, files, tmp_path):
    profiles, mark = Profiles(), tmp_path / "mark"
    supervisor = Supervisor(
        profiles, command=lambda _, way: (sys.executable, "-c", PORT_TAKEN_ONCE, way, str(mark))
    )
    following = Following(profiles, supervisor)
    with qtbot.waitSignal(following.followed, timeout=10_000) as followed:
        supervisor.switch_on("sales")
    assert not followed.args[0].can_go_back
    assert f":{Store().get('sales').http_port}/mcp" in files[0].read_text()
    with qtbot.waitSignal(supervisor.all_off):
        supervisor.stop_all()
    end_jobs(qtbot, profiles, following)
    for one in (following, supervisor, profiles):
        shiboken6.delete(one)
