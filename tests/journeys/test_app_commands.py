"""The apps' own commands, printed for a shell and run there, write what ``connect`` would."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.journeys import node_tools, real_clients
from trunkline_server.clients import apps, connections, entries
from trunkline_server.clients.app import App
from trunkline_server.clients.computer import Computer
from trunkline_server.clients.editors.formats import BY_FORMAT
from trunkline_server.clients.exports import offers
from trunkline_server.profiles import secrets
from trunkline_server.profiles.profile import Profile, Transport

PATIENCE_S = 120
SHOP = Profile(id="web-shop", name="Web shop", http_port=8765)
COMMANDS = {
    "claude-code": "claude",
    "codex": "codex",
    "gemini-cli": "gemini",
    "qwen-code": "qwen",
    "opencode": "opencode",
    "copilot-cli": "copilot",
    "cline": "cline",
    "amp": "amp",
}
# Codex has no word for the program that gives the token, OpenCode's token file is not there yet.
WAYS = [
    (app_id, way)
    for app_id in COMMANDS
    for way in apps.ALL[app_id].transports
    if way == "stdio" or app_id not in {"codex", "opencode"}
]

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="the lines are for a POSIX shell")


@pytest.fixture
def person(tmp_path: Path, home: Path, memory_keyring: object, monkeypatch: Any) -> Path:
    """Return a home folder with an awkward name."""
    folder = tmp_path / 'Jürgen Müller\'s "home"'
    folder.mkdir()
    secrets.put(SHOP.id, "a-token-that-was-allowed", "token")
    monkeypatch.setenv("TRUNKLINE_HOME", str(folder / "100% $HOME `x`"))
    monkeypatch.setenv("HOME", str(folder))
    return folder


@pytest.mark.parametrize(("app_id", "way"), WAYS)
def test_the_command_writes_the_entry(
    app_id: str, way: Transport, person: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = apps.ALL[app_id]
    program = found(COMMANDS[app_id], person / "bin")
    if app_id == "cline":  # it has no word for variables
        monkeypatch.delenv("TRUNKLINE_HOME")
    line = offers.content(app, SHOP, "command", transport=way, may_write_token=True)
    typed(line, person, program)
    target = entries.target(app, SHOP, SHOP.id, way, may_write_token=True)
    assert meaning(app_id, written(app, person)) == meaning(app_id, app.entry(target))
    there = connections.in_file(app, file_of(app, person), (SHOP,))
    assert [(found.name, found.transport) for found in there] == [(SHOP.id, way)]  # seen by us too


def found(name: str, folder: Path) -> Path:
    if name not in real_clients.PROGRAMS:
        pytest.skip(f"{name} is installed by a script of its package, and none is run here")
    return real_clients.installed(name, folder)


def typed(line: str, person: Path, program: Path) -> None:
    node = node_tools.node_program() or shutil.which("node")
    places = [program.parent, *([Path(node).parent] if node else []), Path("/usr/bin"), "/bin"]
    done = subprocess.run(
        ["/bin/sh", "-c", line],
        cwd=person,
        env={"PATH": os.pathsep.join(map(str, places)), "HOME": str(person)},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=PATIENCE_S,
        check=False,
    )
    assert done.returncode == 0, (line, done.stdout, done.stderr)


def written(app: App, person: Path) -> Any:
    """Return the entry in whichever of the app's files has it."""
    file = file_of(app, person)
    editor = BY_FORMAT[app.format]
    entry = editor.read(file.read_bytes(), (*app.table, SHOP.id))
    assert entry is not None, file.read_text(encoding="utf-8")
    return entry


def file_of(app: App, person: Path) -> Path:
    here = Computer(platform=sys.platform, home=person, environment={})
    return next(path for path in app.paths(here) if path.exists())


def meaning(app_id: str, entry: dict[str, Any]) -> dict[str, Any]:
    """Return an entry without what the app takes for granted, in one of its spellings."""
    entry = dict(entry)
    if app_id == "cline":  # its command writes the newer form, its file may have either
        entry |= entry.pop("transport", {})
        entry.pop("disabled", None)
        if entry.get("type") == "stdio":
            del entry["type"]
    if app_id == "gemini-cli" and entry.get("type") == "http":
        entry = {"httpUrl": entry.pop("url"), **entry}
        del entry["type"]
    if app_id == "codex":  # for the keyring of Linux, which the relay finds without them too
        entry.pop("env_vars", None)
    if app_id == "opencode":
        entry.pop("enabled", None)
    return {key: value for key, value in entry.items() if value != {}}
