"""What the windows show: profiles, rows, checks and the log."""

from __future__ import annotations

import json
import sys
import time
from contextlib import closing
from dataclasses import replace

import pytest
import shiboken6
from PySide6.QtCore import Qt
from PySide6.QtTest import QAbstractItemModelTester

from trunkline_desktop import run_words
from trunkline_desktop.models.activity import ActivityReader
from trunkline_desktop.models.check import Check
from trunkline_desktop.models.databases import DatabasesModel, Role
from trunkline_desktop.models.profiles import Profiles
from trunkline_desktop.run_state import Run
from trunkline_desktop.supervisor import Supervisor
from trunkline_server.errors import Failure
from trunkline_server.profiles import saving, secrets
from trunkline_server.profiles.profile import Profile
from trunkline_server.profiles.store import Store
from trunkline_server.serving.activity import Activity, Call

SALES = Profile(id="sales", name="Sales", label="production", http_port=8765)
SUPPORT = Profile(id="support", name="Support", label="test", http_port=8766)
REFUSED = Failure(code="login.password", title="The server refused this login.")


@pytest.fixture
def profiles(qtbot, home, memory_keyring):
    made = Profiles()
    yield made
    assert made.settle(5000)
    shiboken6.delete(made)


@pytest.fixture
def rows(profiles):
    model = DatabasesModel(profiles, Supervisor(profiles, profiles), profiles)
    QAbstractItemModelTester(model, QAbstractItemModelTester.FailureReportingMode.Fatal, profiles)
    return model


def names(model):
    return [model.data(model.index(r)) for r in range(model.rowCount())]


def test_there_is_nothing_at_first(profiles):
    assert (profiles.all, profiles.problem) == ((), None)


def test_a_saved_profile_is_there_when_its_job_is_done(qtbot, profiles):
    with qtbot.waitSignal(profiles.add(SALES, "s3cret").done) as done:
        pass
    assert profiles.all == (done.args[0],)


def test_the_password_goes_to_the_keyring(qtbot, profiles, memory_keyring):
    with qtbot.waitSignal(profiles.add(SALES, "s3cret").done):
        pass
    assert secrets.get("sales") == "s3cret"


def test_what_a_terminal_adds_shows_up(qtbot, profiles):
    with qtbot.waitSignal(profiles.changed):
        Store().save(SUPPORT)
    assert profiles.get("support") == SUPPORT


def test_a_second_addition_from_outside_shows_up_too(qtbot, profiles):
    for profile in (SALES, SUPPORT):
        with qtbot.waitSignal(profiles.changed):
            Store().save(profile)
    assert profiles.all == (SALES, SUPPORT)


def test_a_broken_file_is_told_and_the_list_stays(qtbot, profiles):
    with qtbot.waitSignal(profiles.changed):
        Store().save(SALES)
    with qtbot.waitSignal(profiles.changed):
        Store().path.write_text("{")
    assert (profiles.all, profiles.problem.code) == ((SALES,), "store.malformed")


def test_a_newer_file_is_told_and_not_overwritten(qtbot, home, memory_keyring):
    written = json.dumps({"version": 99, "profiles": [], "new": True})
    Store().path.write_text(written)
    made = Profiles()
    with qtbot.waitSignal(made.add(SALES, "s3cret").failed) as failed:
        pass
    assert (made.problem.code, failed.args[0].code) == ("store.newer", "store.newer")
    assert Store().path.read_text() == written
    shiboken6.delete(made)


def test_a_repaired_file_ends_the_trouble(qtbot, profiles):
    with qtbot.waitSignal(profiles.changed):
        Store().path.write_text("{")
    with qtbot.waitSignal(profiles.changed):
        Store().path.write_text('{"version": 1, "profiles": []}')
    assert profiles.problem is None


def test_a_single_field_is_saved_without_the_keyring(qtbot, profiles):
    Store().save(SALES)
    with qtbot.waitSignal(profiles.change("sales", switched_on=True).done):
        pass
    assert Store().get("sales") == replace(SALES, switched_on=True)


def test_a_change_to_a_removed_profile_is_told(qtbot, profiles):
    with qtbot.waitSignal(profiles.failed) as failed:
        profiles.change("nobody", switched_on=True)
    assert failed.args[0].code == "profile.unknown"


def test_a_new_password_is_told(qtbot, profiles):
    saving.add(Store(), SALES, "old")
    with qtbot.waitSignal(profiles.secret_changed) as changed:
        profiles.update(Store().get("sales"), "new")
    assert changed.args == ["sales"]


def test_the_rows_follow_what_is_added_and_removed(qtbot, profiles, rows):
    for act in (
        lambda: Store().save(SALES),
        lambda: Store().save(SUPPORT),
        lambda: Store().remove("sales"),
    ):
        with qtbot.waitSignal(profiles.changed):
            act()
    assert names(rows) == ["Support"]


