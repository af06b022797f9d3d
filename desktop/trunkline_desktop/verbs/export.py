"""``export``: what an AI app needs, to paste, open or run, in a file or in the terminal."""

from __future__ import annotations

import sys
from argparse import Namespace
from dataclasses import dataclass
from pathlib import Path

from trunkline_desktop.verbs import app_names, say
from trunkline_server.clients import entries, tokens
from trunkline_server.clients.app import App
from trunkline_server.clients.computer import Computer
from trunkline_server.clients.exports import bundle, docker, kinds, offers, python, saving, standard
from trunkline_server.errors import fail
from trunkline_server.profiles.profile import Profile, Transport
from trunkline_server.profiles.store import Store

_BUNDLE = ".mcpb"
_SUFFIXES = {"toml": "toml", "yaml": "yaml", "yaml-list": "yaml"}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Made:
    """What was asked for.

    Attributes:
        content: its bytes.
        name: what its file is called, unless the person says so.
        warning: what to know of the token; "" when nothing.
    """

    content: bytes
    name: str
    warning: str = ""

    @property
    def is_text(self) -> bool:
        """Whether it can be read; a bundle cannot, and is opened by its suffix."""
        return not self.name.endswith(_BUNDLE)


def export(options: Namespace) -> int:
    """Write what an AI app needs, to paste, open or run there; no settings file is touched."""
    made = _made(Store().get(options.name), options)
    if options.output in {None, "-"}:
        return _shown(made, options)
    file = _file(made, options)
    is_stream = saving.is_stream(file)
    saving.save(file, made.content, may_replace=options.force)
    if is_stream:  # which may be the very place where we would say so
        _warn(made)
        return 0
    if options.json:
        say.as_json({"written": str(file), "warning": made.warning})
        return 0
    say.line(f"Wrote {file}.")
    _warn(made)
    return 0


def _made(profile: Profile, options: Namespace) -> _Made:
    client, way = options.client, options.transport
    if client in kinds.KINDS and options.form:
        title = f"--as {options.form} goes with an AI app, not with {client}."
        raise fail("usage.form", title, "Leave it out.")
    match client:
        case "mcpb":
            return _bundled(profile, way or "stdio")
        case "docker":
            # A container is there to be called; who wants it started by an app says so.
            way = way or (profile.transport if profile.transport != "stdio" else "http")
            line = docker.line(profile, way, Computer.here().platform)
            return _Made(content=line.encode(), name=f"trunkline-{profile.id}-docker.txt")
        case "python":
            return _scripted(profile, way or "stdio")
        case "json":
            return _offered(standard.ANY, profile, options)
        case _:
            return _offered(app_names.called(client, also=kinds.KINDS), profile, options)


def _bundled(profile: Profile, way: Transport) -> _Made:
    if way != "stdio":
        title = "A bundle starts a program; it holds no address."
        raise fail("client.transport", title, "Leave out --transport: it works with each.")
    target = entries.target(standard.ANY, profile, profile.id, way)
    return _Made(content=bundle.bundle(profile, target), name=f"trunkline-{profile.id}{_BUNDLE}")


def _scripted(profile: Profile, way: Transport) -> _Made:
    target = entries.target(standard.ANY, profile, profile.id, way)
    text = python.snippet(target, profile.name, tokens.variable(profile.id))
    return _Made(content=text.encode(), name=f"trunkline-{profile.id}.py")


def _offered(app: App, profile: Profile, options: Namespace) -> _Made:
    way: Transport = options.transport or "stdio"
    form: kinds.Form = options.form or "text"
    may = options.allow_token
    text = offers.content(app, profile, form, transport=way, may_write_token=may)
    suffix = _SUFFIXES.get(app.format, "json") if form == "text" else "txt"
    return _Made(
        content=f"{text.rstrip()}\n".encode(),
        name=f"trunkline-{profile.id}-{app.id}.{suffix}",
        warning=_warning(app, profile, way, form, may_write_token=may),
    )


def _warning(
    app: App, profile: Profile, way: Transport, form: kinds.Form, *, may_write_token: bool
) -> str:
    warning = entries.warning(app, profile, way, may_write_token=may_write_token)
    is_told = entries.bearer_by(app, way, may_write_token=may_write_token) == "text"
    if is_told and form != "text":
        return f"{warning} The {form} holds it too: show it to nobody."
    see = app_names.token(app, profile, way, may_write_token=may_write_token)
    return f"{warning} {see}".strip()


def _shown(made: _Made, options: Namespace) -> int:
    if not made.is_text:
        if options.json or sys.stdout.isatty():
            raise fail("usage.output", "A bundle is not text.", "Name a file with --output.")
        sys.stdout.buffer.write(made.content)
    elif options.json:
        say.as_json({"text": made.content.decode(), "warning": made.warning})
        return 0
    else:
        say.line(made.content.decode())
    _warn(made)
    return 0


def _warn(made: _Made) -> None:
    if made.warning:
        say.note(f"Note: {made.warning}")


def _file(made: _Made, options: Namespace) -> Path:
    """Return the file that is meant: in the folder that was named, or that very one."""
    named = Path(options.output).expanduser().absolute()
    if named.is_dir():
        return named / made.name
    is_named = made.is_text or named.suffix or saving.is_stream(named)
    return named if is_named else named.with_name(f"{named.name}{_BUNDLE}")
