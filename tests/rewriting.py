"""A stand-in for an app that keeps its settings in memory and writes its file from there.

It runs as a real process, from a program and an archive with the names of the Linux package of
Claude Desktop, in a folder of the test: whatever else runs on this computer is never looked at.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import psutil

from trunkline_server.clients import apps
from trunkline_server.clients.app import App, Process

# Told: the file, the pipe it tells what it does on, what it is like. It writes its file when it
# starts, when it is asked to quit, and on SIGUSR1.
PROGRAM = r"""
import json, os, pathlib, signal, subprocess, sys

file, pipe, *manners = sys.argv[1:]
file = pathlib.Path(file)
lines = open(pipe, "w")

def tell(*words):
    print(*words, file=lines, flush=True)

def write():
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps(memory, indent=2))

if manners[:1] == ["--type=renderer"] or sys.argv[0].endswith(".js"):
    tell("helper", os.getpid())
    sys.stdin.read()
    sys.exit()

memory = json.loads(file.read_text()) if file.exists() else {}
if "forgetful" in manners:
    memory.pop("mcpServers", None)
signals = {signal.SIGTERM, signal.SIGUSR1}
signal.pthread_sigmask(signal.SIG_BLOCK, signals)
helpers = []
if {"helpers", "lingering"} & {*manners}:
    service = pathlib.Path(sys.argv[0]).with_name("service.js")
    for script, more in ((sys.argv[0], ["--type=renderer"]), (str(service), [])):
        command = [sys.executable, script, str(file), pipe, *more]
        # Lingering ones live as long as whoever started the app wants.
        ours = None if "lingering" in manners else subprocess.PIPE
        helpers.append(subprocess.Popen(command, stdin=ours))
write()
tell("started", os.getpid())
while signal.sigwait(signals) == signal.SIGUSR1 or "stubborn" in manners:
    write()
    tell("wrote")
write()
"""


class RewritingApp:
    """The stand-in, on a file of the test.

    Attributes:
        app: the app as Trunkline knows it, but for where its program is.
        file: what it keeps in memory.
    """

    def __init__(self, folder: Path, file: Path) -> None:
        self.file = file
        self._place = folder / "usr/lib/claude-desktop"
        self._place.mkdir(parents=True)
        self.program = self._place / "claude-desktop"
        shutil.copy(Path(sys.executable).resolve(), self.program)
        for name in ("app.asar", "service.js"):
            (self._place / name).write_text(PROGRAM)
        programs = {"linux": (str(self.program),)}
        self.app: App = replace(apps.ALL["claude-desktop"], process=Process(programs=programs))
        self._pipe = folder / "pipe"
        os.mkfifo(self._pipe)
        # For reading and writing, so that nobody waits for the other end to be opened.
        self._lines = os.fdopen(os.open(self._pipe, os.O_RDWR), "r")
        self._children: list[subprocess.Popen[bytes]] = []

    def command(self, *manners: str, script: str = "app.asar") -> list[str]:
        words = (self.program, self._place / script, self.file, self._pipe, *manners)
        return [str(word) for word in words]

    def begin(self, *manners: str) -> int:
        """Start it; returns its process id once it has read and written its file."""
        self.spawn(*manners)
        return self.started()

    def spawn(self, *manners: str, script: str = "app.asar") -> subprocess.Popen[bytes]:
        environment = os.environ | {"PYTHONHOME": sys.base_prefix}
        child = subprocess.Popen(
            self.command(*manners, script=script), env=environment, stdin=subprocess.PIPE
        )
        self._children.append(child)
        return child

    def started(self) -> int:
        """Wait until it was started, by whomever, and return its process id."""
        return self.told("started")

    def told(self, word: str) -> int:
        """Wait for a line that starts with ``word``; returns the number behind it, else 0."""
        for line in self._lines:
            first, _, number = line.strip().partition(" ")
            if first == word:
                return int(number or 0)
        raise AssertionError("the pipe has ended")

    def rewrite(self, pid: int) -> None:
        """Let it write its file from memory, as it does when its window opens."""
        os.kill(pid, signal.SIGUSR1)
        self.told("wrote")

    def servers(self) -> list[str]:
        document = json.loads(self.file.read_bytes())
        return list(document.get("mcpServers", {}))

    def close(self) -> None:
        """End everything that was started, by us or again by Trunkline."""
        while mine := self._living():
            for process in mine:
                with contextlib.suppress(psutil.NoSuchProcess):
                    process.kill()
        for child in self._children:
            child.communicate()
        self._lines.close()

    def _living(self) -> list[psutil.Process]:
        every = psutil.process_iter(["exe", "status"])
        mine = [p for p in every if p.info["exe"] == str(self.program)]
        return [p for p in mine if p.info["status"] != psutil.STATUS_ZOMBIE]


@contextmanager
def rewriting_app(folder: Path, file: Path) -> Iterator[RewritingApp]:
    """Make the stand-in; all it started has ended afterwards."""
    app = RewritingApp(folder, file)
    try:
        yield app
    finally:
        app.close()
