"""``trunkline check`` and ``trunkline start`` with a real server and the sample shop."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from tests.ports import free_port
from trunkline_desktop import cli
from trunkline_server import programs, sample
from trunkline_server.profiles.profile import Profile
from trunkline_server.profiles.store import Store


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A home with the sample shop and a database that is not there, both saved."""
    home = tmp_path_factory.mktemp("home")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TRUNKLINE_HOME", str(home))
        patch.setenv("PYTHON_KEYRING_BACKEND", "tests.fakes.MemoryKeyring")
        patch.setenv("PYTHONPATH", str(Path(__file__).parents[2]))
        Store().save(replace(sample.profile(), http_port=free_port()))
        Store().save(Profile(id="gone", name="Gone", host="127.0.0.1", port=9))
        sample.start()
        yield home
        sample.stop()


def test_check_shows_every_stage(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["check", "Sample shop"]) == 0
    *rows, after = capsys.readouterr().out.splitlines()
    assert len(rows) == 7
    assert f"{programs.as_typed('trunkline')} connect sample --client" in after
    assert all(row.startswith("✓ ") for row in rows)


def test_check_answers_json(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["check", "sample", "--json"]) == 0
    answer = json.loads(capsys.readouterr().out)
    assert answer["ok"]
    assert [stage["stage"] for stage in answer["stages"]][:2] == ["resolve", "reach"]


def test_a_failing_check_says_why_once(home: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["check", "gone"]) == 1
    out, err = capfd.readouterr()
    assert "✗ Reach port 9" in out
    assert err.count("Nothing is listening on 127.0.0.1, port 9.") == 1


@pytest.fixture
def heeding_ctrl_c() -> Iterator[None]:
    """Let programs that are started heed Ctrl+C, also where the tests run in the background."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such signals")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_start_serves_until_it_is_stopped(
    home: Path, number: signal.Signals, heeding_ctrl_c: None
) -> None:
    command = [str(programs.path_of("trunkline")), "start", "sample", "--transport", "http"]
    verb = subprocess.Popen(command, stdout=subprocess.PIPE, env=os.environ, text=True)
    try:
        assert verb.stdout
        address = f"http://127.0.0.1:{Store().get('sample').http_port}/mcp"
        assert address in verb.stdout.readline()
        verb.send_signal(number)
        verb.communicate(timeout=30)
    finally:
        verb.kill()
        verb.wait()
    assert verb.returncode == 0
    assert not (home / "run" / "sample.json").exists()
