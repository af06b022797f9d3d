"""Which local TCP ports are free, and who has the others. Looks, and changes nothing."""

from __future__ import annotations

import socket
from collections.abc import Container
from pathlib import Path

from trunkline_server.errors import fail

_LISTENING = "0A"


def next_free(after: int, taken: Container[int] = ()) -> int:
    """Return the first port above ``after`` that nobody has and that is not in ``taken``.

    Raises:
        TrunklineError: ``run.no_port`` when the next hundred are all taken.
    """
    for port in range(after + 1, min(after + 101, 65536)):
        if port not in taken and _is_free(port):
            return port
    raise fail(
        "run.no_port",
        f"No free port was found above {after}.",
        "Choose another port in the settings of this database.",
    )


def holder(port: int) -> str:
    """Return "name, pid" of the program that listens there; "" when it cannot be known."""
    try:
        return _holder(port)
    except (OSError, ValueError, IndexError):
        return ""


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def _holder(port: int) -> str:
    # Linux only: elsewhere this needs rights or programs that a desktop may not have.
    sockets = {f"socket:[{inode}]" for inode in _inodes(port)}
    for link in Path("/proc").glob("[0-9]*/fd/*") if sockets else ():
        try:
            target = str(link.readlink())
        except OSError:
            continue  # another user's program, or one that has just ended
        if target in sockets:
            return f"{(link.parents[1] / 'comm').read_text().strip()}, {link.parents[1].name}"
    return ""


def _inodes(port: int) -> list[str]:
    lines = Path("/proc/net/tcp").read_text().splitlines()[1:]
    rows = [line.split() for line in lines]
    return [r[9] for r in rows if r[3] == _LISTENING and int(r[1].split(":")[1], 16) == port]
