"""The components behave the same under a mouse, a keyboard and a screen reader."""

from __future__ import annotations

import gc

import pytest
from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QAccessible, QGuiApplication, QIcon, QStandardItem, QStandardItemModel
from PySide6.QtWidgets import QApplication, QLineEdit, QWidget

from trunkline_desktop import appearance, icons, theme
from trunkline_desktop.models import databases
from trunkline_desktop.tokens import DARK, LIGHT
from trunkline_desktop.widgets import database_row
from trunkline_desktop.widgets.app_card import AppCard
from trunkline_desktop.widgets.button import Button
from trunkline_desktop.widgets.chart import BarChart
from trunkline_desktop.widgets.check_row import CheckRow, duration
from trunkline_desktop.widgets.copy_field import CopyField
from trunkline_desktop.widgets.database_row import DatabaseList
from trunkline_desktop.widgets.diff_lines import as_unified, compare, parse
from trunkline_desktop.widgets.diff_view import DiffView
from trunkline_desktop.widgets.drawer import Drawer
from trunkline_desktop.widgets.fields import Field, PasswordField
from trunkline_desktop.widgets.folded import FoldedSection
from trunkline_desktop.widgets.inline_message import InlineMessage
from trunkline_desktop.widgets.page import Page
from trunkline_desktop.widgets.segmented import SegmentedControl
from trunkline_desktop.widgets.shapes import StageShape
from trunkline_desktop.widgets.steps import Steps
from trunkline_desktop.widgets.switch import Switch
from trunkline_desktop.widgets.tabs import Tabs
from trunkline_desktop.widgets.tag import Tag
from trunkline_desktop.widgets.toast import Toast

pytestmark = pytest.mark.usefixtures("light")


def stage(qtbot, widget: QWidget, width: int = 400, height: int = 300) -> QWidget:
    """Show ``widget`` in a plain window; a window of its own makes the offscreen plugin warn."""
    window = QWidget()
    qtbot.addWidget(window)
    window.resize(width, height)
    widget.setParent(window)
    widget.setGeometry(0, 0, width, height)
    window.show()
    qtbot.kept_windows = [*getattr(qtbot, "kept_windows", []), window]  # qtbot itself does not
    return window


def role_of(widget: QWidget) -> QAccessible.Role:
    return QAccessible.queryAccessibleInterface(widget).role()


def test_arrow_keys_move_a_segmented_control_and_choose(qtbot):
    control = SegmentedControl(["stdio", "http", "sse"], "stdio")
    stage(qtbot, control)
    segment = control.findChild(QWidget, "segment-stdio")
    with qtbot.waitSignal(control.changed) as changed:
        qtbot.keyClick(segment, Qt.Key.Key_Right)
    assert changed.args == ["http"]


def test_choosing_by_code_sends_no_signal(qtbot):
    control, seen = SegmentedControl(["a", "b"]), []
    qtbot.addWidget(control)
    control.changed.connect(seen.append)
    control.set_value("b")
    assert (control.value, seen) == ("b", [])


def test_choosing_a_segment_moves_nothing(qtbot):
    control = SegmentedControl(["STDIO", "HTTP", "SSE"])
    qtbot.addWidget(control)
    before = control.sizeHint()
    control.set_value("HTTP")
    assert control.sizeHint() == before


def test_a_switch_is_a_check_box_to_screen_readers(qtbot):
    switch = Switch("Start at login")
    qtbot.addWidget(switch)
    assert role_of(switch) == QAccessible.Role.CheckBox


@pytest.mark.parametrize("key", [Qt.Key.Key_Space, Qt.Key.Key_Return])
def test_a_key_switches(qtbot, key):
    switch = Switch()
    qtbot.addWidget(switch)
    with qtbot.waitSignal(switch.toggled) as toggled:
        qtbot.keyClick(switch, key)
    assert toggled.args == [True]


def test_enter_presses_a_button(qtbot):
    button = Button("Check it", "primary")
    qtbot.addWidget(button)
    with qtbot.waitSignal(button.clicked):
        qtbot.keyClick(button, Qt.Key.Key_Return)


def test_a_button_without_words_has_a_name(qtbot):
    button = Button("", "ghost", "x", name="Close")
    qtbot.addWidget(button)
    assert (button.accessibleName(), button.toolTip()) == ("Close", "Close")


