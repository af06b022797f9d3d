"""``trunkline export``: where its answer goes, and what it leaves alone."""

from __future__ import annotations

import io
import json
import stat
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.fakes import MemoryKeyring
from trunkline_desktop import cli
from trunkline_server.profiles import secrets
from trunkline_server.profiles.profile import Profile
from trunkline_server.profiles.store import Store
from trunkline_server.programs import path_of

Export = Callable[..., tuple[int, str, str]]
TOKEN = "kEy-0123456789_abcdefghijklmnopqrstuvwxyz"


@pytest.fixture
def export(home: Path, memory_keyring: MemoryKeyring, capsys: pytest.CaptureFixture[str]) -> Export:
    """Return what exports the saved database: its code, output and error output."""
    Store().save(Profile(id="sales", name="Sales", host="db", http_port=8765))
    secrets.put("sales", TOKEN, "token")

    def run(client: str, *arguments: str) -> tuple[int, str, str]:
        code = cli.main(["export", "Sales", "--client", client, *arguments])
        return code, *capsys.readouterr()

    return run


def test_it_prints_the_json_of_any_client(export: Export) -> None:
    code, out, err = export("json")
    assert json.loads(out)["mcpServers"]["sales"]["args"] == ["sales"]
    assert (code, err) == (0, "")


def test_the_json_of_an_address_names_a_variable_for_the_token(export: Export) -> None:
    _, out, err = export("json", "--transport", "http")
    entry = json.loads(out)["mcpServers"]["sales"]
    assert entry["headers"] == {"Authorization": "Bearer ${TRUNKLINE_TOKEN_SALES}"}
    assert "TRUNKLINE_TOKEN_SALES" in err
    _, out, err = export("json", "--transport", "sse", "--allow-token")
    assert f"Bearer {TOKEN}" in out
    assert "plain text" in err


def test_each_app_gets_its_own_format(export: Export) -> None:
    assert export("codex")[1].startswith("[mcp_servers.sales]\n")
    assert export("continue")[1].startswith("name: My assistant\n")
    assert '"context_servers"' in export("zed")[1]


def test_a_link_and_a_command_are_one_line(export: Export) -> None:
    assert export("cursor", "--as", "link")[1].count("\n") == 1
    assert export("claude-code", "--as", "command")[1].startswith("claude mcp add ")


@pytest.mark.parametrize("client", ["json", "codex", "docker", "python"])
def test_every_text_answers_json(export: Export, client: str) -> None:
    text = export(client)[1]
    assert json.loads(export(client, "--json")[1])["text"] == text


def test_a_container_serves_the_saved_way_else_http(export: Export) -> None:
    assert "--transport http" in export("docker")[1]
    assert "--interactive" in export("docker", "--transport", "stdio")[1]


@pytest.mark.parametrize("kind", ["json", "mcpb", "docker", "python"])
def test_a_form_goes_with_an_app(export: Export, kind: str) -> None:
    code, _, err = export(kind, "--as", "link")
    assert (code, "Leave it out." in err) == (2, True)


def test_a_bundle_holds_no_address(export: Export, tmp_path: Path) -> None:
    code, _, err = export("mcpb", "--transport", "http", "--output", str(tmp_path / "x"))
    assert (code, "Leave out --transport" in err) == (1, True)


@pytest.mark.parametrize(
    ("given", "meant"), [("jsn", "json"), ("Docker", "docker"), ("cursr", "cursor"),
                         ("chery-studio", "cherry-studio")],
)  # fmt: skip
def test_another_word_may_have_been_meant(export: Export, given: str, meant: str) -> None:
    assert f"Did you mean “{meant}”?" in export(given)[2]


def test_a_line_with_the_token_in_it_is_pointed_out(export: Export) -> None:
    code, _, err = export("amp", "--as", "command", "--transport", "http")
    assert (code, "--allow-token" in err) == (1, True)
    _, out, err = export("amp", "--as", "command", "--transport", "http", "--allow-token")
    assert TOKEN in out
    assert "The command holds it too" in err


