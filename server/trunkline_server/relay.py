"""``trunkline-stdio``: passes lines between an AI app and the running server. Stdlib only.

The app keeps its session when the server restarts: see ``Ledger`` for what is remembered, ``Relay``
for the pipes. Without a running server the same program serves by itself, through ``cli``.
"""

from __future__ import annotations

import contextlib
import os
import sys
import threading
import time

from trunkline_server import lifetime, runfile
from trunkline_server.ledger import Ledger

TYPE_CHECKING = False  # typing's own costs a relay several milliseconds
if TYPE_CHECKING:
    from trunkline_server.frames import Connection

LOOK_AGAIN_S = 0.05
HANDSHAKE_S = 10.0
LAST_REPLIES_S = 5.0
WAIT_S = 20.0

_LOST = (OSError, EOFError)
_EXIT_FAILED = 1
_EXIT_USAGE = 2


class Relay:
    """One AI app on standard input and output, one link at a time to the server."""

    def __init__(self, found: runfile.RunFile, connection: Connection, wait_s: float) -> None:
        self._profile = found.id
        self._wait_s = wait_s
        self._ledger = Ledger(found.name)
        self._connection: Connection | None = connection
        self._lost_at = 0.0
        self._changed = threading.Condition(threading.RLock())

    def run(self) -> None:
        """Pass lines until the app closes its end and the last replies are out."""
        threading.Thread(target=self._follow, name="link", daemon=True).start()
        with open(0, "rb", closefd=False) as lines:
            for line in lines:
                if stripped := line.strip():
                    self._from_app(stripped)
        self._finish()

    def _from_app(self, line: bytes) -> None:
        with self._changed:
            connected = self._connection is not None
            answer = self._ledger.from_app(line, connected=connected)
            if answer is not None:
                _write(answer)
            self._flush()
            self._answer_overdue()

    def _flush(self) -> None:
        """Send what waits, unless the link is down or still shaking hands."""
        while self._connection is not None and (line := self._ledger.next_to_send()) is not None:
            try:
                self._connection.send_bytes(line)
            except _LOST:  # the reading thread sees the same end and takes care of the rest
                self._ledger.not_sent(line)
                return

    def _follow(self) -> None:
        connection = self._connection
        while True:
            if connection is not None:
                self._read(connection)
                self._on_lost(connection)
            connection = self._reconnected()

    def _read(self, connection: Connection) -> None:
        with contextlib.suppress(*_LOST):
            while not self._ledger.is_replaying or connection.poll(HANDSHAKE_S):
                self._from_server(connection.recv_bytes())

    def _from_server(self, frame: bytes) -> None:
        with self._changed:
            for line in self._ledger.from_server(frame):
                _write(line)
            self._flush()
            self._changed.notify_all()

    def _on_lost(self, connection: Connection) -> None:
        with self._changed:
            self._connection = None
            self._lost_at = time.monotonic()
            connection.close()
            for line in self._ledger.lost():
                _write(line)
            self._changed.notify_all()

    def _reconnected(self) -> Connection:
        while True:
            found = runfile.find(self._profile)
            with contextlib.suppress(*_LOST):
                if found is not None:
                    return self._adopt(found, runfile.connect(found))
            with self._changed:
                self._answer_overdue()
            time.sleep(LOOK_AGAIN_S)

    def _adopt(self, found: runfile.RunFile, connection: Connection) -> Connection:
        with self._changed:
            self._connection = connection
            self._ledger.name = found.name
            if (handshake := self._ledger.connected()) is not None:
                with contextlib.suppress(*_LOST):
                    connection.send_bytes(handshake)
            self._flush()
        return connection

    def _answer_overdue(self) -> None:
        if self._connection is None and time.monotonic() - self._lost_at >= self._wait_s:
            for line in self._ledger.give_up():
                _write(line)
            self._changed.notify_all()

    def _finish(self) -> None:
        with self._changed:
            self._changed.wait_for(lambda: not self._ledger.is_owing, LAST_REPLIES_S)
            for line in self._ledger.give_up():
                _write(line)


def _write(line: bytes) -> None:
    """Write one line to the app; without anybody to read it there is nothing left to do."""
    data = memoryview(line + b"\n")
    try:
        while data:
            data = data[os.write(1, data) :]
    except OSError:
        os._exit(0)


def main(arguments: list[str] | None = None) -> int:
    """Run ``trunkline-stdio [--headers] [PROFILE]``; returns the exit code."""
    given = sys.argv[1:] if arguments is None else arguments
    if given[:1] == ["--headers"]:
        from trunkline_server import headers  # not at the top: a relay needs no token

        return headers.main(given[1:])
    if len(given) > 1 or (given and given[0].startswith("-")):
        return _usage(given)
    profile = given[0] if given else _only_profile()
    if profile is None:
        return _EXIT_FAILED
    with contextlib.suppress(*_LOST):  # a folder that cannot be used is told by the server
        if (found := runfile.find(profile)) is not None:
            return _relay(found, runfile.connect(found))
    return _serve(profile)


def _usage(given: list[str]) -> int:
    if given[0] in {"-h", "--help"}:
        _tell("usage: trunkline-stdio [PROFILE]   (an AI app starts this from its own settings)")
        return 0
    _tell("usage: trunkline-stdio [PROFILE]")
    return _EXIT_USAGE


def _relay(found: runfile.RunFile, connection: Connection) -> int:
    lifetime.watch_parent(lambda: os._exit(0))
    with contextlib.suppress(KeyboardInterrupt):  # a terminal's Ctrl+C reaches us as well
        Relay(found, connection, _wait_s()).run()
    return 0


def _wait_s() -> float:
    try:
        return float(os.environ["TRUNKLINE_WAIT"])
    except (KeyError, ValueError):
        return WAIT_S


def _serve(profile: str) -> int:
    """Serve in this process: slower to start, with the same tools and rules."""
    from trunkline_server import cli  # not at the top: it is only needed without a server
    from trunkline_server.profiles.store import exactly

    return cli.main(["run", "--profile", exactly(profile), "--transport", "stdio"])


def _only_profile() -> str | None:
    """Return the id of the only profile, or ``None`` after saying why there is no such thing."""
    from trunkline_server.errors import TrunklineError  # not at the top: a relay needs neither
    from trunkline_server.profiles.store import Store

    try:
        profiles = Store().load()
    except TrunklineError as exc:
        _tell(str(exc))
        return None
    if len(profiles) == 1:
        return profiles[0].id
    if profiles:
        names = ", ".join(f"{p.name} ({p.id})" for p in profiles)
        _tell(f"There is more than one database. Name one of them: {names}.")
    else:
        _tell("There is no database yet. Open Trunkline and add one.")
    return None


def _tell(sentence: str) -> None:
    with contextlib.suppress(OSError):  # without a console there may be nothing to write to
        os.write(2, f"{sentence}\n".encode())


if __name__ == "__main__":
    sys.exit(main())
