"""Why an SSH tunnel could not be opened, in words a person can act on. Pure: opens nothing."""

from __future__ import annotations

import errno
import shlex
import socket
from collections.abc import Iterable

from trunkline_server.errors import Failure, TrunklineError


class SshError(TrunklineError, ConnectionError):
    """A failure of the tunnel; a ``ConnectionError`` too, so that the next host is tried."""

    def __init__(self, failure: Failure) -> None:
        super().__init__(failure)


def _error(code: str, title: str, hint: str, detail: str = "") -> SshError:
    return SshError(Failure(code=f"ssh.{code}", title=title, hint=hint, detail=detail[:2000]))


_METHODS = {
    "publickey": "a key",
    "password": "a password",
    "keyboard-interactive": "a password it asks for",
}
_NO_WAY = (errno.ENETUNREACH, errno.EHOSTUNREACH, errno.EADDRNOTAVAIL)


def resolving(exc: Exception, host: str) -> SshError:
    """Return why the name of an SSH server has no address."""
    if isinstance(exc, TimeoutError) or getattr(exc, "errno", 0) == socket.EAI_AGAIN:
        return _error(
            "resolve_temporary",
            f"The name of the SSH server “{host}” could not be looked up just now.",
            "Check that this computer is online, then try again.",
            str(exc),
        )
    return _error(
        "resolve",
        f"No SSH server has the name “{host}”.",
        "Check the spelling, or whether you need the company network.",
        str(exc),
    )


def reaching(exc: Exception, host: str, port: int) -> SshError:
    """Return why no connection to an SSH server came about."""
    if isinstance(exc, ConnectionRefusedError):
        return _error(
            "refused",
            f"No SSH server is listening on {host}, port {port}.",
            "Check the SSH port, usually 22, and that the server is running.",
            str(exc),
        )
    if isinstance(exc, OSError) and exc.errno in _NO_WAY:
        return _error(
            "no_route",
            f"This computer has no way to the SSH server {host}.",
            "Connect to the network or VPN the server is in.",
            str(exc),
        )
    return _error(
        "filtered",
        f"Nothing answers at the SSH server {host}, port {port}.",
        "A firewall may block this computer; ask your administrator to allow it.",
        str(exc),
    )


def beyond(exc: Exception, host: str, port: int, before: str) -> SshError:
    """Return why the SSH server ``before`` could not pass us on to the next one."""
    return _error(
        "jump",
        f"The SSH server {before} cannot reach the next one, {host}, port {port}.",
        "Check the name and port of the next one, and that passing on is allowed there.",
        str(exc),
    )


def not_ssh(host: str, port: int, detail: str) -> SshError:
    """Return the failure of a program that does not speak SSH, or hangs up before it does."""
    return _error(
        "not_ssh",
        f"No SSH server answers at port {port} of {host}.",
        "Check the SSH port, usually 22; the server may also refuse this computer's address.",
        detail,
    )


def slow(host: str) -> SshError:
    """Return the failure of an SSH server that was reached but did not finish."""
    return _error(
        "slow",
        f"The SSH server {host} was reached but did not finish the login in time.",
        "Try again; if it stays so, allow more time to connect.",
    )


def too_old(host: str, detail: str) -> SshError:
    """Return the failure of two sides without a common method of encryption."""
    return _error(
        "too_old",
        f"The SSH server {host} only offers outdated encryption.",
        "Ask its administrator to update it.",
        detail,
    )


def closed(host: str, detail: str) -> SshError:
    """Return the failure of an SSH server that hung up."""
    return _error(
        "closed",
        f"The SSH server {host} hung up.",
        "Try again; if it stays so, show the details to its administrator.",
        detail,
    )


def unknown_key(host: str, port: int, key: str, fingerprint: str, profile: str) -> Failure:
    """Return the failure of an SSH server nobody has vouched for yet."""
    command = f"trunkline-server trust-ssh --profile {shlex.quote(profile)}"
    run = f"run: {command} --fingerprint {fingerprint}" if profile else "save this and accept it."
    return Failure(
        code="ssh.key_unknown",
        title=f"The SSH server “{host}” is not known on this computer yet.",
        hint=f"Its key is {fingerprint}. When its administrator confirms that, {run}",
        detail=f"{host} port {port} {key} {fingerprint}",
    )


def changed_key(host: str, port: int, key: str, fingerprint: str) -> SshError:
    """Return the refusal of an SSH server whose key is not the known one."""
    return _error(
        "key_changed",
        f"The SSH server “{host}” has a different key than before; somebody may be in between.",
        f"Ask its administrator whether its key is now {fingerprint}. Only then delete the former"
        " one: ssh-keygen -R, or trunkline-server trust-ssh with --forget.",
        f"{host} port {port} {key} {fingerprint}",
    )


