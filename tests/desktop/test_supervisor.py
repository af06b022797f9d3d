"""One real child process for every database that is on."""

from __future__ import annotations

import json
import sys
from dataclasses import replace

import psutil
import pytest
import shiboken6

from trunkline_desktop.models.profiles import Profiles
from trunkline_desktop.supervisor import Supervisor, server_command
from trunkline_server.profiles import saving
from trunkline_server.profiles.profile import Profile
from trunkline_server.profiles.store import Store

SERVER = """
import json, os, sys
transport, notes = sys.argv[1:3]
with open(notes, "a") as file:
    print(transport, file=file)
def say(**fields): print(json.dumps(fields), flush=True)
say(event="ready", transport=transport, url="http://127.0.0.1:8765/mcp", pid=os.getpid())
say(event="client", name="Cursor", version="2.0")
sys.stdin.read()
"""
REFUSES = """
print('{"event": "failed", "code": "login.password", "title": "The server refused this login."}')
raise SystemExit(1)
"""
PORT_TAKEN_ONCE = (
    """
import os, sys
if not os.path.exists(sys.argv[2]):
    open(sys.argv[2], "w").close()
    print('{"event": "failed", "code": "run.port_taken", "title": "Port 8765 is used."}')
    raise SystemExit(1)
"""
    + SERVER
)
CRASHES_ONCE = (
    """
import os, sys
if not os.path.exists(sys.argv[2]):
    open(sys.argv[2], "w").close()
    os.abort()
"""
    + SERVER
)


@pytest.fixture
def sales(home, memory_keyring):
    profile = Profile(id="sales", name="Sales", transport="http", http_port=8765)
    return saving.add(Store(), profile, "s3cret")


@pytest.fixture
def make(qtbot, tmp_path, sales):
    made = []

    def _make(script=SERVER):
        profiles = Profiles()
        notes = str(tmp_path / "notes")
        command = lambda _, transport: (sys.executable, "-c", script, transport, notes)  # noqa: E731
        made.append(Supervisor(profiles, profiles, command=command))
        made.append(profiles)
        return made[-2], profiles

    yield _make
    for supervisor in made[::2]:
        with qtbot.waitSignal(supervisor.all_off):
            supervisor.stop_all()
        assert made[1].settle(5000)
        shiboken6.delete(made[1])  # here, not wherever the collector happens to run


def until(qtbot, supervisor, state):
    if supervisor.run("sales").state != state:
        with qtbot.waitSignal(
            supervisor.changed, check_params_cb=lambda i: supervisor.run(i).state == state
        ):
            pass
    return supervisor.run("sales")


def started_with(tmp_path):
    return (tmp_path / "notes").read_text().split()


def test_switching_on_starts_a_server(qtbot, make):
    supervisor, _ = make()
    supervisor.switch_on("sales")
    run = until(qtbot, supervisor, "on")
    assert (run.url, psutil.pid_exists(run.pid)) == ("http://127.0.0.1:8765/mcp", True)


def test_switching_off_ends_its_process(qtbot, make):
    supervisor, _ = make()
    supervisor.switch_on("sales")
    pid = until(qtbot, supervisor, "on").pid
    supervisor.switch_off("sales")
    until(qtbot, supervisor, "off")
    assert not psutil.pid_exists(pid)


def test_an_ai_app_that_connects_is_told(qtbot, make):
    supervisor, _ = make()
    with qtbot.waitSignal(supervisor.client_seen) as seen:
        supervisor.switch_on("sales")
    assert seen.args == ["sales", "Cursor", "2.0"]


def test_switching_on_is_remembered(qtbot, make):
    supervisor, profiles = make()
    with qtbot.waitSignal(profiles.changed):
        supervisor.switch_on("sales")
    assert Store().get("sales").switched_on


def test_what_was_on_starts_with_the_app(qtbot, make, sales):
    Store().save(replace(sales, switched_on=True))
    supervisor, _ = make()
    supervisor.start_switched_on()
    assert until(qtbot, supervisor, "on").transport == "http"


def test_what_was_off_does_not_start_with_the_app(make):
    supervisor, _ = make()
    supervisor.start_switched_on()
    assert supervisor.run("sales").state == "off"


