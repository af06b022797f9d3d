"""Lets an AI app say itself whether it reaches a database: starts the app's health command."""

from __future__ import annotations

import io
import os
import re
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from trunkline_server import folders
from trunkline_server.clients import barriers, owned, tokens
from trunkline_server.clients.app import App
from trunkline_server.clients.computer import Computer
from trunkline_server.clients.health import Answer, Barrier, Health
from trunkline_server.errors import TrunklineError
from trunkline_server.programs import NO_WINDOW

LIMIT_S = 60.0
_GRACE_S = 5.0
_MOST_BYTES = 4_000_000
_MOST_CHARS = 300
_CONTROL = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What came of asking an app.

    Attributes:
        is_reached: whether the app reached the database's server; None when that is not known.
        said: what the app said, shortened, secrets hidden; or why it is not known.
        barrier: why the app does not even try; "" when it does.
    """

    is_reached: bool | None
    said: str
    barrier: Barrier = ""


def ask(app: App, name: str, *, limit_s: float = LIMIT_S) -> Verdict:
    """Let ``app`` connect to its entry ``name`` and return what it said; waits for it.

    The app reads its usual settings file, in an empty folder that has none of its own. What that
    file says against the entry counts whatever the app says: some tell of it in no word.
    """
    begun = time.time()
    verdict = _asked(app, name, limit_s)
    if verdict.barrier in {"", "kept out"} and (barrier := barriers.found(app, name)):
        return Verdict(is_reached=False, said=barriers.WORDS[barrier], barrier=barrier)
    if verdict.is_reached:
        _remember(app, name, begun)
    return verdict


def _remember(app: App, name: str, at: float) -> None:
    """Let the app's word count as its contact; it may greet the server under no name of its own."""
    path = app.path()
    with suppress(TrunklineError, OSError), owned.alone():  # then its first question shows it
        known = owned.of(path)
        owned.keep(path, (replace(r, verified=at) if r.name == name else r for r in known))


def _asked(app: App, name: str, limit_s: float) -> Verdict:
    health = app.health
    if health is None:
        return _unknown(f"{app.name} has no command that tells.")
    program = Computer.here().program(health.program)
    if program is None:
        return _unknown(f"The program “{health.program}” was not found on this computer.")
    asking = _Asking(health, name)
    try:
        has_ended = asking.run(program, limit_s)
    except OSError as exc:
        return _unknown(f"The program “{health.program}” could not be started: {exc.strerror}.")
    if answer := asking.answer:
        said = _shown(answer.said)
        return Verdict(is_reached=answer.is_reached, said=said, barrier=answer.barrier)
    if not has_ended:
        return _unknown(f"{app.name} gave no answer in {limit_s:g} seconds.")
    return _unknown(f"{app.name} gave an answer that Trunkline cannot read.")


def _unknown(why: str) -> Verdict:
    return Verdict(is_reached=None, said=why)


def _shown(words: str) -> str:
    said = " ".join(tokens.hidden(words).split())
    if len(said) <= _MOST_CHARS:
        return said
    begin = _MOST_CHARS // 3  # the reason is often at the end
    return f"{said[:begin]} … {said[begin + 3 - _MOST_CHARS :]}"


class _Asking:
    """One run of a health command; what it printed is read beside, so that nothing can hang."""

    def __init__(self, health: Health, name: str) -> None:
        self._health, self._name = health, name
        self._printed = bytearray()
        self._reader = threading.Thread(target=self._read, name="health", daemon=True)

    @property
    def answer(self) -> Answer | None:
        """What the app said of the entry, as far as it is known by now."""
        text = _CONTROL.sub("", self._printed.decode("utf-8", "replace"))
        return self._health.reading(text, self._name)

    def run(self, program: Path, limit_s: float) -> bool:
        """Ask, ``limit_s`` seconds at most; return whether the program ended by itself.

        Raises:
            OSError: it cannot be started.
        """
        with _folder() as folder:
            self._start(program, folder)
            return self._wait(limit_s)

    def _start(self, program: Path, folder: Path) -> None:
        command = [str(program), *self._health.command(self._name)]
        # A group of its own: the launcher, the program and what that starts are ended together.
        self._child = subprocess.Popen(
            command,
            cwd=folder,
            env={**os.environ, "NO_COLOR": "1", **self._health.environment},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=sys.platform != "win32",
            creationflags=NO_WINDOW,
        )
        self._reader.start()
        self._say(self._health.lines(self._name))

    def _wait(self, limit_s: float) -> bool:
        try:
            self._reader.join(limit_s)
            return not self._reader.is_alive()
        finally:
            self._hang_up()
            if self._reader.is_alive():
                _end(self._child)
            self._reader.join(_GRACE_S)
            self._wait_after_its_output()

    def _wait_after_its_output(self) -> None:
        """Wait for a program that has closed its output; not longer than is polite."""
        try:
            self._child.wait(_GRACE_S)
        except subprocess.TimeoutExpired:
            _end(self._child)
            with suppress(subprocess.TimeoutExpired):
                self._child.wait(_GRACE_S)

    def _say(self, lines: bytes) -> None:
        if stdin := self._child.stdin:
            with suppress(OSError):  # it may have ended
                stdin.write(lines)
                stdin.flush()
        if not lines:
            self._hang_up()

    def _read(self) -> None:
        last = self._health.last.encode()
        with self._child.stdout or io.BytesIO() as printed:
            for line in iter(partial(printed.readline, _MOST_BYTES), b""):
                if len(self._printed) < _MOST_BYTES:
                    self._printed += line
                if last and line.startswith(last):
                    self._hang_up()

    def _hang_up(self) -> None:
        if stdin := self._child.stdin:
            with suppress(OSError):
                stdin.close()


@contextmanager
def _folder() -> Iterator[Path]:
    """Give an empty folder: always the same, as apps remember the name of each they are started in.

    It stays, for another may be asking at this moment.
    """
    if usual := _usual():
        yield usual
        return
    with tempfile.TemporaryDirectory(prefix="trunkline-", ignore_cleanup_errors=True) as folder:
        yield Path(folder)


def _usual() -> Path | None:
    """Return that folder; None when it cannot be had, or is not empty: settings may be in it."""
    with suppress(OSError):
        folder = folders.run() / "asking"
        folder.mkdir(mode=0o700, exist_ok=True)
        if os.access(folder, os.W_OK | os.X_OK) and not any(folder.iterdir()):
            return folder
    return None


def _end(child: subprocess.Popen[bytes]) -> None:
    """End a program that does not end, and all that it started."""
    if sys.platform == "win32":
        command = ["taskkill", "/PID", str(child.pid), "/T", "/F"]
        subprocess.run(command, capture_output=True, check=False, creationflags=NO_WINDOW)
    else:
        with suppress(ProcessLookupError, PermissionError):  # macOS refuses when all have ended
            os.killpg(child.pid, signal.SIGKILL)
