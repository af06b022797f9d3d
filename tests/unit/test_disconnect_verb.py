"""``trunkline disconnect``: one entry, or everything that Trunkline wrote into apps' files."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.fakes import MemoryKeyring
from trunkline_desktop import cli
from trunkline_server.clients import apps, connections, owned, plan, writer
from trunkline_server.profiles.profile import Profile
from trunkline_server.profiles.store import Store

SALES, SHOP = Profile(id="sales", name="Sales"), Profile(id="shop", name="Shop")
BEFORE = {
    "cursor": b'{\n\t"theme": 1.0,\n\t"mcpServers": {"other": {"command": "x"}}\n}\n',
    "codex": b'# mine\nmodel = "o9"\n',
    "goose": b"extensions:\n  other: {cmd: x}\n",
}
Disconnect = Callable[..., tuple[int, str, str]]


@pytest.fixture
def files(home: Path, memory_keyring: MemoryKeyring, tmp_path: Path) -> dict[str, Path]:
    """Three apps' files with both databases in them; Cursor has Sales under two names."""
    found = {}
    for app_id, content in BEFORE.items():
        found[app_id] = file = tmp_path / app_id
        file.write_bytes(content)
    for profile in (SALES, SHOP):
        Store().save(profile)
        for app_id, file in found.items():
            writer.apply(plan.connect(apps.ALL[app_id], profile, path=file))
    writer.apply(plan.connect(apps.ALL["cursor"], SALES, path=found["cursor"], name="again"))
    return found


@pytest.fixture
def disconnect(files: dict[str, Path], capsys: pytest.CaptureFixture[str]) -> Disconnect:
    def run(*arguments: str) -> tuple[int, str, str]:
        capsys.readouterr()
        return cli.main(["disconnect", *arguments]), *capsys.readouterr()

    return run


def contents(files: dict[str, Path]) -> dict[str, bytes]:
    return {app_id: file.read_bytes() for app_id, file in files.items()}


def names(app_id: str, file: Path) -> set[str]:
    ours = {"sales", "shop", "again"}
    return ours & connections.table_in(apps.ALL[app_id], file, file.read_bytes()).keys()


def test_all_takes_everything_out_of_every_file(
    disconnect: Disconnect, files: dict[str, Path]
) -> None:
    code, out, _ = disconnect("--all")
    assert code == 0
    assert contents(files) == BEFORE
    assert owned.records() == ()
    assert "Cursor no longer has “sales” and “shop” and “again”." in out
    assert disconnect("--all") == (0, "Nothing to change: no AI app is connected.\n", "")


def test_all_of_one_database_leaves_the_others(
    disconnect: Disconnect, files: dict[str, Path]
) -> None:
    assert disconnect("Sales", "--all")[0] == 0
    assert all(names(app_id, file) == {"shop"} for app_id, file in files.items())


def test_all_of_one_app_leaves_the_other_apps(
    disconnect: Disconnect, files: dict[str, Path]
) -> None:
    before = contents(files)
    assert disconnect("--client", "Cursor", "--all")[0] == 0
    assert contents(files) == before | {"cursor": BEFORE["cursor"]}


def test_without_all_every_name_of_the_database_goes_from_the_file(
    disconnect: Disconnect, files: dict[str, Path]
) -> None:
    where = ("--client", "cursor", "--path", str(files["cursor"]))
    code, out, _ = disconnect("sales", *where)
    assert (code, names("cursor", files["cursor"])) == (0, {"shop"})
    assert "Cursor no longer has “sales” and “again”." in out


def test_a_dry_run_shows_each_change(disconnect: Disconnect, files: dict[str, Path]) -> None:
    before = contents(files)
    code, out, _ = disconnect("--all", "--dry-run")
    assert (code, contents(files)) == (0, before)
    assert out.count("Nothing was written.") == len(files)


def test_a_broken_file_is_told_and_keeps_no_other(
    disconnect: Disconnect, files: dict[str, Path]
) -> None:
    files["codex"].write_text("[broken")
    code, _, err = disconnect("--all")
    assert (code, files["codex"].read_text()) == (1, "[broken")
    assert "line 1" in err
    assert contents(files) == BEFORE | {"codex": b"[broken"}


def test_json_tells_of_each_file(disconnect: Disconnect, files: dict[str, Path]) -> None:
    files["codex"].write_text("[broken")
    told: dict[str, Any] = json.loads(disconnect("--all", "--json")[1])
    assert [(file["client"], file["changed"]) for file in told["files"]] == [
        ("cursor", True),
        ("goose", True),
    ]
    assert [failure["code"] for failure in told["failed"]] == ["client.malformed"]


def test_a_database_that_was_removed_goes_too(
    disconnect: Disconnect, files: dict[str, Path], capsys: pytest.CaptureFixture[str]
) -> None:
    capsys.readouterr()
    assert cli.main(["remove", "sales"]) == 0
    out = capsys.readouterr().out
    assert "It is still in the settings of " in out
    assert "disconnect id:sales --all" in out
    assert disconnect("id:sales", "--all")[0] == 0
    assert names("cursor", files["cursor"]) == {"shop"}


def test_the_id_of_a_removed_database_is_told_from_the_name_of_another(
    disconnect: Disconnect, files: dict[str, Path]
) -> None:
    Store().remove("sales")
    Store().save(Profile(id="sales-2", name="Sales"))
    before = contents(files)
    code, _, err = disconnect("sales", "--all")
    assert (code, contents(files)) == (1, before)
    assert "Say id:sales-2 or id:sales." in err
    assert disconnect("id:sales", "--all")[0] == 0
    assert names("cursor", files["cursor"]) == {"shop"}


def test_a_damaged_list_of_databases_keeps_nothing_in_the_files(
    disconnect: Disconnect, files: dict[str, Path], home: Path
) -> None:
    (home / "config" / "profiles.json").write_text("{")
    assert disconnect("--all")[0] == 0
    assert contents(files) == BEFORE


@pytest.mark.parametrize(
    "arguments", [(), ("sales",), ("--client", "cursor"), ("--all", "--path", "x")]
)
def test_what_is_not_said_clearly_is_refused(
    disconnect: Disconnect, files: dict[str, Path], arguments: tuple[str, ...]
) -> None:
    before = contents(files)
    code, _, err = disconnect(*arguments)
    assert (code, err.count("\n"), contents(files)) == (2, 1, before)


@pytest.mark.parametrize("arguments", [("nosuch", "--all"), ("--client", "nosuch", "--all")])
def test_what_is_not_known_is_told(disconnect: Disconnect, arguments: tuple[str, ...]) -> None:
    code, _, err = disconnect(*arguments)
    assert (code, "nosuch" in err) == (1, True)
