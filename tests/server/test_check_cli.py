"""The verb ``check`` as a process: events, rows, a summary, and the end of its input."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.fakes import MemoryKeyring
from tests.server import servers
from tests.server.checking import profile_at
from tests.server.conftest import PASSWORD, Server
from trunkline_server import cli, events
from trunkline_server.postgres.check import check_cli
from trunkline_server.profiles import secrets, store
from trunkline_server.profiles.profile import Profile
from trunkline_server.stages import NAMES

PROGRAM = """
import sys
from argparse import Namespace
from trunkline_server.postgres.check.check_cli import run
code = run(Namespace(profile="-", events="events" in sys.argv, json="json" in sys.argv))
heavy = {"fastmcp", "mcp", "keyring"} & set(sys.modules)
sys.exit(f"loaded {heavy}" if heavy else code)
"""


def started(profile: Profile, *words: str, password: str = PASSWORD) -> subprocess.Popen[str]:
    """Start the check and write its first input line; the input stays open."""
    pipe = subprocess.PIPE
    running = subprocess.Popen(
        [sys.executable, "-c", PROGRAM, *words],
        stdin=pipe, stdout=pipe, stderr=pipe, text=True, encoding="utf-8",
    )  # fmt: skip
    assert running.stdin
    line = json.dumps({"profile": profile.as_json(), "password": password})
    running.stdin.write(f"{line}\n")
    running.stdin.flush()
    return running


def finished(running: subprocess.Popen[str]) -> tuple[int, str, str]:
    """Wait with the input open, as the app does; return code, output and errors."""
    assert running.stdin
    assert running.stdout
    assert running.stderr
    with running:
        out, err = running.stdout.read(), running.stderr.read()
    return running.returncode, out, err


def test_events_come_one_a_line_and_nothing_else(server: Server):
    code, out, err = finished(started(profile_at(server.port, user="shop_reader"), "events"))
    seen: list[Any] = [events.decode(line) for line in out.splitlines()]
    assert (code, err) == (0, "")
    assert [e.stage for e in seen] == [name for name in NAMES for _ in (1, 2)]


def test_rows_are_for_people(server: Server):
    code, out, err = finished(started(profile_at(server.port, user="shop_reader")))
    rows = out.splitlines()
    assert (code, err) == (0, "")
    assert rows[0].startswith("✓ Find the server ")
    assert rows[1].startswith(f"✓ Reach port {server.port} ")
    assert rows[-1].endswith("ms  AI apps can read 2 tables and change nothing.")


def test_a_failure_is_a_sentence_on_standard_error(server: Server):
    profile = profile_at(server.port, user="shop_reader")
    code, out, err = finished(started(profile, password="wrong-s3cret"))
    assert code == 1
    assert err.startswith("The server refused this login. ")
    assert " ".join(out.splitlines()[-1].split()) == "○ What this login may do Not reached"
    assert "wrong-s3cret" not in out + err


def test_json_is_one_summary(server: Server):
    code, out, _ = finished(started(profile_at(server.port, user="postgres"), "json"))
    summary = json.loads(out)
    assert code == 0
    assert summary["ok"]
    assert [s["stage"] for s in summary["stages"]] == list(NAMES)
    assert summary["stages"][-1]["state"] == "warned"


async def test_the_end_of_input_cancels_at_once():
    async with servers.listening(servers.silent) as port:
        running = started(profile_at(port, connect_timeout=60.0), "events")
        assert running.stdin
        assert running.stdout
        await asyncio.to_thread(until_reaching, running)
        running.stdin.close()
        code, out, err = await asyncio.to_thread(finished, running)
    assert code == 1
    assert '"failed"' not in out
    assert events.decode(out.splitlines()[-1]) == events.Stopped(reason="The check was stopped.")
    assert err == "The check was stopped.\n"


def until_reaching(running: subprocess.Popen[str]) -> None:
    assert running.stdout
    while '"reach"' not in running.stdout.readline():
        pass


def test_a_first_line_that_is_no_profile_is_a_usage_error():
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM],
        input="hello\n",
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2
    assert done.stderr.startswith("The first input line is not a profile. ")


@pytest.mark.usefixtures("home", "memory_keyring")
def test_a_saved_profile_is_found_by_name(server: Server, capsys: pytest.CaptureFixture[str]):
    profile = profile_at(server.port, user="shop_reader", name="Sales")
    store.Store().save(profile)
    secrets.put(profile.id, PASSWORD)
    assert check_cli.run(check_cli.Namespace(profile="sales", events=False, json=False)) == 0
    assert "AI apps can read 2 tables" in capsys.readouterr().out


def test_an_unknown_name_is_a_failure(
    home: Path, memory_keyring: MemoryKeyring, capsys: pytest.CaptureFixture[str]
):
    assert (home, memory_keyring.kept) == (home, {})
    assert check_cli.run(check_cli.Namespace(profile=["nobody"], events=True, json=False)) == 1
    event = events.decode(capsys.readouterr().out.strip())
    assert isinstance(event, events.Failed)
    assert event.code == "profile.unknown"


def test_a_connection_string_is_enough(server: Server, capsys: pytest.CaptureFixture[str]):
    options = check_cli.Namespace(profile=None, url=server.dsn("shop_reader"), events=False)
    assert check_cli.run(options) == 0
    assert PASSWORD not in capsys.readouterr().out


@pytest.fixture
def nowhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder to be in, and nothing about a database in the environment."""
    monkeypatch.chdir(tmp_path)
    for name in [name for name in os.environ if name.startswith("PG") or name == "DATABASE_URL"]:
        monkeypatch.delenv(name)
    return tmp_path


