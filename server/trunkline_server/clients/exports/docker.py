"""The ``docker run`` line of the headless server for one database. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

from trunkline_server.clients import shells
from trunkline_server.errors import fail
from trunkline_server.profiles.profile import Profile, Transport

IMAGE = "trunkline-server"
_PORT = 8765
_HERE = ("localhost", "127.0.0.1", "::1")
_HOST = "host.docker.internal"  # this computer, as containers call it
_USUAL = Profile(id="usual", name="Usual")
_CONTROL = re.compile(r"[\x00-\x1f]")


def line(profile: Profile, transport: Transport, platform: str) -> str:
    """Return the line, with what to know before it as comments.

    Password and token are handed on from the environment by their names; they are not in it.

    Raises:
        TrunklineError: ``client.docker``: the database is not reached from a container, or its
            name cannot be typed there.
    """
    _require_reach(profile)
    rem = "REM" if platform == "win32" else "#"
    notes = (f"{rem} {note}" for note in _notes(profile, transport, platform))
    text = shells.line(_words(profile, transport, platform), platform)
    return "\n".join((*notes, text)) + "\n"


def _require_reach(profile: Profile) -> None:
    hint = "Run trunkline-server where the database can be reached."
    if profile.sample:
        title = "The sample database lives inside Trunkline, out of a container's reach."
        raise fail("client.docker", title, "Choose a database of your own.")
    if profile.ssh_host:
        title = f"“{profile.name}” is reached through SSH, for which this line has no words."
        raise fail("client.docker", title, hint)
    if profile.host.startswith("@"):
        title = f"“{profile.name}” is reached through a socket that containers do not see."
        raise fail("client.docker", title, hint)


def _words(profile: Profile, transport: Transport, platform: str) -> list[str]:
    if platform == "win32":
        profile = replace(profile, description=" ".join(profile.description.split()))
    words = [*_start(profile, transport), IMAGE, *_run(profile, transport)]
    if platform == "win32" and any(map(_CONTROL.search, words)):
        title = f"“{profile.name}” has a line break or a tab in a name: nobody can type it there."
        raise fail("client.docker", title, "Take the line from Trunkline on Linux or macOS.")
    return words


def _notes(profile: Profile, transport: Transport, platform: str) -> Iterator[str]:
    if platform == "win32":
        yield "This is for the Command Prompt: in PowerShell, type cmd first."
    yield f"The image {IMAGE} is not published: build it from Trunkline's source."
    if transport == "stdio":
        yield "Set PGPASSWORD first; an AI app starts the line."
    else:
        yield "Set PGPASSWORD and TRUNKLINE_TOKEN first: AI apps send the token you choose there."
    if profile.notes:
        yield "Your notes on tables stay behind: the line has no words for them."


def _start(profile: Profile, transport: Transport) -> Iterator[str]:
    yield from ("docker", "run", "--rm")
    if transport == "stdio":
        yield "--interactive"
    else:  # on this computer only, whatever the server in the container listens on
        port = _port(profile)
        yield from ("--publish", f"127.0.0.1:{port}:{port}")
    if any(host in _HERE for host, _ in profile.addresses):
        yield from ("--add-host", f"{_HOST}:host-gateway")
    if profile.is_socket:
        yield from ("--volume", f"{profile.host}:{profile.host}")
    for path, place in _files(profile).values():
        yield from ("--volume", f"{path}:{place}:ro")
    for name, value in _environment(profile).items():
        yield from ("--env", f"{name}={value}")
    yield from ("--env", "PGPASSWORD")
    if transport != "stdio":
        yield from ("--env", "TRUNKLINE_TOKEN")


def _environment(profile: Profile) -> dict[str, str]:
    hosts, ports = zip(*profile.addresses, strict=True)
    values = {
        "PGHOST": ",".join(_HOST if host in _HERE else host for host in hosts),
        "PGPORT": ",".join(map(str, ports)),
        "PGDATABASE": profile.database,
        "PGUSER": profile.user,
        "PGSSLMODE": profile.sslmode,
    }
    if profile.target_session_attrs != "any":
        values["PGTARGETSESSIONATTRS"] = profile.target_session_attrs
    return values | {name: place for name, (_, place) in _files(profile).items()}


def _files(profile: Profile) -> dict[str, tuple[str, str]]:
    """Return the files for the connection: here, and in the container, by variable."""
    wanted = {
        "PGSSLROOTCERT": (profile.sslrootcert, "/tls/root.crt"),
        "PGSSLCERT": (profile.sslcert, "/tls/client.crt"),
        "PGSSLKEY": (profile.sslkey, "/tls/client.key"),
    }
    return {name: pair for name, pair in wanted.items() if pair[0]}


def _run(profile: Profile, transport: Transport) -> Iterator[str]:
    yield "run"
    if transport != "stdio":
        yield from ("--transport", transport, "--port", str(_port(profile)))
        yield from ("--host", "0.0.0.0", "--allow-remote")  # noqa: S104  inside the container
    yield from _limits(profile)


def _limits(profile: Profile) -> Iterator[str]:
    """Yield what the profile says of replies and sight, where it says something."""
    options = {
        "--max-rows": (profile.max_rows, _USUAL.max_rows),
        "--max-bytes": (profile.max_bytes, _USUAL.max_bytes),
        "--statement-timeout": (f"{profile.statement_timeout:g}", f"{_USUAL.statement_timeout:g}"),
        "--tools": (",".join(profile.tools), ""),
        "--schemas": (",".join(profile.schemas), ""),
        "--hide": (",".join(profile.hidden), ""),
        "--description": (profile.description, ""),
    }
    for option, (value, usual) in options.items():
        if value != usual:
            yield from (option, str(value))


def _port(profile: Profile) -> int:
    return profile.http_port or _PORT
