"""The whole app: its start, its window, and that nothing is left when it ends."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys

import psutil
import pytest
import shiboken6
from PySide6.QtWidgets import QAbstractButton, QLabel

from trunkline_desktop import app as apps
from trunkline_desktop import jobs
from trunkline_desktop.app import App
from trunkline_server.clients import apps as clients
from trunkline_server.clients import plan, writer
from trunkline_server.profiles import secrets
from trunkline_server.profiles.profile import Profile
from trunkline_server.profiles.store import Store

MAIN = "from trunkline_desktop.app import main; raise SystemExit(main())"
CHILD = """
import os, sys
print('{"event": "ready", "transport": "stdio", "pid": %d}' % os.getpid(), flush=True)
sys.stdin.read()
"""
WITH_CHILD = """
import sys
from trunkline_desktop import app
made = app.Supervisor
def supervised(profiles, parent):
    one = made(profiles, parent, command=lambda *_: (sys.executable, "-c", sys.argv[1]))
    one.changed.connect(lambda i: one.run(i).pid and print(one.run(i).pid, flush=True))
    return one
app.Supervisor = supervised
raise SystemExit(app.main())
"""
# The offscreen platform has no other windows to be in front of.
pytestmark = pytest.mark.qt_log_ignore("This plugin does not support raise")


def started():
    Store().save(Profile(id="sales", name="Sales", http_port=8765, switched_on=True))
    env = os.environ | {"QT_QPA_PLATFORM": "offscreen"}
    command = [sys.executable, "-c", WITH_CHILD, CHILD]
    return subprocess.Popen(command, env=env, stdout=subprocess.PIPE)


@pytest.fixture
def app(qapp, qtbot, home, memory_keyring):
    made = App(qapp)
    yield made
    if not made.is_ending:
        end(qtbot, made)
    dispose(made)


def end(qtbot, app):
    with qtbot.waitSignal(app.ended):
        app.quit()


def dispose(app):
    assert app.profiles.settle(5000)
    assert app.following.settle(5000)
    assert jobs.settle(5000)
    if app._window:
        shiboken6.delete(app._window.window)  # a window has no parent to delete it
    shiboken6.delete(app)


@pytest.mark.skipif(sys.platform != "linux", reason="only X and Wayland can be absent")
def test_without_a_screen_it_says_one_sentence(home):
    hidden = {"DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM"}
    env = {k: v for k, v in os.environ.items() if k not in hidden}
    ended = subprocess.run(
        [sys.executable, "-c", MAIN],
        env=env,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (ended.returncode, ended.stderr) == (1, f"{apps.NO_DISPLAY}\n")


def test_the_first_run_opens_the_first_page(app):
    app.start()
    window = app.window().window
    assert (window.isVisible(), window.page) == (True, window.first_run)


def test_a_newer_list_of_databases_is_told_in_the_window(qapp, qtbot, home, memory_keyring):
    written = json.dumps({"version": 99, "profiles": []})
    Store().path.write_text(written)
    app = App(qapp)
    app.start()
    window = app.window().window
    said = [label.text() for label in window.first_run.findChildren(QLabel)]
    assert any("newer Trunkline" in text for text in said)
    assert Store().path.read_text() == written
    end(qtbot, app)
    dispose(app)


def test_closing_the_window_of_an_app_without_a_tray_ends_it(qtbot, app):
    app.start()
    with qtbot.waitSignal(app.ended):
        app.window().window.close()


def test_a_database_added_elsewhere_gets_its_page(qtbot, app):
    app.start()
    with qtbot.waitSignal(app.profiles.changed):
        Store().save(Profile(id="sales", name="Sales", http_port=8765))
    window = app.window().window
    assert (window.page, window.database.profile_id) == (window.database, "sales")


@pytest.fixture
def bereft(app, qtbot, tmp_path, monkeypatch):
    """The app without a window, after an AI app took our entry out of its file."""
    for variable in ("XDG_CONFIG_HOME", "APPDATA"):
        monkeypatch.setenv(variable, str(tmp_path))
    sales = Profile(id="sales", name="Sales", http_port=8765)
    Store().save(sales)
    qtbot.waitUntil(lambda: bool(app.profiles.all))
    claude = clients.ALL["claude-desktop"]
    writer.apply(plan.connect(claude, sales))
    app.guard.look()
    qtbot.waitUntil(lambda: str(claude.path()) in app.guard._watcher.files())
    said = []
    monkeypatch.setattr(app.tray, "say", lambda *words: said.append(words))
    with qtbot.waitSignal(app.guard.changed):
        claude.path().write_text("{}")
    return said


def test_an_entry_that_is_gone_is_said_once_by_the_tray_without_a_window(app, bereft):
    assert [title for title, _ in bereft] == [
        "Trunkline’s entry is gone from the settings of Claude Desktop."
    ]
    assert app.tray.state == "attention"
    assert app._window is None


def test_the_tray_leads_to_where_it_is_put_back(qtbot, app, bereft):
    app.tray.menu.aboutToShow.emit()
    (put_back,) = [a for a in app.tray.menu.actions() if a.objectName() == "putBack-claude-desktop"]
    put_back.trigger()
    window = app.window().window
    qtbot.waitUntil(window.apps.panel.isVisible)
    window.findChild(QAbstractButton, "putBack").click()
    qtbot.waitUntil(lambda: app.tray.state == "nothing")
    assert "sales" in clients.ALL["claude-desktop"].path().read_text()


def test_apps_that_follow_a_database_are_told_by_the_tray_without_a_window(
    app, qtbot, tmp_path, monkeypatch
):
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    monkeypatch.setenv("APPDATA", str(tmp_path))
    sales = Profile(id="sales", name="Sales", transport="http", http_port=8765)
    Store().save(sales)
    qtbot.waitUntil(lambda: bool(app.profiles.all))
    secrets.put("sales", "a-token-that-is-long-enough", "token")
    writer.apply(plan.connect(clients.ALL["vscode"], sales, transport="http"))
    said = []
    monkeypatch.setattr(app.tray, "say", lambda *words: said.append(words))
    with qtbot.waitSignal(app.following.followed):
        app.supervisor.switch_transport("sales", "sse")
    assert said == [("Sales", "VS Code now uses SSE.")]
    assert app.following.settle(5000)


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGTERM to send")
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_with_its_servers(home, number):
    with started() as app:
        child = psutil.Process(int(app.stdout.readline()))
        app.send_signal(number)
    assert app.returncode == 0
    assert not child.is_running()


@pytest.mark.skipif(sys.platform == "win32", reason="kill -9 is a Unix word")
def test_killing_it_leaves_no_server(home):
    with started() as app:
        child = psutil.Process(int(app.stdout.readline()))
        app.kill()
    assert child not in psutil.wait_procs([child], timeout=10)[1]
