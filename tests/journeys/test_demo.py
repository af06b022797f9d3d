"""``trunkline demo`` from end to end: a server, two AI apps, and nothing left behind."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import psutil
import pytest

from tests.fakes import MemoryKeyring
from trunkline_desktop import cli
from trunkline_server import programs

BEST = ["Vera Visser", "Paul Visser", "Rosa Horák", "Léa Romero", "Rosa Taylor"]


def bare_environment(temporary: Path) -> dict[str, str]:
    """Return an environment without a display, a session bus or a keyring."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    return kept | {
        "TMPDIR": str(temporary),
        "PYTHON_KEYRING_BACKEND": "keyring.backends.fail.Keyring",
    }


def start(temporary: Path) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [str(programs.path_of("trunkline")), "demo"],
        env=bare_environment(temporary),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        encoding="utf-8",
    )


def left_running(temporary: Path) -> list[str]:
    """Return the processes that work in ``temporary`` or name it."""
    found = []
    for process in psutil.process_iter():
        try:
            words = [process.cwd(), *process.cmdline()]
        except psutil.Error:
            continue
        if any(str(temporary) in word for word in words):
            found.append(" ".join(words))
    return found


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, int, str, str]:
    """A whole demo without display, session bus and keyring, through a pipe."""
    temporary = tmp_path_factory.mktemp("demo")
    demo = start(temporary)
    output, errors = demo.communicate(timeout=120)
    return temporary, demo.returncode, output, errors


def test_it_ends_well_without_display_bus_or_keyring(told: tuple[Path, int, str, str]) -> None:
    _, code, output, errors = told
    assert (code, errors) == (0, "")
    *_, serve, instead = output.splitlines()
    assert serve.startswith("  Next: ")
    assert "trunkline-server run --transport http --url postgresql://…" in serve
    assert ".env file do instead" in instead
    assert "tray" not in output
    assert "trunkline add" not in output


def test_it_says_that_there_is_no_keyring(told: tuple[Path, int, str, str]) -> None:
    assert "For the demo, the password stays in memory." in told[2]


def test_it_shows_every_stage_the_answer_and_the_refusal(told: tuple[Path, int, str, str]) -> None:
    output = told[2]
    assert output.count(BEST[0]) == 3
    assert "✓ Log in" in output
    assert "Refused: DROP is not allowed" in output
    assert '+  "mcpServers": {' in output


def test_a_pipe_gets_no_colours(told: tuple[Path, int, str, str]) -> None:
    assert "\x1b" not in told[2]


def test_nothing_is_left(told: tuple[Path, int, str, str]) -> None:
    assert list(told[0].iterdir()) == []
    assert left_running(told[0]) == []


def test_with_a_keyring_its_entries_are_removed_and_json_tells_all(
    memory_keyring: MemoryKeyring, capfd: pytest.CaptureFixture[str], home: Path
) -> None:
    assert cli.main(["demo", "--json"]) == 0
    answer: dict[str, Any] = json.loads(capfd.readouterr().out)
    steps = answer["steps"]
    assert answer["ok"]
    assert [step["answer"] for step in steps if "answer" in step] == [steps[4]["answer"]] * 3
    assert [row[0] for row in steps[4]["answer"]] == BEST
    assert steps[1]["keyring"] is True
    assert memory_keyring.kept == {}
    assert list(home.iterdir()) == []


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such signals")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("step", [" 1 ", " 4 "])
def test_stopping_it_cleans_up(tmp_path: Path, step: str, number: signal.Signals) -> None:
    demo = start(tmp_path)
    assert demo.stdout
    while not demo.stdout.readline().startswith(step):
        pass
    demo.send_signal(number)
    _, errors = demo.communicate(timeout=60)
    assert (demo.returncode, errors) == (1, "")
    assert list(tmp_path.iterdir()) == []
    assert left_running(tmp_path) == []