def test_a_copied_value_is_on_the_clipboard(qtbot):
    field = CopyField("http://127.0.0.1:8765/mcp")
    qtbot.addWidget(field)
    with qtbot.waitSignal(field.copied):
        field.copy()
    assert QGuiApplication.clipboard().text() == "http://127.0.0.1:8765/mcp"


def test_a_secret_is_never_in_the_line(qtbot):
    field = CopyField("s3cret-key", secret=True)
    qtbot.addWidget(field)
    assert "s3cret" not in field.findChild(QLineEdit).text()


def test_a_field_names_what_it_holds_and_says_what_is_wrong(qtbot):
    line = QLineEdit()
    field = Field("Port", line, "Usually 5432.")
    qtbot.addWidget(field)
    field.set_problem("The port is a number from 1 to 65535.")
    assert line.accessibleName() == "Port"
    assert line.accessibleDescription() == field.problem


def test_a_problem_taken_back_shows_the_hint_again(qtbot):
    field = Field("Port", QLineEdit(), "Usually 5432.")
    qtbot.addWidget(field)
    field.set_problem("Wrong.")
    field.set_problem("")
    assert (field.problem, field.widget.accessibleDescription()) == ("", "Usually 5432.")


def test_a_password_is_dots_until_the_eye_is_chosen(qtbot):
    field = PasswordField()
    qtbot.addWidget(field)
    field.setText("secret")
    assert field.echoMode() == QLineEdit.EchoMode.Password
    field.actions()[0].trigger()
    assert field.echoMode() == QLineEdit.EchoMode.Normal


def test_an_emptied_password_field_hides_again(qtbot):
    field = PasswordField()
    qtbot.addWidget(field)
    field.setText("secret")
    field.actions()[0].trigger()
    field.clear()
    assert field.echoMode() == QLineEdit.EchoMode.Password


def test_a_check_row_says_its_state_in_words(qtbot):
    row = CheckRow("Log in")
    qtbot.addWidget(row)
    row.set_state("failed")
    assert row.accessibleName() == "Log in, failed"


def test_the_message_of_a_row_opens_below_it_and_closes(qtbot):
    row = CheckRow("Log in")
    qtbot.addWidget(row)
    row.set_message(InlineMessage("failed", "The server refused this login."))
    assert row.message is not None
    row.set_message(None)
    assert row.message is None


@pytest.mark.parametrize(("ms", "words"), [(12.4, "12 ms"), (999, "999 ms"), (4100, "4.1 s")])
def test_a_time_reads_as_people_say_it(qapp, ms, words):
    assert duration(ms) == words


def test_an_action_of_a_message_is_sent_by_its_id(qtbot):
    message = InlineMessage("failed", "Refused.", "Type it again.", [("again", "Type it again")])
    qtbot.addWidget(message)
    with qtbot.waitSignal(message.acted) as acted:
        message.buttons["again"].click()
    assert acted.args == ["again"]


def test_the_first_action_of_a_failure_is_the_primary_one(qtbot):
    message = InlineMessage("failed", "Refused.", "", [("a", "Again"), ("b", "Copy")])
    qtbot.addWidget(message)
    assert [b.kind for b in message.buttons.values()] == ["primary", "plain"]


def test_a_folded_section_speaks_its_value(qtbot):
    section = FoldedSection("Encryption (TLS)", "Required")
    qtbot.addWidget(section)
    section.set_open(True)
    assert section.is_open
    assert not section.content.isHidden()


def test_an_arc_turns_only_while_it_is_seen(qtbot, qapp):
    theme.set_reduced_motion(reduced=False)
    shape = StageShape("runs")
    stage(qtbot, shape)
    assert shape.is_turning
    shape.hide()
    assert not shape.is_turning


def test_an_arc_stands_still_with_reduced_motion(qtbot):
    shape = StageShape("runs")
    stage(qtbot, shape)
    assert not shape.is_turning


def test_a_diff_reads_back_as_it_was_written():
    lines = compare("a\nb\nc\n", "a\nB\nc\n")
    assert parse(as_unified(lines)) == lines
    assert [(x.sign, x.number, x.text) for x in lines if x.sign in "+-"] == [
        ("-", 2, "b"),
        ("+", 2, "B"),
    ]


def test_what_is_copied_from_a_diff_carries_its_signs(qtbot):
    view = DiffView()
    qtbot.addWidget(view)
    view.set_change("a\nb\n", "a\nB\n")
    view.focusProxy().selectAll()
    view.focusProxy().copy()
    assert QGuiApplication.clipboard().text().splitlines() == [" a", "-b", "+B"]


