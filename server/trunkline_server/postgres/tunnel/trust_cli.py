"""The verb ``trunkline-server trust-ssh``: show, accept or forget the keys of SSH servers."""

from __future__ import annotations

import asyncio
import sys
from argparse import Namespace

from trunkline_server import subjects
from trunkline_server.errors import fail
from trunkline_server.subjects import Subject

_UNKNOWN = 1  # the exit code when a server is still to be trusted


def run(options: Namespace) -> int:
    """Do what the options ask and return the exit code; nothing is ever asked.

    ``options`` has ``profile`` (a name, an id, or ``-`` for the first input line) and may have
    ``fingerprint`` and ``forget``. Without them the unknown server is shown only, and 1 returned.

    Raises:
        TrunklineError: ``usage.*``, ``profile.*``, ``secrets.*`` or ``ssh.*``.
    """
    subject = _subject(options.profile)
    if not subject.profile.ssh_host:
        title = f"“{subject.profile.name}” is reached without SSH."
        raise fail("usage.no_ssh", title, "Give it an SSH host first: trunkline edit --ssh-host")
    if options.forget and options.fingerprint:
        hint = "Leave out one of them."
        raise fail("usage.both", "--forget and --fingerprint were both given.", hint)
    if options.forget:
        return _forget(subject)
    return asyncio.run(_trust(subject, options.fingerprint or ""))


def _subject(profile: object) -> Subject:
    name = str((profile[0] if isinstance(profile, list | tuple) and profile else profile) or "")
    if name == "-":
        return subjects.from_first_line(sys.stdin.buffer.readline(), is_form=True)
    if not name:
        raise fail("usage.nothing", "No database was named.", "Name one with --profile.")
    return subjects.saved(name)


def _forget(subject: Subject) -> int:
    from trunkline_server.postgres import tunnel  # asyncssh, once the options are right

    gone = tunnel.forget(subject.profile)
    _write(f"Forgot the key of {', '.join(gone)}." if gone else "Nothing was accepted before.")
    return 0


async def _trust(subject: Subject, fingerprint: str) -> int:
    from trunkline_server.postgres import tunnel  # asyncssh, once the options are right

    profile, secret = subject.profile, subject.ssh()
    if fingerprint:
        accepted = await tunnel.accept(profile, fingerprint, secret)
        if accepted:
            _write(f"From now on {accepted.host}, port {accepted.port}, is known by this key.")
    found = await tunnel.stranger(profile, secret)
    if found is None:
        _write("Every SSH server on the way is known.")
        return 0
    _write(f"{found.host}, port {found.port}, is not known yet. Its key is:")
    _write(f"  {found.algorithm} {found.fingerprint}")
    _write("When its administrator confirms that, give it with --fingerprint.")
    return _UNKNOWN


def _write(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()
