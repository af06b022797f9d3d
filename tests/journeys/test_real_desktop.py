"""The first day with Trunkline, on a real desktop: window, tray, keyring, clipboard, AI apps."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from tests.journeys.virtual_desktop import VirtualDesktop, missing, virtual_desktop
from trunkline_server import sample

ROOT = Path(__file__).parents[2]
PATIENCE_S = 240
CLAUDES_OWN = '{\n  "globalShortcut": "Alt+Space"\n}\n'

pytestmark = pytest.mark.skipif(
    bool(missing()),
    reason=f"this machine lacks {', '.join(missing())}: "
    "run packaging/linux/system_packages.sh test",
)


@pytest.fixture
def shop(home: Path) -> Iterator[tuple[str, str]]:
    """A database of the person's: its connection string and the password in it."""
    address, password = sample.start(), sample.password()
    profile = sample.profile()
    host = address.host.replace("/", "%2F")
    place = f"{host}:{address.port}/{profile.database}"
    yield f"postgresql://{profile.user}:{password}@{place}", password
    sample.stop()


def test_the_first_day_goes_well_and_leaves_nothing_behind(
    shop: tuple[str, str], tmp_path: Path
) -> None:
    url, password = shop
    with virtual_desktop() as desktop:
        env = desktop.env | {
            "TRUNKLINE_HOME": str(desktop.home / "trunkline"),
            "PYTHONPATH": str(ROOT),
        }
        put_on_clipboard(url, desktop)
        claude = install_claude(desktop)
        done = subprocess.run(
            [sys.executable, "-m", "tests.journeys.person", str(tmp_path)],
            env=env,
            cwd=desktop.home,
            capture_output=True,
            timeout=PATIENCE_S,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        assert claude.read_text().startswith(CLAUDES_OWN.rstrip("\n}"))
        assert left_running(env["TRUNKLINE_HOME"]) == []
        assert files_with(password, desktop.home) == []


def put_on_clipboard(text: str, desktop: VirtualDesktop) -> None:
    """Copy, as from a chat with a colleague; xclip stays until another program copies."""
    command = ["xclip", "-selection", "clipboard", "-loops", "0"]
    subprocess.run(
        command,
        env=desktop.env,
        input=text.encode(),
        check=True,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )


def install_claude(desktop: VirtualDesktop) -> Path:
    """Put the settings file where Claude Desktop keeps it."""
    path = desktop.home / ".config" / "Claude" / "claude_desktop_config.json"
    path.parent.mkdir(parents=True)
    path.write_text(CLAUDES_OWN)
    return path


def left_running(trunkline_home: str) -> list[str]:
    """Return the command lines of processes that still serve this home."""
    found = []
    for process in psutil.process_iter():
        try:
            if process.environ().get("TRUNKLINE_HOME") == trunkline_home:
                found.append(" ".join(process.cmdline()))
        except (psutil.AccessDenied, psutil.NoSuchProcess, psutil.ZombieProcess):
            continue
    return found


def files_with(secret: str, folder: Path) -> list[Path]:
    """Return every file below ``folder`` that holds ``secret`` in plain text."""
    files = [path for path in folder.rglob("*") if path.is_file() and not path.is_symlink()]
    return [path for path in files if secret.encode() in path.read_bytes()]
