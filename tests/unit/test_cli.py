"""``trunkline VERB``: the actions of the app in a terminal."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import closing
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from tests.fakes import MemoryKeyring
from trunkline_desktop import cli
from trunkline_desktop.verbs import say
from trunkline_server.errors import fail
from trunkline_server.profiles import saving
from trunkline_server.profiles.profile import Profile
from trunkline_server.profiles.store import Store
from trunkline_server.serving.activity import Activity, Call, Greeting

URL = "postgresql://ada@db.example.com:5433/sales"
VERBS = ("add", "list", "show", "edit", "remove", "check", "start", "clients", "connect",
         "disconnect", "export", "activity", "demo")  # fmt: skip


class Terminal:
    """Runs verbs in this process and keeps what the last one wrote."""

    def __init__(self, capsys: pytest.CaptureFixture[str], patch: pytest.MonkeyPatch) -> None:
        self._capsys = capsys
        self._patch = patch
        self.out = self.err = ""

    def __call__(self, *arguments: str, given: str = "") -> int:
        self._patch.setattr("sys.stdin", io.StringIO(given))
        code = cli.main(arguments)
        self.out, self.err = self._capsys.readouterr()
        return code

    @property
    def json(self) -> Any:
        return json.loads(self.out)


@pytest.fixture
def trunkline(
    home: Path,
    memory_keyring: MemoryKeyring,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> Terminal:
    return Terminal(capsys, monkeypatch)


@pytest.fixture
def saved(trunkline: Terminal) -> Terminal:
    assert trunkline("add", "Sales", "--url", URL, "--password-stdin", given="s3cret\n") == 0
    return trunkline


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "Claude" / "claude_desktop_config.json"


@pytest.fixture
def person(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home folder of its own, in which no app is."""
    home = tmp_path / "person"
    for name in ("HOME", "USERPROFILE"):
        monkeypatch.setenv(name, str(home))
    return home


# The saved databases


def test_add_reads_a_link_and_keeps_the_password_in_the_keyring(
    saved: Terminal, memory_keyring: MemoryKeyring, home: Path
) -> None:
    saved("show", "sales", "--json")
    assert (saved.json["host"], saved.json["port"]) == ("db.example.com", 5433)
    assert memory_keyring.kept["Trunkline", "sales"] == "s3cret"
    assert b"s3cret" not in (home / "config" / "profiles.json").read_bytes()


def test_a_server_that_is_not_local_must_prove_its_name(saved: Terminal) -> None:
    saved("show", "sales", "--json")
    assert saved.json["sslmode"] == "verify-full"


@pytest.mark.parametrize(
    ("options", "mode"),
    [
        (("--host", "db.example.com"), "verify-full"),
        (("--host", "localhost"), "prefer"),
        (("--host", "db.example.com", "--sslmode", "require"), "require"),
        (("--host", "db.example.com", "--ssh-host", "bastion"), "prefer"),
        (("--url", f"{URL}?sslmode=disable"), "disable"),
        (("--url", URL, "--host", "localhost"), "prefer"),
    ],
)
def test_the_encryption_of_a_new_database_fits_its_server(
    trunkline: Terminal, options: tuple[str, ...], mode: str
) -> None:
    assert trunkline("add", "Sales", *options, "--json") == 0
    assert trunkline.json["sslmode"] == mode


def test_an_edit_leaves_the_encryption_alone(saved: Terminal) -> None:
    saved("edit", "sales", "--sslmode", "require")
    saved("edit", "sales", "--host", "db2.example.com", "--json")
    assert saved.json["sslmode"] == "require"


def test_add_reads_what_the_ai_may_see(trunkline: Terminal) -> None:
    code = trunkline(
        "add", "Sales", "--url", URL, "--schemas", "public, sales", "--hide", "public.salaries",
        "--hide", "public.people.email", "--note", "public.orders: one row an order",
        "--tools", "dba", "--json",
    )  # fmt: skip
    assert code == 0
    assert trunkline.json["schemas"] == ["public", "sales"]
    assert trunkline.json["hidden"] == ["public.salaries", "public.people.email"]
    assert trunkline.json["notes"] == ["public.orders: one row an order"]
    assert trunkline.json["tools"] == ["dba"]


