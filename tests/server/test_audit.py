"""The audit log on real disks, beside other processes, through logrotate and floods."""

from __future__ import annotations

import json
import logging
import os
import stat
import subprocess
import sys
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from tests.server.disks import Disk, small_disk
from trunkline_server.errors import Failure, TrunklineError
from trunkline_server.serving.activity import Call
from trunkline_server.serving.audit import REFUSALS_PER_S, Audit

NAMES = {"p1": "Sales"}
PATIENCE_S = 60


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "audit.jsonl"


def audit(path: Path, **more: Any) -> Audit:
    return Audit(str(path), profiles=NAMES, **more)


def call(**more: Any) -> Call:
    return Call(**{"at": 1_795_177_800.25, "profile_id": "p1", "tool": "execute_query", **more})


def lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_bytes().splitlines() if line]


def test_a_call_is_one_line_that_says_who_asked_what(path: Path):
    log = audit(path)
    log.record(
        call(
            client="claude-ai", client_version="1.2", caller="team", request_id="r-1",
            statement="SELECT\n'ä'", duration_ms=2.5, rows=3, bytes=40, outcome="failed",
            message="no",
        )
    )  # fmt: skip
    log.close()
    assert path.read_bytes().count(b"\n") == 1
    assert lines(path) == [
        {
            "ts": "2026-11-20T12:30:00.250Z", "event": "call", "profile": "Sales",
            "client": "claude-ai", "client_version": "1.2", "caller": "team",
            "tool": "execute_query", "statement": "SELECT\n'ä'", "duration_ms": 2.5, "rows": 3,
            "bytes": 40, "outcome": "failed", "message": "no", "request_id": "r-1",
        }
    ]  # fmt: skip


def test_a_statement_that_is_hashed_is_not_in_the_line(path: Path):
    log = audit(path, statements="hash")
    log.record(call(statement="SELECT 'mathilda'", message="No column “mathilda”."))
    log.close()
    assert b"mathilda" not in path.read_bytes()
    assert len(lines(path)[0]["statement_sha256"]) == 64


def test_without_statements_there_is_neither_text_nor_hash(path: Path):
    log = audit(path, statements="none")
    log.record(call(statement="SELECT 1"))
    log.close()
    assert not [name for name in lines(path)[0] if "statement" in name]


@pytest.mark.parametrize(
    "odd", [{"at": float("nan")}, {"at": 1e300}, {"statement": "\ud800\u2028\0"}]
)
def test_odd_values_are_one_whole_line_too(path: Path, odd: dict[str, Any]):
    log = audit(path)
    log.record(call(**odd))
    log.close()
    (line,) = lines(path)
    assert datetime.fromisoformat(line["ts"]).tzinfo


def test_a_refusal_of_the_gate_is_a_line(path: Path):
    log = audit(path)
    log.refused("token", "192.0.2.7")
    log.close()
    (line,) = lines(path)
    assert (line["event"], line["kind"], line["who"]) == ("refused", "token", "192.0.2.7")


def test_a_flood_of_refusals_is_counted_but_fills_no_disk(
    path: Path, monkeypatch: pytest.MonkeyPatch
):
    now = [1_000.0]
    monkeypatch.setattr("trunkline_server.serving.audit.time.time", lambda: now[0])
    log = audit(path)
    for _ in range(5_000):
        log.refused("rate", "192.0.2.7")
    now[0] += 1
    log.refused("rate", "192.0.2.7")
    log.close()
    found = lines(path)
    assert len(found) == REFUSALS_PER_S + 1
    assert found[-1]["omitted"] == 5_000 - REFUSALS_PER_S


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no file modes")
def test_only_this_user_may_read_it(path: Path):
    audit(path).close()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_folder_that_does_not_exist_is_refused_at_the_start(tmp_path: Path):
    with pytest.raises(TrunklineError) as caught:
        audit(tmp_path / "nowhere" / "audit.jsonl")
    assert caught.value.code == "audit.unwritable"


@pytest.mark.skipif(sys.platform == "win32", reason="logrotate is not for Windows")
@pytest.mark.parametrize("way", ["moved", "deleted", "emptied"])
def test_after_logrotate_lines_go_to_the_new_file(path: Path, way: str):
    log = audit(path)
    log.record(call(rows=1))
    log.flush()
    if way == "moved":
        path.rename(path.with_suffix(".1"))
        path.touch(0o600)
    elif way == "deleted":
        path.unlink()
    else:
        os.truncate(path, 0)
    log.record(call(rows=2))
    log.close()
    assert [line["rows"] for line in lines(path)] == [2]


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Disk]:
    with small_disk(tmp_path / "disk", "512k") as disk:
        yield disk


def test_lines_of_the_time_the_disk_was_full_are_written_later_and_each_is_whole(
    disk: Disk, caplog: pytest.LogCaptureFixture
):
    told: list[Failure] = []
    log = audit(disk.folder / "audit.jsonl", tell=told.append)
    log.record(call(rows=0, statement="x" * 3_000))  # not the end of a page: the next is cut
    log.flush()
    disk.fill()
    for number in range(1, 9):
        log.record(call(rows=number, statement="x" * 3_000))
        log.flush()
    disk.free()
    log.close()
    cut, whole = 0, []
    for line in (disk.folder / "audit.jsonl").read_bytes().splitlines():
        try:
            whole.append(json.loads(line)["rows"])
        except ValueError:
            cut += 1
    assert (whole, cut) == (list(range(9)), 1)
    assert [failure.code for failure in told] == ["audit.not_written"]
    assert [r.getMessage() for r in caplog.records if r.levelno >= logging.WARNING] == [
        "The audit log is not being written: [Errno 28] No space left on device",
        "The audit log is being written again; lines lost: 0.",
    ]


WRITER = """
import sys
from trunkline_server.serving.activity import Activity, Call
from trunkline_server.serving.audit import Audit
log = Audit(sys.argv[1], profiles={})
print("ready", flush=True)
sys.stdin.readline()
for number in range(400):
    log.record(Call(at=4e9, profile_id=sys.argv[2], tool="t", rows=number, statement="x" * 20_000))
    number % 40 or log.flush()
log.close()
"""


def test_lines_of_several_processes_are_whole_and_each_in_order(path: Path):
    writers = []
    for name in ("a", "b", "c"):
        command = [sys.executable, "-c", WRITER, str(path), name]
        writer = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        assert writer.stdout
        assert writer.stdout.readline().strip() == b"ready"
        writers.append(writer)
    for writer in writers:
        assert writer.stdin
        writer.stdin.write(b"go\n")
        writer.stdin.flush()
    for writer in writers:
        writer.communicate(timeout=PATIENCE_S)
    found = lines(path)
    for name in ("a", "b", "c"):
        assert [line["rows"] for line in found if line["profile"] == name] == list(range(400))


def test_the_dash_is_standard_output_where_that_is_free(path: Path):
    said: list[bytes] = []
    log = Audit("-", profiles=NAMES, output=said.append)
    log.record(call())
    log.close()
    assert json.loads(said[0])["profile"] == "Sales"


STANDARD_ERROR = """
from trunkline_server.serving.activity import Call
from trunkline_server.serving.audit import Audit
log = Audit("-", profiles={})
log.record(Call(at=0.0, profile_id="p", tool="t"))
log.close()
"""


def test_the_dash_is_standard_error_where_mcp_or_events_have_the_output():
    done = subprocess.run(
        [sys.executable, "-c", STANDARD_ERROR], capture_output=True, check=True, timeout=60
    )
    assert done.stdout == b""
    assert json.loads(done.stderr)["tool"] == "t"
