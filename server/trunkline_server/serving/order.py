"""What ``trunkline-server run`` is asked to serve: options, environment, keyring → ``Order``."""

from __future__ import annotations

import argparse
import json
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, cast

from trunkline_server import events
from trunkline_server.errors import EXIT_FAILED, EXIT_USAGE, TrunklineError, fail
from trunkline_server.profiles.profile import TRANSPORTS, Profile, Transport, from_json, problems
from trunkline_server.serving import ports, tokens
from trunkline_server.serving.run import Order, Reporter, require_local
from trunkline_server.serving.standard import StandardStreams

_PG = {
    "PGHOST": "host",
    "PGPORT": "port",
    "PGDATABASE": "dbname",
    "PGUSER": "user",
    "PGPASSWORD": "password",
    "PGSSLMODE": "sslmode",
    "PGSSLROOTCERT": "sslrootcert",
    "PGSSLCERT": "sslcert",
    "PGSSLKEY": "sslkey",
    "PGCONNECT_TIMEOUT": "connect_timeout",
    "PGTARGETSESSIONATTRS": "target_session_attrs",
}


@dataclass(frozen=True, kw_only=True)
class _Subject:
    """The database to serve, with its secrets.

    Attributes:
        token: the one it keeps; ``None`` when there is none.
        is_saved: whether it has an id that AI apps may name.
    """

    profile: Profile
    password: Callable[[], str | None]
    token: Callable[[], str | None]
    is_saved: bool = True


def of(options: argparse.Namespace, streams: StandardStreams) -> Order:
    """Return what to serve.

    Raises:
        TrunklineError: ``usage.*``, ``profile.*``, ``dsn.*``, ``run.remote``, ``token.*`` or
            ``secrets.*``.
    """
    if options.transport not in TRANSPORTS:
        raise fail("usage.transport", "The transport is stdio, http or sse.", "See --transport.")
    subject = _subject(options, streams)
    profile = _limited(subject.profile, options)
    transport = cast("Transport", options.transport)
    if transport != "stdio":
        require_local(options.host, allow_remote=options.allow_remote)
    return Order(
        profile=profile,
        password=subject.password,
        transport=transport,
        host=options.host,
        port=_port(profile, options),
        token="" if transport == "stdio" else _token(options, subject),
        allowed_hosts=tuple(filter(None, (n.strip() for n in options.allowed_hosts.split(",")))),
        has_link=subject.is_saved,
        has_events=options.events,
        until_eof=options.until_eof,
    )


def refuse(exc: TrunklineError, options: argparse.Namespace, streams: StandardStreams) -> int:
    """Tell why nothing is served; returns the exit code."""
    Reporter(streams, has_events=options.events)(events.failed(exc.failure))
    return EXIT_USAGE if exc.code.startswith("usage.") else EXIT_FAILED


def _subject(options: argparse.Namespace, streams: StandardStreams) -> _Subject:
    if options.profile and options.url:
        raise fail("usage.both", "--profile and --url were both given.", "Leave out one of them.")
    if options.profile == "-":
        return _from_first_line(streams.read_line())
    if options.profile:
        return _saved(options.profile)
    if options.url:
        _tell("Warning: other users of this computer can read the connection string in --url. "
              "Prefer DATABASE_URL.")  # fmt: skip
        return _parsed(options.url, "--url")
    return _from_surroundings(os.environ, Path.cwd())


def _from_first_line(line: bytes) -> _Subject:
    try:
        document = json.loads(line)
        profile = from_json(document["profile"])
        password, token = document.get("password"), document.get("token")
    except (ValueError, KeyError, TypeError, AttributeError) as exc:
        raise fail(
            "usage.first_line",
            "The first input line is not a profile.",
            'It looks like {"profile": {…}, "password": "…"}.',
        ) from exc
    _require_complete(profile)
    return _Subject(profile=profile, password=lambda: password, token=lambda: token or None)


