"""``clients, connect`` and ``disconnect``: the AI apps and their files."""

from __future__ import annotations

import shlex
from argparse import Namespace
from collections.abc import Iterable
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from trunkline_desktop.verbs import say
from trunkline_server.clients import (
    apps,
    following,
    owned,
    plan,
    restarting,
    running,
    vanished,
    writer,
)
from trunkline_server.clients.app import App
from trunkline_server.clients.exports import offers
from trunkline_server.clients.plan import Plan
from trunkline_server.clients.vanished import Vanished
from trunkline_server.clients.writer import Applied
from trunkline_server.errors import TrunklineError, fail
from trunkline_server.profiles.profile import Profile
from trunkline_server.profiles.store import Store


def clients(options: Namespace) -> int:
    """List the AI apps, whether they are here, and which databases they may use."""
    profiles = Store().load()
    known = (*apps.ALL.values(), *apps.BY_HAND.values())
    lost = vanished.vanished()
    found = [_state(app, profiles, lost) for app in known]
    if options.json:
        say.as_json(found)
        return 0
    rows = [(a["name"], a["id"], "yes" if a["installed"] else "no",
             _connected(a) or "-",
             a["path"] or " ".join(filter(None, (a["by_hand"], _how(app)))))
            for app, a in zip(known, found, strict=True)]  # fmt: skip
    say.table(("APP", "ID", "INSTALLED", "CONNECTED", "FILE"), rows)
    for gone in lost:
        _tell(gone)
    return 0


def connect(options: Namespace) -> int:
    """Let an AI app use a database: its file gets one entry."""
    app, profile = called(options.client), Store().get(options.name)
    if app.by_hand:
        raise _by_hand(app, profile.id)
    path = _path(options)
    now = plan.remembered(app, profile, path=path)
    try:
        wanted = plan.connect(
            app,
            profile,
            transport=options.transport or (now.transport if now else "stdio"),
            path=path,
            name=options.entry or (now.name if now else None),
            may_write_token=options.allow_token or bool(now and now.bearer_by == "text"),
        )
    except TrunklineError as exc:
        if free := exc.failure.detail if exc.code == "client.taken" else "":
            hint = f"Use another name: --entry {free}."
            raise fail(exc.code, exc.failure.title, hint, free) from exc
        raise
    return _carry_out(wanted, options)


def disconnect(options: Namespace) -> int:
    """Take the entry out of an AI app's file again."""
    app = called(options.client)
    profile = _saved_or_removed(app, options.name)
    return _carry_out(plan.disconnect(app, profile, path=_path(options)), options)


def follow(profile: Profile) -> list[str]:
    """Rewrite all apps that have an address of ``profile``, or none; return what to tell."""
    try:
        done = following.follow(profile)
    except TrunklineError as exc:
        why = f"{exc.failure.title} {exc.failure.hint}"
        return [f"The AI apps with its former address were left as they were. {why}"]
    told = [(a.plan.app, a.plan.steps[0].transport.upper()) for a in done]
    return [f"{app.name} now uses {way}. Next: {app.afterwards}" for app, way in told]


def called(client: str, *, also: Iterable[str] = ()) -> App:
    """Return the app of an id; ``also`` are further words that may have been meant.

    Raises:
        TrunklineError: ``client.unknown``.
    """
    if app := apps.ALL.get(client) or apps.BY_HAND.get(client):
        return app
    known = (*apps.ALL, *apps.BY_HAND, *also)
    near = get_close_matches(client.lower(), known, n=1)
    hint = f"Did you mean “{near[0]}”?" if near else f"There is: {', '.join(known)}."
    raise fail("client.unknown", f"There is no AI app “{client}”.", hint)


def _by_hand(app: App, name: str) -> TrunklineError:
    way = _how(app, name)
    return fail("client.by_hand", app.by_hand, f"{way} {app.afterwards}" if way else app.afterwards)


def _how(app: App, name: str = "NAME") -> str:
    """Return how to get what such an app takes, as a sentence; "" when it takes nothing."""
    forms = offers.forms(app)
    more = f" --as {forms[0]}" if forms and forms[0] != "text" else ""
    return f"Run: {say.typed(f'export {name} --client {app.id}{more}')}." if forms else ""


