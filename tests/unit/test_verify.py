"""Asking an app: its program is found, started, bounded and ended; what it says is shown safely."""

from __future__ import annotations

import json
import os
import stat
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import psutil
import pytest

from trunkline_server import folders
from trunkline_server.clients import apps, lists, owned, plan, writer
from trunkline_server.clients.app import App
from trunkline_server.clients.health import Answer, Health
from trunkline_server.clients.plan import Plan
from trunkline_server.clients.processes import verify
from trunkline_server.clients.processes.verify import Verdict
from trunkline_server.profiles.profile import Profile

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
    monkeypatch.setenv("TRUNKLINE_HOME", str(tmp_path / "trunkline"))
    monkeypatch.setenv("HOME", str(tmp_path))

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


WHERE = 'print("yes:", os.getcwd(), os.listdir())'


def test_it_runs_in_the_same_empty_folder_each_time(install: Install) -> None:
    app = install(WHERE)
    first, again = (verify.ask(app, "shop").said for _ in range(2))
    assert first == again == f"{folders.run() / 'asking'} []"
    assert [path.name for path in folders.run().iterdir()] == ["asking"]


def test_two_at_once_do_not_disturb_each_other(install: Install) -> None:
    app = install(f"open(os.environ['PIPE']).read() if 'first' in sys.argv else 0; {WHERE}")
    pipe = folders.state() / "pipe"
    os.mkfifo(pipe)
    with pytest.MonkeyPatch.context() as patch, ThreadPoolExecutor() as pool:
        patch.setenv("PIPE", str(pipe))
        first = pool.submit(verify.ask, app, "first")
        with pipe.open("w"):  # it is there
            second = verify.ask(app, "second")
        assert first.result() == second
    assert second.said == f"{folders.run() / 'asking'} []"


def in_the_way(folder: Path) -> None:
    folder.write_text("not a folder")


def with_settings(folder: Path) -> None:
    (folder / ".gemini").mkdir(parents=True)


def read_only(folder: Path) -> None:
    folder.mkdir(mode=0o500)


@pytest.mark.parametrize("spoil", [in_the_way, with_settings, read_only])
def test_where_that_folder_cannot_be_used_it_is_one_for_this_time(
    install: Install, spoil: Callable[[Path], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    app, usual = install(WHERE), folders.run() / "asking"
    spoil(usual)
    access = os.access  # whoever is root may write anywhere
    monkeypatch.setattr(
        os, "access", lambda path, mode: access(path, mode) and not is_read_only(Path(path))
    )
    folder, _, content = verify.ask(app, "shop").said.partition(" ")
    assert content == "[]"
    assert folder != str(usual)
    assert not Path(folder).exists()
    assert usual.exists()  # nothing of it was touched


def is_read_only(path: Path) -> bool:
    return not path.stat().st_mode & stat.S_IWUSR


def written(app: App, name: str = "shop") -> Plan:
    """Connect a database to the app and return what was done."""
    done = plan.connect(app, Profile(id=name, name=name))
    return writer.apply(done).plan


def test_what_the_settings_say_against_an_entry_counts_whatever_the_app_says(
    install: Install,
) -> None:
    app = replace(install('print("yes: Connected")'), lists=lists.by_names)
    app.path().parent.mkdir(parents=True)
    app.path().write_text('{"mcp": {"excluded": ["shop"]}}')
    written(app)
    said = "its settings exclude it"
    expected = Verdict(is_reached=False, said=said, barrier="excluded")
    assert verify.ask(app, "shop") == expected
    assert owned.records()[0].verified == 0


def test_an_app_without_such_a_command_tells_of_an_entry_that_is_off(install: Install) -> None:
    app = replace(install(""), health=None, switch="disabled")
    written(app)
    assert verify.ask(app, "shop").is_reached is None
    document = json.loads(app.path().read_text())
    document["mcpServers"]["shop"]["disabled"] = True
    app.path().write_text(json.dumps(document))
    assert verify.ask(app, "shop").barrier == "off"


def test_an_answer_counts_as_the_apps_contact_until_the_entry_is_written_anew(
    install: Install,
) -> None:
    app = install('print("yes: Connected")')
    written(app), written(app, "other")
    verify.ask(app, "shop")
    shop, other = owned.records()
    assert shop.verified > shop.since
    assert other.verified == 0
    writer.apply(plan.disconnect(app, Profile(id="shop", name="shop")))
    written(app)
    assert {record.verified for record in owned.records()} == {0}


@pytest.mark.parametrize("said", ["no: Disconnected", "whatever"])
def test_another_answer_is_no_contact(install: Install, said: str) -> None:
    app = install(f'print("{said}")')
    written(app)
    verify.ask(app, "shop")
    assert owned.records()[0].verified == 0


def test_what_is_written_while_it_is_asked_waits_for_the_next_contact(install: Install) -> None:
    app = install('print("yes: Connected")')
    written(app)
    later = time.time() + 3600
    with owned.alone():
        owned.keep(app.path(), [replace(record, since=later) for record in owned.records()])
    verify.ask(app, "shop")
    assert owned.records()[0].verified < later


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
