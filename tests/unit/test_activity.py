"""The log of calls never stands in the way of a call."""

from __future__ import annotations

import hashlib
import logging
import sqlite3
import stat
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import closing
from datetime import datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from trunkline_server.errors import TrunklineError
from trunkline_server.serving.activity import (
    MESSAGE_CHARS,
    STATEMENT_CHARS,
    Activity,
    Call,
    Greeting,
    Today,
    file,
)

NOON = datetime(2026, 11, 20, 12, 30).astimezone().timestamp()
DAY = 86_400


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "activity.sqlite3"


@pytest.fixture
def log(path: Path) -> Iterator[Activity]:
    log = Activity(path, keep_days=100_000)
    yield log
    log.close()


def call(at: float = NOON, **more: Any) -> Call:
    return Call(**{"at": at, "profile_id": "sales", "tool": "execute_query", **more})


def test_a_call_comes_back_as_it_was(log: Activity) -> None:
    asked = call(
        client="Claude", client_version="1.2", statement="SELECT 'ä'", duration_ms=2.5, rows=3,
        bytes=40, outcome="failed", message="no such table", caller="team", request_id="r-1",
    )  # fmt: skip
    log.record(asked)
    assert log.flush()
    assert log.recent() == [asked]


def test_without_a_file_there_is_nothing_and_none_is_made(log: Activity, path: Path) -> None:
    assert (log.recent(), log.today(), log.last_seen()) == ([], Today(), {})
    assert not path.exists()


def test_the_log_is_in_the_state_folder(home: Path) -> None:
    assert Activity().path == home / "state" / "activity.sqlite3"


def test_the_last_calls_come_first_and_no_more_than_asked(log: Activity) -> None:
    for number in range(5):
        log.record(call(NOON + number, rows=number))
    log.flush()
    assert [c.rows for c in log.recent(limit=3)] == [4, 3, 2]


def test_calls_of_one_profile_can_be_told_apart(log: Activity) -> None:
    log.record(call(profile_id="sales", client="Claude"))
    log.record(call(profile_id="other", client="Cursor"))
    log.flush()
    assert [c.profile_id for c in log.recent("other")] == ["other"]
    assert log.today("sales", now=NOON).questions == 1
    assert log.last_seen("sales") == {"Claude": NOON}
    assert log.last_seen() == {"Claude": NOON, "Cursor": NOON}


def test_today_counts_since_midnight_of_this_computer(log: Activity) -> None:
    midnight = datetime(2026, 11, 20).astimezone().timestamp()
    for at in (midnight - 1, midnight, midnight + 5 * 3600, NOON, NOON + DAY):
        log.record(call(at, duration_ms=at - midnight + 1))
    log.record(call(NOON, outcome="refused", duration_ms=999_999))
    log.record(call(NOON, outcome="failed", duration_ms=999_999))
    log.flush()
    today = log.today(now=NOON)
    assert (today.questions, today.refused, today.typical_ms) == (5, 1, 5 * 3600 + 1)
    assert {hour: n for hour, n in enumerate(today.per_hour) if n} == {0: 1, 5: 1, 12: 3}
    assert {hour: n for hour, n in enumerate(today.refused_per_hour) if n} == {12: 1}
    assert (len(today.per_hour), len(today.refused_per_hour)) == (24, 24)


def test_long_texts_are_cut(log: Activity) -> None:
    log.record(call(statement="s" * 50_000, message="m" * 50_000))
    log.flush()
    found = log.recent()[0]
    assert (len(found.statement), len(found.message)) == (STATEMENT_CHARS, MESSAGE_CHARS)


@pytest.mark.parametrize(
    "odd",
    [{"statement": "\ud800 \0"}, {"rows": 2**80}, {"bytes": -(2**80)}, {"duration_ms": 10**400},
     {"outcome": None}, {"statement": b"bytes"}],
)  # fmt: skip
def test_odd_values_are_kept_somehow_and_harm_no_other_call(
    log: Activity, odd: dict[str, Any]
) -> None:
    log.record(call(**odd))
    log.record(call(NOON - 1, rows=7))
    log.flush()
    assert log.recent()[0].rows == 7


def test_recording_something_else_never_raises(log: Activity) -> None:
    log.record(None)  # type: ignore[arg-type]  # what a faulty caller may do
    log.record(call())
    log.flush()
    assert len(log.recent()) == 1


