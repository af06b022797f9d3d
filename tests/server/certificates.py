"""Certificates made on the spot: authorities, servers and clients, right and wrong ones."""

from __future__ import annotations

import datetime as dt
import ipaddress
import ssl
from dataclasses import dataclass
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

DAY = dt.timedelta(days=1)


@dataclass(frozen=True)
class Pair:
    """A certificate and its key, in memory and as PEM files."""

    cert: Path
    key: Path
    certificate: x509.Certificate
    private: ec.EllipticCurvePrivateKey


def make(
    folder: Path,
    name: str,
    *,
    file: str = "",
    by: Pair | None = None,
    is_authority: bool = False,
    starts: dt.timedelta = -DAY,
    ends: dt.timedelta = DAY,
) -> Pair:
    """Write ``file.crt`` and ``file.key`` (or of ``name``); signed by itself unless ``by``."""
    file = file or name
    private = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = dt.datetime.now(dt.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(by.certificate.subject if by else subject)
        .public_key(private.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now + starts)
        .not_valid_after(now + ends)
        .add_extension(x509.BasicConstraints(ca=is_authority, path_length=None), critical=True)
        .add_extension(x509.SubjectAlternativeName([_alternative(name)]), critical=False)
        .sign(by.private if by else private, hashes.SHA256())
    )
    pair = Pair(folder / f"{file}.crt", folder / f"{file}.key", certificate, private)
    pair.cert.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    write_key(pair.key, private)
    return pair


def write_key(path: Path, key: ec.EllipticCurvePrivateKey, passphrase: bytes | None = None) -> Path:
    """Write ``key`` so that only its owner can read it."""
    lock: serialization.KeySerializationEncryption = serialization.NoEncryption()
    if passphrase:
        lock = serialization.BestAvailableEncryption(passphrase)
    form = serialization.PrivateFormat.PKCS8
    path.write_bytes(key.private_bytes(serialization.Encoding.PEM, form, lock))
    path.chmod(0o600)
    return path


def serving(pair: Pair, *, clients_of: Pair | None = None) -> ssl.SSLContext:
    """Return the server's side; with ``clients_of`` it insists on a client's certificate."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pair.cert, pair.key)
    if clients_of:
        context.load_verify_locations(cafile=clients_of.cert)
        context.verify_mode = ssl.CERT_REQUIRED
    return context


def _alternative(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.DNSName(name)
