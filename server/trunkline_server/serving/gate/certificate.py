"""The endpoint's own certificate: checked in plain words, taken anew when its files change."""

from __future__ import annotations

import datetime as dt
import logging
import ssl
import stat
import sys
from dataclasses import dataclass
from pathlib import Path

from trunkline_server.errors import TrunklineError, fail

_LOG = logging.getLogger("trunkline.gate")
_ROOT = 0

Mark = tuple[tuple[int, int, int], ...]


@dataclass(frozen=True, slots=True)
class Files:
    """The PEM files of the endpoint's certificate chain and its private key."""

    cert: Path
    key: Path


class Certificate:
    """The endpoint's TLS context, made anew when its files changed.

    A renewed pair that does not work (half written, expired, not belonging together) is told in
    the log, and the one before goes on.
    """

    def __init__(self, files: Files) -> None:
        self._files = files
        self._mark = _mark(files)
        self._context = context_of(files)

    def context(self) -> ssl.SSLContext:
        """Return the context for a connection that begins now."""
        mark = _mark(self._files)
        if mark != self._mark:
            self._mark = mark
            try:
                self._context = context_of(self._files)
            except TrunklineError as exc:
                _LOG.warning("The certificate in use stays. %s", exc.failure.title)
        return self._context


def context_of(files: Files) -> ssl.SSLContext:
    """Return a server's TLS context, 1.2 or newer.

    Raises:
        TrunklineError: ``endpoint.cert``, ``endpoint.key``, ``endpoint.key_open``,
            ``endpoint.mismatch`` or ``endpoint.expired``.
    """
    _require_valid(_read(files.cert, "cert", "certificate", "--tls-cert"))
    _read(files.key, "key", "private key", "--tls-key")
    _require_closed(files.key)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.set_alpn_protocols(["http/1.1"])
    try:
        context.load_cert_chain(files.cert, files.key, password=_no_passphrase)
    except TrunklineError:
        raise
    except (ssl.SSLError, ValueError) as exc:
        raise _not_loaded(exc) from exc
    return context


def _no_passphrase() -> str:
    """Refuse, where OpenSSL would ask on a terminal nobody watches."""
    title = "The endpoint's private key is locked with a passphrase."
    hint = "Unlock it: openssl pkey -in key.pem -out unlocked.pem"
    raise fail("endpoint.key", title, hint)


def _not_loaded(exc: Exception) -> TrunklineError:
    if getattr(exc, "reason", "") in ("KEY_VALUES_MISMATCH", "KEY_TYPE_MISMATCH"):
        title = "The endpoint's certificate and its private key do not belong together."
        return fail("endpoint.mismatch", title, "Give the key the certificate was made with.")
    title = "The endpoint's private key cannot be used."
    return fail("endpoint.key", title, "See --tls-key; it is a PEM file.", str(exc))


def _read(path: Path, code: str, what: str, option: str) -> bytes:
    try:
        return path.read_bytes()
    except OSError as exc:
        why = (exc.strerror or "the system refused it").lower()
        title = f"The endpoint's {what} cannot be read: {why}."
        raise fail(f"endpoint.{code}", title, f"Check the path in {option}.") from exc


def _require_valid(content: bytes) -> None:
    from cryptography import x509  # not at the top: only TLS at the endpoint needs it

    try:
        found = x509.load_pem_x509_certificates(content)[0]
    except (ValueError, IndexError) as exc:
        title = "The endpoint's certificate is not one."
        raise fail("endpoint.cert", title, "See --tls-cert; it is a PEM file.") from exc
    now = dt.datetime.now(dt.UTC)
    if now > found.not_valid_after_utc:
        when = found.not_valid_after_utc.strftime("%Y-%m-%d")
        title = f"The endpoint's certificate expired on {when}."
        raise fail("endpoint.expired", title, "Renew it; the server takes the new one by itself.")
    if now < found.not_valid_before_utc:
        when = found.not_valid_before_utc.strftime("%Y-%m-%d %H:%M UTC")
        title = f"The endpoint's certificate is not valid before {when}."
        raise fail("endpoint.expired", title, "Check this computer's clock.")


def _require_closed(key: Path) -> None:
    """Refuse a key that other users can read, by PostgreSQL's own rule for its key."""
    if sys.platform == "win32":
        return
    found = key.stat()
    of_group = stat.S_IWGRP | stat.S_IXGRP if found.st_uid == _ROOT else stat.S_IRWXG
    if found.st_mode & (stat.S_IRWXO | of_group):
        title = "Other users of this computer can read the endpoint's private key."
        raise fail("endpoint.key_open", title, "Close it: chmod 600 (or 640 when root owns it).")


def _mark(files: Files) -> Mark:
    try:
        found = [path.stat() for path in (files.cert, files.key)]
    except OSError:
        return ()
    return tuple((f.st_mtime_ns, f.st_size, f.st_ino) for f in found)