def test_stopping_everything_leaves_it_switched_on_for_the_next_start(qtbot, make):
    supervisor, profiles = make()
    with qtbot.waitSignal(profiles.changed):
        supervisor.switch_on("sales")
    with qtbot.waitSignal(supervisor.all_off):
        supervisor.stop_all()
    assert Store().get("sales").switched_on


def test_a_hundred_changes_of_transport_end_with_the_last(qtbot, make, tmp_path):
    supervisor, _ = make()
    supervisor.switch_on("sales")
    until(qtbot, supervisor, "on")
    for n in range(100):
        supervisor.switch_transport("sales", ("stdio", "http", "sse")[n % 3])
    qtbot.waitUntil(lambda: supervisor.run("sales").state == "on")
    qtbot.waitUntil(lambda: Store().get("sales").transport == "stdio")
    assert supervisor.run("sales").transport == "stdio"
    assert started_with(tmp_path) == ["http", "stdio"]


def test_changing_the_transport_of_what_is_off_leaves_it_off(qtbot, make):
    supervisor, profiles = make()
    with qtbot.waitSignal(profiles.changed):
        supervisor.switch_transport("sales", "sse")
    assert supervisor.run("sales").state == "off"


def test_a_transport_changed_in_a_terminal_is_followed(qtbot, make, sales, tmp_path):
    supervisor, profiles = make()
    with qtbot.waitSignal(profiles.changed):
        supervisor.switch_on("sales")
    until(qtbot, supervisor, "on")
    Store().save(replace(Store().get("sales"), transport="sse"))
    qtbot.waitUntil(lambda: supervisor.run("sales").transport == "sse")


def test_an_edited_profile_gets_a_new_server(qtbot, make, sales):
    supervisor, profiles = make()
    supervisor.switch_on("sales")
    first = until(qtbot, supervisor, "on").pid
    profiles.update(replace(sales, host="other.example.com"))
    qtbot.waitUntil(lambda: supervisor.run("sales").pid not in (0, first))


def test_a_removed_profile_loses_its_server(qtbot, make, sales):
    supervisor, profiles = make()
    supervisor.switch_on("sales")
    pid = until(qtbot, supervisor, "on").pid
    profiles.remove(sales)
    qtbot.waitUntil(lambda: not psutil.pid_exists(pid))


def test_a_killed_server_comes_back(qtbot, make):
    supervisor, _ = make()
    supervisor.switch_on("sales")
    first = until(qtbot, supervisor, "on").pid
    with qtbot.waitSignal(supervisor.said) as said:
        psutil.Process(first).kill()
    until(qtbot, supervisor, "on")
    assert said.args[1].code == "run.crashed"
    assert supervisor.run("sales").pid != first


def test_a_server_that_crashes_at_its_start_is_tried_again(qtbot, make):
    supervisor, _ = make(CRASHES_ONCE)
    supervisor.switch_on("sales")
    assert until(qtbot, supervisor, "on").failure is None


def test_a_refused_password_is_not_tried_again(qtbot, make):
    supervisor, _ = make(REFUSES)
    with qtbot.waitSignal(supervisor.said) as said:
        supervisor.switch_on("sales")
    assert said.args[1].code == "login.password"
    assert supervisor.run("sales").state == "failed"


def test_a_new_password_ends_that_trouble(qtbot, make, sales):
    supervisor, profiles = make(REFUSES)
    supervisor.switch_on("sales")
    until(qtbot, supervisor, "failed")
    supervisor._command = lambda _, t: (sys.executable, "-c", SERVER, t, "/dev/null")
    profiles.update(Store().get("sales"), "right")
    until(qtbot, supervisor, "on")


def test_a_taken_port_is_changed_saved_and_told(qtbot, make):
    supervisor, _ = make(PORT_TAKEN_ONCE)
    with qtbot.waitSignal(supervisor.said) as said:
        supervisor.switch_on("sales")
    until(qtbot, supervisor, "on")
    port = Store().get("sales").http_port
    assert port > 8765
    assert said.args[1].startswith("Port 8765 is used. ")
    assert f"Trunkline took {port} and tells your apps." in said.args[1]


def test_the_password_is_in_no_argument():
    program, *arguments = server_command("sales", "http")
    assert program.endswith("trunkline-server")
    assert json.dumps(arguments) == json.dumps(
        ["run", "--profile", "id:sales", "--transport", "http", "--events", "--until-eof"]
    )
