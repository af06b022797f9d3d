"""A panel stays open while files, databases and other pages change: nothing is lost or false."""

from __future__ import annotations

import json
import threading
from contextlib import contextmanager
from dataclasses import replace
from types import SimpleNamespace

import pytest
from PySide6.QtCore import QEvent, QPoint, QPropertyAnimation, QRect, Qt
from PySide6.QtWidgets import QAbstractButton, QApplication, QComboBox, QLabel, QLineEdit

from tests.desktop.apps_window import CLAUDE, SALES, SHOP, closed, live_in, opened, planned, seen
from trunkline_desktop.controllers import arranging, changing
from trunkline_desktop.style import has_keyboard_focus
from trunkline_desktop.views.add import AddPage
from trunkline_desktop.widgets.segmented import SegmentedControl
from trunkline_server.clients import apps, plan, writer
from trunkline_server.profiles import secrets
from trunkline_server.profiles.profile import Profile
from trunkline_server.profiles.store import Store

CURSOR = apps.ALL["cursor"]
STAFF = Profile(id="staff", name="Staff")


@pytest.fixture
def main(qtbot, home, tmp_path, monkeypatch, memory_keyring):
    """Claude Desktop and Cursor are installed; the page of AI apps is shown."""
    live_in(tmp_path, monkeypatch)
    for profile in (SALES, SHOP):
        secrets.put(profile.id, "a-token-that-is-long-enough", "token")
    for app in (CLAUDE, CURSOR):
        app.path().parent.mkdir(parents=True)
        app.path().write_text('{\n  "theme": "dark"\n}\n')
    made = opened(qtbot)
    made.window.show_apps()
    yield made
    closed(qtbot, made)


def show(main, *ticks, app="ClaudeDesktop"):
    seen(main, f"connect{app}").click()
    for profile_id in ticks:
        seen(main, f"mayAsk-{profile_id}").click()
    return main.window.apps.panel


def connect(*profiles, app=CLAUDE):
    """Connect as a terminal does."""
    for profile in profiles:
        writer.apply(plan.connect(app, profile))


def choose(main, profile_id, way):
    choice = main.window.findChild(SegmentedControl, f"way-{profile_id}")
    choice.findChild(QAbstractButton, f"segment-{way}").click()


def servers(app=CLAUDE):
    return list(json.loads(app.path().read_text()).get("mcpServers", {}))


def ticked(main):
    return set(main.window.apps.panel.choice().ways)


def toast(main):
    return " ".join(label.text() for label in main.window.toast.findChildren(QLabel))


@contextmanager
def held_up(monkeypatch):
    """Let every change wait until the end of the ``with`` block."""
    go_on, make = threading.Event(), changing.make

    def waiting(*arguments):
        assert go_on.wait(20)
        return make(*arguments)

    monkeypatch.setattr(changing, "make", waiting)
    try:
        yield
    finally:
        go_on.set()


# What is shown is what is written


def test_what_a_terminal_connected_meanwhile_stays(qtbot, main):
    show(main, "sales")
    planned(qtbot, main)
    connect(SHOP)
    planned(qtbot, main).click()
    qtbot.waitUntil(lambda: "sales" in servers())
    assert set(servers()) == {"sales", "shop"}


def test_what_a_terminal_connected_is_ticked_beside_what_the_person_ticked(qtbot, main):
    show(main, "sales")
    connect(SHOP)
    main._apps.refresh()
    qtbot.waitUntil(lambda: ticked(main) == {"sales", "shop"})
    planned(qtbot, main).click()
    qtbot.waitUntil(lambda: set(servers()) == {"sales", "shop"})


def test_what_the_person_unticked_stays_unticked(qtbot, main):
    connect(SALES)
    main._apps.refresh()
    show(main)
    qtbot.waitUntil(lambda: ticked(main) == {"sales"})
    seen(main, "mayAsk-sales").click()
    connect(SHOP)
    main._apps.refresh()
    qtbot.waitUntil(lambda: ticked(main) == {"shop"})


def test_a_tick_that_has_the_focus_keeps_it(qtbot, main):
    show(main)
    seen(main, "mayAsk-sales").setFocus()
    connect(SHOP)
    main._apps.refresh()
    qtbot.waitUntil(lambda: ticked(main) == {"shop"})
    assert QApplication.focusWidget() is seen(main, "mayAsk-sales")


def test_an_entry_that_vanishes_loses_its_tick(qtbot, main):
    connect(SALES)
    main._apps.refresh()
    show(main)
    qtbot.waitUntil(lambda: ticked(main) == {"sales"})
    CLAUDE.path().write_text('{"theme": "dark"}')
    main._apps.refresh()
    qtbot.waitUntil(lambda: ticked(main) == set())
    assert main.window.apps.panel._notices._gone.isVisible()


def test_a_change_that_somebody_else_made_first_is_not_called_ours(qtbot, main, monkeypatch):
    show(main, "sales")
    with held_up(monkeypatch):
        planned(qtbot, main).click()
        connect(SALES)
    qtbot.waitUntil(main.window.apps.panel.isHidden)
    assert main._apps._arranging._busy == set()
    assert not main.window.toast.isVisible()