def test_an_empty_value_takes_a_list_back(saved: Terminal) -> None:
    saved("edit", "sales", "--hide", "public.salaries", "--schemas", "public")
    assert saved("edit", "sales", "--hide", "", "--schemas", "", "--json") == 0
    assert (saved.json["hidden"], saved.json["schemas"]) == ([], [])


def test_a_renamed_database_and_one_with_its_former_name_are_told_apart(saved: Terminal) -> None:
    assert saved("edit", "sales", "--rename", "Sales archive") == 0
    assert saved("add", "Sales", "--url", URL) == 0
    for verb in (("remove",), ("edit", "--port", "1"), ("connect", "--client", "cursor")):
        assert saved(verb[0], "sales", *verb[1:]) == 1
        assert saved.err.endswith("Say id:sales for “Sales archive”, id:sales-2 for “Sales”.\n")
    assert saved("remove", "id:sales") == 0
    assert [profile.id for profile in Store().load()] == ["sales-2"]
    assert saved("show", "sales") == 0


def test_what_an_app_still_has_never_reaches_a_new_database(saved: Terminal, file: Path) -> None:
    connect = ("connect", "sales", "--client", "claude-desktop", "--path", str(file))
    assert saved(*connect) == 0
    assert saved("remove", "sales") == 0
    assert saved("add", "Sales", "--url", URL, "--json") == 0
    assert saved.json["id"] == "sales-2"


def test_the_port_of_another_database_is_refused(saved: Terminal) -> None:
    saved("edit", "sales", "--http-port", "8899")
    assert saved("add", "Web", "--url", URL, "--http-port", "8899") == 1
    assert saved.err.endswith("Port 8899 belongs to “Sales”. See --http-port.\n")
    assert saved("add", "Web", "--url", URL) == 0
    assert saved("edit", "web", "--http-port", "8899") == 1
    assert saved("edit", "sales", "--http-port", "8899", "--port", "1") == 0


@pytest.mark.parametrize(
    "option", [("--host", "h"), ("--port", "1"), ("--user", "u"), ("--ssh-jump", "a@b")], ids=str
)
def test_the_sample_keeps_its_place(trunkline: Terminal, option: tuple[str, str]) -> None:
    Store().save(Profile(id="shop", name="Shop", sample=True))
    before = Store().load()
    assert trunkline("edit", "shop", *option) == 2
    assert trunkline.err.endswith(f"{option[0]} changes nothing. Leave out {option[0]}.\n")
    assert Store().load() == before
    assert trunkline("edit", "shop", "--label", "test", "--hide", "shop.customers") == 0


def test_a_hidden_name_that_is_none_is_refused_with_its_option(saved: Terminal) -> None:
    assert saved("edit", "sales", "--hide", "salaries") == 1
    assert "See --hide." in saved.err


def test_add_reads_the_way_through_ssh(
    trunkline: Terminal, memory_keyring: MemoryKeyring, home: Path
) -> None:
    code = trunkline(
        "add", "Sales", "--url", URL, "--ssh-host", "bastion.example.com", "--ssh-port", "2222",
        "--ssh-user", "ann", "--ssh-key", "~/.ssh/work", "--ssh-jump", "ann@edge:22, inner",
        "--password-stdin", "--ssh-password-stdin", given="s3cret\nopen sesame\n",
    )  # fmt: skip
    assert code == 0
    trunkline("show", "sales", "--json")
    shown = trunkline.json
    assert (shown["ssh_host"], shown["ssh_port"], shown["ssh_user"]) == (
        "bastion.example.com", 2222, "ann",
    )  # fmt: skip
    assert (shown["ssh_key"], shown["ssh_jump"]) == ("~/.ssh/work", ["ann@edge:22", "inner"])
    assert memory_keyring.kept["Trunkline", "sales"] == "s3cret"
    assert memory_keyring.kept["Trunkline", "sales/ssh"] == "open sesame"
    assert b"open sesame" not in (home / "config" / "profiles.json").read_bytes()


