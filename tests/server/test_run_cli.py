"""``trunkline-server run`` as a person, a container or a supervisor starts it."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from tests.server.conftest import PASSWORD, Server
from tests.server.processes import Process, running, talking
from trunkline_server import cli, events
from trunkline_server.profiles.profile import Profile
from trunkline_server.programs import path_of

pytestmark = pytest.mark.usefixtures("home")


def refused(*arguments: str, **environment: str) -> tuple[int, str]:
    """Return the exit code and what ``trunkline-server`` said."""
    process = Process("trunkline-server", *arguments, **environment)
    try:
        return process.ended(), process.errors
    finally:
        process.close()


def test_a_url_is_served_over_stdio_with_a_warning(server: Server):
    with talking("trunkline-server", "run", "--url", server.dsn()) as app:
        app.introduce()
        app.ask(1, "SELECT current_database()")
        assert app.rows() == [["shop"]]
        app.close_input()
        assert app.ended() == 0
        assert "other users of this computer can read" in app.errors
        assert PASSWORD.replace(" ", "%20") not in app.errors


def test_pg_variables_are_used_and_named(server: Server):
    environment = {"PGHOST": "127.0.0.1", "PGPORT": str(server.port), "PGDATABASE": "shop",
                   "PGUSER": "shop_reader", "PGPASSWORD": PASSWORD}  # fmt: skip
    with talking("trunkline-server", "run", **environment) as app:
        app.introduce()
        app.ask(1, "SELECT current_user")
        assert app.rows() == [["shop_reader"]]
        app.close_input()
        app.ended()
        assert "taken from PGHOST, PGPORT, PGDATABASE, PGUSER, PGPASSWORD." in app.errors


def test_an_env_file_in_the_working_directory_is_used_and_named(
    server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.chdir(tmp_path)
    (tmp_path / ".env").write_text(f"DATABASE_URL={server.dsn()}\n")
    with talking("trunkline-server", "run") as app:
        app.introduce()
        app.ask(1, "SELECT 1")
        assert app.rows() == [[1]]
        app.close_input()
        app.ended()
        assert f"taken from DATABASE_URL in {tmp_path / '.env'}." in app.errors


def test_an_env_file_of_somebody_else_does_no_harm(
    server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.chdir(tmp_path)
    (tmp_path / ".env").write_bytes(b"FASTMCP_LOG_LEVEL=nonsense\n\xff\xfe")
    with talking("trunkline-server", "run", "--url", server.dsn()) as app:
        assert "result" in app.introduce()


def test_options_have_twins_in_the_environment(reader_profile: Profile):
    with running(reader_profile, TRUNKLINE_TRANSPORT="http", TRUNKLINE_PORT="0") as run:
        assert run.ready().transport == "http"


def test_a_profile_on_the_first_line_leaves_the_rest_to_mcp(reader_profile: Profile):
    with talking("trunkline-server", "run", "--profile", "-") as app:
        app.say(json.dumps({"profile": reader_profile.as_json(), "password": PASSWORD}))
        app.introduce()
        app.ask(1, "SELECT 1")
        assert app.rows() == [[1]]


def test_the_last_reply_leaves_before_the_end(server: Server):
    with talking("trunkline-server", "run", "--url", server.dsn()) as app:
        app.introduce()
        app.ask(1, "SELECT 1 FROM pg_sleep(0.2)")
        app.close_input()
        assert app.rows() == [[1]]


def test_a_second_server_of_the_same_profile_is_refused(reader_profile: Profile):
    with running(reader_profile) as first:
        first.ready()
        with running(reader_profile) as second:
            failed = second.event()
            assert second.ended() == 1
    assert isinstance(failed, events.Failed)
    assert failed.code == "run.already_running"


def test_a_killed_server_does_not_block_the_next(reader_profile: Profile):
    with running(reader_profile) as first:
        first.ready()
        first.popen.kill()
        first.ended()
        with running(reader_profile) as second:
            second.ready()


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (("run",), 2, "There is no database to ask."),
        (("run", "--profile", "nobody"), 1, "There is no database “nobody”."),
        (("run", "--profile", "id:nobody"), 1, "There is no database with the id “nobody”."),
        (("run", "--profile", "a", "--url", "postgresql://h/d"), 2, "both given"),
        (("run", "--url", "postgresql://h/d", "--transport", "carrier-pigeon"), 2, "pigeon"),
        (("run", "--url", "postgresql://h/d", "--port", "x"), 2, "not a whole number"),
        (("run", "--url", "postgresql://h/d", "--max-rows", "0"), 2, "Allow at least 1 row."),
        ((), 2, "required"),
    ],
)
def test_what_cannot_be_served_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: tuple[str, ...], code: int,
    words: str,
):  # fmt: skip
    monkeypatch.chdir(tmp_path)
    ended, said = refused(*arguments)
    assert (ended, words in said) == (code, True), said


@pytest.mark.parametrize(
    ("option", "value"),
    [("--tools", "everything"), ("--hide", "salaries"), ("--max-rows", "0"),
     ("--statement-timeout", "0")],
)  # fmt: skip
def test_a_limit_that_cannot_be_names_its_option(option: str, value: str):
    code, words = refused("run", option, value, DATABASE_URL="postgresql://127.0.0.1/shop")
    assert (code, words.rstrip().endswith(f"See {option}.")) == (2, True)


def test_a_first_line_that_is_no_profile_is_told():
    process = Process("trunkline-server", "run", "--profile", "-", "--events")
    try:
        process.say("hello")
        failed = events.decode(process.hear())
        assert isinstance(failed, events.Failed)
        assert (failed.code, process.ended()) == ("usage.first_line", 2)
    finally:
        process.close()


def test_a_token_file_that_is_too_short_is_refused(tmp_path: Path):
    file = tmp_path / "token"
    file.write_text("short")
    ended, said = refused("run", "--url", "postgresql://h/d", "--transport", "http",
                          "--token-file", str(file))  # fmt: skip
    assert (ended, "A token has at least 16" in said) == (1, True)


def test_info_shows_what_runs_without_a_secret(reader_profile: Profile, home: Path):
    with running(reader_profile) as run:
        pid = run.ready().pid
        command = [str(path_of("trunkline-server")), "info", "--json"]
        shown = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    (found,) = json.loads(shown)["servers"]
    assert (found["id"], found["pid"], found["answers"]) == ("shop", pid, True)
    assert json.loads(shown)["folders"]["config"] == str(home / "config")
    assert "key" not in found


def test_a_token_is_made_new_each_time(capsys: pytest.CaptureFixture[str]):
    assert [cli.main(["token"]), cli.main(["token"])] == [0, 0]
    first, second = capsys.readouterr().out.split()
    assert first != second
    assert len(first) >= 32


def test_a_login_that_can_never_work_ends_the_run_at_once(reader_profile: Profile):
    line = json.dumps({"profile": reader_profile.as_json(), "password": "wrong"})
    arguments = ("run", "--profile", "-", "--events", "--until-eof")
    with talking("trunkline-server", *arguments) as app:
        app.say(line)
        told = [events.decode(app.hear()) for _ in range(2)]
        assert [e.event for e in told] == ["ready", "failed"]
        assert told[1].code == "login.password"
        assert app.ended() == 1


def test_a_database_that_is_down_is_told_and_waited_for(server: Server, tmp_path: Path):
    folder = tmp_path / "pg"
    profile = Profile(id="shop", name="Shop", host=str(folder), port=server.port, database="shop",
                      user="shop_reader")  # fmt: skip
    line = json.dumps({"profile": profile.as_json(), "password": PASSWORD})
    with talking("trunkline-server", "run", "--profile", "-", "--events", "--until-eof") as app:
        app.say(line)
        assert events.decode(app.hear()).event == "ready"
        told = events.decode(app.hear())
        assert isinstance(told, events.Failed)
        assert told.stage == "login"
        folder.symlink_to(server.socket)
        assert events.decode(app.hear()) == events.Stage(stage="login", state="done")
        app.close_input()
        assert events.decode(app.hear()) == events.Stopped(reason="end of input")
        assert app.ended() == 0
