"""The panel of an AI app: how it reaches each database, in which file, and what that needs."""

from __future__ import annotations

import json

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QApplication, QCheckBox, QComboBox

from tests.desktop.apps_window import SALES, SHOP, closed, live_in, opened, planned, seen
from trunkline_desktop.widgets.segmented import SegmentedControl
from trunkline_server.clients import apps, connections, plan, writer
from trunkline_server.profiles import secrets
from trunkline_server.profiles.store import Store

TOKEN = "a-token-that-is-long-enough"


@pytest.fixture
def config(home, tmp_path, monkeypatch, memory_keyring):
    live_in(tmp_path, monkeypatch)
    for profile in (SALES, SHOP):
        secrets.put(profile.id, TOKEN, "token")
    return tmp_path


@pytest.fixture
def main(qtbot, config):
    for app in ("zed", "vscode", "codex"):
        apps.ALL[app].path().parent.mkdir(parents=True)
    yield (made := opened(qtbot))
    closed(qtbot, made)


def show(main, name, *ticks):
    main.window.show_apps()
    seen(main, f"connect{name}").click()
    for profile_id in ticks:
        seen(main, f"mayAsk-{profile_id}").click()
    return main.window.apps.panel


def choose(main, profile_id, way):
    choice = main.window.findChild(SegmentedControl, f"way-{profile_id}")
    choice.findChild(type(seen(main, "segment-stdio")), f"segment-{way}").click()


def servers(app_id, *table):
    found = json.loads(apps.ALL[app_id].path().read_text())
    for key in table:
        found = found[key]
    return found


# The way


def test_whoever_chooses_nothing_connects_directly(qtbot, main):
    panel = show(main, "VSCode", "sales", "shop")
    assert not panel._ways.is_open
    planned(qtbot, main).click()
    qtbot.waitUntil(apps.ALL["vscode"].path().exists)
    assert {entry["type"] for entry in servers("vscode", "servers").values()} == {"stdio"}


def test_each_database_is_reached_its_own_way_by_one_change(qtbot, main):
    show(main, "VSCode", "sales", "shop")
    choose(main, "shop", "http")
    panel = main.window.apps.panel
    qtbot.waitUntil(lambda: any("8766" in line.text for line in panel._diff.lines))
    planned(qtbot, main).click()
    qtbot.waitUntil(apps.ALL["vscode"].path().exists)
    found = servers("vscode", "servers")
    assert {name: entry["type"] for name, entry in found.items()} == {
        "sales": "stdio",
        "shop": "http",
    }


def test_another_tick_leaves_the_way_of_the_others(qtbot, main):
    writer.apply(plan.connect(apps.ALL["codex"], SALES, transport="http"))
    with qtbot.waitSignal(main._apps.changed):
        main._apps.refresh()
    before = apps.ALL["codex"].path().read_text()
    show(main, "Codex", "shop")
    planned(qtbot, main).click()
    qtbot.waitUntil(lambda: apps.ALL["codex"].path().read_text() != before)
    assert before.strip() in apps.ALL["codex"].path().read_text()


def test_an_app_that_only_starts_programs_has_no_choice_of_ways(qtbot, main):
    apps.ALL["claude-desktop"].path().parent.mkdir(parents=True)
    with qtbot.waitSignal(main._apps.changed):
        main._apps.refresh()
    show(main, "ClaudeDesktop", "sales")
    assert not main.window.apps.panel._ways.isVisible()


# The token


def test_a_token_is_written_only_after_the_person_allowed_it(qtbot, main):
    panel = show(main, "Zed", "sales")
    choose(main, "sales", "http")
    tick = main.window.findChild(QCheckBox, "mayWriteToken")
    qtbot.waitUntil(tick.isVisible)
    assert "plain text" in panel._token._message.accessibleDescription()
    assert not tick.isChecked()
    assert not seen(main, "changeFile").isEnabled()
    tick.click()
    change = planned(qtbot, main)
    assert not any(TOKEN in line.text for line in panel._diff.lines)
    change.click()
    qtbot.waitUntil(apps.ALL["zed"].path().exists)
    assert TOKEN in apps.ALL["zed"].path().read_text()


def test_the_tick_is_not_kept_for_another_app(qtbot, main):
    show(main, "Zed", "sales")
    choose(main, "sales", "http")
    tick = main.window.findChild(QCheckBox, "mayWriteToken")
    qtbot.waitUntil(tick.isVisible)
    tick.click()
    planned(qtbot, main)
    show(main, "VSCode", "sales")
    assert not main.window.apps.panel.choice().may_write_token


def test_the_token_that_an_app_asks_for_can_be_copied(qtbot, main):
    show(main, "VSCode", "sales")
    choose(main, "sales", "http")
    planned(qtbot, main)
    seen(main, "copyToken-sales").click()
    qtbot.waitUntil(lambda: QGuiApplication.clipboard().text() == TOKEN)


# Whether it would be answered


