"""``connect --verify``: the AI app itself is asked whether it reaches a database."""

from __future__ import annotations

from argparse import Namespace
from dataclasses import dataclass
from typing import Any

from trunkline_desktop.verbs import app_names, runs, say
from trunkline_server import runfile
from trunkline_server.clients import barriers, entries
from trunkline_server.clients.drafts import Step
from trunkline_server.clients.plan import Plan
from trunkline_server.clients.processes import verify
from trunkline_server.clients.processes.verify import Verdict
from trunkline_server.errors import EXIT_FAILED, Failure, fail


def refuse(options: Namespace) -> None:
    """Refuse what cannot be verified: a file that the app does not read, or one not written.

    Raises:
        TrunklineError: ``usage.verify``.
    """
    if options.verify and options.path is not None:
        title = "--verify asks the app, and the app reads its own file, not the one of --path."
        raise fail("usage.verify", title, "Leave out one of the two.")
    if options.verify and options.dry_run:
        title = "--verify needs the entry in the app's file, and --dry-run writes none."
        raise fail("usage.verify", title, "Leave out one of the two.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What came of it.

    Attributes:
        verdict: what the app said of Trunkline's server.
        failure: why that server does not reach the database; None when it does, or was not reached.
    """

    verdict: Verdict
    failure: Failure | None = None

    @property
    def is_reached(self) -> bool | None:
        """Whether the app reached the database; None when that is not known."""
        return False if self.failure else self.verdict.is_reached


def ask(done: Plan, *, is_quiet: bool) -> Outcome:
    """Let the app tell, and check the rest of the way; on a terminal, say that it is asked."""
    if done.app.health and not is_quiet:
        say.note(f"Asking {done.app.name} …")
    step = done.steps[0]
    verdict = verify.ask(done.app, step.name)
    # An app asks nothing yet: it is content with a server that has lost its database.
    failed = runs.checked(step.profile) if verdict.is_reached else None
    return Outcome(verdict=verdict, failure=failed.failure if failed else None)


def as_json(outcome: Outcome) -> dict[str, Any]:
    """Return what ``--json`` has of it: ``verified`` is null when that is not known."""
    said = str(outcome.failure) if outcome.failure else outcome.verdict.said
    return {"verified": outcome.is_reached, "said": said}


def tell(outcome: Outcome, done: Plan) -> None:
    """Say in one sentence whether the app reached the database."""
    step, said, barrier = done.steps[0], outcome.verdict.said, outcome.verdict.barrier
    app, name = done.app.name, step.profile.name
    if outcome.failure:
        title = f"{app} reached Trunkline, but Trunkline does not reach “{name}”."
        say.note(f"{title} {outcome.failure}")
    elif outcome.is_reached:
        say.line(f"{app} reached “{name}”.")
    elif barrier:
        title = f"{app} did not reach “{name}”: {barriers.WORDS[barrier]}."
        remedy = barriers.remedy(done.app, step.name, barrier)
        say.note(str(fail("client.unreached", title, remedy)))
    elif outcome.is_reached is None:
        say.line(f"{said} Its first contact shows it: {say.typed('clients')}")
    else:
        title = f"{app} did not reach “{name}”. It said: {said.rstrip('.')}."
        say.note(str(fail("client.unreached", title, _next(done))))


def exit_code(outcome: Outcome) -> int:
    """Return that it failed, only when that is known."""
    return EXIT_FAILED if outcome.is_reached is False else 0


def _next(done: Plan) -> str:
    step = done.steps[0]
    profile, way = step.profile, step.transport
    if not _is_served(step):
        return f"Start its server: {say.typed(f'start {profile.id} --transport {way}')}"
    may = step.may_write_token
    if known := entries.warning(done.app, profile, way, may_write_token=may):
        see = app_names.token(done.app, profile, way, may_write_token=may)
        return f"{known} {see}".rstrip()
    return f"See whether it works here: {say.typed(f'check {profile.id}')}"


def _is_served(step: Step) -> bool:
    """Whether the app finds a server there; by stdio it starts one when there is none."""
    found = runfile.find(step.profile.id)
    return step.transport == "stdio" or (found is not None and found.transport == step.transport)
