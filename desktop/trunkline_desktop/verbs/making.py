"""One change to an AI app's file, made and told in a terminal."""

from __future__ import annotations

from argparse import Namespace
from pathlib import Path
from typing import Any

from trunkline_desktop.verbs import app_names, say
from trunkline_server.clients import owned, writer
from trunkline_server.clients.plan import Plan
from trunkline_server.clients.processes import restarting, running
from trunkline_server.clients.writer import Applied
from trunkline_server.errors import EXIT_FAILED, fail


class Done:
    """What came of a change, or of a look at it.

    Attributes:
        applied: the change, if it was made.
        plan: what changes.
        trouble: what went wrong after it was made, if anything.
        exit_code: 0, or that something went wrong.
        document: what ``--json`` tells of it.
    """

    def __init__(self, done: Applied, *, is_dry: bool, afterwards: str) -> None:
        self.applied, self.plan, self.trouble = done, done.plan, done.trouble
        self._is_dry, self._afterwards = is_dry, afterwards

    @property
    def exit_code(self) -> int:
        """Whether all went well; see the class."""
        return EXIT_FAILED if self.trouble else 0

    @property
    def document(self) -> dict[str, Any]:
        """What ``--json`` tells; see the class."""
        done, backup = self.plan, self.applied.backup
        return {
            "client": done.app.id, "path": str(done.path), "name": done.steps[0].name,
            "changed": done.is_needed and not self._is_dry, "diff": done.diff,
            "backup": str(backup) if backup else None, "next": self._afterwards,
            "transport": done.steps[0].transport, "warning": done.warning,
            **({"failed": self.trouble.as_json()} if self.trouble else {}),
        }  # fmt: skip

    def tell(self) -> None:
        """Say it to a person."""
        if self.plan.diff:
            say.diff(self.plan.diff)
        say.line(_outcome(self.plan, is_dry=self._is_dry))
        is_made = self.plan.is_needed and not self._is_dry
        if is_made:
            if backup := self.applied.backup:
                say.line(f"The file as it was is kept in {backup}.")
            for sentence in filter(None, (_warning(self.plan), _unserved(self.plan))):
                say.line(f"Note: {sentence}")
        if self._afterwards and (is_made or any(step.barrier for step in self.plan.steps)):
            say.line(f"Next: {self._afterwards}")


def carry_out(wanted: Plan, options: Namespace) -> Done:
    """Make the change, unless it is only to be shown; without ``--json``, tell a person.

    Raises:
        TrunklineError: ``client.running``, or those of ``restarting.apply``.
    """
    applied, is_restarted = Applied(plan=wanted, backup=None), False
    if not options.dry_run:
        applied, is_restarted = _applied(wanted, options)
    afterwards = "" if is_restarted else wanted.afterwards
    done = Done(applied, is_dry=options.dry_run, afterwards=afterwards)
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
    names = " and ".join(f"“{each.name}”" for each in done.steps)
    word = "now has" if step.verb == "connect" else "no longer has"
    return f"{done.app.name} {word} {names}."


def path_of(options: Namespace) -> Path | None:
    """Return the file that was named with ``--path``, if any."""
    # An empty word is no file: it names this folder, which is refused.
    return None if options.path is None else Path(options.path).expanduser().absolute()
