"""Which address and port the HTTP or SSE endpoint gets, and who has it when we cannot."""

from __future__ import annotations

import contextlib
import errno
import ipaddress
import socket
import sys
from collections.abc import Iterator
from pathlib import Path

from trunkline_server.errors import TrunklineError, fail

DEFAULT_PORT = 8765
CAN_SHARE = sys.platform != "win32"  # a listening socket, handed to several processes


def is_loopback(host: str) -> bool:
    """Whether ``host`` is this computer only."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def bind(host: str, port: int) -> socket.socket:
    """Return a listening socket; port 0 means a free one.

    Raises:
        TrunklineError: ``run.port_taken`` with the program that has it, or ``run.host``.
    """
    plain = host.strip("[]")
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            plain, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        return _listening(family, kind, protocol, address)
    except OSError as exc:
        raise _not_bound(host, port, exc) from exc


def _listening(family: int, kind: int, protocol: int, address: object) -> socket.socket:
    listener = socket.socket(family, kind, protocol)
    try:
        if sys.platform == "win32":
            # There SO_REUSEADDR would let two servers share one port.
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_EXCLUSIVEADDRUSE, 1)
        else:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)  # type: ignore[arg-type]  # getaddrinfo's own form
        listener.listen(128)
    except OSError:
        listener.close()
        raise
    return listener


def _not_bound(host: str, port: int, exc: OSError) -> TrunklineError:
    if exc.errno == errno.EADDRINUSE:
        program = program_on(port)
        who = f"by the program {program}" if program else "by another program"
        return fail(
            "run.port_taken",
            f"Port {port} is already used {who}.",
            "Choose another port.",
        )
    if exc.errno == errno.EACCES:
        return fail("run.port_denied", f"Port {port} is not open to this user.",
                    "Choose a port above 1023.", str(exc))  # fmt: skip
    return fail("run.host", f"The address {host} cannot be used here.",
                "Use 127.0.0.1, or an address of this computer.", str(exc))  # fmt: skip


def url_of(listener: socket.socket, host: str, path: str, scheme: str = "http") -> str:
    """Return the address of the endpoint as a client on this computer writes it."""
    port = listener.getsockname()[1]
    name = "127.0.0.1" if host in {"0.0.0.0", ""} else host.strip("[]")  # noqa: S104  a comparison
    shown = f"[{name}]" if ":" in name else name
    return f"{scheme}://{shown}:{port}{path}"


def program_on(port: int) -> str:
    """Return name and process id of the program listening on ``port``; "" when it cannot be told.

    Linux only, and only programs of this user (or all, for the administrator).
    """
    inodes = {inode for table in ("tcp", "tcp6") for inode in _listeners(table, port)}
    for process in Path("/proc").glob("[0-9]*") if inodes else ():
        with contextlib.suppress(OSError):
            if any(str(link.readlink()) in inodes for link in (process / "fd").iterdir()):
                name = (process / "comm").read_text().strip()
                return f"{name} (process {process.name})"
    return ""


def _listeners(table: str, port: int) -> Iterator[str]:
    listening, suffix = "0A", f":{port:04X}"
    with contextlib.suppress(OSError):
        for line in Path("/proc/net", table).read_text().splitlines()[1:]:
            fields = line.split()
            if fields[1].endswith(suffix) and fields[3] == listening:
                yield f"socket:[{fields[9]}]"
