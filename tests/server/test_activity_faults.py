"""The activity log on real disks that are full or read-only, and beside real other processes."""

from __future__ import annotations

import logging
import os
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from tests.server.disks import Disk, small_disk
from trunkline_server.errors import Failure
from trunkline_server.serving.activity import Activity, Call, file

PATIENCE_S = 60


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Disk]:
    with small_disk(tmp_path / "disk", "512k") as disk:
        yield disk


class Heard(logging.Handler):
    """What the log said about itself."""

    def __init__(self) -> None:
        super().__init__()
        self.said: list[str] = []
        self.again = threading.Event()

    def emit(self, record: logging.LogRecord) -> None:
        self.said.append(record.getMessage())
        if "kept again" in record.getMessage():
            self.again.set()

    def count(self, words: str) -> int:
        return sum(words in said for said in self.said)


@pytest.fixture
def heard() -> Iterator[Heard]:
    handler, logger = Heard(), logging.getLogger("trunkline_server.serving.activity.log")
    logger.addHandler(handler)
    yield handler
    logger.removeHandler(handler)


def call(rows: int) -> Call:
    return Call(
        at=time.time(), profile_id="sales", tool="execute_query", rows=rows, statement="x" * 500
    )


def rows(log: Activity) -> list[int]:
    return sorted(c.rows for c in log.recent(limit=99_999))


