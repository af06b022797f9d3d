"""A database named on a command line or in the environment: its profile and its secrets."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from trunkline_server.errors import TrunklineError, fail
from trunkline_server.profiles.profile import Profile, from_json, problems

if TYPE_CHECKING:
    from trunkline_server.profiles.secrets import Kind

Secret = Callable[[], str | None]
Tell = Callable[[str], None]

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


def _nothing() -> None:
    return None


@dataclass(frozen=True, kw_only=True)
class Subject:
    """A database to serve or to check.

    Attributes:
        profile: complete, see ``problems``.
        password: asked for when it is needed: the keyring may be slow, or locked.
        token: the one it keeps for HTTP; ``None`` when there is none.
        ssh: the passphrase or password for its SSH tunnel; ``None`` when there is none.
        is_saved: whether it has an id that AI apps may name.
    """

    profile: Profile
    password: Secret
    token: Secret = _nothing
    ssh: Secret = _nothing
    is_saved: bool = False


def tell(sentence: str) -> None:
    """Write a sentence to standard error, for the person who started us."""
    os.write(2, f"{sentence}\n".encode())


def from_first_line(line: bytes, *, is_form: bool = False) -> Subject:
    """Return what the program that started us wrote: ``{"profile": {…}, "password": "…"}``.

    ``is_form`` says that it may have no id and no name yet.

    Raises:
        TrunklineError: ``usage.first_line`` or ``profile.incomplete``.
    """
    try:
        document = json.loads(line)
        profile = from_json(document["profile"])
        password, token, ssh = (document.get(k) or None for k in ("password", "token", "ssh"))
    except (ValueError, KeyError, TypeError, AttributeError) as exc:
        raise fail(
            "usage.first_line",
            "The first input line is not a profile.",
            'It looks like {"profile": {…}, "password": "…"}.',
        ) from exc
    require_complete(profile, without=("id", "name") if is_form else ())
    return Subject(
        profile=profile,
        password=lambda: password,
        token=lambda: token,
        ssh=lambda: ssh,
        is_saved=True,
    )


def saved(word: str) -> Subject:
    """Return the saved profile that ``word`` means; see ``Store.get``.

    Raises:
        TrunklineError: ``profile.unknown``, ``profile.ambiguous``, ``profile.incomplete`` or
            ``store.*``.
    """
    from trunkline_server.profiles.store import Store  # only here: not every run reads the file

    return of_saved(Store().get(word))


def all_saved() -> tuple[Subject, ...]:
    """Return every saved profile.

    Raises:
        TrunklineError: ``profile.none``, ``profile.incomplete`` or ``store.*``.
    """
    from trunkline_server.profiles.store import Store  # only here: not every run reads the file

    found = tuple(of_saved(profile) for profile in Store().load())
    if not found:
        raise fail("profile.none", "There is no saved database yet.", "Add one: trunkline add")
    return found


def of_saved(profile: Profile) -> Subject:
    """Return a profile of the list; ``profile.incomplete`` is raised when it cannot be served."""
    require_complete(profile)
    return Subject(
        profile=profile,
        password=_password_of(profile),
        token=lambda: _kept(profile, "token"),
        ssh=lambda: _kept(profile, "ssh") if profile.ssh_host else None,
        is_saved=True,
    )


def variable_of(profile_id: str, kind: Kind = "password") -> str:
    """Return the environment variable for a secret where there is no keyring.

    ``TRUNKLINE_PASSWORD_MY_SALES`` for ``my-sales``: containers have no better place.
    """
    return f"TRUNKLINE_{kind}_{profile_id.replace('-', '_')}".upper()


def _password_of(profile: Profile) -> Secret:
    if profile.sample and variable_of(profile.id) not in os.environ:
        from trunkline_server import sample  # only here: it comes with a whole PostgreSQL

        return sample.password
    return lambda: _kept(profile, "password")


def _kept(profile: Profile, kind: Kind) -> str | None:
    given = None if kind == "token" else os.environ.get(variable_of(profile.id, kind))
    if given is not None:
        return given or None  # empty means that none is needed
    from trunkline_server.profiles import secrets  # only here: the keyring is slow to load

    try:
        return secrets.get(profile.id, kind)
    except TrunklineError as exc:
        if exc.code != "secrets.missing" or kind == "token":
            raise
        hint = f"Start one, or set {variable_of(profile.id, kind)}."
        raise TrunklineError(replace(exc.failure, hint=hint)) from exc


def from_surroundings(environ: Mapping[str, str], folder: Path, say: Tell = tell) -> Subject:
    """Return the database of ``DATABASE_URL``, ``PG*``, or those in ``.env`` of ``folder``.

    ``say`` is told what was taken from where.

    Raises:
        TrunklineError: ``usage.nothing``, ``dsn.*`` or ``profile.incomplete``.
    """
    for values, where in ((environ, ""), (_dotenv(folder), f" in {folder / '.env'}")):
        if text := values.get("DATABASE_URL"):
            return _told(text, f"DATABASE_URL{where}", say)
        if given := {name: values[name] for name in _PG if values.get(name)}:
            return _told(_conninfo(given), f"{', '.join(given)}{where}", say)
    raise fail(
        "usage.nothing",
        "There is no database to ask.",
        "Name one with --profile or --url, or set DATABASE_URL or PGHOST.",
    )


def _dotenv(folder: Path) -> dict[str, str]:
    file = folder / ".env"
    if not file.is_file():
        return {}
    from dotenv import dotenv_values  # only here: few runs have such a file

    return {name: value for name, value in dotenv_values(file).items() if value}


def from_url(text: str, say: Tell = tell) -> Subject:
    """Return the database of a connection string in an argument, with a warning about a password.

    Raises:
        TrunklineError: ``dsn.*`` or ``profile.incomplete``.
    """
    subject = _parsed(text, "--url", say)
    if subject.password():
        say("Warning: other users of this computer can read the password in --url. "
            "Prefer DATABASE_URL.")  # fmt: skip
    return subject


def _told(text: str, source: str, say: Tell) -> Subject:
    subject = _parsed(text, source, say)
    profile = subject.profile
    say(f"The database is “{profile.database}” on {profile.host}, taken from {source}.")
    return subject


def _parsed(text: str, source: str, say: Tell) -> Subject:
    from trunkline_server.profiles import dsn  # only here: saved profiles need no parser

    parsed = dsn.parse(text)
    profile = parsed.profile(str(parsed.fields.get("database") or "database"))
    require_complete(profile)
    for note in parsed.notes:
        say(f"{source}: {note}")
    password = parsed.password
    return Subject(profile=profile, password=lambda: password)


def _conninfo(given: Mapping[str, str]) -> str:
    """Return libpq's ``key='value'`` form of ``PG*`` variables."""
    pairs = []
    for name, value in given.items():
        escaped = value.replace("\\", "\\\\").replace("'", "\\'")
        pairs.append(f"{_PG[name]}='{escaped}'")
    return " ".join(pairs)


def require_complete(profile: Profile, *, without: Sequence[str] = ()) -> None:
    """Raise ``profile.incomplete`` with the first problem of a profile, some fields left out."""
    if found := [problem for problem in problems(profile) if problem.field not in without]:
        raise fail("profile.incomplete", found[0].message, f"See “{found[0].field}”.")
