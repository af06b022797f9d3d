"""The pages of databases, AI apps and activity, and the window around them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import (
    QAbstractButton,
    QApplication,
    QLabel,
    QPushButton,
    QScrollArea,
    QWidget,
)

from tests.desktop import screenshots as data
from trunkline_desktop.run_words import shortened
from trunkline_desktop.views.database import DatabasePage
from trunkline_desktop.views.elided import Elided
from trunkline_desktop.views.facts import AppFacts, FileFacts
from trunkline_desktop.views.window import Window
from trunkline_desktop.widgets.chart import BarChart
from trunkline_desktop.widgets.copy_field import CopyField
from trunkline_desktop.widgets.drawer import Drawer
from trunkline_server.errors import Failure
from trunkline_server.profiles.profile import Profile
from trunkline_server.serving.activity import Today

VS_CODE = AppFacts(id="vscode", name="VS Code", monogram="VS")


@pytest.fixture
def window(qtbot) -> Window:
    made = Window(data.model())
    qtbot.addWidget(made)
    made.show()
    return made


@pytest.fixture
def page(window) -> DatabasePage:
    data.database(window)
    return window.database


def button(where: QWidget, name: str) -> QAbstractButton:
    found = where.findChild(QAbstractButton, name)
    assert found is not None
    return found


def test_the_switch_says_which_database_and_what(page, qtbot):
    with qtbot.waitSignal(page.switched) as switched:
        button(page, "onSwitch").click()
    assert switched.args == ["sales", False]


def test_choosing_a_transport_acts_at_once(page, qtbot):
    with qtbot.waitSignal(page.transport_chosen) as chosen:
        button(page, "segment-sse").click()
    assert chosen.args == ["sales", "sse"]


def test_stdio_shows_the_command_and_no_key(window):
    data.failed(window)
    address = window.findChild(CopyField, "address")
    assert address is not None
    assert address.value.endswith("trunkline-stdio support")
    assert not window.database.reach.key.isVisible()


def test_the_access_key_is_asked_for_when_copied_and_not_kept(page, qtbot):
    key = page.reach.key
    with qtbot.waitSignal(page.key_wanted):
        key.copy()
    key.give("k-123")
    assert QGuiApplication.clipboard().text() == "k-123"
    assert key.value != "k-123"


def test_removing_asks_on_the_page_first(page, qtbot):
    action = next(
        a for a in button(page, "moreMenu").menu().actions() if a.objectName() == "remove"
    )
    with qtbot.assertNotEmitted(page.remove_wanted):
        action.trigger()
    with qtbot.waitSignal(page.remove_wanted):
        button(page, "confirmRemove").click()


def test_the_refused_part_of_an_hour_stands_on_top_of_it(page):
    hours = (0,) * 9
    page.show_activity(
        Today(
            questions=5,
            refused=2,
            per_hour=(*hours, 5, *hours, *(0,) * 5),
            refused_per_hour=(*hours, 2, *hours, *(0,) * 5),
        ),
        (),
    )
    chart = page.today.findChild(BarChart)
    assert (chart.highest(), chart.accessibleDescription()) == (5, "5 in all, 2 refused")


def test_a_database_nobody_asks_offers_to_connect_an_app(page, qtbot):
    page.show_apps([VS_CODE])
    with qtbot.waitSignal(page.connect_wanted) as wanted:
        button(page, "connectVSCodeHere").click()
    assert wanted.args == ["vscode"]


def test_of_many_apps_the_first_few_are_offered_and_the_page_of_all(page):
    many = [replace(VS_CODE, id=f"app-{n}", name=f"App {n}") for n in range(9)]
    page.show_apps(many)
    offered = [n for n in range(9) if page.apps.findChild(QAbstractButton, f"connectApp{n}Here")]
    assert offered == [0, 1, 2, 3]
    assert not button(page, "connectAnApp").isHidden()


def test_a_waiting_app_says_what_it_needs_to_make_contact(window):
    waiting = replace(VS_CODE, state="waiting", files=(FileFacts(path="a", ways={"x": "stdio"}),))
    window.apps.show_apps([waiting], {"x": "Sales"})
    told = "Sales · In VS Code, start the new server and say that you trust it."
    assert told in [text.text() for text in window.apps.findChildren(QLabel)]


def test_long_names_that_differ_at_their_end_can_be_told_apart(qtbot):
    names = [f"Warehouse Nordrhein-Westfalen Replica of Production {n}" for n in (1, 2)]
    labels = [Elided(name, is_name=True) for name in names]
    for label in labels:
        qtbot.addWidget(label)
        label.resize(160, label.sizeHint().height())
        label.show()
    assert len({label.text() for label in labels}) == 2
    assert all("…" in label.text() for label in labels)
    assert len({shortened(name) for name in names}) == 2
    assert all(len(shortened(name)) <= 32 for name in names)


def test_an_app_that_is_not_installed_has_no_button(window):
    window.apps.show_apps([replace(VS_CODE, state="missing")], {})
    window.show_apps()
    assert not button(window.apps, "connectVSCode").isVisible()


def test_ticking_a_database_asks_for_the_change(window, qtbot):
    data.ai_apps(window)
    with qtbot.waitSignal(window.apps.panel.choice_changed) as changed:
        button(window.apps, "mayAsk-support").click()
    assert list(changed.args[0].ways) == ["sales", "web-shop-staging", "support"]


def test_a_broken_settings_file_is_told_in_the_panel_and_not_changed(window):
    data.ai_apps(window)
    window.apps.panel.show_problem(Failure(code="client.malformed", title="Line 4 has an error."))
    assert not button(window.apps, "changeFile").isEnabled()
    assert window.findChild(QWidget, "panelProblem").isVisible()


def test_the_activity_page_tells_what_was_refused(window):
    data.activity(window)
    model = window.activity.findChild(QWidget, "calls").model()
    assert "Refused" in {model.index(row, 5).data() for row in range(model.rowCount())}


def test_choosing_a_page_unmarks_the_database(window):
    window.show_activity()
    assert button(window, "navActivity").isChecked()
    window.show_apps()
    assert not button(window, "navActivity").isChecked()


@pytest.mark.parametrize("name", data.SCENES)
def test_every_page_fits_the_smallest_window(window, name):
    window.resize(data.SMALL)
    data.SCENES[name](window)
    assert window.minimumSizeHint().width() <= data.SMALL.width()
    assert window.size() == data.SMALL


@pytest.mark.parametrize("name", data.SCENES)
def test_every_button_has_a_name_a_screen_reader_can_say(window, name):
    data.SCENES[name](window)
    shown = [b for b in window.page.findChildren(QAbstractButton) if b.isVisible()]
    assert [b.objectName() for b in shown if not (b.text() or b.accessibleName())] == []


@pytest.fixture
def german(qapp, qtbot) -> Iterator[Window]:
    words = data.German()
    qapp.installTranslator(words)
    made = Window(data.model())
    qtbot.addWidget(made)
    made.resize(data.LARGE)
    made.show()
    yield made
    qapp.removeTranslator(words)


@pytest.mark.parametrize("name", data.IN_GERMAN)
def test_german_words_are_not_cut(german, name):
    data.SCENES[name](german)
    QApplication.processEvents()
    cut = [b.text() for b in german.page.findChildren(QPushButton) if _is_cut(b)]
    assert cut == []


@pytest.mark.parametrize("name", [name for name in data.IN_GERMAN if name.startswith("ai-apps")])
def test_nothing_in_a_panel_is_wider_than_it(german, name):
    data.SCENES[name](german)
    QApplication.processEvents()
    (shown,) = [drawer for drawer in german.findChildren(Drawer) if drawer.isVisible()]
    content = shown.findChild(QScrollArea)
    assert content.widget().minimumSizeHint().width() <= content.viewport().width()


def test_the_pages_mirror_for_right_to_left(window):
    window.setLayoutDirection(Qt.LayoutDirection.RightToLeft)
    data.database(window)
    QApplication.processEvents()
    assert window.sidebar.x() > window.page.x()


def _is_cut(widget: QWidget) -> bool:
    return widget.isVisible() and widget.width() < widget.minimumSizeHint().width()


def test_data_cannot_format_a_label(page):
    assert {w.textFormat() for w in page.findChildren(QLabel, "title")} <= {Qt.TextFormat.PlainText}


def test_in_a_small_window_the_check_is_scrolled_to(window, qtbot):
    window.resize(data.SMALL)
    data.refused(window)
    check = window.add.check
    qtbot.waitUntil(lambda: check.visibleRegion().boundingRect().height() > 300)


def test_in_a_small_window_the_footer_says_its_sentence_whole(window, qtbot):
    window.resize(data.SMALL)
    data.form(window)
    window.add._saved.setText("Noch ist nichts gespeichert. Zum Einschalten bitte zuerst prüfen.")
    qtbot.waitUntil(lambda: window.add._saved.height() < 40)
    assert window.add._saved.width() > 500


ENDLESS = Profile(id="sales", name="Endlessnamewithoutspaces" * 3, host="host" * 20, http_port=8765)


def test_an_endless_name_does_not_widen_the_page(window, qtbot):
    window.resize(data.SMALL)
    data.database(window)
    window.database.show_database(ENDLESS, data.runs()[0], "")
    window.database._on_remove()
    area = window.database.scroll_area
    qtbot.waitUntil(lambda: area.widget().width() <= area.viewport().width())
    said = [label.text() for label in window.database._confirm.findChildren(QLabel)]
    assert any(ENDLESS.name in text for text in said)


def test_an_app_that_may_ask_many_databases_names_the_first_few(window):
    names = {f"db{i}": f"Database {i}" for i in range(30)}
    window.apps.show_apps(
        [
            replace(
                VS_CODE,
                state="connected",
                files=(FileFacts(path="", ways=dict.fromkeys(names, "stdio")),),
            )
        ],
        names,
    )
    said = " ".join(label.text() for label in window.apps.findChildren(QLabel))
    assert "Database 0, Database 1, Database 2 and 27 more" in said


def test_changing_a_database_shows_no_sign_before_something_is_pasted(window):
    window.add.start(ENDLESS, ())
    window.show_edit("sales")
    assert not window.add._read_sign.isVisible()
    assert len(window.add.title.text()) < 40