def test_calls_of_the_time_the_disk_was_full_are_written_when_it_is_free_again(
    disk: Disk, heard: Heard, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("trunkline_server.serving.background.LONGEST_PAUSE_S", 0.2)
    told: list[Failure] = []
    log = Activity(disk.folder / "activity.sqlite3", tell=told.append)
    log.record(call(0))
    log.flush()
    disk.fill()
    for number in range(1, 60):
        log.record(call(number))
        log.flush()
    assert [failure.code for failure in told] == ["activity.not_kept"]
    disk.free()
    assert heard.again.wait(PATIENCE_S)  # by itself: nothing is recorded meanwhile
    log.close()
    assert rows(log) == list(range(60))
    assert (heard.count("not being kept"), heard.count("calls lost: 0")) == (1, 1)


def test_a_log_that_begins_on_a_full_disk_works_when_it_is_free(disk: Disk, heard: Heard):
    disk.fill()
    log = Activity(disk.folder / "activity.sqlite3")
    log.record(call(1))
    log.flush()
    disk.free()
    log.flush()
    log.close()
    assert (rows(log), heard.count("not being kept")) == ([1], 1)


def test_a_read_only_disk_is_said_once_and_written_to_when_it_may_be(disk: Disk, heard: Heard):
    log = Activity(disk.folder / "activity.sqlite3")
    log.record(call(0))
    log.close()
    disk.forbid()
    log = Activity(disk.folder / "activity.sqlite3")
    for number in (1, 2):
        log.record(call(number))
        log.flush()
    disk.allow()
    log.flush()
    log.close()
    assert (rows(log), heard.count("not being kept")) == ([0, 1, 2], 1)


def test_a_loss_is_counted_when_the_trouble_outlasts_what_is_kept_in_memory(
    disk: Disk, heard: Heard, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("trunkline_server.serving.background.RETAINED", 10)
    log = Activity(disk.folder / "activity.sqlite3")
    disk.fill()
    for number in range(25):
        log.record(call(number))
    log.flush()
    disk.free()
    log.flush()
    log.close()
    assert (rows(log), heard.count("calls lost: 15")) == (list(range(15, 25)), 1)


HOLDER = """
import sqlite3, sys
connection = sqlite3.connect(sys.argv[1], isolation_level=None)
connection.execute("BEGIN EXCLUSIVE")
print("locked", flush=True)
sys.stdin.readline()
"""


def test_calls_of_the_time_another_process_holds_the_lock_are_written_afterwards(
    tmp_path: Path, heard: Heard, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(file, "BUSY_S", 0.02)
    log = Activity(tmp_path / "activity.sqlite3")
    log.record(call(0))
    log.flush()
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(log.path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    with holder:
        assert holder.stdout
        assert holder.stdout.readline().strip() == b"locked"
        for number in range(1, 20):
            log.record(call(number))
            log.flush()
        holder.communicate(b"\n", PATIENCE_S)
    log.flush()
    log.close()
    assert (rows(log), heard.count("not being kept")) == (list(range(20)), 1)


@pytest.mark.skipif(sys.platform == "win32", reason="Windows does not delete an open file")
@pytest.mark.parametrize("rest", ["with its journal", "without its journal"])
def test_a_deleted_file_is_made_anew(tmp_path: Path, heard: Heard, rest: str):
    log = Activity(tmp_path / "activity.sqlite3")
    log.record(call(1))
    log.flush()
    for path in tmp_path.iterdir():
        if rest == "with its journal" or path == log.path:
            path.unlink()
    log.record(call(2))
    log.flush()
    log.close()
    assert 2 in rows(log)
    assert not heard.said


def test_a_file_damaged_under_way_is_set_aside_once_by_several_writers(
    tmp_path: Path, heard: Heard
):
    path = tmp_path / "activity.sqlite3"
    logs = [Activity(path), Activity(path)]
    for log in logs:
        log.record(call(0))
        log.flush()
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    with path.open("r+b") as damaged:
        damaged.write(b"damage" * 1_000)
    for number, log in enumerate(logs, start=1):
        log.record(call(number))
        log.flush()
    for log in logs:
        log.close()
    assert rows(logs[0]) == [1, 2]
    assert path.with_name(f"{path.name}.damaged").read_bytes().startswith(b"damage")


WRITER = """
import sys, time
from pathlib import Path
from trunkline_server.serving.activity import Activity, Call
log = Activity(Path(sys.argv[1]))
number = 0
while True:
    log.record(Call(at=time.time(), profile_id="sales", tool="t", rows=number, statement="x" * 300))
    number += 1
    if number % 100 == 0:
        log.flush()
        print(number, flush=True)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGKILL")
def test_killing_a_writer_loses_nothing_it_had_written_and_damages_nothing(tmp_path: Path):
    path, written = tmp_path / "activity.sqlite3", 0
    for _ in range(3):
        writer = subprocess.Popen(
            [sys.executable, "-c", WRITER, str(path)], stdout=subprocess.PIPE, text=True
        )
        assert writer.stdout
        with writer:
            for line in writer.stdout:
                if int(line) >= 1_000:
                    os.kill(writer.pid, signal.SIGKILL)
                    break
        written += 1_000
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    log = Activity(path)
    log.record(call(-1))
    log.close()
    kept = [c.rows for c in reversed(log.recent(limit=99_999))]
    assert len(kept) > written
    starts = [i for i, number in enumerate(kept) if number == 0]
    assert [kept[i : i + 1_000] for i in starts] == [list(range(1_000))] * 3


READER = """
import sys
from pathlib import Path
from trunkline_server.serving.activity import Activity
log, seen = Activity(Path(sys.argv[1])), -1
while seen < 400:
    found = log.recent(limit=1_000)
    log.today(), log.last_seen(), log.greetings()
    assert len(found) >= seen, (len(found), seen)
    seen = len(found)
print(seen)
"""


def test_the_desktop_reads_while_several_servers_write(tmp_path: Path, heard: Heard):
    path = tmp_path / "activity.sqlite3"
    reader = subprocess.Popen([sys.executable, "-c", READER, str(path)], stdout=subprocess.PIPE)
    logs = [Activity(path) for _ in range(4)]
    with reader:
        for number in range(100):
            for log in logs:
                log.record(call(number))
            logs[number % 4].flush()
        for log in logs:
            log.close()
        assert reader.communicate(timeout=PATIENCE_S)[0].strip() == b"400"
    assert not heard.said