# Files


def test_a_file_is_written_whole_and_for_this_person_only(export: Export, tmp_path: Path) -> None:
    file = tmp_path / "Jürgen Müller.json"
    code, out, _ = export("json", "--output", str(file))
    assert (code, out) == (0, f"Wrote {file}.\n")
    assert json.loads(file.read_bytes())["mcpServers"]
    assert list(tmp_path.glob("*.json")) == [file]
    if sys.platform != "win32":
        assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_another_file_of_that_name_stays(export: Export, tmp_path: Path) -> None:
    file = tmp_path / "mcp.json"
    file.write_text("{}")
    code, _, err = export("cursor", "--output", str(file))
    assert (code, file.read_text()) == (1, "{}")
    assert "--force" in err
    assert export("cursor", "--output", str(file), "--force")[0] == 0
    assert "sales" in file.read_text()


def test_the_same_once_more_is_no_mistake(export: Export, tmp_path: Path) -> None:
    file = tmp_path / "sales.mcpb"
    for _ in range(2):
        assert export("mcpb", "--output", str(file))[0] == 0


@pytest.mark.parametrize(
    ("client", "arguments", "name"),
    [("mcpb", (), "trunkline-sales.mcpb"), ("codex", (), "trunkline-sales-codex.toml"),
     ("vscode", (), "trunkline-sales-vscode.json"), ("goose", (), "trunkline-sales-goose.yaml"),
     ("continue", (), "trunkline-sales-continue.yaml"), ("json", (), "trunkline-sales-json.json"),
     ("cursor", ("--as", "link"), "trunkline-sales-cursor.txt"),
     ("gemini-cli", (), "trunkline-sales-gemini-cli.json"),
     ("docker", (), "trunkline-sales-docker.txt"), ("python", (), "trunkline-sales.py")],
)  # fmt: skip
def test_a_folder_gets_a_file_with_a_name(
    export: Export, tmp_path: Path, client: str, arguments: tuple[str, ...], name: str
) -> None:
    folder = tmp_path / "out"
    folder.mkdir()
    _, out, _ = export(client, *arguments, "--output", str(folder), "--json")
    assert json.loads(out)["written"] == str(folder / name)
    assert [file.name for file in folder.iterdir()] == [name]


def test_a_bundle_can_be_double_clicked_whatever_it_is_called(
    export: Export, tmp_path: Path
) -> None:
    export("mcpb", "--output", str(tmp_path / "my sales"))
    assert (tmp_path / "my sales.mcpb").read_bytes().startswith(b"PK")


def test_a_dash_is_the_terminal(export: Export) -> None:
    assert export("json", "--output", "-")[1] == export("json")[1]


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_a_bundle_goes_onto_no_terminal_and_into_no_json(
    export: Export, monkeypatch: pytest.MonkeyPatch
) -> None:
    code, _, err = export("mcpb", "--json")
    assert (code, "--output" in err) == (2, True)
    monkeypatch.setattr("sys.stdout", Terminal())
    assert export("mcpb")[0] == 2


def test_a_bundle_goes_into_a_pipe(export: Export, tmp_path: Path) -> None:
    export("mcpb", "--output", str(tmp_path / "sales.mcpb"))
    piped = subprocess.run(
        [path_of("trunkline"), "export", "sales", "--client", "mcpb"],
        capture_output=True,
        check=True,
    )
    assert piped.stdout == (tmp_path / "sales.mcpb").read_bytes()


def test_what_cannot_be_written_leaves_nothing(export: Export, tmp_path: Path) -> None:
    code, _, err = export("json", "--output", str(tmp_path / "no" / "x.json"))
    assert (code, "Choose another place." in err) == (1, True)
    (tmp_path / "file").write_text("")
    assert export("json", "--output", str(tmp_path / "file" / "x.json"))[0] == 1
    assert sorted(path.name for path in tmp_path.iterdir()) == ["file", "home"]
