"""The person's private keys: the file the profile names, or the usual ones."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import asyncssh

from trunkline_server.postgres import tls
from trunkline_server.postgres.tunnel import words
from trunkline_server.profiles.profile import Profile

Pairs = Sequence[asyncssh.SSHKeyPair]

AGENT_S = 3.0  # for an agent to say what it holds; signing has the time to connect

_USUAL = ("id_ed25519_sk", "id_ecdsa_sk", "id_ed25519", "id_ecdsa", "id_rsa")


def agent() -> str | None:
    """Return where the agent is, "" for the usual place of Windows, ``None`` without one."""
    if path := os.environ.get("SSH_AUTH_SOCK"):
        return path
    return "" if sys.platform == "win32" else None


@asynccontextmanager
async def offered(profile: Profile, secret: str | None) -> AsyncIterator[Pairs]:
    """Lend the keys to offer, each with its certificate when one lies beside it.

    A chosen file is opened with ``secret`` and offered alone. Otherwise it is what the agent
    holds, then the usual files; of these, the locked ones are left to the agent.

    Raises:
        SshError: ``ssh.key_unreadable``, ``.key_open``, ``.key_locked``, ``.key_passphrase`` or
            ``.key_invalid``, of a chosen file only.
    """
    if profile.ssh_key:
        # In a thread: a passphrase is made slow to guess, and to use.
        yield await asyncio.to_thread(_chosen, profile.ssh_key, secret)
        return
    async with _agent_keys() as held:
        usual = await asyncio.to_thread(_all_usual)
        there = {pair.public_data for pair in held}
        yield [*held, *(pair for pair in usual if pair.public_data not in there)]


@asynccontextmanager
async def _agent_keys() -> AsyncIterator[Pairs]:
    path = agent()
    client, held = (None, ()) if path is None else await _asked_agent(path)
    try:
        yield held
    finally:
        if client is not None:
            client.close()
            await client.wait_closed()


async def _asked_agent(path: str) -> tuple[asyncssh.SSHAgentClient | None, Pairs]:
    """Return the agent and what it holds; nothing when it does not answer in time."""
    try:
        async with asyncio.timeout(AGENT_S):
            client = await asyncssh.connect_agent(path)
    except (OSError, asyncssh.Error):
        return None, ()
    try:
        async with asyncio.timeout(AGENT_S):
            return client, list(await client.get_keys())
    except (OSError, ValueError):
        return client, ()


def _all_usual() -> Pairs:
    folder = Path.home() / ".ssh"
    return [pair for name in _USUAL for pair in _usual(folder / name)]


def _usual(path: Path) -> Pairs:
    try:
        if not tls.is_private(path):
            return ()
        return asyncssh.load_keypairs(path, ignore_encrypted=True)
    except (OSError, ValueError):
        return ()  # missing, or in a form we cannot read: another may do


def _chosen(file: str, passphrase: str | None) -> Pairs:
    path = Path(file).expanduser()
    try:
        text = path.read_bytes()
        is_private = tls.is_private(path)
    except OSError as exc:
        raise words.key_unreadable(str(path), exc.strerror or "") from exc
    if not is_private:
        raise words.key_open(str(path))
    try:
        return asyncssh.load_keypairs(path, passphrase or None)
    except asyncssh.KeyEncryptionError as exc:
        raise words.key_locked(has_passphrase=True) from exc
    except (asyncssh.KeyImportError, OSError, ValueError) as exc:
        if not passphrase and _is_locked(text):
            raise words.key_locked(has_passphrase=False) from exc
        raise words.key_invalid(str(path), str(exc)) from exc


def _is_locked(text: bytes) -> bool:
    """Say whether a key would open with some passphrase: any other one is told to be wrong."""
    try:
        asyncssh.import_private_key(text, "no key is locked with this")
    except asyncssh.KeyEncryptionError:
        return True
    except (asyncssh.KeyImportError, ValueError):
        return False
    return False
