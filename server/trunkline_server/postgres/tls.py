"""From a profile's encryption fields to an ``ssl.SSLContext``, with libpq's meaning of sslmode."""

from __future__ import annotations

import os
import ssl
import stat
import sys
from pathlib import Path

from trunkline_server.errors import TrunklineError, fail
from trunkline_server.profiles.profile import Profile

VERIFIED_MODES = ("verify-ca", "verify-full")
REQUIRED_MODES = ("require", *VERIFIED_MODES)


def context_for(profile: Profile) -> ssl.SSLContext | None:
    """Return how to encrypt, or ``None`` for ``disable`` and for a Unix socket.

    For ``allow`` and ``prefer`` it says how to encrypt if the two sides agree to; whether they do
    is the caller's business. An empty ``sslrootcert`` (or libpq's word ``system``) means the
    system's authorities. ``require`` checks the chain only when ``sslrootcert`` names a file.

    Raises:
        TrunklineError: ``tls.root_missing``, ``tls.root_invalid``, ``tls.cert_missing``,
            ``tls.cert_invalid``, ``tls.key_missing``, ``tls.key_open``, ``tls.key_encrypted`` or
            ``tls.key_mismatch``.
    """
    if profile.is_socket or profile.sslmode == "disable":
        return None
    context = _trusting(profile)
    if profile.sslcert:
        _load_client_certificate(context, profile)
    return context


def _trusting(profile: Profile) -> ssl.SSLContext:
    root = _own_root(profile)
    is_checked = profile.sslmode in VERIFIED_MODES or (profile.sslmode == "require" and bool(root))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.check_hostname = profile.sslmode == "verify-full"
    context.verify_mode = ssl.CERT_REQUIRED if is_checked else ssl.CERT_NONE
    if is_checked:
        _load_roots(context, root)
    return context


def _own_root(profile: Profile) -> Path | None:
    path = profile.sslrootcert
    return None if path in {"", "system"} else Path(path).expanduser()


def _load_roots(context: ssl.SSLContext, root: Path | None) -> None:
    if root is None:
        # Also finds the store of Windows; on macOS and Linux, that of OpenSSL.
        context.load_default_certs(ssl.Purpose.SERVER_AUTH)
        return
    _readable(root, "tls.root_missing", "the certificate authority")
    try:
        context.load_verify_locations(cafile=root)
    except (ssl.SSLError, ValueError) as exc:
        raise fail(
            "tls.root_invalid",
            "The file of the certificate authority holds no certificate.",
            f"Choose a PEM file instead of {root}.",
            str(exc),
        ) from exc


def _load_client_certificate(context: ssl.SSLContext, profile: Profile) -> None:
    cert, key = Path(profile.sslcert).expanduser(), Path(profile.sslkey).expanduser()
    _readable(cert, "tls.cert_missing", "your certificate")
    _readable(key, "tls.key_missing", "your certificate's key")
    _private(key)
    try:
        context.load_cert_chain(cert, key, password=_no_password)
    except ssl.SSLError as exc:
        raise _pair_failure(exc, cert, key) from exc


def _readable(path: Path, code: str, what: str) -> None:
    try:
        with path.open("rb"):
            return
    except OSError as exc:
        raise fail(
            code,
            f"The file with {what} cannot be read.",
            f"Check that {path} exists and that you may read it.",
            str(exc),
        ) from exc


def is_private(key: Path) -> bool:
    """Say whether nobody else can read ``key``, by libpq's rule: 0600, or 0640 when it is root's.

    Raises:
        OSError: it cannot be found.
    """
    if sys.platform == "win32":
        return True
    found = key.stat()
    is_roots = found.st_uid == 0 and os.geteuid() != 0
    open_bits = stat.S_IRWXO | (stat.S_IWGRP | stat.S_IXGRP if is_roots else stat.S_IRWXG)
    return not found.st_mode & open_bits


def _private(key: Path) -> None:
    if not is_private(key):
        raise fail(
            "tls.key_open",
            "Other users of this computer can read the key of your certificate.",
            f"Run: chmod 600 {key}",
        )


def _no_password() -> str:
    # Without it OpenSSL would ask on the terminal, which hangs a program without one.
    raise fail(
        "tls.key_encrypted",
        "The key of your certificate is locked with a pass phrase.",
        "Save an unlocked copy of it that only you can read, and choose that file.",
    )


def _pair_failure(exc: ssl.SSLError, cert: Path, key: Path) -> TrunklineError:
    if exc.reason == "KEY_VALUES_MISMATCH":
        return fail(
            "tls.key_mismatch",
            "The key does not belong to your certificate.",
            f"Choose the key that was made together with {cert}.",
            str(exc),
        )
    return fail(
        "tls.cert_invalid",
        "Your certificate or its key is not in a form Trunkline can read.",
        f"Choose PEM files instead of {cert} and {key}.",
        str(exc),
    )
