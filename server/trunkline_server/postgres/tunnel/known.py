"""Which key an SSH server has: the person's files, which are only read, and our own pins."""

from __future__ import annotations

import sys
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import asyncssh

from trunkline_server import folders
from trunkline_server.postgres.tunnel.hops import Hop
from trunkline_server.profiles import atomic

LOCK_WAIT_S = 5.0


@dataclass(frozen=True, slots=True)
class Known:
    """What the files say about one server: its keys, the authorities for it, and keys given up."""

    keys: tuple[asyncssh.SSHKey, ...] = ()
    authorities: tuple[asyncssh.SSHKey, ...] = ()
    revoked: tuple[asyncssh.SSHKey, ...] = ()


def pins() -> Path:
    """Return our own file, in OpenSSH's format."""
    return folders.config() / "known_hosts"


def files() -> tuple[Path, ...]:
    """Return every file of known hosts that counts."""
    theirs = [Path.home() / ".ssh" / "known_hosts", Path.home() / ".ssh" / "known_hosts2"]
    if sys.platform != "win32":
        theirs.append(Path("/etc/ssh/ssh_known_hosts"))
    return (*theirs, pins())


def known(hop: Hop) -> Known:
    """Return what the files say about ``hop``; a file that is missing says nothing.

    Only the name counts, not the address behind it. As in OpenSSH, a server at another port may
    also be known by its name alone; a key revoked for either is refused.
    """
    hosts = _load(files())
    keys, authorities, revoked, *_ = hosts.match(hop.place, "", None)
    _, _, revoked_by_name, *_ = hosts.match(hop.host.lower(), "", None)
    if not keys and not authorities:
        keys, authorities, *_ = hosts.match(hop.host.lower(), "", None)
    return Known(tuple(keys), tuple(authorities), (*revoked, *revoked_by_name))


def _load(paths: tuple[Path, ...]) -> asyncssh.SSHKnownHosts:
    hosts = asyncssh.SSHKnownHosts()
    for path in paths:
        for line in _lines(path):
            # One broken line must not hide the others, a revoked key among them.
            with suppress(ValueError):
                hosts.load(line)
    return hosts


def _lines(path: Path) -> list[str]:
    try:
        return path.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return []


def pin(hop: Hop, key: asyncssh.SSHKey) -> None:
    """Remember the key of ``hop`` in our own file.

    Raises:
        OSError, TimeoutError: the file could not be written.
    """
    public = " ".join(key.export_public_key().decode().split()[:2])
    _rewrite(lambda lines: [*lines, f"{hop.place} {public}"])


def unpin(hop: Hop) -> bool:
    """Forget what our own file says about ``hop``; return whether it said something.

    Raises:
        OSError, TimeoutError: the file could not be written.
    """
    before = len(_lines(pins()))
    _rewrite(lambda lines: [line for line in lines if line.split(None, 1)[:1] != [hop.place]])
    return len(_lines(pins())) < before


def _rewrite(change: Callable[[list[str]], list[str]]) -> None:
    path = pins()
    with atomic.locked(path.with_name("known_hosts.lock"), LOCK_WAIT_S):
        text = "".join(f"{line}\n" for line in change(_lines(path)))
        atomic.replace(path, text.encode())