def _saved(name_or_id: str) -> _Subject:
    from trunkline_server.profiles.store import Store  # only here: not every run reads the file

    profile = Store().get(name_or_id)
    _require_complete(profile)
    if profile.sample:
        from trunkline_server import sample  # only here: it comes with a whole PostgreSQL

        return _Subject(profile=profile, password=sample.password, token=lambda: _kept(profile))
    return _Subject(
        profile=profile,
        password=lambda: _secret(profile, "password"),
        token=lambda: _kept(profile),
    )


def _kept(profile: Profile) -> str | None:
    return _secret(profile, "token")


def _secret(profile: Profile, kind: str) -> str | None:
    from trunkline_server.profiles import secrets  # only here: the keyring is slow to load

    return secrets.get(profile.id, cast("Any", kind))


def _from_surroundings(environ: Mapping[str, str], folder: Path) -> _Subject:
    if text := environ.get("DATABASE_URL"):
        return _told(text, "DATABASE_URL")
    if given := {name: environ[name] for name in _PG if environ.get(name)}:
        return _told(_conninfo(given), ", ".join(given))
    file = folder / ".env"
    if file.is_file():
        from dotenv import dotenv_values  # only here: few runs have such a file

        values = {k: v for k, v in dotenv_values(file).items() if v}
        if text := values.get("DATABASE_URL"):
            return _told(text, f"DATABASE_URL in {file}")
        if given := {name: values[name] for name in _PG if name in values}:
            return _told(_conninfo(given), f"{', '.join(given)} in {file}")
    raise fail(
        "usage.nothing",
        "There is no database to serve.",
        "Name one with --profile or --url, or set DATABASE_URL or PGHOST.",
    )


def _told(text: str, source: str) -> _Subject:
    subject = _parsed(text, source)
    profile = subject.profile
    _tell(f"Serving the database “{profile.database}” on {profile.host}, taken from {source}.")
    return subject


def _parsed(text: str, source: str) -> _Subject:
    from trunkline_server.profiles import dsn  # only here: saved profiles need no parser

    parsed = dsn.parse(text)
    profile = parsed.profile(str(parsed.fields.get("database") or "database"))
    _require_complete(profile)
    for note in parsed.notes:
        _tell(f"{source}: {note}")
    password = parsed.password
    return _Subject(profile=profile, password=lambda: password, token=lambda: None, is_saved=False)


def _conninfo(given: Mapping[str, str]) -> str:
    """Return libpq's ``key='value'`` form of ``PG*`` variables."""
    pairs = []
    for name, value in given.items():
        escaped = value.replace("\\", "\\\\").replace("'", "\\'")
        pairs.append(f"{_PG[name]}='{escaped}'")
    return " ".join(pairs)


def _limited(profile: Profile, options: argparse.Namespace) -> Profile:
    wanted = {
        name: getattr(options, name)
        for name in ("max_rows", "max_bytes", "statement_timeout", "description")
        if getattr(options, name) is not None
    }
    limited = replace(profile, **wanted)
    _require_complete(limited)
    return limited


def _require_complete(profile: Profile) -> None:
    if found := problems(profile):
        raise fail("profile.incomplete", f"{found[0].message}", f"See “{found[0].field}”.")


def _port(profile: Profile, options: argparse.Namespace) -> int:
    if options.port is None:
        return profile.http_port or ports.DEFAULT_PORT
    if not 0 <= options.port <= 65535:
        raise fail("usage.port", "The port is a number from 0 to 65535.", "See --port.")
    return int(options.port)


def _token(options: argparse.Namespace, subject: _Subject) -> str:
    if options.token_file:
        return tokens.read(Path(options.token_file))
    if given := os.environ.get("TRUNKLINE_TOKEN"):
        return tokens.checked(given)
    if kept := subject.token():
        return tokens.checked(kept)
    fresh = tokens.new()
    _tell(f"Clients must send this token, made for this run only: {fresh}")
    return fresh


def _tell(sentence: str) -> None:
    os.write(2, f"{sentence}\n".encode())
