"""Works out what an entry for a database leads to: a command, or an address and its token."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

from trunkline_server import programs
from trunkline_server.clients import questions, tokens
from trunkline_server.clients.app import App
from trunkline_server.clients.computer import Computer
from trunkline_server.clients.target import BearerBy, Command, Target
from trunkline_server.errors import TrunklineError, fail
from trunkline_server.profiles.profile import TRANSPORTS, Profile, Transport

PATHS = {"http": "/mcp", "sse": "/sse"}


def command(profile: Profile) -> Command:
    """Return what an AI app starts to reach ``profile``.

    Raises:
        TrunklineError: ``program.missing``.
    """
    home = os.environ.get("TRUNKLINE_HOME")
    return Command(
        program=str(programs.relay()),
        arguments=(profile.id,),
        environment=(("TRUNKLINE_HOME", str(Path(home).expanduser().absolute())),) if home else (),
    )


def helper(profile: Profile) -> Command:
    """Return what prints the headers with the token of ``profile``.

    Raises:
        TrunklineError: ``program.missing``.
    """
    program = str(programs.path_of("trunkline-stdio"))
    return Command(program=program, arguments=("--headers", profile.id))


def address(profile: Profile, transport: Transport) -> str:
    """Return where the server of ``profile`` listens on this computer; "" for stdio.

    Raises:
        TrunklineError: ``client.address`` when it has no port yet.
    """
    if transport == "stdio":
        return ""
    if not profile.http_port:
        title = f"“{profile.name}” has no port for {transport.upper()} yet."
        raise fail("client.address", title, "Open it in Trunkline and save it once more.")
    return f"http://127.0.0.1:{profile.http_port}{PATHS[transport]}"


def bearer_by(app: App, transport: Transport, *, may_write_token: bool) -> BearerBy | None:
    """Return how ``app`` would get the token; None for stdio, which needs none.

    The token is written itself where the person allowed it and the app has no safe way.

    Raises:
        TrunklineError: ``client.transport``, or ``client.token``: it would have to be written.
    """
    if transport not in app.transports:
        raise app.refusal(transport)
    if transport == "stdio":
        return None
    if may_write_token and app.bearer_by == "variable":
        return "text"
    if app.bearer_by == "text" and not may_write_token:
        hint = "Connect it by stdio, which needs no token, or allow it with --allow-token."
        raise fail("client.token", app.warning(), hint)
    return app.bearer_by


def target(
    app: App, profile: Profile, name: str, transport: Transport, *, may_write_token: bool = False
) -> Target:
    """Return what the entry ``name`` of ``app`` leads to.

    Raises:
        TrunklineError: ``program.missing, client.address, client.transport, client.token``, or
            those of ``tokens.of`` when the token is written itself.
    """
    by = bearer_by(app, transport, may_write_token=may_write_token)
    here = Computer.here()
    return Target(
        name=name,
        transport=transport,
        command=helper(profile) if by == "helper" else command(profile),
        url=address(profile, transport),
        bearer=f"Bearer {_token(app, profile, by)}" if by and by != "helper" else "",
        platform=here.platform,
        home=str(here.home),
        description=profile.description,
        inputs=(question(profile),) if by == "input" else (),
    )


def question(profile: Profile) -> dict[str, Any]:
    """Return what lets an app ask for the token of ``profile`` once and keep it safe."""
    what = f"Access token of “{profile.name}” in Trunkline"
    return questions.question(tokens.entry_id(profile.id), what)


def likely(app: App, profile: Profile, name: str) -> Iterator[dict[str, Any]]:
    """Yield every entry we would write for ``profile`` without a token in it."""
    for transport in TRANSPORTS:
        with suppress(TrunklineError):
            yield app.entry(target(app, profile, name, transport))


def warning(app: App, profile: Profile, transport: Transport, *, may_write_token: bool) -> str:
    """Return what the person should know of the token in such an entry; "" when nothing."""
    by = bearer_by(app, transport, may_write_token=may_write_token)
    if by == "text" and app.bearer_by != "text":
        return "The token stands in that file as plain text: whoever reads it can ask the database."
    return app.warning(tokens.variable(profile.id)) if by else ""


def _token(app: App, profile: Profile, by: BearerBy) -> str:
    """Return the token, or the app's words for where it is."""
    match by:
        case "variable":
            return app.bearer_words % tokens.variable(profile.id)
        case "input":
            return app.bearer_words % tokens.entry_id(profile.id)
        case "file":  # forward slashes: a backslash would have to be doubled in its file
            return app.bearer_words % tokens.file_of(profile.id).as_posix()
        case _:
            return tokens.of(profile.id)


def shape_of(app: App, profile: Profile, name: str, transport: Transport) -> Target:
    """Return a target that tells which fields an entry has, not what they say."""
    return Target(
        name=name,
        transport=transport,
        command=command(profile),
        url="http://127.0.0.1",
        bearer="" if app.bearer_by == "helper" else "Bearer",
    )
