"""An app that writes its file from memory is found, quit and started again; nobody else is."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import psutil
import pytest

from tests.rewriting import RewritingApp, rewriting_app
from trunkline_server.clients import apps, connections, plan, writer
from trunkline_server.clients.app import Process
from trunkline_server.clients.processes import restarting, running, systems
from trunkline_server.errors import TrunklineError
from trunkline_server.profiles.profile import Profile

CLAUDE = apps.ALL["claude-desktop"]
SALES = Profile(id="sales", name="Sales")
BEFORE = '{\n  "preferences": {\n    "theme": "dark"\n  }\n}'
KNOWN = CLAUDE.process or Process()

linux_only = pytest.mark.skipif(sys.platform != "linux", reason="its stand-in is a Linux package")

MAC = "/Applications/Claude.app/Contents"
MAC_OWN = "/Users/ada/Library/Application Support/Claude/claude-code/2.1/claude.app/Contents/MacOS"
STORE = r"C:\Program Files\WindowsApps\Claude_1.24012.9.0_x64__pzs8sxrjxfjjc\app\Claude.exe"
CLASSIC = r"C:\Users\Ada\AppData\Local\AnthropicClaude\app-0.14.10\claude.exe"
PACKAGED = "/usr/lib/claude-desktop/node_modules/electron/dist/electron"
ARCHIVE = "/usr/lib/claude-desktop/node_modules/electron/dist/resources/app.asar"
IMAGE = "/tmp/.mount_ClaudeKx3/usr/lib/node_modules/electron/dist/electron"


# Which process it is


@pytest.mark.parametrize(
    ("platform", "program", "words"),
    [
        ("linux", "/usr/lib/claude-desktop/claude-desktop", ("--ozone-platform=wayland",)),
        ("linux", PACKAGED, ("--no-sandbox", ARCHIVE)),
        ("linux", "/usr/lib/electron37/electron", ("/usr/lib/claude-desktop/app.asar",)),
        ("linux", "/opt/Claude/node_modules/electron/dist/electron", ()),
        ("linux", IMAGE, (ARCHIVE,)),
        ("darwin", f"{MAC}/MacOS/Claude", ()),
        ("win32", STORE, ()),
        ("win32", CLASSIC, ("--squirrel-firstrun",)),
    ],
)
def test_it_is_known_on_every_system(platform: str, program: str, words: tuple[str, ...]) -> None:
    assert systems.is_main(KNOWN, platform, program, (program, *words))


@pytest.mark.parametrize(
    ("platform", "program", "words"),
    [
        ("linux", "/home/ada/.local/bin/claude", ()),
        ("linux", "/home/ada/.config/Claude/claude-code/2.1.9/claude", ("--model", "x")),
        ("linux", "/usr/bin/bash", ("/usr/bin/claude-desktop",)),
        ("linux", "/usr/bin/vim", (ARCHIVE,)),
        ("linux", "/usr/lib/electron37/electron", ("/usr/lib/element/app.asar",)),
        ("linux", PACKAGED, ("--type=renderer", "--app-path=" + ARCHIVE)),
        ("linux", PACKAGED, ("/usr/lib/claude-desktop/cowork-vm-service.js",)),
        ("linux", "/usr/lib/claude-desktop/chrome_crashpad_handler", ()),
        ("darwin", f"{MAC_OWN}/claude", ()),
        ("darwin", f"{MAC}/Frameworks/Claude Helper.app/Contents/MacOS/Claude Helper", ()),
        ("darwin", f"{MAC}/Helpers/disclaimer", (f"{MAC_OWN}/claude",)),
        ("win32", STORE, ("--type=gpu-process",)),
        ("win32", r"C:\Users\Ada\.local\bin\claude.exe", ()),
        ("win32", r"C:\Users\Ada\AppData\Roaming\Claude\claude-code\2.1.9\claude.exe", ()),
        ("win32", r"C:\Users\Ada\AppData\Local\AnthropicClaude\Update.exe", ()),
    ],
)
def test_others_are_not_it(platform: str, program: str, words: tuple[str, ...]) -> None:
    assert not systems.is_main(KNOWN, platform, program, (program, *words))


def test_a_command_line_that_chromium_wrote_anew_is_read_too() -> None:
    assert not systems.is_main(KNOWN, "linux", PACKAGED, (f"{PACKAGED} --type=zygote", ""))
    assert systems.is_main(KNOWN, "linux", PACKAGED, (f"{PACKAGED} --no-sandbox {ARCHIVE}", ""))


# How it is started and asked


def how(platform: str, program: str, *words: str, **environment: str) -> tuple[str, ...]:
    return systems.how_to_start(KNOWN, platform, program, words, environment)


def test_on_linux_it_starts_with_its_words_but_no_link() -> None:
    words = ("--flag=a b", ARCHIVE, "claude://login/secret")
    assert how("linux", PACKAGED, "electron", *words) == (PACKAGED, "--flag=a b", ARCHIVE)


def test_a_line_written_anew_becomes_words_again() -> None:
    program = "/opt/Claude Desktop/claude-desktop"
    line = f"{program} --no-sandbox --proxy=http://127.0.0.1"
    assert how("linux", program, line, "") == (program, "--no-sandbox", "--proxy=http://127.0.0.1")


def test_an_image_is_started_rather_than_what_was_mounted() -> None:
    its = {"APPIMAGE": "/home/ada/Claude.AppImage", "APPDIR": "/tmp/.mount_ClaudeKx3"}
    assert how("linux", IMAGE, IMAGE, ARCHIVE, **its) == ("/home/ada/Claude.AppImage",)
    terminal = {"APPIMAGE": "/home/ada/Terminal.AppImage", "APPDIR": "/tmp/.mount_Termin"}
    assert how("linux", PACKAGED, PACKAGED, ARCHIVE, **terminal) == (PACKAGED, ARCHIVE)


def test_macos_and_windows_start_it_by_its_name() -> None:
    assert how("darwin", f"{MAC}/MacOS/Claude") == ("open", "-b", "com.anthropic.claudefordesktop")
    assert how("win32", STORE) == (
        "explorer.exe",
        r"shell:AppsFolder\Claude_pzs8sxrjxfjjc!Claude",
    )
    assert how("win32", CLASSIC, CLASSIC) == (CLASSIC,)


def test_it_is_never_ended_by_force() -> None:
    assert not systems.can_be_quit("win32")  # where there is no other way
    assert systems.how_to_quit(KNOWN, "linux") == ()
    asked = 'tell application id "com.anthropic.claudefordesktop" to quit'
    assert systems.how_to_quit(KNOWN, "darwin") == ("osascript", "-e", asked)


def test_its_own_variables_come_first() -> None:
    theirs = {"PATH": "/bin", "HOME": "/home/ada", "DISPLAY": ":1"}
    assert systems.environment(theirs, {"DISPLAY": ":9"}) == theirs


def test_without_its_own_it_gets_ours_but_what_is_for_us_alone() -> None:
    ours = {"PATH": "/bin", "DISPLAY": ":0", "PYTHONHOME": "/x", "TRUNKLINE_HOME": "/y"}
    assert systems.environment({"LANG": "C"}, ours) == {"PATH": "/bin", "DISPLAY": ":0"}


def test_only_what_writes_from_memory_is_looked_for() -> None:
    assert [app.id for app in apps.KNOWN if app.process] == ["claude-desktop"]
    assert running.find(apps.ALL["cursor"]) is None


# Real processes


@pytest.fixture
def desk(home: Path, tmp_path: Path) -> Iterator[RewritingApp]:
    file = tmp_path / "Claude" / "claude_desktop_config.json"
    file.parent.mkdir()
    file.write_text(BEFORE)
    with rewriting_app(tmp_path / "computer", file) as app:
        yield app


def found(desk: RewritingApp) -> running.RunningApp:
    app = running.find(desk.app)
    assert app is not None
    return app


def connecting(desk: RewritingApp) -> plan.Plan:
    return plan.connect(desk.app, SALES, path=desk.file)


@linux_only
def test_it_is_found_while_it_runs(desk: RewritingApp) -> None:
    before = running.find(desk.app)
    pid = desk.begin()
    app = found(desk)
    assert (before, app.pid, list(app.command)) == (None, pid, desk.command())
    running.quit(app)
    assert running.find(desk.app) is None


@linux_only
def test_its_name_is_known_wherever_it_is(desk: RewritingApp) -> None:
    desk.begin()
    words = [str(desk.program), "app.asar"]
    assert systems.is_main(KNOWN, "linux", psutil.Process(found(desk).pid).exe(), words)


@linux_only
def test_what_it_started_of_itself_is_not_taken_for_it(desk: RewritingApp) -> None:
    desk.spawn("--type=renderer")
    desk.spawn(script="service.js")
    desk.told("helper")
    desk.told("helper")
    assert running.find(desk.app) is None
    pid = desk.begin("helpers")
    assert found(desk).pid == pid


@linux_only
def test_of_two_the_first_is_it(desk: RewritingApp) -> None:
    pid = desk.begin()
    desk.begin()
    assert found(desk).pid == pid


@linux_only
def test_on_windows_the_person_is_asked_to_quit_it_at_once(
    desk: RewritingApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    pid = desk.begin()
    app = found(desk)
    with monkeypatch.context() as on_windows:
        on_windows.setattr(sys, "platform", "win32")
        with pytest.raises(TrunklineError) as caught:
            running.quit(app)
    assert caught.value.code == "client.still_running"
    assert (
        caught.value.failure.hint
        == "Quit Claude Desktop from its icon in the tray, then try again."
    )
    desk.rewrite(pid)


@linux_only
def test_it_has_not_quit_while_a_second_one_runs(desk: RewritingApp) -> None:
    desk.begin()
    desk.begin()
    with pytest.raises(TrunklineError, match="does not quit"):
        running.quit(found(desk))
    found(desk)


@linux_only
def test_another_process_with_its_old_number_is_left_alone(desk: RewritingApp) -> None:
    pid = desk.begin()
    gone = replace(found(desk), started=found(desk).started - 60)
    with pytest.raises(TrunklineError, match="does not quit"):
        running.quit(gone)
    desk.rewrite(pid)
    assert found(desk).pid == pid


@linux_only
def test_quitting_waits_for_its_helpers(desk: RewritingApp) -> None:
    main = desk.spawn("lingering")
    desk.started()
    app = found(desk)
    with pytest.raises(TrunklineError, match="does not quit"):
        running.quit(app, patience_s=0.1)
    assert (main.wait(), running.find(desk.app)) == (0, None)


@linux_only
def test_one_that_has_ended_but_was_not_fetched_does_not_run(desk: RewritingApp) -> None:
    child = desk.spawn()
    desk.started()
    app = found(desk)
    child.kill()
    os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)
    assert psutil.Process(child.pid).status() == psutil.STATUS_ZOMBIE
    assert running.find(desk.app) is None
    running.quit(app)


@linux_only
@pytest.mark.skipif(os.name != "posix" or os.geteuid() != 0, reason="only root is two users")
def test_that_of_another_user_is_not_ours(desk: RewritingApp) -> None:
    with tempfile.TemporaryDirectory() as folder:
        program = Path(folder) / "claude-desktop"
        Path(folder).chmod(0o755)
        shutil.copy("/bin/sleep", program)
        app = replace(desk.app, process=Process(programs={"linux": (str(program),)}))
        with subprocess.Popen([program, "infinity"], user=65534) as theirs:
            of_theirs = running.find(app)
            theirs.kill()
        with subprocess.Popen([program, "infinity"]) as ours:
            of_ours = running.find(app)
            ours.kill()
    assert of_theirs is None
    assert of_ours is not None


@linux_only
def test_it_is_started_again_with_the_same_words_and_variables(
    desk: RewritingApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DISPLAY", ":77")
    desk.begin("calm")
    app = found(desk)
    running.quit(app)
    monkeypatch.setenv("DISPLAY", ":0")
    running.start(app)
    again = psutil.Process(desk.started())
    assert again.cmdline() == desk.command("calm")
    assert again.environ()["DISPLAY"] == ":77"
    assert os.getsid(again.pid) == again.pid


@linux_only
def test_a_program_that_is_gone_is_told(desk: RewritingApp) -> None:
    desk.begin()
    app = found(desk)
    running.quit(app)
    desk.program.unlink()
    with pytest.raises(TrunklineError) as caught:
        running.start(app)
    assert caught.value.code == "client.not_started"


# What it is for


@linux_only
def test_an_entry_written_while_it_runs_is_lost(desk: RewritingApp) -> None:
    pid = desk.begin()
    writer.apply(connecting(desk))
    desk.rewrite(pid)
    assert desk.servers() == []


@linux_only
def test_with_a_restart_the_entry_survives_its_rewriting(desk: RewritingApp) -> None:
    desk.begin("helpers")
    told: list[str] = []
    applied = restarting.apply(connecting(desk), found(desk), tell=told.append, watch_s=0)
    desk.rewrite(desk.started())
    assert (desk.servers(), applied.plan.is_needed) == (["sales"], True)
    assert [line.split()[0] for line in told] == ["Quitting", "Starting", "Looking"]


@linux_only
def test_one_that_was_started_again_meanwhile_is_quit_too(desk: RewritingApp) -> None:
    desk.begin("old")
    old = found(desk)
    running.quit(old)
    desk.begin("new")
    restarting.apply(connecting(desk), old, watch_s=0)
    assert psutil.Process(desk.started()).cmdline() == desk.command("new")
    assert desk.servers() == ["sales"]


@linux_only
def test_what_it_wrote_when_it_quit_is_kept(desk: RewritingApp) -> None:
    wanted = connecting(desk)
    desk.begin()
    desk.file.write_text(BEFORE.replace("dark", "light"))  # it writes "dark" again
    restarting.apply(wanted, found(desk), watch_s=0)
    desk.started()
    assert '"dark"' in desk.file.read_text()
    assert desk.servers() == ["sales"]


@linux_only
def test_one_that_does_not_quit_keeps_its_file(desk: RewritingApp) -> None:
    pid = desk.begin("stubborn")
    before = desk.file.read_bytes()
    with pytest.raises(TrunklineError) as caught:
        running.quit(found(desk), patience_s=0.1)
    desk.told("wrote")
    assert caught.value.code == "client.still_running"
    assert "tray or menu bar" in caught.value.failure.hint
    assert (found(desk).pid, desk.file.read_bytes()) == (pid, before)


@linux_only
def test_nothing_is_written_when_it_does_not_quit(desk: RewritingApp) -> None:
    desk.begin("stubborn")
    wanted, before = connecting(desk), desk.file.read_bytes()
    with pytest.raises(TrunklineError) as caught:
        restarting.apply(wanted, found(desk), patience_s=0.1)
    desk.told("wrote")
    assert caught.value.code == "client.still_running"
    assert (desk.file.read_bytes(), connections.remembered(desk.app, SALES, path=desk.file)) == (
        before,
        None,
    )


@linux_only
def test_it_is_started_again_when_the_change_cannot_be_made(desk: RewritingApp) -> None:
    desk.begin()
    wanted, app = connecting(desk), found(desk)
    running.quit(app)
    desk.file.write_text('{"mcpServers": {"sales": {"command": "mine"}}}')
    with pytest.raises(TrunklineError) as caught:
        restarting.apply(wanted, app, watch_s=0)
    assert caught.value.code == "client.taken"
    assert desk.started() == found(desk).pid


@linux_only
def test_an_app_that_takes_the_entry_out_again_is_told(desk: RewritingApp) -> None:
    desk.begin("forgetful")
    with pytest.raises(TrunklineError) as caught:
        restarting.apply(connecting(desk), found(desk), watch_s=60)
    assert caught.value.code == "client.vanished"
    assert desk.servers() == []


@linux_only
def test_one_that_does_not_start_again_keeps_the_change(desk: RewritingApp) -> None:
    desk.begin()
    app = found(desk)
    desk.program.unlink()
    applied = restarting.apply(connecting(desk), app, watch_s=0)
    assert applied.trouble is not None
    assert applied.trouble.code == "client.not_started"
    assert desk.servers() == ["sales"]
    writer.undo(applied)
    assert desk.servers() == []


@linux_only
def test_a_removal_is_kept_too(desk: RewritingApp) -> None:
    writer.apply(connecting(desk))
    desk.begin()
    leaving = plan.disconnect(desk.app, SALES, path=desk.file)
    restarting.apply(leaving, found(desk), watch_s=0)
    desk.rewrite(desk.started())
    assert desk.servers() == []