def test_without_its_ssh_host_the_ssh_password_is_forgotten(
    saved: Terminal, memory_keyring: MemoryKeyring
) -> None:
    saved("edit", "sales", "--ssh-host", "bastion", "--ssh-password-stdin", given="open sesame\n")
    assert memory_keyring.kept["Trunkline", "sales/ssh"] == "open sesame"
    assert saved("edit", "sales", "--ssh-host", "") == 0
    assert ("Trunkline", "sales/ssh") not in memory_keyring.kept


def test_add_reads_options(trunkline: Terminal) -> None:
    assert trunkline("add", "Shop", "--host", "h", "--user", "u", "--label", "test", "--json") == 0
    assert (trunkline.json["host"], trunkline.json["label"]) == ("h", "test")


def test_add_reads_an_env_file(trunkline: Terminal, tmp_path: Path) -> None:
    file = tmp_path / ".env"
    file.write_text(f"DEBUG=1\nDATABASE_URL={URL}\n")
    assert trunkline("add", "Shop", "--env-file", str(file), "--json") == 0
    assert trunkline.json["database"] == "sales"


def test_a_password_in_the_link_works_and_is_warned_about(
    trunkline: Terminal, memory_keyring: MemoryKeyring
) -> None:
    trunkline("add", "Shop", "--url", "postgresql://u:s3cret@h/d")
    assert memory_keyring.kept["Trunkline", "shop"] == "s3cret"
    assert "--password-stdin" in trunkline.err
    assert "s3cret" not in trunkline.out + trunkline.err


def test_a_field_that_cannot_be_is_refused(trunkline: Terminal) -> None:
    assert trunkline("add", "Shop", "--host", "h", "--port", "70000") == 1
    assert trunkline.err == "The port is a number from 1 to 65535. See --port.\n"


def test_list_shows_names_and_addresses_in_columns(saved: Terminal) -> None:
    assert saved("list") == 0
    head, row = saved.out.splitlines()
    assert row.split() == ["Sales", "sales", "ada@db.example.com:5433/sales", "stdio"]
    assert head.index("ADDRESS") == row.index("ada@")


def test_an_empty_list_says_how_to_begin(trunkline: Terminal) -> None:
    assert trunkline("list") == 0
    assert "trunkline add" in trunkline.out


def test_an_unknown_name_offers_the_nearest(saved: Terminal) -> None:
    assert saved("show", "slaes") == 1
    assert saved.out == ""
    assert saved.err == "There is no database “slaes”. Did you mean “Sales”?\n"


def test_with_json_a_failure_is_json_too(saved: Terminal) -> None:
    assert saved("show", "nothing", "--json") == 1
    assert saved.json["failed"]["code"] == "profile.unknown"
    assert saved.err


def test_show_tells_units_and_no_address_of_the_sample(saved: Terminal) -> None:
    saved("show", "sales")
    assert "max bytes             65536 bytes\n" in saved.out
    assert "statement timeout     30 s\n" in saved.out
    Store().save(Profile(id="sample", name="Sample shop", sample=True))
    saved("show", "sample")
    assert "5432" not in saved.out


