"""``connect``: an AI app's file gets an entry."""

from __future__ import annotations

from argparse import Namespace

from trunkline_desktop.verbs import app_names, making, say, verifying
from trunkline_server.clients import connections, plan
from trunkline_server.clients.app import App
from trunkline_server.clients.plan import Plan
from trunkline_server.errors import TrunklineError, fail
from trunkline_server.profiles.profile import Profile
from trunkline_server.profiles.store import Store


def connect(options: Namespace) -> int:
    """Let an AI app use a database: its file gets one entry."""
    verifying.refuse(options)
    app, profile = app_names.called(options.client), Store().get(options.name)
    if app.by_hand:
        raise app_names.by_hand(app, profile.id)
    if not (options.json or options.path or app.is_installed()):
        say.note(f"{app.name} was not found on this computer. It reads this once it is there.")
    done = making.carry_out(_wanted(app, profile, options), options)
    is_asked = options.verify and not done.trouble
    outcome = verifying.ask(done.plan, is_quiet=options.json) if is_asked else None
    if options.json:
        say.as_json(done.document | (verifying.as_json(outcome) if outcome else {}))
    elif outcome:
        verifying.tell(outcome, done.plan)
    return verifying.exit_code(outcome) if outcome else done.exit_code


def _wanted(app: App, profile: Profile, options: Namespace) -> Plan:
    """Return the change; what is not said stays the way it is, or comes back the way it was."""
    path = making.path_of(options)
    now = connections.remembered(app, profile, path=path)
    try:
        return plan.connect(
            app,
            profile,
            transport=options.transport or (now.transport if now else "stdio"),
            path=path,
            name=(now.name if now else None) if options.entry is None else options.entry,
            may_write_token=options.allow_token or bool(now and now.bearer_by == "text"),
        )
    except TrunklineError as exc:
        if free := exc.failure.detail if exc.code == "client.taken" else "":
            hint = f"Use another name: --entry {free}."
            raise fail(exc.code, exc.failure.title, hint, free) from exc
        raise
