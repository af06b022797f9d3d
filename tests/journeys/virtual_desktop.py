"""A real desktop without a screen: X server, session bus, keyring, window manager and tray."""

from __future__ import annotations

import os
import select
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from time import monotonic

PROGRAMS = (
    "Xvfb",
    "dbus-daemon",
    "gnome-keyring-daemon",
    "openbox",
    "trayer",
    "xdotool",
    "import",
    "xprop",
)
KEYRING_PROGRAMS = ("dbus-daemon", "dbus-send", "gnome-keyring-daemon")
BARE = ("LANG", "LC_ALL", "LOGNAME", "PATH", "SHELL", "TERM", "USER")
START_S = 20


@dataclass(frozen=True, slots=True)
class VirtualDesktop:
    """A running desktop session.

    Attributes:
        env: the environment of a program started from this desktop.
        home: the person's home folder, thrown away at the end.
    """

    env: dict[str, str]
    home: Path

    def picture(self, path: Path) -> None:
        """Save the whole screen as a PNG."""
        subprocess.run(["import", "-window", "root", str(path)], env=self.env, check=True)


def missing(programs: Sequence[str] = PROGRAMS) -> list[str]:
    """Return those of ``programs``, by default a virtual desktop's, that this machine lacks."""
    return [program for program in programs if shutil.which(program) is None]


@contextmanager
def virtual_desktop(size: str = "1280x800", *, tray: bool = True) -> Iterator[VirtualDesktop]:
    """Start the session, unlocked and with nothing in its keyring; end all of it afterwards."""
    with ExitStack() as stack:
        home = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="tl-")))
        env = _environment(home)
        env["DISPLAY"] = _start_x(stack, env, size)
        env["DBUS_SESSION_BUS_ADDRESS"] = _start_bus(stack, env)
        _start_keyring(stack, env)
        _start_window_manager(stack, env)
        if tray:
            _start_tray(stack, env)
        yield VirtualDesktop(env, home)


@contextmanager
def session_with_keyring() -> Iterator[dict[str, str]]:
    """Yield the environment of a session without a screen: a bus and an unlocked keyring only."""
    with ExitStack() as stack:
        home = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="tl-")))
        env = _environment(home)
        env["DBUS_SESSION_BUS_ADDRESS"] = _start_bus(stack, env)
        _start_keyring(stack, env)
        yield env


def lock_keyring(env: dict[str, str]) -> None:
    """Lock the keyring of this session; without a screen nobody can unlock it again."""
    secrets = "org.freedesktop.secrets"
    call = ["/org/freedesktop/secrets", "org.freedesktop.Secret.Service.Lock"]
    which = "array:objpath:/org/freedesktop/secrets/collection/login"
    command = ["dbus-send", "--session", "--print-reply", f"--dest={secrets}", *call, which]
    subprocess.run(command, env=env, check=True, capture_output=True)


def _environment(home: Path) -> dict[str, str]:
    env = {name: os.environ[name] for name in BARE if name in os.environ}
    runtime = home / "run"
    runtime.mkdir(mode=0o700)
    return env | {
        "HOME": str(home),
        "XDG_RUNTIME_DIR": str(runtime),
        "LANG": "C.UTF-8",
        "NO_AT_BRIDGE": "1",
        "QT_QPA_PLATFORM": "xcb",
    }


def _start_x(stack: ExitStack, env: dict[str, str], size: str) -> str:
    read_end, write_end = os.pipe()
    command = ["Xvfb", "-displayfd", str(write_end), "-screen", "0", f"{size}x24", "-noreset"]
    _start(stack, [*command, "-nolisten", "tcp"], env, pass_fds=(write_end,))
    os.close(write_end)
    with os.fdopen(read_end) as answer:
        if not select.select([answer], [], [], START_S)[0]:
            raise RuntimeError("the X server did not start")
        return f":{answer.readline().strip()}"


def _start_bus(stack: ExitStack, env: dict[str, str]) -> str:
    command = ["dbus-daemon", "--session", "--nofork", "--print-address=1", "--nosyslog"]
    bus = _start(stack, command, env, stdout=subprocess.PIPE)
    assert bus.stdout is not None
    return str(bus.stdout.readline().decode().strip())


def _start_keyring(stack: ExitStack, env: dict[str, str]) -> None:
    command = ["gnome-keyring-daemon", "--unlock", "--components=secrets", "--foreground"]
    keyring = _start(stack, command, env, stdin=subprocess.PIPE)
    assert keyring.stdin is not None
    keyring.stdin.write(b"throw-away\n")
    keyring.stdin.close()
    _wait_for_bus_name(env, "org.freedesktop.secrets")


def _wait_for_bus_name(env: dict[str, str], name: str) -> None:
    command = ["dbus-send", "--session", "--print-reply", "--dest=org.freedesktop.DBus"]
    call = ["/org/freedesktop/DBus", "org.freedesktop.DBus.NameHasOwner", f"string:{name}"]
    _until(lambda: "true" in _output([*command, *call], env), f"{name} did not appear on the bus")


def _start_window_manager(stack: ExitStack, env: dict[str, str]) -> None:
    _start(stack, ["openbox", "--sm-disable"], env)
    _until(
        lambda: "window id" in _output(["xprop", "-root", "_NET_SUPPORTING_WM_CHECK"], env),
        "the window manager did not start",
    )


def _start_tray(stack: ExitStack, env: dict[str, str]) -> None:
    _start(stack, ["trayer", "--edge", "top", "--align", "right", "--height", "32"], env)
    _until(lambda: _output(["xdotool", "search", "--class", "trayer"], env), "there is no tray")


def _start(
    stack: ExitStack,
    command: Sequence[str],
    env: dict[str, str],
    *,
    stdin: int = subprocess.DEVNULL,
    stdout: int = subprocess.DEVNULL,
    pass_fds: Sequence[int] = (),
) -> subprocess.Popen[bytes]:
    process = subprocess.Popen(
        command,
        env=env,
        stdin=stdin,
        stdout=stdout,
        stderr=subprocess.DEVNULL,
        pass_fds=pass_fds,
    )
    stack.callback(_end, process)
    return process


def _end(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(5)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    for stream in (process.stdin, process.stdout):
        if stream is not None:
            stream.close()


def _output(command: Sequence[str], env: dict[str, str]) -> str:
    done = subprocess.run(command, env=env, capture_output=True, check=False)
    return done.stdout.decode(errors="replace").strip()


def _until(is_true: Callable[[], object], complaint: str) -> None:
    """Ask again until it is true: these programs announce their start nowhere else."""
    deadline = monotonic() + START_S
    while not is_true():
        if monotonic() > deadline:
            raise RuntimeError(complaint)
