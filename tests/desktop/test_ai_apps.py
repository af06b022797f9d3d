"""Connecting AI apps in the window: which tick, which change, and when it counts as connected."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from dataclasses import replace

import pytest
from PySide6.QtWidgets import QAbstractButton, QLabel

from tests.desktop.apps_window import CLAUDE, SALES, SHOP, closed, opened, planned, seen
from trunkline_desktop.controllers.ai_apps import look
from trunkline_server.clients import owned, plan, writer
from trunkline_server.clients.replacing import transaction
from trunkline_server.profiles.store import Store
from trunkline_server.serving.activity import Activity, Call, Greeting

GREETING = "claude-ai"


@pytest.fixture
def file(home, tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    monkeypatch.setenv("APPDATA", str(tmp_path))
    path = CLAUDE.path()
    path.parent.mkdir(parents=True)
    path.write_text('{\n  "theme": "dark"\n}\n')
    return path


@pytest.fixture
def main(qtbot, file, memory_keyring):
    for profile in (SALES, SHOP):
        Store().save(profile)
    yield (made := opened(qtbot))
    closed(qtbot, made)


def connect(*profiles):
    writer.apply(plan.arrange(CLAUDE, profiles, {p.id for p in profiles}))


def state(contacts=(), on=("sales", "shop")):
    seen = look((SALES, SHOP), dict(contacts), on)
    return next(facts.state for facts in seen if facts.id == CLAUDE.id)


# The panel


def test_the_change_of_several_ticks_is_shown_and_made_as_one(qtbot, main, file):
    before = file.read_text()
    main.window.show_apps()
    seen(main, "connectClaudeDesktop").click()
    for tick in ("mayAsk-sales", "mayAsk-shop"):
        seen(main, tick).click()
    shown = plan.arrange(CLAUDE, (SALES, SHOP), {"sales", "shop"}).after.decode()
    lines = main.window.apps.panel._diff
    qtbot.waitUntil(lambda: any('"shop"' in line.text for line in lines.lines))
    assert sum('"theme"' in line.text for line in lines.lines) == 2  # without, then with a comma
    planned(qtbot, main).click()
    qtbot.waitUntil(lambda: file.read_text() == shown)
    qtbot.waitUntil(main.window.toast.isVisible)
    main.window.toast.undone.emit()
    qtbot.waitUntil(lambda: file.read_text() == before)


def test_with_several_databases_nothing_is_ticked_for_the_person(main):
    main.window.show_apps()
    seen(main, "connectClaudeDesktop").click()
    assert set(main.window.apps.panel.choice().ways) == set()


def test_from_the_page_of_a_database_it_is_ticked(main):
    main.show_database("shop")
    seen(main, "connectClaudeDesktopHere").click()
    assert set(main.window.apps.panel.choice().ways) == {"shop"}


def test_the_only_database_is_ticked(qtbot, file, memory_keyring):
    Store().save(SALES)
    main = opened(qtbot)
    main.window.show_apps()
    seen(main, "connectClaudeDesktop").click()
    ticked = set(main.window.apps.panel.choice().ways)
    closed(qtbot, main)
    assert ticked == {"sales"}


def test_removing_a_database_takes_its_entries_out(qtbot, main, file):
    connect(SALES, SHOP)
    main.show_database("sales")
    with qtbot.waitSignal(main._apps.changed):
        main._apps.refresh()
    main.window.database._on_remove()
    assert "Claude Desktop" in main.window.database._confirm.accessibleDescription()
    seen(main, "confirmRemove").click()
    qtbot.waitUntil(lambda: list(json.loads(file.read_text())["mcpServers"]) == ["shop"])
    qtbot.waitUntil(main.window.toast.isVisible)
    assert "“Sales” was removed, also from the settings of Claude Desktop." in told(main)
    assert not seen(main, "undo").isVisible()  # entries without their database would be dead
    assert [p.id for p in main._profiles.all] == ["shop"]


def test_a_file_that_keeps_its_entry_is_told_with_the_removal(qtbot, main, file):
    connect(SALES, SHOP)
    file.write_text("{ broken")
    main.show_database("sales")
    main.window.database._on_remove()
    seen(main, "confirmRemove").click()
    message = main.window.database._failure
    qtbot.waitUntil(message.isVisible)
    assert "was removed. It is still in the settings of Claude Desktop." in message.accessibleName()
    assert "line 1" in message.accessibleDescription()
    assert "trunkline disconnect id:sales --all" in message.accessibleDescription()
    assert not message.findChildren(QAbstractButton)
    assert not main.window.toast.isVisible()


def told(main):
    return " ".join(label.text() for label in main.window.toast.findChildren(QLabel))


def test_what_cannot_be_undone_is_told(qtbot, main, file):
    connect(SALES)
    main.window.show_apps()
    main._apps.offer_undo("", (writer.apply(plan.arrange(CLAUDE, (SALES, SHOP), {"shop"})),))
    file.write_text("{")
    main.window.toast.undone.emit()
    problem = main.window.apps.panel._problem
    qtbot.waitUntil(problem.isVisible)
    assert "line 1" in problem.accessibleName()
    assert file.read_text() == "{"


# Connected means seen


def test_it_waits_for_the_first_contact_after_the_file_was_written(file):
    earlier = time.time()
    connect(SALES)
    assert state({("sales", GREETING): earlier}) == "waiting"
    assert state({("sales", GREETING): time.time()}) == "connected"


def test_what_it_said_when_it_was_asked_counts_until_its_file_is_written_anew(file):
    connect(SALES)
    asked = time.time()
    with owned.alone():
        owned.keep(file, [replace(record, verified=asked) for record in owned.of(file)])
    assert state() == "connected"
    connect(SALES, SHOP)
    assert state() == "waiting"


def test_the_greeting_of_another_app_does_not_count(file):
    connect(SALES)
    assert state({("sales", "cursor-vscode"): time.time()}) == "waiting"


def test_it_waits_for_the_database_that_was_added_last(file):
    connect(SALES)
    greeted = {("sales", GREETING): time.time()}
    connect(SALES, SHOP)
    assert state(greeted) == "waiting"
    assert state(greeted | {("shop", GREETING): time.time()}) == "connected"


def test_a_database_that_is_off_is_not_waited_for(file):
    connect(SALES, SHOP)
    assert state({("sales", GREETING): time.time()}, on=("sales",)) == "connected"


def test_a_question_is_contact_too(file):
    connect(SALES)
    with_questions = Activity()
    with_questions.record(
        Call(at=time.time(), profile_id="sales", tool="list_tables", client=GREETING)
    )
    with_questions.close()
    assert state() == "connected"


def test_a_greeting_from_before_this_window_opened_counts(file):
    connect(SALES)
    server = Activity()
    server.greet(Greeting(at=time.time(), profile_id="sales", client=GREETING, transport="stdio"))
    server.close()
    assert state() == "connected"


def test_a_greeting_from_before_the_file_was_written_does_not(file):
    server = Activity()
    server.greet(Greeting(at=time.time(), profile_id="sales", client=GREETING))
    server.close()
    connect(SALES)
    assert state() == "waiting"


def test_disconnected_and_connected_again_it_waits_again(file):
    connect(SALES)
    greeted = {("sales", GREETING): time.time()}
    writer.apply(plan.disconnect(CLAUDE, SALES))
    connect(SALES)
    assert state(greeted) == "waiting"


# After a crash

CRASHES = """
import os
from trunkline_server.clients import apps, plan, writer
from trunkline_server.clients.replacing import transaction
from trunkline_server.profiles.store import Store
transaction.Transaction.commit = lambda changes: os._exit(9)
writer.apply(plan.connect(apps.ALL["claude-desktop"], Store().get("sales")))
"""


def test_a_change_that_a_crash_interrupted_is_finished_by_looking(file):
    Store().save(SALES)
    assert subprocess.run([sys.executable, "-c", CRASHES], check=False).returncode == 9
    assert transaction.is_left()
    assert state() == "waiting"
    assert not transaction.is_left()
    assert "sales" in json.loads(file.read_bytes())["mcpServers"]