def test_closing_writes_what_is_queued(path: Path) -> None:
    log = Activity(path, keep_days=100_000)
    for number in range(2_000):
        log.record(call(NOON, rows=number))
    log.close()
    log.record(call())
    log.close()
    assert len(Activity(path).recent(limit=9_999)) == 2_000


def test_closing_ends_the_thread(path: Path) -> None:
    before = threading.active_count()
    log = Activity(path)
    log.record(call(time.time()))
    log.close()
    assert threading.active_count() == before


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no file modes")
def test_only_this_user_may_read_the_log(log: Activity, path: Path) -> None:
    log.record(call())
    log.flush()
    modes = {stat.S_IMODE(file.stat().st_mode) for file in path.parent.iterdir()}
    assert modes == {0o600}


# --- what is kept of statements


@pytest.mark.parametrize("how", ["hash", "none"])
def test_a_statement_that_is_not_kept_is_nowhere_in_the_files(path: Path, how: Any) -> None:
    log = Activity(path, keep_days=100_000, statements=how)
    log.record(call(statement="SELECT 'mathilda'", message="There is no table “mathilda”."))
    log.flush()
    assert [b"mathilda" in file.read_bytes() for file in path.parent.iterdir()] == [False] * 3
    assert log.recent()[0].message == "There is no table “…”."
    log.close()


def test_equal_statements_have_equal_hashes_of_the_whole(path: Path) -> None:
    log = Activity(path, keep_days=100_000, statements="hash")
    for end in ("a", "a", "b"):
        log.record(call(statement="x" * 20_000 + end))
    log.close()
    first, second, third = (c.statement for c in log.recent())
    assert first != second == third
    assert third == "sha256:" + hashlib.sha256(b"x" * 20_000 + b"a").hexdigest()


def test_a_password_in_a_statement_is_masked(log: Activity) -> None:
    log.record(call(statement="ALTER ROLE ada PASSWORD 'correct horse'"))
    log.flush()
    assert log.recent()[0].statement == "ALTER ROLE ada PASSWORD ***"


# --- greetings


def greeting(at: float = NOON, **more: Any) -> Greeting:
    return Greeting(**{"at": at, "profile_id": "sales", "client": "claude-ai", **more})


def test_a_greeting_survives_the_process_that_heard_it(path: Path) -> None:
    heard = greeting(client_version="1.2", transport="stdio")
    log = Activity(path)
    log.greet(heard)
    log.close()
    assert Activity(path).greetings() == [heard]


def test_only_the_last_greeting_of_an_app_over_a_transport_is_kept(log: Activity) -> None:
    log.greet(greeting(NOON, client_version="1", transport="http"))
    log.greet(greeting(NOON + 1, client_version="2", transport="http"))
    log.greet(greeting(NOON + 2, client_version="1", transport="stdio"))
    log.flush()
    assert [(g.at - NOON, g.client_version) for g in log.greetings()] == [(2, "1"), (1, "2")]


def test_greetings_of_one_profile_can_be_told_apart(log: Activity) -> None:
    log.greet(greeting(profile_id="sales"))
    log.greet(greeting(profile_id="other"))
    log.flush()
    assert [g.profile_id for g in log.greetings("other")] == ["other"]


def test_a_greeting_outlives_the_calls_of_its_time(path: Path) -> None:
    log = Activity(path, keep_days=1)
    log.greet(greeting())
    log.record(call())
    log.record(call(time.time()))
    log.close()
    assert (len(log.recent()), len(log.greetings())) == (1, 1)


def test_a_client_that_calls_itself_by_ever_new_names_fills_nothing(path: Path) -> None:
    log = Activity(path)
    for number in range(1_500):
        log.greet(greeting(NOON + number, client=f"app {number}"))
    log.close()
    with closing(Activity(path)) as again:  # opening tidies
        again.greet(greeting(NOON + 9_999, client="last"))
    assert len(log.greetings()) <= 501
    assert log.greetings()[0].client == "last"


# --- files of another Trunkline

OLD = """
CREATE TABLE call (
  at REAL NOT NULL, profile_id TEXT NOT NULL, client TEXT NOT NULL, client_version TEXT NOT NULL,
  tool TEXT NOT NULL, statement TEXT NOT NULL, duration_ms REAL NOT NULL, rows INTEGER NOT NULL,
  bytes INTEGER NOT NULL, outcome TEXT NOT NULL, message TEXT NOT NULL);
"""
OLD_CALL = f"INSERT INTO call VALUES ({NOON}, 'sales', 'c', '1', 't', 's', 1, 2, 3, 'ok', '')"


