"""The icon in the panel and its menu."""

from __future__ import annotations

import sys

import pytest
import shiboken6
from PySide6.QtGui import QGuiApplication

from trunkline_desktop import tray as trays
from trunkline_desktop.models.profiles import Profiles
from trunkline_desktop.run_state import Run
from trunkline_desktop.supervisor import Supervisor
from trunkline_desktop.tray import Tray
from trunkline_server.errors import Failure
from trunkline_server.profiles.profile import Profile
from trunkline_server.profiles.store import Store

REFUSED = """
print('{"event": "failed", "code": "login.password", "title": "The server refused this login."}')
"""
SERVES = """
import sys
print('{"event": "ready", "transport": "http", "url": "http://127.0.0.1:8765/mcp"}', flush=True)
sys.stdin.read()
"""


@pytest.fixture
def scene(qtbot, home, memory_keyring):
    Store().save(Profile(id="sales", name="Sales & more", transport="http", http_port=8765))
    Store().save(Profile(id="support", name="Support", http_port=8766))
    scripts = {"sales": SERVES, "support": REFUSED}
    profiles = Profiles()
    supervisor = Supervisor(
        profiles, profiles, command=lambda i, _: (sys.executable, "-c", scripts[i])
    )
    yield profiles, supervisor, Tray(profiles, supervisor, profiles)
    with qtbot.waitSignal(supervisor.all_off):
        supervisor.stop_all()
    assert profiles.settle(5000)
    shiboken6.delete(profiles)


def texts(menu):
    return [a.text() for a in menu.actions() if not a.isSeparator()]


def named(menu, name):
    return next(a for a in menu.actions() if a.objectName() == name)


def opened(tray):
    tray.menu.aboutToShow.emit()
    return tray.menu


def submenu(tray, profile_id):
    return next(
        a.menu()
        for a in opened(tray).actions()
        if a.menu() and a.menu().objectName() == f"database-{profile_id}"
    )


def until(qtbot, supervisor, profile_id, state):
    supervisor.switch_on(profile_id)
    qtbot.waitUntil(lambda: supervisor.run(profile_id).state == state)


def test_nothing_is_on_at_first(scene):
    tray = scene[2]
    assert (tray.state, tray.tool_tip) == ("nothing", "Trunkline: 0 of 2 databases on")


def test_the_icon_and_its_words_follow_the_runs(qtbot, scene):
    _, supervisor, tray = scene
    until(qtbot, supervisor, "sales", "on")
    assert (tray.state, tray.tool_tip) == ("on", "Trunkline: 1 of 2 databases on")


def test_the_menu_lists_databases_then_the_app(scene):
    assert texts(opened(scene[2])) == [
        "Sales && more  (Off)",
        "Support  (Off)",
        "Open Trunkline",
        "Quit",
    ]


def test_trouble_stands_first_with_what_ends_it(qtbot, scene):
    _, supervisor, tray = scene
    until(qtbot, supervisor, "support", "failed")
    assert texts(opened(tray))[:2] == ["Support: password refused", "Type the password…"]
    assert (tray.state, tray.tool_tip.split("\n")[1]) == ("failed", "Support: password refused")


def test_typing_the_password_opens_its_form(qtbot, scene):
    _, supervisor, tray = scene
    until(qtbot, supervisor, "support", "failed")
    with qtbot.waitSignal(tray.edit_wanted) as wanted:
        named(opened(tray), "typePassword").trigger()
    assert wanted.args == ["support"]


def test_a_database_is_switched_on_and_off_from_the_menu(qtbot, scene):
    _, supervisor, tray = scene
    named(submenu(tray, "sales"), "switchOn").trigger()
    qtbot.waitUntil(lambda: supervisor.run("sales").state == "on")
    named(submenu(tray, "sales"), "switchOff").trigger()
    qtbot.waitUntil(lambda: supervisor.run("sales").state == "off")


def test_the_transport_is_ticked_and_can_be_changed(qtbot, scene):
    profiles, _, tray = scene
    menu = submenu(tray, "sales")
    assert [a.text() for a in menu.actions() if a.isChecked()] == ["HTTP"]
    with qtbot.waitSignal(profiles.changed):
        named(menu, "sse").trigger()
    assert Store().get("sales").transport == "sse"


def test_the_address_is_copied(qtbot, scene):
    _, supervisor, tray = scene
    until(qtbot, supervisor, "sales", "on")
    named(submenu(tray, "sales"), "copyAddress").trigger()
    assert QGuiApplication.clipboard().text() == "http://127.0.0.1:8765/mcp"


def test_a_broken_list_of_databases_is_told(qtbot, scene):
    profiles, _, tray = scene
    with qtbot.waitSignal(profiles.changed):
        Store().path.write_text("{")
    assert tray.state == "attention"
    assert "cannot be read" in texts(opened(tray))[0]


@pytest.mark.parametrize(
    ("runs", "state"),
    [
        ((), "nothing"),
        ((Run(),), "nothing"),
        ((Run(state="on"), Run()), "on"),
        ((Run(state="on"), Run(state="starting", wanted="http")), "starting"),
        ((Run(state="on"), Run(state="waiting", wanted="http", tries=1)), "attention"),
        ((Run(state="on"), Run(state="failed")), "failed"),
    ],
)
def test_the_icon_shows_the_worst(runs, state):
    assert trays.icon_state(runs) == state


def test_a_locked_keyring_needs_attention():
    locked = Failure(code="secrets.locked", title="The keyring is locked.")
    support = Profile(id="support", name="Support")
    assert trays.trouble_words(support, locked) == "Support: keyring locked"