def _carry_out(wanted: Plan, options: Namespace) -> int:
    backup, afterwards = None, wanted.app.afterwards
    if not options.dry_run:
        applied, is_restarted = _applied(wanted, options)
        wanted, backup = applied.plan, applied.backup
        afterwards = "" if is_restarted else afterwards
    if options.json:
        say.as_json({
            "client": wanted.app.id, "path": str(wanted.path), "name": wanted.steps[0].name,
            "changed": wanted.is_needed and not options.dry_run, "diff": wanted.diff,
            "backup": str(backup) if backup else None, "next": afterwards,
            "transport": wanted.steps[0].transport, "warning": wanted.warning,
        })  # fmt: skip
        return 0
    if wanted.diff:
        say.diff(wanted.diff)
    say.line(_outcome(wanted, is_dry=options.dry_run))
    if wanted.is_needed and not options.dry_run:
        if backup:
            say.line(f"The file as it was is kept in {backup}.")
        for sentence in filter(None, (wanted.warning, _unserved(wanted))):
            say.line(f"Note: {sentence}")
        if afterwards:
            say.line(f"Next: {afterwards}")
    return 0


def _applied(wanted: Plan, options: Namespace) -> tuple[Applied, bool]:
    """Make the change; returns whether the app was quit for it and started again."""
    app = wanted.app
    now = None if options.path or not wanted.is_needed else running.find(app)
    if now is None:
        return writer.apply(wanted), False
    if not options.restart:
        title = f"{app.name} is running and would overwrite the change."
        hint = "Quit it completely, from its icon in the tray or menu bar, or add --restart."
        raise fail("client.running", title, hint)
    return restarting.apply(wanted, now, tell=say.note), True


def _unserved(done: Plan) -> str:
    """Return that the server of the database does not speak what the app was told; or ""."""
    step = done.steps[0]
    profile, way = step.profile, step.transport
    if step.verb == "disconnect" or way in {"stdio", profile.transport}:
        return ""
    name, now = profile.name, profile.transport.upper()
    return f"“{name}” is set to {now}: trunkline edit {profile.id} --transport {way}"


def _outcome(done: Plan, *, is_dry: bool) -> str:
    step = done.steps[0]
    if not done.is_needed:
        state = "is connected already" if step.verb == "connect" else "is not connected"
        return f"Nothing to change: {done.app.name} {state}."
    if is_dry:
        return "Nothing was written."
    word = "now has" if step.verb == "connect" else "no longer has"
    return f"{done.app.name} {word} “{step.name}”."


def _connected(state: dict[str, Any]) -> str:
    ways = [f"{profile} ({way})" for profile, way in state["transports"].items()]
    return ", ".join([*ways, *(f"{p} (gone from its file)" for p in state["vanished"])])


def _tell(gone: Vanished) -> None:
    """Say what puts the entries back that another program took out of a file."""
    is_usual = owned.place_of(gone.app.path()) == str(gone.path)
    where = "" if is_usual else f" --path {shlex.quote(str(gone.path))}"
    for profile in gone.profiles:
        command = say.typed(f"connect {profile} --client {gone.app.id}{where}")
        say.line(f"{gone.app.name} lost “{profile}” from {gone.path}. Put it back: {command}")


def _state(app: App, profiles: tuple[Profile, ...], lost: tuple[Vanished, ...]) -> dict[str, Any]:
    seen = () if app.by_hand else profiles
    records = {p.id: record for p in seen if (record := plan.record_of(app, p))}
    return {
        "id": app.id, "name": app.name, "installed": app.is_installed(),
        "path": "" if app.by_hand else str(app.path()),
        "connected": list(records), "transports": {i: r.transport for i, r in records.items()},
        "vanished": [p for gone in lost if gone.app is app for p in gone.profiles],
        "can": list(app.transports), "by_hand": app.by_hand, "export": list(offers.forms(app)),
    }  # fmt: skip


def _saved_or_removed(app: App, name: str) -> Profile:
    """Return the saved profile, or one that was removed while ``app`` has an entry for it."""
    try:
        return Store().get(name)
    except TrunklineError as exc:
        ours = ((record.client, record.profile) for record in owned.records())
        if exc.code == "profile.unknown" and (app.id, name) in ours:
            return Profile(id=name, name=name)
        raise


def _path(options: Namespace) -> Path | None:
    return Path(options.path).expanduser().absolute() if options.path else None