def test_a_file_of_an_older_trunkline_can_be_read_before_anything_is_written(
    log: Activity, path: Path
) -> None:
    with closing(sqlite3.connect(path)) as old:
        old.executescript(f"{OLD}{OLD_CALL};")
    assert [(c.tool, c.rows, c.caller) for c in log.recent()] == [("t", 2, "")]
    assert log.greetings() == []


def test_an_older_and_a_newer_trunkline_write_to_one_file(log: Activity, path: Path) -> None:
    with closing(sqlite3.connect(path, isolation_level=None)) as old:
        old.executescript(f"{OLD}{OLD_CALL};")
        log.record(call(caller="team"))
        log.flush()
        columns = ", ".join(
            row[1] for row in old.execute("PRAGMA table_info(call)").fetchall()[:11]
        )
        old.execute(OLD_CALL.replace("INTO call", f"INTO call ({columns})"))
    assert [c.caller for c in log.recent()] == ["", "team", ""]


# --- retention


def test_old_calls_are_deleted_when_the_log_is_opened(path: Path) -> None:
    old = Activity(path, keep_days=100_000)
    old.record(call(time.time() - 31 * DAY))
    old.record(call(time.time() - 29 * DAY, rows=29))
    old.close()
    log = Activity(path)
    log.record(call(time.time(), rows=0))
    log.close()
    assert [c.rows for c in log.recent()] == [0, 29]


def test_the_log_stays_below_its_size_and_loses_the_oldest(path: Path) -> None:
    keep_bytes = 1_000_000
    log = Activity(path, keep_days=100_000, keep_bytes=keep_bytes)
    for number in range(3_000):
        log.record(call(NOON + number, statement="x" * 1_000, rows=number))
    log.close()
    log = Activity(path, keep_days=100_000, keep_bytes=keep_bytes)
    log.record(call(NOON + 9_999, rows=9_999))
    log.close()
    rows = [c.rows for c in log.recent(limit=9_999)]
    assert rows[:2] == [9_999, 2_999]
    assert rows[1:] == list(range(2_999, 2_999 - len(rows) + 1, -1))
    with closing(sqlite3.connect(path)) as connection:
        pages = connection.execute("PRAGMA page_count").fetchone()[0]
    assert pages * 4_096 <= keep_bytes


# --- a clock that is wrong


def test_calls_stay_in_the_order_they_came_when_the_clock_goes_back(log: Activity) -> None:
    for number, at in enumerate([NOON, NOON - 3_600, NOON - 3_599]):
        log.record(call(at, rows=number))
    log.flush()
    assert [c.rows for c in log.recent()] == [2, 1, 0]


def test_a_call_dated_after_now_belongs_to_today_all_the_same(log: Activity) -> None:
    log.record(call(NOON + 60))
    log.flush()
    assert log.today(now=NOON).questions == 1


@pytest.mark.parametrize("wrong", [0.0, 4e9], ids=["1970", "2096"])
def test_a_call_is_as_old_as_its_neighbours_whatever_its_date(path: Path, wrong: float) -> None:
    now = time.time()
    log = Activity(path, keep_days=100_000)
    for at, rows in ((now - 40 * DAY, 1), (wrong, 2), (now - 5, 3), (wrong, 4)):
        log.record(call(at, rows=rows))
    log.close()
    log = Activity(path)
    log.record(call(now, rows=5))
    log.close()
    assert [c.rows for c in log.recent()] == [5, 4, 3]


