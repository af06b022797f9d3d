"""``clients``: the AI apps, which databases they may ask, and when they were last seen."""

from __future__ import annotations

import shlex
from argparse import Namespace
from contextlib import suppress
from datetime import datetime
from typing import Any

from trunkline_desktop import contacts
from trunkline_desktop.verbs import app_names, say
from trunkline_server import runfile
from trunkline_server.clients import apps, barriers, connections, owned, writer
from trunkline_server.clients.app import App
from trunkline_server.clients.connections import Connection
from trunkline_server.clients.exports import offers
from trunkline_server.clients.upkeep import vanished
from trunkline_server.clients.upkeep.vanished import Vanished
from trunkline_server.errors import TrunklineError
from trunkline_server.profiles.profile import Profile
from trunkline_server.profiles.store import Store

_HEADS = ("APP", "ID", "INSTALLED", "CONNECTED", "CONTACT", "FILE")


def clients(options: Namespace) -> int:
    """List the AI apps, whether they are here, and which databases they may use."""
    with suppress(TrunklineError):  # whoever changes a file is told
        writer.recover()
    profiles, lost = Store().load(), vanished.vanished()
    known = (*apps.ALL.values(), *apps.BY_HAND.values())
    seen = contacts.by_app(profiles, {})
    found = [_state(app, profiles, seen, lost) for app in known]
    if options.json:
        say.as_json(found)
        return 0
    say.table(_HEADS, [_row(app, state) for app, state in zip(known, found, strict=True)])
    for gone in lost:
        _tell(gone)
    for app, state in zip(known, found, strict=True):
        if state["barrier"]:
            say.line(f"{app.name} leaves Trunkline alone. {state['barrier']}")
    return 0


def _row(app: App, state: dict[str, Any]) -> tuple[str, ...]:
    place = state["path"] or " ".join(filter(None, (app.by_hand, app_names.how(app))))
    is_here = "yes" if state["installed"] else "no"
    return app.name, app.id, is_here, _connected(state) or "-", _contact(state), place


def _connected(state: dict[str, Any]) -> str:
    ways = [f"{profile} ({way})" for profile, way in state["transports"].items()]
    return ", ".join([*ways, *(f"{p} (gone from its file)" for p in state["vanished"])])


def _contact(state: dict[str, Any]) -> str:
    if not state["connected"]:
        return "-"
    if state["barrier"]:
        return "left alone by the app"
    if not state["seen_at"]:
        return "waiting for its first contact"
    return f"last seen {datetime.fromtimestamp(state['seen_at']).astimezone():%Y-%m-%d %H:%M}"


def _tell(gone: Vanished) -> None:
    """Say what puts the entries back that another program took out of a file."""
    is_usual = owned.place_of(gone.app.path()) == str(gone.path)
    where = "" if is_usual else f" --path {shlex.quote(str(gone.path))}"
    for profile in gone.profiles:
        command = say.typed(f"connect {profile} --client {gone.app.id}{where}")
        say.line(f"{gone.app.name} lost “{profile}” from {gone.path}. Put it back: {command}")


def _connections(app: App, profiles: tuple[Profile, ...]) -> tuple[Connection, ...]:
    """Return the first entry for each database, in the order of the databases."""
    there = connections.likely(app, app.path(), profiles) if profiles else ()
    firsts = (next((c for c in there if c.profile == p.id), None) for p in profiles)
    return tuple(filter(None, firsts))


def _state(
    app: App,
    profiles: tuple[Profile, ...],
    seen: dict[tuple[str, str], float],
    lost: tuple[Vanished, ...],
) -> dict[str, Any]:
    editable = () if app.by_hand else profiles
    found = {c.profile: c for c in _connections(app, editable)}
    at = contacts.last(
        {i: seen.get((i, app.id), 0.0) for i in found},
        {i: c.record.since for i, c in found.items() if c.record},
        {run.id for run in runfile.running()},
    )
    return {
        "id": app.id, "name": app.name, "installed": app.is_installed(),
        "path": "" if app.by_hand else str(app.path()),
        "connected": list(found), "transports": {i: c.transport for i, c in found.items()},
        "vanished": [p for gone in lost if gone.app is app for p in gone.profiles],
        "barrier": barriers.advice(app, (c.name for c in found.values())), "seen_at": at or None,
        "can": list(app.transports), "by_hand": app.by_hand, "export": list(offers.forms(app)),
    }  # fmt: skip
