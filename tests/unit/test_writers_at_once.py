"""Two Trunklines and an app, three real processes, write one file at once and lose nothing."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from trunkline_server.clients import apps, owned, plan, writer
from trunkline_server.clients.replacing import transaction
from trunkline_server.profiles.profile import Profile

CLAUDE = apps.ALL["claude-desktop"]
ROUNDS, PROFILES = 60, 4
PATIENCE_S = 120

# A careful app: it reads what is there before each change of its own, and waits for what it wrote
# last. In turns it replaces the file and writes into it, until its input ends.
APP = """
import json, sys, threading, time
from pathlib import Path
file, wrote = Path(sys.argv[1]), 0
sys.stdin.readline()
end = threading.Event()
threading.Thread(target=lambda: (sys.stdin.read(), end.set()), daemon=True).start()
def found():
    try:
        return json.loads(file.read_bytes())
    except ValueError:
        sys.exit("half a file was there to be read")
while not end.wait(0.003):
    document, until = found(), time.monotonic() + 5
    while document.get("n", 0) != wrote:
        if time.monotonic() > until:
            sys.exit(f"{wrote} was written, and {document.get('n')} is there")
        document = found()
    wrote += 1
    document["n"] = wrote
    text = json.dumps(document, indent=2)
    if wrote % 2:
        file.write_text(text)
    else:
        fresh = file.with_name("fresh")
        fresh.write_text(text)
        fresh.replace(file)
print(wrote)
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
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def go(process: subprocess.Popen[str]) -> None:
    assert process.stdin
    process.stdin.write("go\n")
    process.stdin.flush()


def finish(process: subprocess.Popen[str]) -> str:
    """End its input and wait for it; return what it printed."""
    printed, said = process.communicate(timeout=PATIENCE_S)
    assert process.returncode == 0, said
    return printed


@pytest.mark.parametrize("homes", [("one", "one"), ("one", "two")], ids=["one home", "two homes"])
def test_nothing_is_lost(
    homes: tuple[str, str], quick_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two homes share no lock: to each other they are just another program."""
    file = quick_folder / "app" / "settings.json"
    file.parent.mkdir()
    file.write_text('{"theme": "dark"}')
    app = start(APP, str(file), home=quick_folder)
    trunklines = [
        start(TRUNKLINE, str(file), str(ROUNDS), mark, home=quick_folder / home)
        for mark, home in zip("ab", homes, strict=True)
    ]
    for process in (app, *trunklines):
        go(process)
    for process in trunklines:
        finish(process)
    wrote = int(finish(app))
    assert wrote > 1
    assert json.loads(file.read_bytes())["n"] == wrote
    assert [path.name for path in file.parent.iterdir()] == [file.name]
    for home, mark in zip(homes, "ab", strict=True):
        monkeypatch.setenv("TRUNKLINE_HOME", str(quick_folder / home))
        disconnect_all(file, mark)
    settings = json.loads(file.read_bytes())
    assert not settings.pop("mcpServers", {})  # made by one of two homes: empty, it may stay
    assert settings == {"theme": "dark", "n": wrote}


def disconnect_all(file: Path, mark: str) -> None:
    assert not transaction.is_left()
    for n in range(PROFILES):
        profile = Profile(id=f"{mark}-{n}", name="Sales")
        writer.apply(plan.disconnect(CLAUDE, profile, path=file))
    assert not [r for r in owned.of(file) if r.profile.startswith(mark)]
