"""Accepting the key of an SSH server: shown first, kept only when its fingerprint is confirmed."""

from __future__ import annotations

from dataclasses import dataclass

from trunkline_server.errors import fail
from trunkline_server.postgres.tunnel import words
from trunkline_server.postgres.tunnel.hops import hops_of
from trunkline_server.postgres.tunnel.known import pin, unpin
from trunkline_server.postgres.tunnel.opening import StrangerError, closed, opened
from trunkline_server.profiles.profile import Profile

# The server has shown its key and it was the right one: what comes later is another question.
_AFTER_THE_KEY = ("ssh.login", "ssh.password_missing", "ssh.no_key", "ssh.no_agent")


@dataclass(frozen=True, slots=True, kw_only=True)
class Stranger:
    """An SSH server nobody has vouched for.

    Attributes:
        host, port: where it is.
        algorithm: the kind of its key, such as ``ssh-ed25519``.
        fingerprint: of its key, as ``SHA256:…``.
    """

    host: str
    port: int
    algorithm: str
    fingerprint: str


async def stranger(profile: Profile, secret: str | None) -> Stranger | None:
    """Return the first SSH server of ``profile`` that is unknown; ``None`` when all are known.

    Raises:
        SshError: it cannot be asked, or its key is not the known one.
    """
    met = await _meet(profile, secret)
    return _described(met) if met else None


async def accept(profile: Profile, fingerprint: str, secret: str | None = None) -> Stranger | None:
    """Keep the key of the first unknown SSH server and return that; ``None`` when all are known.

    The key is asked for again and must have exactly this fingerprint. A server that is known by
    another key is always refused.

    Raises:
        SshError: ``ssh.fingerprint``, ``ssh.key_changed``, or as :func:`stranger`.
        TrunklineError: ``ssh.pins``: our file could not be written.
    """
    met = await _meet(profile, secret)
    if met is None:
        return None
    shown = _described(met)
    if fingerprint.rstrip("=") != shown.fingerprint:
        raise words.wrong_fingerprint(shown.host, shown.fingerprint)
    try:
        pin(met.hop, met.key)
    except OSError as exc:
        raise _unwritable(exc) from exc
    return shown


def forget(profile: Profile) -> tuple[str, ...]:
    """Forget what was accepted for the SSH servers of ``profile``; return the names forgotten.

    Raises:
        TrunklineError: ``ssh.pins``: our file could not be written.
    """
    try:
        return tuple(hop.place for hop in hops_of(profile) if unpin(hop))
    except OSError as exc:
        raise _unwritable(exc) from exc


async def _meet(profile: Profile, secret: str | None) -> StrangerError | None:
    try:
        await closed(await opened(profile, secret))
    except StrangerError as exc:
        return exc
    except words.SshError as exc:
        if exc.code not in _AFTER_THE_KEY or profile.ssh_jump:
            raise
    return None


def _described(met: StrangerError) -> Stranger:
    return Stranger(
        host=met.hop.host,
        port=met.hop.port,
        algorithm=met.key.get_algorithm(),
        fingerprint=met.key.get_fingerprint(),
    )


def _unwritable(exc: OSError) -> Exception:
    return fail(
        "ssh.pins",
        "The file of trusted SSH servers could not be written.",
        "Check that there is room on the disk and that you may write there.",
        exc.strerror or "",
    )
