"""The paste field, the form and its check, as a person meets them."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QComboBox, QLineEdit, QPushButton, QWidget

from tests.desktop import screenshots as data
from trunkline_desktop.models.check import Row
from trunkline_desktop.views.add import AddPage
from trunkline_desktop.views.draft import suggested_name
from trunkline_desktop.views.first_run import FirstRun
from trunkline_desktop.views.masking import DOTS
from trunkline_desktop.views.paste import PasteField
from trunkline_desktop.views.window import Window
from trunkline_server import stages
from trunkline_server.profiles.profile import Profile

SECRET = "Tr0ub4dor"
FORMS = (
    data.LINK,
    f"host=db.example.com user=analytics password={SECRET} dbname=reports",
    f"DATABASE_URL=postgresql://analytics:{SECRET}@db.example.com/reports",
    f"PGHOST=db.example.com\nPGUSER=analytics\nPGPASSWORD={SECRET}\nPGDATABASE=reports",
    f"Host=db.example.com;Username=analytics;Password={SECRET};Database=reports",
)


@pytest.fixture
def window(qtbot) -> Window:
    made = Window(data.model())
    qtbot.addWidget(made)
    made.show()
    return made


@pytest.fixture
def page(window) -> AddPage:
    window.show_new()
    return window.add


def editor(page: QWidget, name: str) -> QLineEdit:
    found = page.findChild(QLineEdit, name)
    assert found is not None
    return found


def button(page: QWidget, name: str) -> QPushButton:
    found = page.findChild(QPushButton, name)
    assert found is not None
    return found


@pytest.mark.parametrize("text", FORMS)
def test_a_pasted_password_is_not_readable_in_the_field(qtbot, text):
    field = PasteField()
    qtbot.addWidget(field)
    field.setText(text)
    assert SECRET not in field.text()
    assert field.parsed().password == SECRET


def test_correcting_the_host_beside_the_dots_keeps_the_password(qtbot):
    field = PasteField()
    qtbot.addWidget(field)
    field.setText(data.LINK)
    field.setText(field.text().replace("reports-db", "other-db"))
    assert (field.parsed().fields["host"], field.parsed().password) == (
        "other-db.example.com",
        SECRET,
    )


def test_a_user_spelled_like_the_password_stays_readable(qtbot):
    field = PasteField()
    qtbot.addWidget(field)
    field.setText("postgresql://app:app@db.example.com/app")
    assert field.text() == f"postgresql://app:{DOTS}@db.example.com/app"


def test_a_paste_that_is_not_understood_says_so_at_once(qtbot):
    field = PasteField()
    qtbot.addWidget(field)
    with qtbot.waitSignal(field.misunderstood) as said:
        field.setText("postgresql://analytics@db.example.com:54a32/reports")
    assert said.args[0].failure.code == "dsn.port"


def test_pasting_fills_the_form(page):
    page.paste_text(data.LINK)
    profile = page.form.profile()
    assert (profile.host, profile.database, profile.user, profile.sslmode) == (
        "reports-db.example.com",
        "reports",
        "analytics",
        "require",
    )
    assert (profile.name, page.form.password()) == ("Reports", SECRET)


def test_enter_in_the_form_starts_the_check_of_what_was_typed(page, qtbot):
    page.paste_text(data.LINK)
    with qtbot.waitSignal(page.check_wanted) as wanted:
        qtbot.keyClick(editor(page, "user"), Qt.Key.Key_Return)
    assert wanted.args == [page.form.profile(), SECRET]


def test_check_of_an_incomplete_form_points_at_the_first_field(page, qtbot):
    with qtbot.assertNotEmitted(page.check_wanted):
        button(page, "checkButton").click()
    assert editor(page, "name").property("problem") is True


def test_a_fresh_form_does_not_complain(page):
    assert not editor(page, "host").property("problem")


def test_switching_on_needs_a_check_that_passed(page):
    page.paste_text(data.LINK)
    assert not button(page, "saveAndSwitchOn").isEnabled()
    page.check_now()
    page.show_passed()
    assert button(page, "saveAndSwitchOn").isEnabled()


def test_a_change_after_the_check_asks_for_another(page):
    page.paste_text(data.LINK)
    page.check_now()
    page.show_passed()
    editor(page, "host").setText("other.example.com")
    assert not button(page, "saveAndSwitchOn").isEnabled()


def test_a_refused_password_is_asked_for_again_under_its_row(page):
    data_rows = (*data.CHECKED, Row("login", "failed", 55))
    page.paste_text(data.LINK)
    page.check_now()
    page.show_rows(data_rows)
    page.show_failure(data.REFUSED, "login")
    assert button(page, "fix").text() == "Type it again"
    assert editor(page, "password").text() == ""


def test_the_report_for_the_administrator_holds_no_password(page):
    page.paste_text(data.LINK)
    page.check_now()
    page.show_rows((*data.CHECKED, Row("login", "failed", 55)))
    page.show_failure(data.REFUSED, "login")
    button(page, "copyReport").click()
    report = QGuiApplication.clipboard().text()
    assert "reports-db.example.com" in report
    assert SECRET not in report


def test_leaving_the_paste_field_does_not_undo_what_was_typed_below(page):
    page.paste.setFocus()
    page.paste_text(data.LINK)
    editor(page, "host").setText("other.example.com")
    editor(page, "host").setFocus()
    assert page.form.profile().host == "other.example.com"


def test_save_for_later_needs_no_check(page, qtbot):
    page.paste_text(data.LINK)
    with qtbot.waitSignal(page.save_wanted) as saved:
        button(page, "saveForLater").click()
    assert saved.args[2] is False


def test_editing_keeps_the_id_and_the_password_in_the_keyring(page):
    page.start(Profile(id="sales", name="Sales", host="db.example.com"), ())
    editor(page, "name").setText("Shop")
    assert (page.form.profile().id, page.form.password()) == ("sales", None)


def test_a_suggested_name_is_not_taken_already():
    taken = (Profile(id="reports", name="Reports"),)
    assert suggested_name({"database": "reports"}, taken) == "Reports 2"


def test_the_first_page_offers_the_connection_in_the_clipboard(window, qtbot):
    QGuiApplication.clipboard().setText(data.LINK)
    page = window.first_run
    page.look_at_clipboard()
    button(page, "useClipboard").click()
    with qtbot.waitSignal(page.check_wanted) as wanted:
        button(page, "checkButton").click()
    assert wanted.args[0].password == SECRET


def test_the_first_page_offers_the_sample(qtbot):
    page = FirstRun()
    qtbot.addWidget(page)
    with qtbot.waitSignal(page.sample_wanted):
        button(page, "trySample").click()


def test_a_typed_server_that_is_not_local_must_prove_its_name(page, qtbot):
    qtbot.keyClicks(editor(page, "host"), "db.example.com")
    assert page.form.profile().sslmode == "verify-full"


def test_a_typed_local_server_is_encrypted_if_it_offers_it(page, qtbot):
    qtbot.keyClicks(editor(page, "host"), "localhost")
    assert page.form.profile().sslmode == "prefer"


def test_a_chosen_encryption_stays_when_the_server_changes(page, qtbot):
    choice = page.findChild(QComboBox, "sslmode")
    assert choice is not None
    choice.setCurrentIndex(choice.findData("require"))
    choice.activated.emit(choice.currentIndex())  # as a click does, and setting it does not
    qtbot.keyClicks(editor(page, "host"), "db.example.com")
    assert page.form.profile().sslmode == "require"


def test_the_row_of_the_tunnel_is_shown_for_a_tunnel_only(page):
    row = page.findChild(QWidget, "stage-tunnel")
    assert row is not None
    page.show_rows(data.CHECKED)
    assert row.isHidden()
    page.show_rows(Row(name) for name in stages.names(has_tunnel=True))
    assert not row.isHidden()


def test_a_unix_socket_has_no_port_to_reach(page):
    editor(page, "host").setText("/run/postgresql")
    page.show_rows(data.CHECKED)
    row = page.findChild(QWidget, "stage-reach")
    assert row is not None
    assert "Reach the socket" in row.accessibleName()
