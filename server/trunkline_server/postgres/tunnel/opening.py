"""Opening one SSH server after the other: reach it, know its key, log in."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import asyncssh
from asyncssh.public_key import get_default_certificate_algs, get_default_public_key_algs

from trunkline_server.errors import Failure
from trunkline_server.postgres.check import probe
from trunkline_server.postgres.tunnel import keys, words
from trunkline_server.postgres.tunnel.hops import Hop, hops_of
from trunkline_server.postgres.tunnel.known import Known, known
from trunkline_server.postgres.tunnel.visitor import Visitor
from trunkline_server.profiles.profile import Profile

KEEPALIVE_S = 15.0
KEEPALIVES = 3  # unanswered ones after which the connection counts as dropped

Chain = list[asyncssh.SSHClientConnection]


class StrangerError(words.SshError):
    """``ssh.key_unknown``, with the key that was shown."""

    def __init__(self, failure: Failure, hop: Hop, key: asyncssh.SSHKey) -> None:
        super().__init__(failure)
        self.hop = hop
        self.key = key


async def opened(profile: Profile, secret: str | None) -> Chain:
    """Return connections to every SSH server on the way, logged in, the last one last.

    Takes at most ``connect_timeout`` seconds.

    Raises:
        SshError: why not; ``StrangerError`` for a server nobody has vouched for.
    """
    chain: Chain = []
    loop = asyncio.get_running_loop()
    deadline = loop.time() + profile.connect_timeout
    try:
        async with keys.offered(profile, secret) as pairs:
            for hop in hops_of(profile):
                before = chain[-1] if chain else None
                sock = None if before else await _socket(hop, deadline - loop.time())
                # The password is the last server's own: those on the way never see it.
                password = secret if hop.is_last and not profile.ssh_key else None
                attempt = _Attempt(
                    profile=profile,
                    hop=hop,
                    known=known(hop),
                    visitor=Visitor(password),
                    pairs=pairs,
                )
                chain.append(await attempt.connected(sock, before, deadline - loop.time()))
    except BaseException:
        await closed(chain)
        raise
    return chain


async def closed(chain: Chain) -> None:
    """Hang up, the last server first."""
    for connection in reversed(chain):
        connection.abort()
    for connection in reversed(chain):
        await connection.wait_closed()


async def _socket(hop: Hop, left_s: float) -> socket.socket:
    """Return a connection to ``hop``; every address gets its share of the time."""
    try:
        places = await probe.resolve(hop.host, hop.port, timeout_s=left_s)
    except (OSError, UnicodeError) as exc:
        raise words.resolving(exc, hop.host) from exc
    failure: Exception = OSError()
    for place in places:
        try:
            return await _dialled(place, left_s / len(places))
        except OSError as exc:
            failure = exc
    raise words.reaching(failure, hop.host, hop.port) from failure


async def _dialled(place: probe.Place, timeout_s: float) -> socket.socket:
    family = socket.AF_INET6 if ":" in place.address else socket.AF_INET
    sock = socket.socket(family, socket.SOCK_STREAM)
    try:
        sock.setblocking(False)
        async with asyncio.timeout(timeout_s):
            await asyncio.get_running_loop().sock_connect(sock, (place.address, place.port))
    except BaseException:
        sock.close()
        raise
    return sock


@dataclass(frozen=True, kw_only=True)
class _Attempt:
    """One login at one SSH server."""

    profile: Profile
    hop: Hop
    known: Known
    visitor: Visitor
    pairs: Sequence[asyncssh.SSHKeyPair]

    async def connected(
        self,
        sock: socket.socket | None,
        before: asyncssh.SSHClientConnection | None,
        left_s: float,
    ) -> asyncssh.SSHClientConnection:
        """Return the connection, over ``sock`` or through the SSH server ``before``."""
        way: dict[str, Any] = {"sock": sock} if sock else {"tunnel": before}
        try:
            async with asyncio.timeout(max(left_s, 0)):
                return await asyncssh.connect(
                    self.hop.host, self.hop.port, **way, **self._settings()
                )
        except (asyncssh.Error, OSError, ValueError) as exc:
            if before and not self.visitor.connection:
                there = str(before.get_extra_info("host"))
                raise words.beyond(exc, self.hop.host, self.hop.port, there) from exc
            raise self._why(exc) from exc
        finally:
            if sock and not self.visitor.connection:
                sock.close()

    def _settings(self) -> dict[str, Any]:
        """Return every option, so that none is filled in from the person's files."""
        known = (self.known.keys, self.known.authorities, self.known.revoked)
        return {
            "config": None,
            "client_factory": lambda: self.visitor,
            "known_hosts": lambda *_: known,
            "server_host_key_algs": _algorithms(self.known),
            "x509_trusted_certs": None,
            "username": self.hop.user,
            "client_keys": list(self.pairs) or None,
            "agent_path": None,
            # On Windows it would find the agent all the same: of that, the same keys only.
            "agent_identities": [pair.public_data for pair in self.pairs] or None,
            "host_based_auth": False,
            "gss_host": None,
            "keepalive_interval": KEEPALIVE_S,
            "keepalive_count_max": KEEPALIVES,
            "utf8_decode_errors": "replace",
        }

    def _why(self, exc: Exception) -> words.SshError:
        if isinstance(exc, asyncssh.HostKeyNotVerifiable):
            return self._why_unverified(str(exc))
        if isinstance(exc, asyncssh.PermissionDenied):
            return self._why_denied(str(exc))
        if not self.visitor.speaks_ssh:
            return words.not_ssh(self.hop.host, self.hop.port, str(exc))
        return self._why_broken(exc)

    def _why_broken(self, exc: Exception) -> words.SshError:
        if isinstance(exc, TimeoutError):
            return words.slow(self.hop.host)
        if isinstance(exc, asyncssh.KeyExchangeFailed):
            return words.too_old(self.hop.host, str(exc))
        if self.visitor.is_logging_in and isinstance(exc, asyncssh.DisconnectError):
            return words.login(self.hop.host, self.hop.user, self.visitor.methods, str(exc))
        return words.closed(self.hop.host, str(exc))

    def _why_unverified(self, detail: str) -> words.SshError:
        hop, shown = self.hop, self.visitor.shown
        if shown is None:
            # A key given up is refused before we are asked; only asyncssh's sentence tells.
            is_revoked = "revoked" in detail
            return words.revoked_key(hop.host) if is_revoked else words.bad_certificate(
                hop.host, detail
            )  # fmt: skip
        told = (hop.host, hop.port, shown.get_algorithm(), shown.get_fingerprint())
        if self.known.keys:
            return words.changed_key(*told)
        return StrangerError(words.unknown_key(*told, self.profile.id), hop, shown)

    def _why_denied(self, detail: str) -> words.SshError:
        hop, methods = self.hop, self.visitor.methods
        if not self.pairs and methods.keys() == {"publickey"}:
            return words.no_key(hop.host, has_agent=keys.agent() is not None)
        if not self.pairs and hop.is_last and not self.visitor.has_secret:
            return words.password_missing(hop.host, hop.user)
        return words.login(hop.host, hop.user, methods, detail)


def _algorithms(found: Known) -> list[str]:
    """Return the kinds of host keys to ask for, the known ones first.

    All kinds are asked for, so that another key is seen and refused as one, not as a server
    without common methods. Certificates only where an authority is known.
    """
    first = [name for key in found.keys for name in key.sig_algorithms]
    certified = get_default_certificate_algs() if found.authorities else []
    every = dict.fromkeys([*certified, *first, *get_default_public_key_algs()])
    return [name.decode() for name in every]