def test_remove_says_how_to_take_out_what_is_left_in_an_app(
    saved: Terminal, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for name in ("HOME", "APPDATA", "XDG_CONFIG_HOME"):
        monkeypatch.setenv(name, str(tmp_path))
    assert saved("connect", "sales", "--client", "zed") == 0
    assert saved("remove", "sales") == 0
    command = saved.out.rsplit("Take it out: ")[1].split()[1:]
    assert saved(*command) == 0
    assert "no longer has “sales”" in saved.out


def test_edit_changes_what_is_named_only(saved: Terminal) -> None:
    assert saved("edit", "Sales", "--port", "5444", "--rename", "Sales EU", "--json") == 0
    changed = saved.json
    assert (changed["id"], changed["name"], changed["port"]) == ("sales", "Sales EU", 5444)
    assert changed["host"] == "db.example.com"


def test_edit_changes_the_password(saved: Terminal, memory_keyring: MemoryKeyring) -> None:
    assert saved("edit", "Sales", "--password-stdin", given="new\n") == 0
    assert memory_keyring.kept["Trunkline", "sales"] == "new"


def test_edit_of_nothing_is_a_usage_error(saved: Terminal) -> None:
    assert saved("edit", "Sales") == 2


def test_remove_forgets_the_secrets_too(saved: Terminal, memory_keyring: MemoryKeyring) -> None:
    assert saved("remove", "sales") == 0
    assert memory_keyring.kept == {}
    saved("list", "--json")
    assert saved.json == []


# AI apps


def test_clients_lists_the_apps(saved: Terminal) -> None:
    assert saved("clients", "--json") == 0
    assert saved.json[0]["id"] == "claude-desktop"


def test_a_dry_run_shows_the_change_and_writes_nothing(saved: Terminal, file: Path) -> None:
    assert saved("connect", "Sales", "--client", "claude-desktop", "--path", str(file),
                 "--dry-run") == 0  # fmt: skip
    assert '+    "sales": {' in saved.out
    assert not file.exists()


def test_connect_and_disconnect_leave_the_file_as_it_was(saved: Terminal, file: Path) -> None:
    file.parent.mkdir()
    file.write_text('{"theme": 1.0}')
    where = ("--client", "claude-desktop", "--path", str(file))
    assert saved("connect", "Sales", *where) == 0
    assert "start it again" in saved.out
    assert "sales" in json.loads(file.read_bytes())["mcpServers"]
    assert saved("disconnect", "Sales", *where) == 0
    assert file.read_text() == '{"theme": 1.0}'


def test_connect_answers_json(saved: Terminal, file: Path) -> None:
    saved("connect", "Sales", "--client", "claude-desktop", "--path", str(file), "--json")
    assert (saved.json["changed"], saved.json["name"]) == (True, "sales")


def test_connecting_twice_says_so(saved: Terminal, file: Path) -> None:
    where = ("--client", "claude-desktop", "--path", str(file))
    saved("connect", "Sales", *where)
    assert saved("connect", "Sales", *where) == 0
    assert saved.out == "Nothing to change: Claude Desktop is connected already.\n"


def test_an_app_may_be_called_by_its_name(saved: Terminal, file: Path) -> None:
    assert saved("connect", "Sales", "--client", "Claude Desktop", "--path", str(file)) == 0
    assert "Claude Desktop now has" in saved.out


def test_an_app_that_is_not_here_is_connected_with_a_word_about_it(
    saved: Terminal, person: Path
) -> None:
    assert saved("connect", "Sales", "--client", "cursor") == 0
    assert "Cursor was not found on this computer." in saved.err
    assert (person / ".cursor" / "mcp.json").exists()
    saved("connect", "Sales", "--client", "cursor")
    assert saved.err == ""


def test_after_a_removal_nothing_new_is_to_be_switched_on(saved: Terminal, file: Path) -> None:
    where = ("--client", "cursor", "--path", str(file))
    saved("connect", "Sales", *where)
    saved("disconnect", "Sales", *where)
    assert "Next: If Cursor is open, it may go on asking until you close it." in saved.out


def test_who_has_to_give_the_token_is_told_how_to_see_it(saved: Terminal, file: Path) -> None:
    where = ("--client", "vscode", "--path", str(file))
    saved("connect", "Sales", *where, "--transport", "http")
    assert "trunkline-server token --profile sales" in saved.out
    saved("export", "Sales", "--client", "vscode", "--transport", "http")
    assert "trunkline-server token --profile sales" in saved.err


@pytest.mark.parametrize("option", ["--path", "--entry"])
def test_an_empty_word_stands_for_nothing_usual(saved: Terminal, person: Path, option: str) -> None:
    """It comes from a variable of a script that was never set."""
    assert saved("connect", "Sales", "--client", "cursor", option, "") == 1
    assert not (person / ".cursor").exists()


def test_an_unknown_app_offers_the_nearest(saved: Terminal) -> None:
    assert saved("connect", "Sales", "--client", "claude-dektop") == 1
    assert "Did you mean “claude-desktop”?" in saved.err


def test_claude_desktop_takes_no_address(saved: Terminal) -> None:
    assert saved("connect", "Sales", "--client", "claude-desktop", "--transport", "http") == 1
    assert "Leave out --transport" in saved.err


def test_an_app_is_given_an_address_and_the_way_to_its_token(saved: Terminal, file: Path) -> None:
    where = ("--client", "claude-code", "--path", str(file))
    assert saved("connect", "Sales", *where, "--transport", "http") == 0
    assert "trunkline edit sales --transport http" in saved.out
    entry = json.loads(file.read_bytes())["mcpServers"]["sales"]
    assert (entry["type"], "headersHelper" in entry) == ("http", True)


def test_connecting_again_keeps_the_way_and_the_name(saved: Terminal, file: Path) -> None:
    where = ("--client", "claude-code", "--path", str(file))
    saved("connect", "Sales", *where, "--transport", "sse", "--entry", "mine")
    assert saved("connect", "Sales", *where, "--json") == 0
    answer = saved.json
    assert (answer["changed"], answer["transport"], answer["name"]) == (False, "sse", "mine")


def test_a_token_is_written_only_when_it_is_allowed(
    saved: Terminal, file: Path, memory_keyring: MemoryKeyring
) -> None:
    where = ("--client", "lm-studio", "--path", str(file), "--transport", "http")
    assert saved("connect", "Sales", *where) == 1
    assert "--allow-token" in saved.err
    assert not file.exists()
    assert saved("connect", "Sales", *where, "--allow-token") == 0
    token = memory_keyring.kept["Trunkline", "sales/token"]
    assert token in file.read_text()
    assert token not in saved.out
    assert "plain text" in saved.out
    assert saved("connect", "Sales", *where) == 0  # it was allowed once


def test_clients_tells_who_is_here_and_who_is_connected_how(
    saved: Terminal, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path / "person"))
    monkeypatch.setenv("USERPROFILE", str(tmp_path / "person"))
    (tmp_path / "person" / ".cursor").mkdir(parents=True)
    saved("connect", "Sales", "--client", "cursor", "--transport", "http")
    assert saved("clients", "--json") == 0
    cursor = next(app for app in saved.json if app["id"] == "cursor")
    assert (cursor["installed"], cursor["connected"]) == (True, ["sales"])
    assert cursor["transports"] == {"sales": "http"}
    assert saved("clients") == 0
    assert "sales (http)" in saved.out


