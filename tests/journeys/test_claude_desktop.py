"""A person connects an app that writes its file from memory, in a terminal, while it runs."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from tests.rewriting import RewritingApp, rewriting_app
from trunkline_server.profiles.profile import Profile
from trunkline_server.profiles.store import Store

pytestmark = pytest.mark.skipif(
    sys.platform != "linux", reason="the stand-in for the app is a Linux package"
)

# Trunkline as it is, but that it looks for the stand-in: a real Claude Desktop is left alone.
TRUNKLINE = """
import sys
from dataclasses import replace
from trunkline_desktop import cli
from trunkline_server.clients import apps
from trunkline_server.clients.app import Process

process = Process(programs={"linux": (sys.argv[1],)})
apps.ALL["claude-desktop"] = replace(apps.ALL["claude-desktop"], process=process)
sys.exit(cli.main(sys.argv[2:]))
"""


@pytest.fixture
def desk(home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[RewritingApp]:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    Store().save(Profile(id="sales", name="Sales"))
    file = tmp_path / "config" / "Claude" / "claude_desktop_config.json"
    with rewriting_app(tmp_path / "computer", file) as app:
        yield app


def trunkline(desk: RewritingApp, *words: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", TRUNKLINE, str(desk.program), *words]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)


def change(desk: RewritingApp, verb: str, *more: str) -> subprocess.CompletedProcess[str]:
    return trunkline(desk, verb, "sales", "--client", "claude-desktop", *more)


def state(desk: RewritingApp) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(trunkline(desk, "clients", "--json").stdout)[0]
    return found


def test_while_it_runs_nothing_is_written(desk: RewritingApp) -> None:
    desk.begin()
    before = desk.file.read_bytes()
    refused = change(desk, "connect", "--json")
    assert (refused.returncode, desk.file.read_bytes()) == (1, before)
    failure = json.loads(refused.stdout)["failed"]
    assert failure["code"] == "client.running"
    assert "is running and would overwrite the change" in failure["title"]
    assert "--restart" in failure["hint"]
    by_name = change(desk, "connect", "--path", str(desk.file))
    assert (by_name.returncode, desk.file.read_bytes()) == (1, before)


def test_looking_and_a_file_of_ones_own_need_no_quitting(
    desk: RewritingApp, tmp_path: Path
) -> None:
    desk.begin()
    other = tmp_path / "other.json"
    assert change(desk, "connect", "--dry-run").returncode == 0
    assert change(desk, "connect", "--path", str(other)).returncode == 0
    assert "sales" in other.read_text()


def test_with_restart_it_stays_and_the_app_outlives_the_verb(desk: RewritingApp) -> None:
    first = desk.begin("helpers")
    done = change(desk, "connect", "--restart")
    again = desk.started()
    desk.rewrite(again)
    assert (done.returncode, desk.servers()) == (0, ["sales"])
    assert "Quitting Claude Desktop" in done.stderr
    assert "now has “sales”" in done.stdout
    assert "Next:" not in done.stdout
    assert again != first
    assert psutil.Process(again).cmdline() == desk.command("helpers")
    assert os.getsid(again) == again


def test_one_that_does_not_start_again_is_told_after_the_change(desk: RewritingApp) -> None:
    desk.begin()
    desk.program.chmod(0o600)
    done = change(desk, "connect", "--restart", "--json")
    told = json.loads(done.stdout)
    assert (done.returncode, told["changed"]) == (1, True)
    assert told["failed"]["code"] == "client.not_started"
    assert "did not start again" in done.stderr
    assert desk.servers() == ["sales"]


def test_without_the_app_running_restart_starts_nothing(desk: RewritingApp) -> None:
    done = change(desk, "connect", "--restart", "--json")
    assert json.loads(done.stdout)["changed"] is True
    assert done.stderr == ""


def test_an_entry_that_vanished_is_told_and_put_back(desk: RewritingApp) -> None:
    assert change(desk, "connect").returncode == 0
    first = desk.file.read_bytes()
    desk.file.write_text('{"preferences": {}}')
    assert (state(desk)["connected"], state(desk)["vanished"]) == ([], ["sales"])
    told = trunkline(desk, "clients").stdout
    assert "sales (gone from its file)" in told
    command = told.rsplit("Put it back: ")[1].split()[1:]
    assert trunkline(desk, *command).returncode == 0
    assert json.loads(desk.file.read_bytes())["mcpServers"] == json.loads(first)["mcpServers"]
    assert (state(desk)["connected"], state(desk)["vanished"]) == (["sales"], [])


def test_connecting_again_keeps_the_way_it_was(desk: RewritingApp, tmp_path: Path) -> None:
    Store().save(Profile(id="sales", name="Sales", http_port=8765))
    file = tmp_path / "my files" / "mcp.json"
    where = ("connect", "sales", "--client", "cursor", "--path", str(file))
    assert trunkline(desk, *where, "--transport", "http", "--entry", "mine").returncode == 0
    written = file.read_bytes()
    file.unlink()
    told = trunkline(desk, "clients").stdout.rsplit("Put it back: ")[1]
    assert f"--path '{file}'" in told
    assert trunkline(desk, *where).returncode == 0
    assert file.read_bytes() == written


def test_disconnecting_what_vanished_forgets_it(desk: RewritingApp) -> None:
    change(desk, "connect")
    desk.file.unlink()
    assert change(desk, "disconnect").returncode == 0
    assert state(desk)["vanished"] == []
