"""Apps that a person sets up: a link to open, a line to run, a text to paste, a bundle."""

from __future__ import annotations

import json
import zipfile

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QDesktopServices, QGuiApplication
from PySide6.QtWidgets import QApplication, QComboBox, QFileDialog

from tests.desktop.apps_window import closed, live_in, opened, seen
from trunkline_desktop.widgets.code_field import CodeField
from trunkline_desktop.widgets.copy_field import CopyField
from trunkline_server.clients import apps

# The offscreen platform knows no sizes of windows that are not its own.
pytestmark = pytest.mark.qt_log_ignore("This plugin does not support propagateSizeHints")


@pytest.fixture
def config(home, tmp_path, monkeypatch, memory_keyring):
    live_in(tmp_path, monkeypatch)
    (tmp_path / "CherryStudio").mkdir()
    apps.ALL["cursor"].path().parent.mkdir()
    apps.ALL["zed"].path().parent.mkdir(parents=True)
    return tmp_path


@pytest.fixture
def main(qtbot, config):
    made = opened(qtbot)
    made.window.show_apps()
    yield made
    closed(qtbot, made)


def show(main, name):
    seen(main, f"connect{name}").click()
    return main.window.apps.hand


def text(qtbot, main):
    qtbot.waitUntil(lambda: main.window.findChild(CodeField, "offer-text") is not None)
    return main.window.findChild(CodeField, "offer-text")


def choose(main, way):
    control = main.window.apps.hand._how.findChild(
        type(seen(main, "segment-stdio")), f"segment-{way}"
    )
    control.click()


def cards(main):
    return [card.accessibleName() for card in main.window.apps._cards.values()]


def test_an_app_that_is_here_and_any_other_have_a_card(main):
    named = [name.split(",")[0] for name in cards(main)]
    known = named.index("Cherry Studio"), named.index("Another app")
    assert known == (2, 3)  # after those whose files are edited
    assert "JetBrains AI Assistant" not in named


def test_its_settings_are_shown_to_paste(qtbot, main):
    panel = show(main, "CherryStudio")
    field = text(qtbot, main)
    entry = json.loads(field.value)["mcpServers"]["sales"]
    assert entry["args"] == ["sales"]
    field.copy()
    assert QGuiApplication.clipboard().text() == field.value
    assert "database of its own" in panel.subtitle.text()


def test_the_link_opens_the_app(qtbot, main, monkeypatch):
    opened_links = []
    monkeypatch.setattr(QDesktopServices, "openUrl", opened_links.append)
    show(main, "CherryStudio")
    text(qtbot, main)
    seen(main, "openLink").click()
    assert opened_links[0].toString().startswith("cherrystudio://mcp/install?servers=")


def test_another_database_changes_what_is_shown(qtbot, main):
    show(main, "AnotherApp")
    text(qtbot, main)
    box = main.window.findChild(QComboBox, "handDatabase")
    qtbot.keyClick(box, Qt.Key.Key_Down)
    qtbot.waitUntil(lambda: '"shop"' in text(qtbot, main).value)


def test_an_address_is_shown_without_its_token_and_with_a_word_on_it(qtbot, main):
    panel = show(main, "AnotherApp")
    text(qtbot, main)
    choose(main, "http")
    qtbot.waitUntil(lambda: "8765/mcp" in text(qtbot, main).value)
    assert "${TRUNKLINE_TOKEN_SALES}" in text(qtbot, main).value
    assert "TRUNKLINE_TOKEN_SALES" in panel._note.accessibleDescription()


def test_what_would_need_the_token_itself_is_refused(qtbot, main):
    panel = show(main, "CherryStudio")
    text(qtbot, main)
    choose(main, "http")
    qtbot.waitUntil(panel._problem.isVisible)
    assert "plain text" in panel._problem.accessibleName()
    choose(main, "stdio")
    qtbot.waitUntil(lambda: not panel._problem.isVisible())
    qtbot.waitUntil(lambda: text(qtbot, main).isVisible())


def test_a_bundle_is_saved_where_the_person_says(qtbot, main, tmp_path):
    panel = show(main, "AnotherApp")
    text(qtbot, main)
    seen(main, "saveBundle").click()
    (dialog,) = panel.findChildren(QFileDialog)
    dialog.selectFile(str(tmp_path / "sales.mcpb"))
    dialog.accept()
    qtbot.waitUntil(lambda: "Saved as sales.mcpb" in panel._note.accessibleName())
    manifest = json.loads(zipfile.ZipFile(tmp_path / "sales.mcpb").read("manifest.json"))
    assert manifest["display_name"] == "Sales"


def test_a_place_that_takes_no_file_is_told(qtbot, main, tmp_path):
    panel = show(main, "AnotherApp")
    text(qtbot, main)
    panel.bundle_wanted.emit("sales", str(tmp_path / "nowhere" / "sales.mcpb"))
    qtbot.waitUntil(panel._problem.isVisible)
    assert "cannot be written" in panel._problem.accessibleName()


def test_whoever_likes_a_link_better_gets_it_for_a_known_app(qtbot, main):
    seen(main, "connectCursor").click()
    seen(main, "mayAsk-shop").click()
    seen(main, "useByHand").click()
    panel = main.window.apps.hand
    assert panel.isVisible()
    assert not main.window.apps.panel.isVisible()
    qtbot.waitUntil(lambda: main.window.findChild(CopyField, "offer-link") is not None)
    assert main.window.findChild(CopyField, "offer-link").value.startswith("cursor://")
    assert panel.choice().profile_id == "shop"


def test_an_app_of_another_kind_takes_the_panel_over(qtbot, main):
    show(main, "AnotherApp")
    seen(main, "connectZed").click()
    assert main.window.apps.panel.isVisible()
    assert not main.window.apps.hand.isVisible()


def test_escape_goes_back_to_the_card(qtbot, main):
    panel = show(main, "AnotherApp")
    qtbot.keyClick(panel, Qt.Key.Key_Escape)
    assert not panel.isVisible()
    assert QApplication.focusWidget() is seen(main, "connectAnotherApp")


def test_it_is_no_app_that_a_database_could_be_connected_with_at_once(main):
    main.show_database("sales")
    names = [
        button.objectName()
        for button in main.window.database.apps.findChildren(type(seen(main, "connectZedHere")))
    ]
    assert "connectZedHere" in names
    assert "connectAnotherAppHere" not in names