def test_clients_names_those_that_are_not_edited_too(saved: Terminal) -> None:
    saved("clients", "--json")
    cherry = next(app for app in saved.json if app["id"] == "cherry-studio")
    assert (cherry["path"], cherry["connected"]) == ("", [])
    assert "database of its own" in cherry["by_hand"]
    assert cherry["export"] == ["link", "text"]
    saved("clients")
    assert "export NAME --client cherry-studio --as link" in saved.out


def test_clients_tells_whether_an_app_has_made_contact_since(
    saved: Terminal, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("HOME", "USERPROFILE"):
        monkeypatch.setenv(name, str(tmp_path / "person"))
    saved("connect", "Sales", "--client", "cursor")
    saved("clients")
    assert "waiting for its first contact" in saved.out
    saved("clients", "--json")
    assert next(a for a in saved.json if a["id"] == "cursor")["seen_at"] is None
    at = time.time() + 60
    with closing(Activity()) as log:
        log.greet(Greeting(at=at, profile_id="sales", client="cursor-vscode"))
    saved("clients")
    assert f"last seen {datetime.fromtimestamp(at).astimezone():%Y-%m-%d %H:%M}" in saved.out
    saved("clients", "--json")
    assert next(a for a in saved.json if a["id"] == "cursor")["seen_at"] == at


HEALTH = Path(__file__).parent / "health"


@pytest.fixture
def claude_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Return a function that puts a Claude Code on the path that says what was recorded."""
    if sys.platform == "win32":
        pytest.skip("the program here is a script")
    for name in ("HOME", "CLAUDE_CONFIG_DIR"):
        monkeypatch.setenv(name, str(tmp_path))
    monkeypatch.setenv("PATH", str(tmp_path / "bin"), prepend=os.pathsep)

    def put(recorded: str) -> None:
        program = tmp_path / "bin" / "claude"
        program.parent.mkdir(exist_ok=True)
        program.write_text(f"#!/bin/sh\ncat '{HEALTH}/claude-code-{recorded}.txt'\n")
        program.chmod(0o755)

    return put


VERIFY = ("connect", "Sales", "--client", "claude-code", "--verify")


def test_verify_tells_that_the_app_reached_trunkline_but_no_database(
    saved: Terminal, claude_says: Callable[[str], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    claude_says("program")
    monkeypatch.setenv("TRUNKLINE_PASSWORD_SALES", "s3cret")
    saved("edit", "Sales", "--host", "127.0.0.1", "--port", "1")
    assert saved(*VERIFY, "--json") == 1
    assert saved.json["verified"] is False
    assert "Nothing is listening on 127.0.0.1, port 1." in saved.json["said"]
    assert saved(*VERIFY) == 1
    assert saved.out.startswith("Nothing to change: Claude Code is connected already.\n")
    assert "reached Trunkline, but Trunkline does not reach “Sales”." in saved.err


def test_verify_fails_with_the_words_of_the_app(
    saved: Terminal, claude_says: Callable[[str], None]
) -> None:
    claude_says("nobody-listens")
    assert saved(*VERIFY, "--transport", "http") == 1
    assert "did not reach “Sales”. It said: Failed to connect: ECONNREFUSED" in saved.err
    assert "start sales --transport http" in saved.err
    assert saved(*VERIFY, "--transport", "stdio") == 1
    assert "check sales" in saved.err


@pytest.mark.parametrize(
    ("recorded", "said"),
    [
        ("off", "it is switched off there. Switch it on in Claude Code: type /mcp there."),
        (
            "kept-out",
            "its settings do not allow it. Allow it in Claude Code: see allowed",
        ),
    ],
)
def test_verify_names_what_to_do_in_an_app_that_leaves_the_entry_alone(
    saved: Terminal, claude_says: Callable[[str], None], recorded: str, said: str
) -> None:
    claude_says(recorded)
    assert saved(*VERIFY) == 1
    assert f"Claude Code did not reach “Sales”: {said}" in saved.err
    assert "check sales" not in saved.err


def test_what_an_app_says_when_it_is_asked_is_its_contact(
    saved: Terminal, claude_says: Callable[[str], None]
) -> None:
    claude_says("nobody-listens")
    saved(*VERIFY)
    saved("clients")
    assert "waiting for its first contact" in saved.out
    claude_says("program")
    saved(*VERIFY)
    saved("clients")
    assert "last seen" in saved.out
    saved("connect", "Sales", "--client", "claude-code", "--transport", "http")
    saved("clients")
    assert "waiting for its first contact" in saved.out


@pytest.mark.parametrize(
    ("recorded", "code", "verified"),
    [("nobody-listens", 1, False), ("unheard-of", 0, None)],
)
def test_verify_answers_json(
    saved: Terminal,
    claude_says: Callable[[str], None],
    recorded: str,
    code: int,
    verified: bool | None,
) -> None:
    claude_says(recorded)
    assert saved(*VERIFY, "--json") == code
    assert saved.json["verified"] is verified
    assert saved.json["said"]
    assert saved.json["name"] == "sales"


def test_an_app_that_cannot_be_asked_is_seen_at_its_first_contact(
    saved: Terminal, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    assert saved("connect", "Sales", "--client", "cursor", "--verify") == 0
    assert "Cursor has no command that tells. Its first contact shows it: " in saved.out
    assert saved.out.endswith("clients\n")


@pytest.mark.parametrize("other", ["--dry-run", "--path"])
def test_verify_needs_the_file_that_the_app_reads(saved: Terminal, file: Path, other: str) -> None:
    more = (other, str(file)) if other == "--path" else (other,)
    assert saved("connect", "Sales", "--client", "cursor", "--verify", *more) == 2
    assert "Leave out one of the two." in saved.err
    assert not file.exists()


def test_without_verify_json_has_no_verdict(saved: Terminal, file: Path) -> None:
    saved("connect", "Sales", "--client", "cursor", "--path", str(file), "--json")
    assert "verified" not in saved.json


def test_another_transport_is_told_to_the_apps_with_an_address(saved: Terminal, file: Path) -> None:
    saved("connect", "Sales", "--client", "claude-code", "--path", str(file), "--transport", "http")
    assert saved("edit", "Sales", "--transport", "sse") == 0
    assert "Claude Code now uses SSE. The file as it was is kept in " in saved.out
    assert " Next: Start a new session" in saved.out
    assert json.loads(file.read_bytes())["mcpServers"]["sales"]["type"] == "sse"


def test_another_transport_is_nothing_to_apps_without_an_address(
    saved: Terminal, file: Path
) -> None:
    saved("connect", "Sales", "--client", "claude-desktop", "--path", str(file))
    before = file.read_bytes()
    assert saved("edit", "Sales", "--transport", "http") == 0
    assert saved.out.count("\n") == 1
    assert file.read_bytes() == before


def test_apps_that_need_no_change_are_not_told_to_do_anything(saved: Terminal, file: Path) -> None:
    saved("connect", "Sales", "--client", "opencode", "--path", str(file), "--transport", "http")
    assert saved("edit", "Sales", "--transport", "http") == 0
    assert "OpenCode" not in saved.out


def test_while_an_app_cannot_be_told_nothing_is_changed(
    saved: Terminal, file: Path, tmp_path: Path
) -> None:
    other = tmp_path / "mcp.json"
    for app, path in (("claude-code", file), ("lm-studio", other)):
        where = ("--client", app, "--path", str(path), "--transport", "http", "--allow-token")
        assert saved("connect", "Sales", *where) == 0
    right, before = file.read_text(), other.read_text()
    file.write_text("{")
    assert saved("edit", "Sales", "--http-port", "9001") == 1
    assert f"{file}, line 1" in saved.err
    assert "“Sales” stays as it is, too." in saved.err
    assert (file.read_text(), other.read_text()) == ("{", before)
    saved("show", "Sales", "--json")
    assert saved.json["http_port"] != 9001
    file.write_text(right)
    assert saved("edit", "Sales", "--http-port", "9001", "--json") == 0
    assert {told["client"] for told in saved.json["followed"]} == {"claude-code", "lm-studio"}
    assert "127.0.0.1:9001/mcp" in file.read_text()
    assert "127.0.0.1:9001/mcp" in other.read_text()


def test_another_port_leaves_an_app_its_way(saved: Terminal, file: Path) -> None:
    saved("connect", "Sales", "--client", "cursor", "--path", str(file), "--transport", "http")
    assert saved("edit", "Sales", "--http-port", "9001") == 0  # its own way is stdio
    assert "Cursor now uses the new address." in saved.out
    assert "127.0.0.1:9001/mcp" in file.read_text()


def test_a_change_that_is_not_saved_is_taken_back_from_the_apps(
    saved: Terminal, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    saved("connect", "Sales", "--client", "cursor", "--path", str(file), "--transport", "http")
    before = file.read_text()

    def full(*_: object, **__: object) -> None:
        raise fail("store.unwritable", "The disk is full.", "Make room.")

    monkeypatch.setattr(saving, "update", full)
    assert saved("edit", "Sales", "--http-port", "9001") == 1
    assert file.read_text() == before


def test_a_new_database_never_gets_what_an_app_has_of_a_removed_one(
    saved: Terminal, file: Path
) -> None:
    saved("connect", "Sales", "--client", "cursor", "--path", str(file))
    assert saved("remove", "Sales") == 0
    assert "It is still in the settings of Cursor." in saved.out
    assert saved("add", "Sales", "--url", "postgresql://ada@production.example/sales") == 0
    saved("list", "--json")
    assert [profile["id"] for profile in saved.json] == ["sales-2"]


def test_an_app_with_a_store_of_its_own_tells_what_to_do(saved: Terminal) -> None:
    assert saved("connect", "Sales", "--client", "cherry-studio") == 1
    assert "export sales --client cherry-studio --as link" in saved.err
    assert "Import from JSON" in saved.err


def test_an_app_that_takes_nothing_from_here_names_no_export(saved: Terminal) -> None:
    assert saved("connect", "Sales", "--client", "chatgpt-web") == 1
    assert "export" not in saved.err


# Activity, and the command itself


def test_activity_shows_questions(saved: Terminal) -> None:
    log = Activity()
    log.record(Call(at=time.time(), profile_id="sales", tool="execute_query",
                    client="claude-ai", statement="SELECT\n  1", rows=1))  # fmt: skip
    log.close()
    assert saved("activity", "Sales") == 0
    assert "SELECT 1" in saved.out
    assert "Today: 1 question, 0 refused." in saved.out


def test_activity_answers_json(saved: Terminal) -> None:
    assert saved("activity", "--json") == 0
    assert saved.json["calls"] == []


@pytest.mark.parametrize("verb", VERBS)
def test_every_verb_takes_json(trunkline: Terminal, verb: str) -> None:
    assert trunkline(verb, "--help") == 0
    assert "--json" in trunkline.out


@pytest.mark.parametrize("arguments", [("fly",), ("add",), ("show", "a", "b"), ("--no",)])
def test_wrong_usage_is_code_two(trunkline: Terminal, arguments: tuple[str, ...]) -> None:
    assert trunkline(*arguments) == 2
    assert trunkline.err.count("\n") == 1


def test_no_verb_loads_qt_or_a_driver(home: Path) -> None:
    modules = (
        "cli, demo, verbs.apps, verbs.databases, verbs.disconnecting, verbs.export, "
        "verbs.history, verbs.runs, verbs.say"
    )
    code = f"""
import sys, importlib
for name in "{modules}".split(", "):
    importlib.import_module("trunkline_desktop." + name)
from trunkline_desktop import cli
from trunkline_desktop.verbs import say
assert cli.main(["list"]) == 0
loaded = {{name.split(".")[0] for name in sys.modules}}
print(*(loaded & {{"PySide6", "asyncpg", "pglast", "fastmcp", "mcp", "keyring"}}))
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == ""


def test_output_in_a_pipe_has_no_colours(saved: Terminal) -> None:
    saved("list")
    assert "\x1b" not in saved.out


class Tty(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(("variable", "expected"), [("", "\x1b[32mx\x1b[0m"), ("1", "x")])
def test_a_terminal_gets_colours_unless_no_color_is_set(
    monkeypatch: pytest.MonkeyPatch, variable: str, expected: str
) -> None:
    monkeypatch.setattr("sys.stdout", Tty())
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("NO_COLOR", variable)
    assert say.colour("x", "green") == expected


def test_a_terminal_is_asked_for_the_password_without_echo(
    trunkline: Terminal, memory_keyring: MemoryKeyring, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdin", Tty())
    monkeypatch.setattr("getpass.getpass", lambda prompt: "typed")
    assert cli.main(["add", "Shop", "--host", "h"]) == 0
    assert memory_keyring.kept["Trunkline", "shop"] == "typed"