def test_a_port_that_changes_while_the_change_waits_reaches_the_file(qtbot, main, monkeypatch):
    main._profiles.update(replace(SALES, transport="http"))
    show(main, "sales", app="Cursor")
    choose(main, "sales", "http")
    panel = main.window.apps.panel
    qtbot.waitUntil(lambda: any("8765" in line.text for line in panel._diff.lines))
    with held_up(monkeypatch):
        planned(qtbot, main).click()
        main._profiles.update(replace(SALES, transport="http", http_port=9999))
    qtbot.waitUntil(lambda: "9999" in CURSOR.path().read_text())


# Databases come and go


def test_a_new_database_gets_its_tick(qtbot, main):
    show(main, "sales")
    main.window.show_database()
    Store().save(STAFF)
    qtbot.waitUntil(lambda: main._profiles.get("staff") is not None)
    main.window.show_apps()
    seen(main, "mayAsk-staff").click()
    assert ticked(main) == {"sales", "staff"}


def test_a_database_that_goes_loses_its_tick(qtbot, main):
    show(main, "sales", "shop")
    main.window.show_database()
    main._profiles.remove(SALES)
    qtbot.waitUntil(lambda: ticked(main) == {"shop"})
    main.window.show_apps()
    planned(qtbot, main).click()
    qtbot.waitUntil(lambda: servers() == ["shop"])


def test_a_panel_for_doing_it_by_hand_follows_too(qtbot, main):
    seen(main, "connectAnotherApp").click()
    databases = main.window.findChild(QComboBox, "handDatabase")
    databases.setCurrentIndex(databases.findData("shop"))
    main._profiles.remove(SALES)
    qtbot.waitUntil(lambda: databases.count() == 1)
    assert databases.currentData() == "shop"
    main.window.show_apps()  # the page of the other database came forward
    main.window.apps.hand.bundle_wanted.emit("sales", "nowhere")
    qtbot.waitUntil(main.window.apps.hand._problem.isVisible)
    assert "not there any more" in main.window.apps.hand._problem.accessibleName()


# Apps and their files


def test_a_file_with_an_error_is_told_as_soon_as_its_panel_opens(qtbot, main):
    connect(SALES)
    CLAUDE.path().write_text('{\n  "theme" "dark"\n}\n')
    main._apps.refresh()
    qtbot.waitUntil(lambda: main._apps.facts[0].state == "broken")
    panel = show(main)
    qtbot.waitUntil(panel._problem.isVisible)
    assert "line 2" in panel._problem.accessibleName()
    assert main._apps.facts[0].databases == ("sales",)


def test_an_open_panel_follows_a_file_that_breaks_and_is_mended(qtbot, main):
    right = CLAUDE.path().read_text()
    panel = show(main, "sales")
    planned(qtbot, main)
    CLAUDE.path().write_text("{ broken")
    main._apps.refresh()
    qtbot.waitUntil(panel._problem.isVisible)
    assert not seen(main, "changeFile").isEnabled()
    CLAUDE.path().write_text(right)
    main._apps.refresh()
    planned(qtbot, main)
    assert not panel._problem.isVisible()
    assert ticked(main) == {"sales"}


def test_an_entry_that_the_app_leaves_alone_is_told_on_its_card(qtbot, main):
    codex = apps.ALL["codex"]
    codex.path().parent.mkdir(parents=True)
    connect(SALES, app=codex)
    codex.path().write_text(codex.path().read_text() + "enabled = false\n")
    main._apps.refresh()
    card = main.window.apps._cards["codex"]
    qtbot.waitUntil(lambda: "Switch it on in Codex: “enabled”" in card.accessibleName())


def test_a_database_that_a_terminal_serves_is_not_called_off(qtbot, main, monkeypatch):
    served = SimpleNamespace(id="sales")
    monkeypatch.setattr(arranging.runfile, "running", lambda: [served])
    main._profiles.update(replace(SALES, transport="http"))
    qtbot.waitUntil(lambda: main._profiles.get("sales").transport == "http")
    panel = show(main, "sales", app="Cursor")
    choose(main, "sales", "http")
    planned(qtbot, main)
    assert not panel._unserved.isVisible()


def test_whoever_mends_the_file_is_seen_when_the_window_comes_forward(qtbot, main):
    CLAUDE.path().write_text("{")
    main._apps.refresh()
    qtbot.waitUntil(lambda: main._apps.facts[0].state == "broken")
    CLAUDE.path().write_text("{}")
    QApplication.sendEvent(main.window, QEvent(QEvent.Type.WindowActivate))
    qtbot.waitUntil(lambda: main._apps.facts[0].state == "ready")


