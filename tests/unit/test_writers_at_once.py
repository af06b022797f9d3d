"""Two Trunklines and an app, three real processes, write one file at once and lose nothing."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from trunkline_server.clients import apps, owned, plan, transaction, writer
from trunkline_server.profiles.profile import Profile

CLAUDE = apps.ALL["claude-desktop"]
ROUNDS, PROFILES = 60, 4
PATIENCE_S = 120

# A careful app: it reads what is there before each change of its own. In turns it replaces the
# file and writes into it.
APP = """
import json, sys
from pathlib import Path
file, rounds = Path(sys.argv[1]), int(sys.argv[2])
sys.stdin.readline()
for n in range(rounds):
    try:
        document = json.loads(file.read_bytes())
    except ValueError:
        sys.exit("half a file was there to be read")
    document[f"setting {n}"] = n
    text = json.dumps(document, indent=2)
    if n % 2:
        file.write_text(text)
    else:
        fresh = file.with_name("fresh")
        fresh.write_text(text)
        fresh.replace(file)
"""

TRUNKLINE = """
import sys
from pathlib import Path
from trunkline_server.clients import apps, plan, writer
from trunkline_server.errors import TrunklineError
from trunkline_server.profiles.profile import Profile
file, rounds, mark = Path(sys.argv[1]), int(sys.argv[2]), sys.argv[3]
app = apps.ALL["claude-desktop"]
sys.stdin.readline()
for n in range(rounds):
    profile = Profile(id=f"{mark}-{n % 4}", name="Sales")
    verb = plan.disconnect if n % 3 == 2 else plan.connect
    try:
        writer.apply(verb(app, profile, path=file))
    except TrunklineError as exc:
        if exc.code not in {"client.overwritten", "client.malformed"}:  # told, and nothing done
            raise
"""


def start(program: str, *arguments: str, home: Path) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", program, *arguments],
        env={**os.environ, "TRUNKLINE_HOME": str(home)},
        stdin=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def finish(process: subprocess.Popen[str]) -> None:
    _, said = process.communicate(timeout=PATIENCE_S)
    assert process.returncode == 0, said


@pytest.mark.parametrize("homes", [("one", "one"), ("one", "two")], ids=["one home", "two homes"])
def test_nothing_is_lost(
    homes: tuple[str, str], quick_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two homes share no lock: to each other they are just another program."""
    file = quick_folder / "app" / "settings.json"
    file.parent.mkdir()
    file.write_text('{"theme": "dark"}')
    rounds = str(ROUNDS)
    processes = [start(APP, str(file), rounds, home=quick_folder)] + [
        start(TRUNKLINE, str(file), rounds, mark, home=quick_folder / home)
        for mark, home in zip("ab", homes, strict=True)
    ]
    for process in processes:
        assert process.stdin
        process.stdin.write("go\n")
        process.stdin.flush()
    for process in processes:
        finish(process)
    settings = json.loads(file.read_bytes())
    kept = [settings.get(f"setting {n}") for n in range(ROUNDS)]
    assert kept == list(range(ROUNDS))
    assert [path.name for path in file.parent.iterdir()] == [file.name]
    for home, mark in zip(homes, "ab", strict=True):
        monkeypatch.setenv("TRUNKLINE_HOME", str(quick_folder / home))
        disconnect_all(file, mark)
    settings = json.loads(file.read_bytes())
    assert not settings.pop("mcpServers", {})  # made by one of two homes: empty, it may stay
    assert settings == {"theme": "dark"} | {f"setting {n}": n for n in range(ROUNDS)}


def disconnect_all(file: Path, mark: str) -> None:
    assert not transaction.is_left()
    for n in range(PROFILES):
        profile = Profile(id=f"{mark}-{n}", name="Sales")
        writer.apply(plan.disconnect(CLAUDE, profile, path=file))
    assert not [r for r in owned.of(file) if r.profile.startswith(mark)]
