"""The child processes of the app, tried with real children."""

from __future__ import annotations

import subprocess
import sys

import psutil
import pytest

from trunkline_desktop import process
from trunkline_desktop.process import ServerProcess
from trunkline_server import events

UNTIL_END = """
import sys
print('{"event": "ready", "transport": "http", "url": "http://127.0.0.1:1/mcp"}', flush=True)
sys.stdin.read()
"""
ECHO_FIRST_LINE = """
import json, sys
line = sys.stdin.readline().strip()
print(json.dumps({"event": "stopped", "reason": line}), flush=True)
"""
DEAF = """
import time
print('{"event": "ready", "transport": "stdio"}', flush=True)
time.sleep(600)
"""
PARENT = """
import sys
from PySide6.QtCore import QCoreApplication
from trunkline_desktop.process import ServerProcess
app = QCoreApplication([])
server = ServerProcess()
server.heard.connect(lambda event: print(event.pid, flush=True))
child = 'import os, sys; print(\\'{"event": "ready", "transport": "stdio", "pid": %d}\\''
child += ' % os.getpid(), flush=True); sys.stdin.read()'
server.start(sys.executable, ["-c", child])
app.exec()
"""


def run(qtbot, script, first_line=b""):
    server, heard, log = ServerProcess(), [], []
    server.heard.connect(heard.append)
    server.log.connect(log.append)
    with qtbot.waitSignal(server.ended) as ended:
        server.start(sys.executable, ["-c", script], first_line)
    return heard, log, ended.args[0]


def test_end_of_input_stops_the_server(qtbot):
    server, heard = ServerProcess(), []
    server.heard.connect(heard.append)
    server.heard.connect(server.stop)
    with qtbot.waitSignal(server.ended) as ended:
        server.start(sys.executable, ["-c", UNTIL_END])
    assert heard == [events.Ready(transport="http", url="http://127.0.0.1:1/mcp")]
    assert ended.args == [0]


def test_the_first_line_reaches_the_child_and_not_its_arguments(qtbot):
    heard, _, code = run(qtbot, ECHO_FIRST_LINE, b"a secret\n")
    assert (heard, code) == ([events.Stopped(reason="a secret")], 0)


def test_a_line_cut_in_two_is_one_event(qtbot):
    script = (
        "import sys, time; o = sys.stdout; o.write('{\"event\": '); o.flush(); "
        "print('\"stopped\"}', flush=True)"
    )
    assert run(qtbot, script)[0] == [events.Stopped()]


def test_a_last_line_without_an_end_is_an_event(qtbot):
    script = "print('{\"event\": \"stopped\"}', end='')"
    assert run(qtbot, script)[0] == [events.Stopped()]


def test_standard_error_is_the_log(qtbot):
    script = "import sys; print('one\\ntwo', file=sys.stderr)"
    assert run(qtbot, script)[1] == ["one", "two"]


def test_the_exit_code_comes_after_the_last_event(qtbot):
    server, order = ServerProcess(), []
    server.heard.connect(order.append)
    server.ended.connect(order.append)
    with qtbot.waitSignal(server.ended):
        server.start(sys.executable, ["-c", "print('x'); raise SystemExit(3)"])
    assert order == [events.Unknown(line="x"), 3]


def test_ten_thousand_events_arrive_in_order(qtbot):
    heard, _, _ = run(qtbot, "for n in range(10_000): print(n)")
    assert [int(e.line) for e in heard] == list(range(10_000))


def test_a_program_that_is_missing_ends_with_minus_one(qtbot, tmp_path):
    server = ServerProcess()
    with qtbot.waitSignal(server.ended) as ended:
        server.start(str(tmp_path / "nothing"), [])
    assert ended.args == [process.NEVER_STARTED]


def test_a_child_that_ignores_the_end_of_its_input_is_killed(qtbot, monkeypatch):
    monkeypatch.setattr(process, "GRACE_MS", 50)
    server = ServerProcess()
    server.heard.connect(server.stop)
    with qtbot.waitSignal(server.ended) as ended:
        server.start(sys.executable, ["-c", DEAF])
    assert ended.args == [process.NEVER_STARTED]


def test_stopping_what_never_ran_does_nothing(qtbot):
    server = ServerProcess()
    server.stop()
    assert not server.is_running


@pytest.mark.skipif(sys.platform == "win32", reason="kill -9 is a Unix word")
def test_no_child_is_left_when_the_app_is_killed():
    with subprocess.Popen([sys.executable, "-c", PARENT], stdout=subprocess.PIPE) as parent:
        child = psutil.Process(int(parent.stdout.readline()))
        parent.kill()
    assert child not in psutil.wait_procs([child], timeout=10)[1]
