"""What a person does with Trunkline on the first day; run inside the app's own process.

``python -m tests.journeys.person PICTURES`` starts the real app and this person in a thread of it.
The connection string is on the clipboard, where a person has it from. Exit status 0 means that the
app ended by its own Quit after all of it went well.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import traceback
from pathlib import Path

import psutil
from PySide6.QtWidgets import QAbstractButton

from tests.journeys.hand import Hand
from trunkline_desktop import app
from trunkline_desktop.widgets.check_row import CheckRow
from trunkline_desktop.widgets.copy_field import CopyField

QUESTION = "SELECT count(*) FROM shop.customers"


class Asker:
    """An AI app as another process, kept open over several questions."""

    def __init__(self, kind: str, secret: str, address: str = "") -> None:
        command = [sys.executable, "-m", "tests.journeys.ask", kind, *filter(None, [address])]
        pipe = subprocess.PIPE
        self._process = subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True)
        self._send(secret)

    def ask(self, statement: str) -> dict[str, object]:
        """Return the answer to one statement."""
        self._send(statement)
        assert self._process.stdout is not None
        answer: dict[str, object] = json.loads(self._process.stdout.readline())
        return answer

    def leave(self) -> None:
        """Close the app and wait until it is gone."""
        self._process.communicate(timeout=30)

    def _send(self, line: str) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(f"{line}\n")
        self._process.stdin.flush()


def first_day(hand: Hand, pictures: Path) -> None:
    """Add a database, ask it both ways, switch the transport, connect Claude Desktop, quit."""
    password = _clipboard().split(":")[2].split("@")[0]
    add_and_switch_on(hand, pictures)
    use_transport(hand, "http")
    ask_over_http(hand)
    relay = Asker("stdio", json.dumps(_entry("shop")))
    assert_answers(relay)
    use_transport(hand, "stdio")
    assert_answers(relay)
    assert_nobody_shows(password)
    connect_claude(hand, pictures)
    assert_answers(claude := Asker("stdio", json.dumps(_entry_in_claudes_file())))
    claude.leave()
    relay.leave()
    hand.tray(button=3)
    hand.picture(pictures / "tray-menu.png")
    hand.choose("quit")


def add_and_switch_on(hand: Hand, pictures: Path) -> None:
    """Paste, look at the check, save."""
    hand.click("addDatabase")
    hand.click("pasteField")
    hand.key("ctrl+v")
    hand.click("name")
    hand.key("ctrl+a")
    hand.write("Shop")
    hand.click("checkButton")
    for stage in ("resolve", "reach", "tls", "login", "database", "rights", "posture"):
        wait_for_stage(hand, stage)
    hand.picture(pictures / "check.png")
    hand.click("saveAndSwitchOn")


def wait_for_stage(hand: Hand, stage: str) -> None:
    """Wait until a row of the check is settled well."""
    row = hand.see(f"stage-{stage}")
    assert isinstance(row, CheckRow)
    hand.until(lambda: row.state in {"done", "warned", "skipped"}, f"stage {stage}: {row.state}")


def use_transport(hand: Hand, transport: str) -> None:
    """Click a segment and wait until the server is on again with it."""
    hand.click(f"segment-{transport}")
    state = Path(os.environ["TRUNKLINE_HOME"]) / "run" / "shop.json"

    def is_on() -> bool:
        return state.exists() and json.loads(state.read_text())["transport"] == transport

    hand.wait(is_on, f"never on over {transport}")
    switch = hand.see("onSwitch")
    assert isinstance(switch, QAbstractButton)
    hand.until(switch.isChecked, "the switch does not say On")


def ask_over_http(hand: Hand) -> None:
    """Copy the address and the access key, and ask with them."""
    address = hand.see("address")
    assert isinstance(address, CopyField)
    url = hand.until(lambda: address.value if "/mcp" in address.value else "", "no address")
    key = hand.see("accessKey")
    before = _clipboard()
    hand.look(key.setFocus)
    hand.look(key.copy)  # type: ignore[attr-defined]  # its button has no name of its own
    hand.wait(lambda: _clipboard() != before, "the key was not copied")
    client = Asker("http", _clipboard(), url)
    assert_answers(client)
    assert "only reads" in str(client.ask("DROP TABLE shop.customers")["error"])
    client.leave()


def connect_claude(hand: Hand, pictures: Path) -> None:
    """Connect it, take that back, and connect it again."""
    before = _claudes_file().read_bytes()
    hand.click("navApps")
    change_claudes_file(hand, pictures)
    hand.click("undo")
    hand.wait(lambda: _claudes_file().read_bytes() == before, "the change was not undone")
    change_claudes_file(hand, pictures)


def change_claudes_file(hand: Hand, pictures: Path) -> None:
    """See the change to the file, then make it."""
    hand.click("connectClaudeDesktop")
    tick = hand.see("mayAsk-shop")
    assert isinstance(tick, QAbstractButton)
    if not hand.look(tick.isChecked):  # the only database is ticked already
        hand.click("mayAsk-shop")
    hand.see("diff")
    hand.picture(pictures / "connect.png")
    hand.click("changeFile")
    hand.until(lambda: "shop" in _claudes_file().read_text(), "no file")
    hand.see("undo")


def assert_answers(client: Asker) -> None:
    """The sample shop has customers, whichever way they are asked for."""
    answer = client.ask(QUESTION)
    assert int(str(answer.get("cell", 0))) > 100, answer


def assert_nobody_shows(password: str) -> None:
    """No process has the password in its arguments or its environment."""
    for process in psutil.process_iter():
        try:
            shown = [*process.cmdline(), *process.environ().values()]
        except (psutil.AccessDenied, psutil.NoSuchProcess, psutil.ZombieProcess):
            continue
        assert not any(password in word for word in shown), process.name()


def _entry(profile_id: str) -> dict[str, object]:
    command = str(Path(sys.executable).with_name("trunkline-stdio"))
    home = os.environ["TRUNKLINE_HOME"]
    return {"command": command, "args": [profile_id], "env": {"TRUNKLINE_HOME": home}}


def _entry_in_claudes_file() -> dict[str, object]:
    servers: dict[str, dict[str, object]] = json.loads(_claudes_file().read_text())["mcpServers"]
    return servers["shop"]


def _claudes_file() -> Path:
    return Path.home() / ".config" / "Claude" / "claude_desktop_config.json"


def _clipboard() -> str:
    command = ["xclip", "-selection", "clipboard", "-o"]
    return subprocess.run(command, capture_output=True, check=True, text=True).stdout


def main(pictures: Path) -> int:
    """Start the app with its person; the app's own exit status is ours when all went well."""
    original = app.App.start

    def start(self: app.App) -> None:
        original(self)
        self.hand = Hand()  # type: ignore[attr-defined]  # kept alive as long as the app
        threading.Thread(target=_live, args=(self.hand, pictures), daemon=True).start()

    app.App.start = start  # type: ignore[method-assign]  # the person sits down at the real app
    return app.main()


def _live(hand: Hand, pictures: Path) -> None:
    try:
        first_day(hand, pictures)
    except BaseException:  # noqa: BLE001  whatever went wrong ends the app, with a picture of it
        hand.picture(pictures / "failure.png")
        traceback.print_exc()
        sys.stderr.flush()
        os._exit(3)


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
