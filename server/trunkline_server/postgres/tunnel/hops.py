"""Which SSH servers are passed, in order. Pure: opens nothing."""

from __future__ import annotations

import getpass
from dataclasses import dataclass

from trunkline_server.profiles.profile import Profile

SSH_PORT = 22


@dataclass(frozen=True, slots=True, kw_only=True)
class Hop:
    """One SSH server on the way.

    Attributes:
        host: name or address, without brackets.
        port: TCP port.
        user: the login there.
        is_last: the one the database is reached from; only it is ever given the password.
    """

    host: str
    port: int
    user: str
    is_last: bool = False

    @property
    def place(self) -> str:
        """The name of this server in a file of known hosts."""
        host = self.host.lower()
        return host if self.port == SSH_PORT else f"[{host}]:{self.port}"


def hops_of(profile: Profile) -> tuple[Hop, ...]:
    """Return the SSH servers of ``profile``, the one next to the database last."""
    user = profile.ssh_user or getpass.getuser()
    jumps = tuple(_jump(text, user) for text in profile.ssh_jump)
    return (*jumps, Hop(host=profile.ssh_host, port=profile.ssh_port, user=user, is_last=True))


def _jump(text: str, user: str) -> Hop:
    name, at, place = text.rpartition("@")
    host, colon, port = place.rpartition(":")
    if not colon or place.endswith("]"):
        host, port = place, ""
    return Hop(
        host=host.removeprefix("[").removesuffix("]"),
        port=int(port or SSH_PORT),
        user=name if at else user,
    )