def revoked_key(host: str) -> SshError:
    """Return the refusal of a key that is known to be stolen or given up."""
    return _error(
        "key_revoked",
        f"The SSH server “{host}” shows a key that was revoked; somebody may be in between.",
        "Do not connect. Ask its administrator.",
    )


def bad_certificate(host: str, detail: str) -> SshError:
    """Return the refusal of a host certificate that does not fit."""
    return _error(
        "certificate",
        f"The SSH server “{host}” shows a certificate that is not valid for it.",
        "Ask its administrator for a new one, and check the date of this computer.",
        detail,
    )


def wrong_fingerprint(host: str, shown: str) -> SshError:
    """Return the refusal to trust another key than the one the server shows."""
    return _error(
        "fingerprint",
        f"The SSH server “{host}” shows another key than the one you confirm.",
        f"It shows {shown}. Compare it with what its administrator told you.",
    )


def login(host: str, user: str, methods: Iterable[str], detail: str) -> SshError:
    """Return the refusal of a login, with what the server would accept."""
    accepted = " or ".join(dict.fromkeys(_METHODS.get(m, m) for m in methods))
    hint = f"It accepts {accepted}. " if accepted else ""
    return _error(
        "login",
        f"The SSH server “{host}” refused the login “{user}”.",
        f"{hint}Check the SSH user, and that its administrator knows your key.",
        detail,
    )


def password_missing(host: str, user: str) -> SshError:
    """Return the failure of a server that asks for the password we do not have."""
    return _error(
        "password_missing",
        f"The SSH server “{host}” wants a password of “{user}” and none is saved.",
        "Save the SSH password, then try again.",
    )


def no_key(host: str, *, has_agent: bool) -> SshError:
    """Return the failure of a server that asks for a key we do not have."""
    if has_agent:
        title = f"The SSH server “{host}” wants a key, and your agent offers none."
        return _error("no_key", title, "Add one with ssh-add, or choose the file of your key.")
    title = f"The SSH server “{host}” wants a key, and no agent is running."
    hint = "Choose the file of your key, or start an agent where this program sees it."
    return _error("no_agent", title, hint)


def key_unreadable(path: str, detail: str) -> SshError:
    """Return the failure of a key's file that cannot be read."""
    return _error(
        "key_unreadable",
        "The file with your SSH key cannot be read.",
        f"Check that {path} exists and that you may read it.",
        detail,
    )


def key_invalid(path: str, detail: str) -> SshError:
    """Return the failure of a file that holds no key."""
    return _error(
        "key_invalid",
        "The file of your SSH key holds no private key that Trunkline can read.",
        f"Choose an OpenSSH or PEM key instead of {path}.",
        detail,
    )


def key_open(path: str) -> SshError:
    """Return the refusal of a key that others can read."""
    return _error(
        "key_open",
        "Other users of this computer can read your SSH key.",
        f"Run: chmod 600 {shlex.quote(path)}",
    )


def key_locked(*, has_passphrase: bool) -> SshError:
    """Return the failure of a key that needs another passphrase, or one at all."""
    if has_passphrase:
        title = "The passphrase of your SSH key is not right."
        return _error("key_passphrase", title, "Type it again; upper and lower case count.")
    title = "Your SSH key is locked with a passphrase and none is saved."
    return _error("key_locked", title, "Save its passphrase, or leave the key to your agent.")


def forbidden(ssh_host: str, detail: str) -> SshError:
    """Return the failure of an SSH server that lets us in but passes nothing on."""
    return _error(
        "forbidden",
        f"The SSH server “{ssh_host}” forbids passing connections on.",
        "Ask its administrator to allow it for this login: AllowTcpForwarding and PermitOpen.",
        detail,
    )


def target(ssh_host: str, host: str, port: int, detail: str) -> SshError:
    """Return the failure of a database that the SSH server cannot reach."""
    return _error(
        "target",
        f"The SSH server “{ssh_host}” cannot reach {host}, port {port}.",
        f"Enter the database's host and port as {ssh_host} sees them; there it may be localhost.",
        detail,
    )


def target_slow(ssh_host: str, host: str, port: int) -> SshError:
    """Return the failure of a database that does not answer the SSH server."""
    return _error(
        "target_filtered",
        f"Nothing answers the SSH server “{ssh_host}” at {host}, port {port}.",
        "A firewall may stand between them; ask the administrator.",
    )


def switched_off() -> SshError:
    """Return the failure of a tunnel that was closed meanwhile."""
    return _error("closed", "The SSH tunnel was closed.", "Switch the database on again.")
