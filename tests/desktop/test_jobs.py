"""Blocking calls off the GUI thread."""

from __future__ import annotations

import gc
import logging
import subprocess
import sys
import threading

from PySide6.QtCore import QThread

from trunkline_desktop import jobs
from trunkline_desktop.jobs import Job
from trunkline_server.errors import fail


def test_a_result_arrives(qtbot):
    job = jobs.start(lambda: 6 * 7)
    with qtbot.waitSignal(job.done) as done:
        pass
    assert done.args == [42]


def test_the_call_runs_on_another_thread(qtbot):
    job = jobs.start(threading.get_ident)
    with qtbot.waitSignal(job.done) as done:
        pass
    assert done.args != [threading.get_ident()]


def test_the_result_is_delivered_on_this_thread(qtbot):
    seen, job = [], jobs.start(lambda: None)
    job.done.connect(lambda _: seen.append(QThread.isMainThread()))
    with qtbot.waitSignal(job.ended):
        pass
    assert seen == [True]


def test_our_own_failure_keeps_its_words(qtbot):
    def refuse():
        raise fail("secrets.locked", "The keyring is locked.")

    job = jobs.start(refuse)
    with qtbot.waitSignal(job.failed) as failed:
        pass
    assert failed.args[0].code == "secrets.locked"


def test_an_unexpected_error_is_told_and_logged(qtbot, caplog):
    job = jobs.start(lambda: 1 // 0)
    with caplog.at_level(logging.ERROR), qtbot.waitSignal(job.failed) as failed:
        pass
    assert failed.args[0].code == "internal"
    assert "ZeroDivisionError" in caplog.text


def test_what_must_be_whole_is_waited_for_at_the_end(qtbot):
    done = threading.Event()
    job = jobs.start_whole(
        lambda: subprocess.run([sys.executable, "-c", ""], check=True) and done.set()
    )
    assert jobs.settle(5000)
    assert jobs.settle_whole(30_000)
    assert done.is_set()
    with qtbot.waitSignal(job.ended):
        pass


def test_a_job_nobody_keeps_still_reports(qtbot):
    seen, release = [], threading.Event()
    jobs.start(lambda: release.wait(5)).done.connect(seen.append)
    gc.collect()
    release.set()
    qtbot.waitUntil(lambda: seen == [True])


def test_a_dropped_job_is_not_heard(qtbot):
    heard, release = [], threading.Event()
    job = Job(lambda: release.wait(5))
    job.done.connect(heard.append)
    job.start()
    job.drop()
    with qtbot.waitSignal(job.ended):
        release.set()
    assert heard == []


def test_a_program_can_end_while_a_job_waits():
    program = """
import os, threading
from PySide6.QtCore import QCoreApplication
from trunkline_desktop import jobs
app = QCoreApplication([])
jobs.start(threading.Event().wait)
print(jobs.settle(10), flush=True)
os._exit(0)
"""
    out = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, timeout=30, check=True
    )
    assert (out.stdout, out.stderr) == ("False\n", "")
