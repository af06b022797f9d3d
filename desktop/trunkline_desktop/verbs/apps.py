"""``connect`` and ``disconnect``: an AI app's file gets an entry, or loses it again."""

from __future__ import annotations

from argparse import Namespace
from pathlib import Path
from typing import Any

from trunkline_desktop.verbs import app_names, say, verifying
from trunkline_server.clients import owned, plan, writer
from trunkline_server.clients.app import App
from trunkline_server.clients.plan import Plan
from trunkline_server.clients.processes import restarting, running
from trunkline_server.clients.upkeep import following
from trunkline_server.clients.writer import Applied
from trunkline_server.errors import EXIT_FAILED, TrunklineError, fail
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
    done = _carry_out(_wanted(app, profile, options), options)
    is_asked = options.verify and not done.trouble
    outcome = verifying.ask(done.plan, is_quiet=options.json) if is_asked else None
    if options.json:
        say.as_json(done.document | (verifying.as_json(outcome) if outcome else {}))
    elif outcome:
        verifying.tell(outcome, done.plan)
    return verifying.exit_code(outcome) if outcome else done.exit_code


def disconnect(options: Namespace) -> int:
    """Take the entry out of an AI app's file again."""
    app = app_names.called(options.client)
    profile = _saved_or_removed(app, options.name)
    done = _carry_out(plan.disconnect(app, profile, path=_path(options)), options)
    if options.json:
        say.as_json(done.document)
    return done.exit_code


def follow(profile: Profile) -> list[str]:
    """Rewrite all apps that have an address of ``profile``, or none; return what to tell."""
    try:
        done = following.follow(profile)
    except TrunklineError as exc:
        why = f"{exc.failure.title} {exc.failure.hint}"
        return [f"The AI apps with its former address were left as they were. {why}"]
    changed = (a.plan for a in done if a.plan.is_needed)
    told = [(p.app, p.steps[0].transport.upper()) for p in changed]
    return [f"{app.name} now uses {way}. Next: {app.afterwards}" for app, way in told]


class _Done:
    """What came of a change, or of a look at it.

    Attributes:
        plan: the change.
        trouble: what went wrong after it was made, if anything.
        exit_code: 0, or that something went wrong.
        document: what ``--json`` tells of it.
    """

    def __init__(self, done: Applied, *, is_dry: bool, afterwards: str) -> None:
        self.plan, self.trouble, self._is_dry = done.plan, done.trouble, is_dry
        self._backup, self._afterwards = done.backup, afterwards

    @property
    def exit_code(self) -> int:
        """Whether all went well; see the class."""
        return EXIT_FAILED if self.trouble else 0

    @property
    def document(self) -> dict[str, Any]:
        """What ``--json`` tells; see the class."""
        done = self.plan
        return {
            "client": done.app.id, "path": str(done.path), "name": done.steps[0].name,
            "changed": done.is_needed and not self._is_dry, "diff": done.diff,
            "backup": str(self._backup) if self._backup else None, "next": self._afterwards,
            "transport": done.steps[0].transport, "warning": done.warning,
            **({"failed": self.trouble.as_json()} if self.trouble else {}),
        }  # fmt: skip

    def tell(self) -> None:
        """Say it to a person."""
        if self.plan.diff:
            say.diff(self.plan.diff)
        say.line(_outcome(self.plan, is_dry=self._is_dry))
        if self.plan.is_needed and not self._is_dry:
            if self._backup:
                say.line(f"The file as it was is kept in {self._backup}.")
            for sentence in filter(None, (_warning(self.plan), _unserved(self.plan))):
                say.line(f"Note: {sentence}")
            if self._afterwards:
                say.line(f"Next: {self._afterwards}")


def _wanted(app: App, profile: Profile, options: Namespace) -> Plan:
    """Return the change; what is not said stays the way it is, or comes back the way it was."""
    path = _path(options)
    now = plan.remembered(app, profile, path=path)
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


def _carry_out(wanted: Plan, options: Namespace) -> _Done:
    applied, is_restarted = Applied(plan=wanted, backup=None), False
    if not options.dry_run:
        applied, is_restarted = _applied(wanted, options)
    afterwards = "" if is_restarted else wanted.afterwards
    done = _Done(applied, is_dry=options.dry_run, afterwards=afterwards)
    if not options.json:
        done.tell()
    if done.trouble:
        say.note(str(done.trouble))
    return done


def _applied(wanted: Plan, options: Namespace) -> tuple[Applied, bool]:
    """Make the change; returns whether the app was quit for it and started again."""
    app = wanted.app
    now = running.find(app) if wanted.is_needed and _is_its_own(wanted) else None
    if now is None:
        return writer.apply(wanted), False
    if not options.restart:
        title = f"{app.name} is running and would overwrite the change."
        hint = "Quit it completely, from its icon in the tray or menu bar, or add --restart."
        raise fail("client.running", title, hint)
    return restarting.apply(wanted, now, tell=say.note), True


def _is_its_own(wanted: Plan) -> bool:
    """Whether it is a file that the app reads, not one that the person keeps elsewhere."""
    places = {owned.place_of(path) for path in wanted.app.paths()}
    return owned.place_of(wanted.path) in places


def _warning(done: Plan) -> str:
    """Return what to know of the token, and how to see one that the person has to give; or ""."""
    step = done.steps[0]
    may = step.may_write_token
    see = app_names.token(done.app, step.profile, step.transport, may_write_token=may)
    return f"{done.warning} {see}".rstrip() if done.warning else ""


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
    # An empty word is no file: it names this folder, which is refused.
    return None if options.path is None else Path(options.path).expanduser().absolute()