def test_a_diff_counts_its_lines(qtbot):
    view = DiffView()
    qtbot.addWidget(view)
    view.set_change("a\n", "a\nb\nc\n")
    assert view.counts() == (2, 0)


def test_undo_of_a_toast_is_told(qtbot):
    window = QWidget()
    qtbot.addWidget(window)
    window.show()
    toast = Toast(window)
    toast.offer("Web shop was removed.")
    with qtbot.waitSignals([toast.undone, toast.ended]):
        toast.findChild(Button).click()
    assert toast.isHidden()


def test_escape_closes_a_drawer(qtbot):
    drawer = Drawer("Question")
    stage(qtbot, drawer)
    drawer.open()
    with qtbot.waitSignal(drawer.closed):
        qtbot.keyClick(drawer, Qt.Key.Key_Escape)


def test_arrow_keys_move_tabs(qtbot):
    tabs = Tabs([("overview", "Overview"), ("safety", "Safety")])
    qtbot.addWidget(tabs)
    with qtbot.waitSignal(tabs.changed) as changed:
        qtbot.keyClick(tabs, Qt.Key.Key_Right)
    assert changed.args == ["safety"]


def test_steps_say_where_one_is(qtbot):
    steps = Steps(["Database", "AI apps", "First question"])
    qtbot.addWidget(steps)
    steps.set_step(1)
    assert steps.accessibleName() == "Step 2 of 3: AI apps"


def test_a_label_is_a_word(qtbot):
    tag = Tag("production")
    qtbot.addWidget(tag)
    assert tag.text() == "Production"


def test_an_app_that_is_not_installed_offers_nothing(qtbot):
    card = AppCard("Windsurf", "Wi")
    qtbot.addWidget(card)
    card.set_app(None, "Not installed on this computer")
    assert card.button.isHidden()


def test_a_chart_says_its_numbers_in_words(qtbot):
    chart = BarChart([2, 3], [0, 1])
    qtbot.addWidget(chart)
    assert chart.accessibleDescription() == "6 in all, 1 refused"


def test_a_page_in_a_narrow_window_has_narrow_margins(qtbot):
    page = Page("Settings")
    stage(qtbot, page, 800, 560)
    assert page.body.contentsMargins().left() == 24


def test_delegate_and_model_agree_on_their_roles():
    ours = (
        database_row.NAME_ROLE,
        database_row.LABEL_ROLE,
        database_row.LABEL_WORD_ROLE,
        database_row.STATUS_ROLE,
        database_row.STATE_WORDS_ROLE,
    )
    role = databases.Role
    theirs = (role.NAME, role.LABEL, role.LABEL_WORD, role.STATUS, role.STATE_WORDS)
    assert [int(r) for r in ours] == [int(r) for r in theirs]


def test_rows_of_databases_are_56_pixels_and_a_gap(qtbot):
    view, model = DatabaseList(), QStandardItemModel()
    qtbot.addWidget(view)
    model.appendRow(QStandardItem("Sales"))
    view.setModel(model)
    assert view.sizeHintForRow(0) >= 58


def test_icons_follow_the_theme_without_being_made_again(qapp: QApplication):
    icon = icons.icon("plus", "text")
    appearance.apply(qapp, LIGHT)
    light = icon.pixmap(QSize(16, 16)).toImage()
    appearance.apply(qapp, DARK)
    assert icon.pixmap(QSize(16, 16)).toImage() != light


def test_a_copy_of_an_icon_outlives_the_first(qapp):
    copy = QIcon(icons.icon("plus"))
    copy.setIsMask(True)  # makes Qt clone the engine
    gc.collect()
    assert not copy.pixmap(16, 16).isNull()


@pytest.mark.parametrize("name", icons.names())
def test_every_icon_can_be_drawn(qapp, name):
    image = icons.icon(name).pixmap(32, 32).toImage()
    assert any(image.pixelColor(x, y).alpha() for x in range(32) for y in range(32))


def test_everything_is_mirrored_where_reading_is(qtbot):
    row = CheckRow("Log in")
    row.setLayoutDirection(Qt.LayoutDirection.RightToLeft)
    box = stage(qtbot, row, 400, 60)
    assert row.findChild(StageShape).mapTo(box, row.rect().topLeft()).x() > 200


def test_large_system_text_makes_larger_captions(qapp):
    base = qapp.font()
    base.setPointSizeF(base.pointSizeF() * 2)
    assert theme.font("caption", base).pointSizeF() > theme.font("caption").pointSizeF() * 1.5