def test_an_app_that_is_installed_takes_its_place_among_the_others(qtbot, main):
    page, zed = main.window.apps, apps.ALL["zed"]
    before = page._page.body.indexOf(page._cards["zed"])
    zed.path().parent.mkdir(parents=True)
    main._apps.refresh()
    qtbot.waitUntil(lambda: page._apps["zed"].state == "ready")
    places = [page._page.body.indexOf(page._cards[facts.id]) for facts in main._apps.facts]
    assert places == list(range(len(places)))
    assert page._page.body.indexOf(page._cards["zed"]) < before


# The keyboard


def test_a_change_that_ends_takes_the_keyboard_from_nobody(qtbot, main, monkeypatch):
    show(main, "sales")
    with held_up(monkeypatch):
        planned(qtbot, main).click()
        main._adding.begin()
        field = main.window.findChild(AddPage).findChild(QLineEdit)
        field.setFocus()
        qtbot.keyClicks(field, "abc")
    qtbot.waitUntil(main.window.toast.isVisible)
    qtbot.keyClicks(QApplication.focusWidget(), "d e")
    assert field.text() == "abcd e"


def test_another_panel_that_was_opened_meanwhile_stays_open(qtbot, main, monkeypatch):
    show(main, "sales")
    with held_up(monkeypatch):
        planned(qtbot, main).click()
        seen(main, "connectAnotherApp").click()
    qtbot.waitUntil(main.window.toast.isVisible)
    assert main.window.apps.hand.isVisible()
    assert main.window.apps._chosen == "json"


def test_what_is_being_changed_cannot_be_changed_again_by_opening_it_anew(qtbot, main, monkeypatch):
    panel = show(main, "sales")
    with held_up(monkeypatch):
        planned(qtbot, main).click()
        assert not seen(main, "mayAsk-sales").isEnabled()
        panel.close_drawer()
        show(main)
        assert not seen(main, "mayAsk-sales").isEnabled()
        assert not seen(main, "changeFile").isEnabled()
    qtbot.waitUntil(main.window.toast.isVisible)
    show(main)
    assert seen(main, "mayAsk-sales").isEnabled()


def test_the_focus_ring_is_seen_after_the_panel_has_closed(qtbot, main):
    seen(main, "connectCursor").setFocus(Qt.FocusReason.ShortcutFocusReason)
    qtbot.keyClick(seen(main, "connectCursor"), Qt.Key.Key_Return)
    panel = main.window.apps.panel
    assert has_keyboard_focus(panel)
    qtbot.keyClick(panel, Qt.Key.Key_Escape)
    assert has_keyboard_focus(seen(main, "connectCursor"))


# What is told late


def test_a_failure_waits_until_the_form_is_left(qtbot, main, monkeypatch):
    show(main, "sales")
    with held_up(monkeypatch):
        planned(qtbot, main).click()
        main._adding.begin()
        field = main.window.findChild(AddPage).findChild(QLineEdit)
        qtbot.keyClicks(field, "typed")
        CLAUDE.path().write_text("{ broken")
    qtbot.waitUntil(lambda: main._apps._untold is not None)
    assert main.window.is_adding
    assert field.text() == "typed"
    main._on_form_left("")
    qtbot.waitUntil(main.window.apps.panel._problem.isVisible)
    assert "line 1" in main.window.apps.panel._problem.accessibleName()


def test_another_port_leaves_an_app_the_way_that_it_has(qtbot, main):
    writer.apply(plan.connect(CURSOR, SALES, transport="http"))
    main._profiles.update(replace(SALES, http_port=8770))  # which is set to stdio
    qtbot.waitUntil(lambda: "Cursor now uses the new address." in toast(main))
    assert "8770/mcp" in CURSOR.path().read_text()


def test_the_words_at_the_foot_cover_no_button_of_the_panel(qtbot, main):
    main.window.resize(800, 560)
    show(main, "sales")
    main.window.toast.offer("Two words " * 12)
    button = seen(main, "changeFile")
    place = QRect(button.mapTo(main.window, QPoint(0, 0)), button.size())
    qtbot.waitUntil(lambda: main.window.toast._motion.state() == QPropertyAnimation.State.Stopped)
    assert not main.window.toast.geometry().intersects(place)


def test_tab_leaves_the_panel_after_its_last_button(qtbot, main):
    panel = show(main, "sales")
    planned(qtbot, main).setFocus()
    met = []
    for _ in range(60):
        qtbot.keyClick(QApplication.focusWidget(), Qt.Key.Key_Tab)
        met.append(QApplication.focusWidget())
    assert any(not panel.isAncestorOf(widget) for widget in met)
    assert seen(main, "mayAsk-shop") in met


@pytest.mark.parametrize("width", [800, 1120])
@pytest.mark.parametrize("name", ["Sales", "A name as long as a name can be " * 3])
def test_the_way_back_is_always_in_the_window(qtbot, main, width, name):
    main.window.resize(width, 560)
    said = f"“{name}” was removed, also from the settings of Claude Desktop, Cursor, Zed."
    main.window.toast.offer(said, "Put the entry back")
    inside = main.window.rect()
    qtbot.waitUntil(lambda: inside.contains(main.window.toast.geometry()))
    assert main.window.toast._undo.visibleRegion().boundingRect() == main.window.toast._undo.rect()
