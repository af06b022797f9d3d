"""Asking an app: its program is found, started, bounded and ended; what it says is shown safely."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import psutil
import pytest

from trunkline_server.clients import apps
from trunkline_server.clients.app import App
from trunkline_server.clients.health import Answer, Health
from trunkline_server.clients.processes import verify
from trunkline_server.clients.processes.verify import Verdict

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="the programs here are scripts")

Install = Callable[..., App]


def last_line(printed: str, _name: str) -> Answer | None:
    """Read ``yes: …`` or ``no: …`` in the last line."""
    word, colon, said = (printed.splitlines() or [""])[-1].partition(": ")
    return Answer(word == "yes", said) if colon and word in {"yes", "no"} else None


@pytest.fixture
def install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Install:
    """Return a function that puts a program on the path, and returns the app that has it."""
    monkeypatch.setenv("PATH", str(tmp_path), prepend=os.pathsep)

    def put(code: str, **health: object) -> App:
        program = tmp_path / "asked"
        program.write_text(f"#!{sys.executable}\nimport os, sys\n{code}\n")
        program.chmod(0o755)
        usual = Health(program="asked", arguments=("tell", "{name}"), reading=last_line)
        return replace(apps.ALL["cursor"], health=replace(usual, **health))

    return put


def test_it_is_asked_for_the_entry(install: Install) -> None:
    app = install('print("yes:", *sys.argv[1:])')
    assert verify.ask(app, "shop") == Verdict(is_reached=True, said="tell shop")


def test_a_no_comes_with_its_words_without_colours(install: Install) -> None:
    app = install(r'print("no: \x1b[31mNobody\x1b[0m   listens", file=sys.stderr)')
    assert verify.ask(app, "shop") == Verdict(is_reached=False, said="Nobody listens")


def test_it_waits_for_no_input(install: Install) -> None:
    app = install('sys.stdin.read(); print("yes: at once")')
    assert verify.ask(app, "shop").is_reached


def test_a_program_that_answers_requests_is_hung_up_on_after_the_last_reply(
    install: Install,
) -> None:
    app = install(
        'print("0: hello", sys.stdin.readline()); print("yes:", sys.stdin.readline(), end="")\n'
        "sys.stdout.flush(); sys.stdin.read()",
        requests=("hello", "{name}?"),
        last="yes",
    )
    assert verify.ask(app, "shop") == Verdict(is_reached=True, said="shop?")


def test_it_runs_in_an_empty_folder_that_is_gone_afterwards(install: Install) -> None:
    app = install('print("yes:", os.getcwd(), os.listdir())')
    folder, _, content = verify.ask(app, "shop").said.partition(" ")
    assert content == "[]"
    assert not Path(folder).exists()


def test_it_gets_the_variables_of_its_health_command(install: Install) -> None:
    app = install('print("yes:", os.environ["TRUSTED"])', environment={"TRUSTED": "true"})
    assert verify.ask(app, "shop").said == "true"


def test_tokens_in_its_words_are_hidden_and_long_words_are_cut(install: Install) -> None:
    app = install('print("no: Authorization: Bearer kEy-0123456789_abcdef " + "x" * 5000)')
    said = verify.ask(app, "shop").said
    assert said.startswith("Authorization: Bearer ••• xxx")
    assert len(said) == 300


def test_an_endless_answer_is_not_kept(install: Install) -> None:
    app = install('sys.stdout.write("x" * 99 + "\\n" * 1 + ("y" * 999999 + "\\n") * 9)')
    assert verify.ask(app, "shop").is_reached is None


def test_an_unreadable_answer_is_not_known(install: Install) -> None:
    app = install('print("Everything is connected!"); sys.exit(3)')
    said = "Cursor gave an answer that Trunkline cannot read."
    assert verify.ask(app, "shop") == Verdict(is_reached=None, said=said)


def test_one_that_does_not_end_is_ended_with_all_it_started(
    install: Install, tmp_path: Path
) -> None:
    pids = tmp_path / "pids"
    app = install(
        "import subprocess, time\n"
        'child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])\n'
        f'open({str(pids)!r}, "w").write(f"{{os.getpid()}} {{child.pid}}")\n'
        "time.sleep(600)"
    )
    said = "Cursor gave no answer in 5 seconds."
    assert verify.ask(app, "shop", limit_s=5) == Verdict(is_reached=None, said=said)
    left = [psutil.Process(int(p)) for p in pids.read_text().split() if psutil.pid_exists(int(p))]
    assert psutil.wait_procs(left, timeout=10)[1] == []


def test_an_app_without_such_a_command_says_so() -> None:
    said = "Cursor has no command that tells."
    assert verify.ask(apps.ALL["cursor"], "shop") == Verdict(is_reached=None, said=said)


def test_a_program_that_is_not_on_the_path_is_named(
    install: Install, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    app = install("")
    monkeypatch.setenv("PATH", str(tmp_path / "elsewhere"))
    said = "The program “asked” was not found on this computer."
    assert verify.ask(app, "shop") == Verdict(is_reached=None, said=said)


def test_a_program_that_cannot_be_started_is_told(install: Install, tmp_path: Path) -> None:
    app = install("")
    (tmp_path / "asked").write_text("#!/nowhere/at/all\n")
    said = "The program “asked” could not be started: No such file or directory."
    assert verify.ask(app, "shop") == Verdict(is_reached=None, said=said)


def test_a_program_in_the_folder_one_happens_to_be_in_is_not_started(
    install: Install, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    app = install('print("yes: planted")')
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PATH", ".")
    assert verify.ask(app, "shop").is_reached is None