def test_a_clock_that_leaps_ahead_deletes_nothing_at_once(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    log = Activity(path)
    log.record(call(time.time(), rows=0))
    log.flush()
    ahead = SimpleNamespace(time=lambda: time.time() + 400 * DAY, monotonic=time.monotonic)
    monkeypatch.setattr(file, "time", ahead)
    for number in range(1, 1_100):  # more than it takes to look for old ones
        log.record(call(ahead.time(), rows=number))
    log.close()
    assert log.recent(limit=9_999)[-1].rows == 0


# --- trouble


def test_a_folder_that_cannot_be_made_is_said_once_and_fails_nothing(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "file").touch()
    log = Activity(tmp_path / "file" / "activity.sqlite3")
    for _ in range(3):
        log.record(call())
        log.flush()
    log.close()
    said = [r for r in caplog.records if r.levelno == logging.WARNING]
    assert len(said) == 1
    assert "not being kept" in said[0].getMessage()


FULL = """
import logging, resource, sys
from pathlib import Path
from trunkline_server.serving.activity import Activity, Call
logging.basicConfig(format="%(message)s")
log = Activity(Path(sys.argv[1]))
resource.setrlimit(resource.RLIMIT_FSIZE, (40_000, 40_000))
for number in range(40):
    log.record(Call(at=4e9, profile_id="p", tool="t", statement="x" * 9_000))
    log.flush()
log.close()
print("alive", len(log.recent()))
"""


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no limit for a file's size")
def test_a_full_disk_is_said_once_and_fails_nothing(path: Path) -> None:
    command = [sys.executable, "-c", FULL, str(path)]
    said = subprocess.run(command, capture_output=True, text=True, timeout=120, check=True)
    assert said.stdout.startswith("alive")
    assert said.stderr.count("not being kept") == 1


def test_a_damaged_file_is_set_aside_and_a_new_one_begun(log: Activity, path: Path) -> None:
    path.write_bytes(b"this is no database " * 100)
    log.record(call(rows=7))
    log.flush()
    assert [c.rows for c in log.recent()] == [7]
    assert path.with_name(f"{path.name}.damaged").read_bytes().startswith(b"this is no database")


def test_reading_a_damaged_file_is_a_failure_in_words(log: Activity, path: Path) -> None:
    path.write_bytes(b"this is no database " * 100)
    with pytest.raises(TrunklineError) as caught:
        log.recent()
    assert caught.value.code == "activity.unreadable"


def test_an_empty_file_is_an_empty_log(log: Activity, path: Path) -> None:
    path.touch()
    assert log.recent() == []


def test_reading_works_while_another_process_writes(log: Activity, path: Path) -> None:
    log.record(call())
    log.flush()
    with closing(sqlite3.connect(path, isolation_level=None)) as writer:
        writer.execute("BEGIN EXCLUSIVE")
        assert len(log.recent()) == 1
        writer.execute("ROLLBACK")


def test_what_was_recorded_while_the_file_was_locked_is_written_later(
    log: Activity, path: Path
) -> None:
    log.record(call())
    log.flush()
    with closing(sqlite3.connect(path, isolation_level=None)) as writer:
        writer.execute("BEGIN EXCLUSIVE")
        log.record(call(rows=2))
        writer.execute("ROLLBACK")
    log.flush()
    assert len(log.recent()) == 2


def test_a_file_that_another_process_is_just_making_is_waited_for(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """SQLite answers at once, without its usual patience, while the journal is being changed."""
    busy = sqlite3.OperationalError("database is locked")
    busy.sqlite_errorcode = sqlite3.SQLITE_BUSY
    turns, made = [busy, busy], file._made

    def made_in_turn(path: Path) -> sqlite3.Connection:
        if turns:
            raise turns.pop()
        return made(path)

    monkeypatch.setattr(file, "_made", made_in_turn)
    file._connected(path).close()
    assert not turns
    assert path.exists()


WRITER = """
import sys
from pathlib import Path
from trunkline_server.serving.activity import Activity, Call
log = Activity(Path(sys.argv[1]))
print("ready", flush=True)
sys.stdin.readline()
for number in range(300):
    log.record(Call(at=4e9, profile_id=sys.argv[2], tool="t", rows=number))
    number % 20 or log.flush(60)
log.close(60)
"""


def test_several_processes_write_to_one_new_file(path: Path) -> None:
    writers = []
    for name in ("a", "b", "c"):
        command = [sys.executable, "-c", WRITER, str(path), name]
        writer = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE
        )
        assert writer.stdout
        assert writer.stdout.readline().strip() == b"ready"
        writers.append(writer)
    for writer in writers:
        assert writer.stdin
        writer.stdin.write(b"go\n")
        writer.stdin.flush()
    complaints = [writer.communicate(timeout=120)[1] for writer in writers]
    assert complaints == [b"", b"", b""]
    log = Activity(path)
    assert [len(log.recent(name, limit=999)) for name in ("a", "b", "c")] == [300, 300, 300]


def test_the_module_loads_neither_qt_nor_fastmcp_nor_a_driver() -> None:
    code = (
        "import sys; import trunkline_server.serving.activity;"
        "print([m for m in ('fastmcp', 'mcp', 'asyncpg', 'pglast', 'PySide6', 'asyncio')"
        " if m in sys.modules])"
    )
    command = [sys.executable, "-c", code]
    said = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True)
    assert said.stdout.strip() == "[]"