def test_a_renamed_database_keeps_its_row(qtbot, profiles, rows):
    with qtbot.waitSignal(profiles.changed):
        Store().save(SALES)
    with qtbot.waitSignal(rows.dataChanged):
        Store().save(replace(SALES, name="Shop"))
    assert names(rows) == ["Shop"]


def test_a_row_speaks(qtbot, profiles, rows):
    with qtbot.waitSignal(profiles.changed):
        Store().save(SALES)
    index = rows.index_of("sales")
    assert index.data(Qt.ItemDataRole.AccessibleTextRole) == "Sales, Production, Off"
    assert (index.data(Role.STATUS), index.data(Role.SECOND_LINE)) == ("off", "Production · Off")


@pytest.mark.parametrize(
    ("run", "status", "line"),
    [
        (Run(), "off", "Production · Off"),
        (Run(state="starting", wanted="http"), "starting", "Production · Starting"),
        (Run(state="on", wanted="http", transport="http"), "on", "Production · On · HTTP"),
        (Run(state="stopping", wanted="sse"), "starting", "Production · Starting"),
        (Run(state="stopping"), "off", "Production · Switching off"),
        (
            Run(state="failed", wanted="http", failure=REFUSED),
            "failed",
            "Production · Password refused",
        ),
        (
            Run(
                state="waiting",
                wanted="http",
                tries=1,
                failure=Failure(code="reach.refused", title="Nothing is listening."),
            ),
            "attention",
            "Production · Server not reached",
        ),
    ],
)
def test_a_run_in_words(run, status, line):
    assert (run_words.status(run), run_words.second_line(SALES, run)) == (status, line)


CHECKS = """
import json, sys
given = json.loads(sys.stdin.readline())
def say(**fields): print(json.dumps(fields), flush=True)
say(event="stage", stage="resolve", state="done", ms=3, note=given["profile"]["host"])
if given["password"] != "right":
    say(event="stage", stage="login", state="failed", ms=9)
    say(event="failed", code="login.password", title="The server refused this login.",
        stage="login")
    raise SystemExit(1)
"""
WAITS = """
import sys
print('{"event": "stage", "stage": "resolve", "state": "running"}', flush=True)
sys.stdin.read()
"""


def check_with(script):
    return Check(command=lambda: (sys.executable, "-c", script))


def test_a_check_fills_its_rows(qtbot):
    check = check_with(CHECKS)
    with qtbot.waitSignal(check.ended) as ended:
        check.start(SALES, "right")
    assert ended.args == [True]
    assert [(r.stage, r.state, r.note) for r in check.rows][:2] == [
        ("resolve", "done", "localhost"),
        ("reach", "waiting", ""),
    ]


def test_a_failed_check_says_why_and_where(qtbot):
    check, said = check_with(CHECKS), []
    check.failed.connect(lambda failure, stage: said.append((failure.code, stage)))
    with qtbot.waitSignal(check.ended) as ended:
        check.start(SALES, "wrong")
    assert (said, ended.args) == ([("login.password", "login")], [False])


def test_a_check_that_dies_is_no_success(qtbot):
    check = check_with("raise SystemExit(2)")
    with qtbot.waitSignal(check.failed) as failed:
        check.start(SALES, "right")
    assert failed.args[0].code == "check.ended"


def test_a_cancelled_check_says_nothing_more_and_ends(qtbot):
    check, heard = check_with(WAITS), []
    check.ended.connect(heard.append)
    with qtbot.waitSignal(check.stage):
        check.start(SALES, "")
    process = check._process
    with qtbot.waitSignal(process.destroyed):
        check.cancel()
    assert (heard, check.is_running) == ([], False)


def test_the_log_is_read_while_somebody_looks(qtbot, home):
    with closing(Activity()) as activity:
        activity.record(Call(at=time.time() - 1, profile_id="sales", tool="execute_query"))
    reader = ActivityReader()
    with qtbot.waitSignal(reader.changed):
        reader.set_visible(True)
    assert [c.tool for c in reader.recent] == ["execute_query"]
    reader.set_visible(False)


def test_another_database_shows_its_own_calls(qtbot, home):
    with closing(Activity()) as activity:
        activity.record(Call(at=time.time() - 1, profile_id="sales", tool="list_tables"))
        activity.record(Call(at=time.time(), profile_id="support", tool="execute_query"))
    reader = ActivityReader()
    reader.watch("support")
    with qtbot.waitSignal(reader.changed):
        reader.set_visible(True)
    assert [c.tool for c in reader.recent] == ["execute_query"]
    reader.set_visible(False)
