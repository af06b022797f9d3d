"""Somebody with a home folder of their own and real AI apps that look there for their files."""

from __future__ import annotations

import json
import os
import shlex
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.fakes import FileKeyring
from tests.journeys import node_tools
from tests.journeys.virtual_desktop import BARE
from tests.server.conftest import PASSWORD
from tests.server.processes import PATIENCE_S, TOKEN
from trunkline_server.programs import path_of

PROGRAMS = {
    "claude": "@anthropic-ai/claude-code-linux-*/claude",
    "cline": "@cline/cli-linux-*/bin/cline",
    "codex": "codex-linux-*/vendor/*/bin/codex",
    "copilot": "@github/copilot-linux-*/copilot",
    "gemini": "@google/gemini-cli/bundle/gemini.js",
    "mcporter": "mcporter/dist/cli.js",
    "opencode": "opencode-linux-*/bin/opencode",
    "qwen": "@qwen-code/qwen-code/cli-entry.js",
}
# None of them has anything to look up, report or fetch while it is tested.
QUIET = {
    "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC": "1",
    "DISABLE_AUTOUPDATER": "1",
    "DISABLE_TELEMETRY": "1",
    "DO_NOT_TRACK": "1",
    "GEMINI_TELEMETRY_ENABLED": "false",
    "NO_COLOR": "1",
    "NO_UPDATE_NOTIFIER": "1",
    "OPENCODE_DISABLE_AUTOUPDATE": "true",
    "OPENCODE_DISABLE_MODELS_FETCH": "true",
}


@dataclass(frozen=True)
class Person:
    """Who has the apps.

    Attributes:
        home: their home folder.
        environment: what their programs are started with.
    """

    home: Path
    environment: Mapping[str, str]

    def run(self, *command: str, **variables: str) -> subprocess.CompletedProcess[str]:
        """Run a program of theirs in an empty folder; both its streams are in ``stdout``."""
        folder = self.home / "work"
        folder.mkdir(exist_ok=True)
        return subprocess.run(
            command,
            cwd=folder,
            env={**self.environment, **variables},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=PATIENCE_S,
            check=False,
        )

    def trunkline(self, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
        """Run a verb."""
        return self.run(str(path_of("trunkline")), *arguments, **variables)

    def does(self, *arguments: str, **variables: str) -> Any:
        """Run a verb that succeeds and return what it answers as JSON."""
        done = self.trunkline(*arguments, "--json", **variables)
        assert done.returncode == 0, done.stdout
        return json.loads(done.stdout)

    def app(self, program: str, *arguments: str, **variables: str) -> str:
        """Run a program of an app and return what it printed."""
        return self.run(str(self.install(program)), *arguments, **variables).stdout

    def install(self, program: str) -> Path:
        """Put a program of an app where the person finds it by name, and return where."""
        return installed(program, self.home / "bin")


def installed(program: str, folder: Path) -> Path:
    """Put a program of an app into a folder by its name, or skip with the reason; return where."""
    pattern = PROGRAMS[program]
    found = next(node_tools.CLIENTS.glob(pattern), node_tools.CLIENTS / pattern)
    shim = folder / program
    folder.mkdir(exist_ok=True)
    shim.write_text(f'#!/bin/sh\nexec {shlex.join(node_tools.command(found))} "$@"\n')
    shim.chmod(0o755)
    return shim


def person(home: Path, trunkline_home: Path) -> Person:
    """Return somebody whose keyring has the password and the token of the shop, nothing else."""
    home.mkdir()
    FileKeyring.install(home, {"shop": PASSWORD, "shop/token": TOKEN})
    bare = {name: os.environ[name] for name in BARE if name in os.environ}
    path = f"{home / 'bin'}{os.pathsep}{bare['PATH']}"
    own = {"HOME": str(home), "PATH": path, "TRUNKLINE_HOME": str(trunkline_home)}
    return Person(home, bare | QUIET | own)


def codex_servers(program: Path, environment: Mapping[str, str], folder: Path) -> Any:
    """Ask the app server of Codex for its MCP servers; returns them by name."""
    with subprocess.Popen(
        [program, "app-server"],
        cwd=folder,
        env=dict(environment),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as child:
        assert child.stdin is not None
        assert child.stdout is not None
        for message in _LIST:
            child.stdin.write(f"{json.dumps(message)}\n")
        child.stdin.flush()
        replies = (json.loads(line) for line in child.stdout)
        reply = next(reply for reply in replies if reply.get("id") == 1)
        child.stdin.close()
    return {server["name"]: server for server in reply["result"]["data"]}


_LIST: tuple[dict[str, Any], ...] = (
    {"id": 0, "method": "initialize", "params": {"clientInfo": {"name": "t", "version": "1"}}},
    {"method": "initialized"},
    {"id": 1, "method": "mcpServerStatus/list", "params": {}},
)
