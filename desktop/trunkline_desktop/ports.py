"""Who listens on a local TCP port. Looks, and changes nothing."""

from __future__ import annotations

from pathlib import Path

_LISTENING = "0A"


def holder(port: int) -> str:
    """Return "name, pid" of the program that listens there; "" when it cannot be known.

    Linux only: elsewhere this needs rights or programs that a desktop may not have.
    """
    try:
        return _holder(port)
    except (OSError, ValueError, IndexError):
        return ""


def _holder(port: int) -> str:
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
    # https://docs.kernel.org/networking/proc_net_tcp.html
    tables = (Path("/proc/net/tcp"), Path("/proc/net/tcp6"))
    rows = [line.split() for t in tables if t.exists() for line in t.read_text().splitlines()[1:]]
    return [r[9] for r in rows if r[3] == _LISTENING and int(r[1].split(":")[1], 16) == port]