def test_a_server_that_would_not_answer_is_told_and_set_right(qtbot, main):
    panel = show(main, "VSCode", "sales")
    choose(main, "sales", "http")
    assert "“Sales” is set to STDIO" in panel._unserved.accessibleName()
    seen(main, "makeItAnswer").click()
    qtbot.waitUntil(lambda: Store().get("sales").transport == "http")
    qtbot.waitUntil(lambda: "“Sales” is off" in panel._unserved.accessibleName())


def test_directly_there_is_nothing_to_tell(main):
    panel = show(main, "VSCode", "sales")
    assert not panel._unserved.isVisible()


# Several files


@pytest.fixture
def work(config):
    user = config / "Code" / "User"
    (user / "profiles" / "1a2b").mkdir(parents=True)
    (user / "globalStorage").mkdir()
    stored = {"userDataProfiles": [{"location": "1a2b", "name": "Work"}]}
    (user / "globalStorage" / "storage.json").write_text(json.dumps(stored))
    return user / "profiles" / "1a2b" / "mcp.json"


@pytest.fixture
def with_work(qtbot, work):
    yield (made := opened(qtbot))
    closed(qtbot, made)


def test_a_profile_of_vs_code_is_chosen_by_its_name(qtbot, with_work, work):
    main = with_work
    show(main, "VSCode")
    files = main.window.findChild(QComboBox, "settingsFile")
    assert [files.itemText(place) for place in range(files.count())] == ["Default profile", "Work"]
    qtbot.keyClick(files, Qt.Key.Key_Down)
    seen(main, "mayAsk-sales").click()
    planned(qtbot, main).click()
    qtbot.waitUntil(work.exists)
    qtbot.waitUntil(lambda: any("sales" in f.databases for f in main._apps.facts))
    assert not apps.ALL["vscode"].path().exists()


def test_the_panel_opens_with_the_file_that_names_us(qtbot, with_work, work):
    writer.apply(plan.connect(apps.ALL["vscode"], SALES, path=work))
    with qtbot.waitSignal(with_work._apps.changed):
        with_work._apps.refresh()
    panel = show(with_work, "VSCode")
    assert panel.choice().path == str(work)
    assert set(panel.choice().ways) == {"sales"}


def test_one_file_needs_no_choice(main):
    show(main, "Zed")
    assert not main.window.findChild(QComboBox, "settingsFile").isVisible()


# What goes wrong, and the keyboard


def test_a_file_that_breaks_while_the_panel_is_open_is_told_and_stays(qtbot, main):
    panel, file = show(main, "Zed", "sales"), apps.ALL["zed"].path()
    change = planned(qtbot, main)
    file.write_text("{ broken")
    change.click()
    qtbot.waitUntil(panel._problem.isVisible)
    assert "line 1" in panel._problem.accessibleName()
    assert file.read_text() == "{ broken"
    file.write_text("{}")
    planned(qtbot, main).click()
    qtbot.waitUntil(lambda: "sales" in file.read_text())


def test_tab_goes_through_the_panel_in_reading_order(qtbot, main):
    show(main, "VSCode", "sales")
    planned(qtbot, main)
    main.window.activateWindow()
    seen(main, "mayAsk-sales").setFocus()
    names = []
    for _ in range(6):
        qtbot.keyClick(QApplication.focusWidget(), Qt.Key.Key_Tab)
        names.append(
            QApplication.focusWidget().objectName() or type(QApplication.focusWidget()).__name__
        )
    assert names == [
        "mayAsk-shop",
        "_Header",
        "DiffText",
        "showInFolder",
        "useByHand",
        "cancelChange",
    ]


def test_escape_closes_the_panel_and_goes_back_to_the_card(qtbot, main):
    panel = show(main, "Zed")
    qtbot.keyClick(panel, Qt.Key.Key_Escape)
    assert not panel.isVisible()
    assert QApplication.focusWidget() is seen(main, "connectZed")


def test_the_profile_that_a_terminal_removed_is_not_written(qtbot, main):
    show(main, "Zed", "sales", "shop")
    planned(qtbot, main)
    Store().remove("shop")
    qtbot.waitUntil(lambda: [p.id for p in main._profiles.all] == ["sales"])
    planned(qtbot, main).click()
    qtbot.waitUntil(apps.ALL["zed"].path().exists)
    assert list(servers("zed", "context_servers")) == ["sales"]


# An entry that is somebody else's


def test_an_entry_of_that_name_that_is_not_ours_stays_beside_ours(qtbot, main):
    theirs = {"source": "custom", "command": "other", "args": []}
    file = apps.ALL["zed"].path()
    file.write_text(json.dumps({"context_servers": {"sales": theirs}}))
    panel = show(main, "Zed", "sales")
    qtbot.waitUntil(lambda: any('"sales-2"' in line.text for line in panel._diff.lines))
    planned(qtbot, main).click()
    qtbot.waitUntil(lambda: "sales-2" in servers("zed", "context_servers"))
    assert servers("zed", "context_servers")["sales"] == theirs
    assert connections.is_connected(apps.ALL["zed"], SALES)
