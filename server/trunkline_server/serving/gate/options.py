"""The gate as the command line describes it: options and environment → ``Rules``."""

from __future__ import annotations

import argparse
import os
from collections.abc import Callable, Mapping
from pathlib import Path
from urllib.parse import urlsplit

from trunkline_server import folders
from trunkline_server.errors import TrunklineError, fail
from trunkline_server.serving import named_tokens, ports, tokens
from trunkline_server.serving.gate import certificate, rates
from trunkline_server.serving.gate.addresses import Networks, networks
from trunkline_server.serving.gate.bearer import Token, token_of
from trunkline_server.serving.gate.jwt import Issuer
from trunkline_server.serving.gate.rules import Rules
from trunkline_server.serving.gate.sizes import Sizes

PER_ADDRESS = 50  # of the connections, where other computers can connect
ADDRESS_RATE = "1200/minute"  # there too: thirty people and their busy AI apps behind one address

_NO_RATE = ("none", "0")
_SMALLEST_HEADER, _SMALLEST_BODY = 1024, 1024


def of(
    options: argparse.Namespace,
    *,
    kept: Callable[[], Mapping[str, str]],
    tell: Callable[[str], None],
) -> Rules:
    """Return the rules of a run over HTTP or SSE.

    ``kept`` returns the tokens that served profiles keep, by profile id; it is asked only when no
    other token was given, since it may wait for the keyring. ``tell`` gets sentences for people,
    such as the token made for this run when there is none.

    Raises:
        TrunklineError: ``usage.*``, ``token.*``, ``secrets.*``, ``endpoint.*``, ``run.remote``.
    """
    trusted = _networks(options.trusted_proxy, "--trusted-proxy")
    is_local = ports.is_loopback(options.host)
    files = _files(options)
    if not is_local:
        _require_safe(options.host, files is not None, bool(trusted), options.allow_remote)
    issuer, file = _issuer(options), Path(options.token_file) if options.token_file else None
    return Rules(
        token_file=file,
        named=folders.config() / named_tokens.FILE,
        issuer=issuer,
        allow=_networks(options.allow_ip, "--allow-ip"),
        trusted=trusted,
        is_proxied_only=not (is_local or files or options.allow_remote),
        address_rate=_rate(options.address_rate_limit, "" if is_local else ADDRESS_RATE),
        token_rate=_rate(options.rate_limit, ""),
        storage=_storage(options.rate_storage),
        sizes=_sizes(options, trusted, is_local=is_local),
        tls=files,
        tokens=_tokens(file, issuer, kept, tell),
    )


def _tokens(
    file: Path | None,
    issuer: Issuer | None,
    kept: Callable[[], Mapping[str, str]],
    tell: Callable[[str], None],
) -> tuple[Token, ...]:
    """Return the tokens that hold for the whole run; those of files are read while serving."""
    if file is not None:
        tokens.read(file)  # told now, not at the first question
        return ()
    if given := os.environ.get("TRUNKLINE_TOKEN"):
        return (token_of(tokens.checked(given), "environment"),)
    if issuer is not None:
        return ()
    if found := kept():
        return tuple(
            token_of(tokens.checked(text), name, frozenset({name})) for name, text in found.items()
        )
    if _has_named():
        return ()
    fresh = tokens.new()
    tell(f"Clients must send this token, made for this run only: {fresh}")
    return (token_of(fresh, "this run"),)


def _has_named() -> bool:
    return bool(named_tokens.NamedTokens().load())


def _networks(text: str, option: str) -> Networks:
    try:
        return networks(text or "")
    except ValueError as exc:
        title = f"“{exc.args[0]}” is neither an address nor a network."
        raise fail("usage.networks", title, f"Write {option} as in 10.0.0.0/8,fd00::/8.") from exc


def _require_safe(host: str, has_tls: bool, has_proxy: bool, is_meant: bool) -> None:
    """Refuse to send tokens and rows in the clear to other computers, unless it is meant."""
    if not (has_tls or has_proxy or is_meant):
        raise fail(
            "run.remote",
            f"Listening on {host} would let other computers ask this database, unencrypted.",
            "Use 127.0.0.1; or encrypt with --tls-cert and --tls-key; or name the proxy that does "
            "with --trusted-proxy; or add --allow-remote if you know what you are doing.",
        )


def _files(options: argparse.Namespace) -> certificate.Files | None:
    if not options.tls_cert and not options.tls_key:
        return None
    if not options.tls_cert or not options.tls_key:
        title = "A certificate and its key belong together."
        raise fail("usage.tls", title, "Give both --tls-cert and --tls-key.")
    files = certificate.Files(Path(options.tls_cert), Path(options.tls_key))
    certificate.context_of(files)  # told now, not at the first connection
    return files


def _issuer(options: argparse.Namespace) -> Issuer | None:
    given = (options.jwt_issuer, options.jwt_audience, options.jwt_jwks)
    if not any(given):
        return None
    if not all(given):
        title = "Signed tokens need an issuer, an audience and its keys."
        raise fail("usage.jwt", title, "Give --jwt-issuer, --jwt-audience and --jwt-jwks.")
    _require_safe_jwks(options.jwt_jwks)
    return Issuer(issuer=options.jwt_issuer, audience=options.jwt_audience, jwks=options.jwt_jwks)


def _require_safe_jwks(place: str) -> None:
    if place.startswith("http:") and not ports.is_loopback(urlsplit(place).hostname or ""):
        title = "The issuer's keys would be fetched unencrypted, and anybody could replace them."
        raise fail("usage.jwks", title, "Give --jwt-jwks an https address, or a file.")
    if not place.startswith(("http:", "https:")):
        from trunkline_server.serving.gate.jwks import keys_of

        try:
            keys = keys_of(Path(place).read_bytes())
        except (OSError, ValueError) as exc:
            title = "The file of the issuer's keys cannot be read."
            raise fail("usage.jwks", title, "See --jwt-jwks; it is a JWKS document.") from exc
        if not keys:
            title = "The file of the issuer's keys holds no public key to check signatures with."
            raise fail("usage.jwks", title, "RSA, EC and Ed25519 keys will do.")


def _rate(text: str, otherwise: str) -> str:
    if text.strip().lower() in _NO_RATE:
        return ""
    if text:
        rates.parsed(text)
    return text or otherwise


def _storage(url: str | None) -> str:
    found = url or "memory://"
    rates.check_store(found)
    return found


def _sizes(options: argparse.Namespace, trusted: Networks, *, is_local: bool) -> Sizes:
    usual = Sizes()
    places = _at_least(options.max_connections, usual.connections, 1, "--max-connections")
    seconds = options.header_timeout
    if seconds is not None and not 0 < seconds <= 3600:
        raise _too_small("--header-timeout", "more than 0 and at most 3600 seconds")
    return Sizes(
        header=_at_least(options.max_header, usual.header, _SMALLEST_HEADER, "--max-header"),
        body=_at_least(options.max_body, usual.body, _SMALLEST_BODY, "--max-body"),
        header_s=usual.header_s if seconds is None else seconds,
        body_s=usual.body_s if seconds is None else max(usual.body_s, seconds),
        connections=places,
        per_address=places if is_local else min(places, PER_ADDRESS),
        proxies=trusted,
    )


def _at_least(given: int | None, usual: int, least: int, option: str) -> int:
    if given is not None and given < least:
        raise _too_small(option, f"at least {least}")
    return usual if given is None else given


def _too_small(option: str, wanted: str) -> TrunklineError:
    return fail("usage.sizes", f"{option} is {wanted}.", "Leave it out for the usual value.")