def pg_variables(server: Server) -> dict[str, str]:
    return {"PGHOST": servers.LOCAL, "PGPORT": str(server.port), "PGUSER": "shop_reader",
            "PGDATABASE": "shop", "PGPASSWORD": PASSWORD}  # fmt: skip


def test_the_variables_of_libpq_are_enough(
    server: Server,
    nowhere: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
):
    for name, value in pg_variables(server).items():
        monkeypatch.setenv(name, value)
    assert cli.main(["check", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["ok"]


def test_the_file_of_a_project_is_enough(
    server: Server, nowhere: Path, capfd: pytest.CaptureFixture[str]
):
    lines = [f"{name}='{value}'" for name, value in pg_variables(server).items()]
    (nowhere / ".env").write_text("\n".join(lines))
    assert cli.main(["check"]) == 0
    out, err = capfd.readouterr()
    assert "✓ Log in" in out
    assert "taken from PGHOST" in err
    assert PASSWORD not in err


@pytest.mark.skipif(sys.platform == "win32", reason="Unix sockets, no Windows ones")
def test_a_unix_socket_has_no_port_to_reach(server: Server):
    profile = profile_at(server.port, host=str(server.socket), user="shop_reader")
    _, out, _ = finished(started(profile))
    assert out.splitlines()[1].startswith("✓ Reach the socket ")


def test_without_a_database_it_is_a_usage_error(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    monkeypatch.delenv("DATABASE_URL", raising=False)
    assert check_cli.run(check_cli.Namespace(profile=None, events=False)) == 2
    assert capsys.readouterr().err.startswith("There is no database to ask.")


def test_an_unfinished_form_is_refused_before_anything_is_tried():
    code, out, err = finished(started(profile_at(0), "events"))
    assert (code, err.split(".")[0]) == (1, "The port is a number from 1 to 65535")
    assert [events.decode(line).event for line in out.splitlines()] == ["failed"]


@pytest.mark.usefixtures("home")
def test_the_sample_needs_no_password_of_the_caller():
    from trunkline_server import sample

    code, out, err = finished(started(sample.profile(), password=""))
    assert (code, err) == (0, "")
    assert "change nothing" in out


def test_a_reader_that_goes_away_ends_the_check_quietly(server: Server):
    running = started(profile_at(server.port, user="shop_reader"), "events")
    assert running.stdout
    assert running.stderr
    with running:
        running.stdout.close()
        assert running.stderr.read() == ""
    assert running.returncode == 1
