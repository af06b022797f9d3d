"""Our own commands as real processes, spoken to line by line."""

from __future__ import annotations

import json
import os
import queue
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from tests.server.conftest import PASSWORD
from trunkline_server import events
from trunkline_server.profiles.profile import Profile
from trunkline_server.programs import path_of

PATIENCE_S = 30
TOKEN = "a-token-for-the-tests"

INITIALIZE = {
    "protocolVersion": "2025-06-18",
    "capabilities": {},
    "clientInfo": {"name": "tester", "version": "7"},
}


class Process:
    """A child whose output arrives line by line."""

    def __init__(self, *command: str, **environment: str) -> None:
        self.popen = subprocess.Popen(
            [str(path_of(command[0])), *command[1:]],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env={**os.environ, **environment},
        )
        self._lines: queue.Queue[bytes] = queue.Queue()
        self._errors: list[bytes] = []
        self._readers = [
            threading.Thread(target=self._read, daemon=True),
            threading.Thread(target=self._read_errors, daemon=True),
        ]
        for reader in self._readers:
            reader.start()

    def _read(self) -> None:
        assert self.popen.stdout is not None
        for line in self.popen.stdout:
            self._lines.put(line)
        self._lines.put(b"")

    def _read_errors(self) -> None:
        assert self.popen.stderr is not None
        self._errors.extend(self.popen.stderr)

    def say(self, line: str) -> None:
        assert self.popen.stdin is not None
        self.popen.stdin.write(line.encode() + b"\n")
        self.popen.stdin.flush()

    def hear(self) -> bytes:
        return self._lines.get(timeout=PATIENCE_S)

    def close_input(self) -> None:
        assert self.popen.stdin is not None
        self.popen.stdin.close()

    def ended(self) -> int:
        """Wait for the end; returns the exit code."""
        code = self.popen.wait(PATIENCE_S)
        for reader in self._readers:
            reader.join(PATIENCE_S)
        return code

    @property
    def errors(self) -> str:
        """What it said on standard error; complete after :meth:`ended`."""
        return b"".join(self._errors).decode()

    def close(self) -> None:
        self.popen.kill()
        self.ended()
        for stream in (self.popen.stdin, self.popen.stdout, self.popen.stderr):
            assert stream is not None
            stream.close()


class Run(Process):
    """``trunkline-server run`` of one profile, with events."""

    def __init__(
        self, profile: Profile, *arguments: str, token: str = TOKEN, **environment: str
    ) -> None:
        super().__init__("trunkline-server", "run", "--profile", "-", "--events", "--until-eof",
                         *arguments, **environment)  # fmt: skip
        document = {"profile": profile.as_json(), "password": PASSWORD, "token": token}
        self.say(json.dumps(document))

    def event(self) -> events.Event:
        return events.decode(self.hear())

    def ready(self) -> events.Ready:
        event = self.event()
        assert isinstance(event, events.Ready), (event, self.errors)
        return event


class Stdio(Process):
    """An MCP server on standard input and output, seen as an AI app sees it."""

    def __init__(self, *command: str, **environment: str) -> None:
        super().__init__(*command, **environment)
        self.notices: list[str] = []

    def send(self, method: str, request_id: int | str | None = None, **params: Any) -> None:
        message: dict[str, Any] = {"jsonrpc": "2.0", "method": method, "params": params}
        if request_id is not None:
            message["id"] = request_id
        self.say(json.dumps(message))

    def reply(self) -> dict[str, Any]:
        """Return the next reply; notifications on the way are kept in ``notices``."""
        while True:
            message: dict[str, Any] = json.loads(self.hear())
            if "method" not in message:
                return message
            self.notices.append(message["method"])

    def introduce(self) -> dict[str, Any]:
        self.send("initialize", 0, **INITIALIZE)
        welcome = self.reply()
        self.send("notifications/initialized")
        return welcome

    def ask(self, request_id: int | str, query: str) -> None:
        self.send("tools/call", request_id, name="execute_query", arguments={"query": query})

    def rows(self) -> Any:
        """Return the rows of the next reply."""
        reply = self.reply()
        assert not reply["result"].get("isError"), reply
        return json.loads(reply["result"]["content"][0]["text"])["rows"]


@contextmanager
def running(profile: Profile, *arguments: str, **environment: str) -> Iterator[Run]:
    """Run a server until the block ends; it is ready for relays."""
    run = Run(profile, *arguments, **environment)
    try:
        yield run
    finally:
        run.close()


@contextmanager
def talking(*command: str, **environment: str) -> Iterator[Stdio]:
    """Run a command that speaks MCP until the block ends."""
    stdio = Stdio(*command, **environment)
    try:
        yield stdio
    finally:
        stdio.close()
