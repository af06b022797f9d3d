"""``connect --verify``: the AI app itself is asked whether it reaches the database's server."""

from __future__ import annotations

from argparse import Namespace
from typing import Any

from trunkline_desktop.verbs import say
from trunkline_server import runfile
from trunkline_server.clients import entries, verify
from trunkline_server.clients.drafts import Step
from trunkline_server.clients.plan import Plan
from trunkline_server.clients.verify import Verdict
from trunkline_server.errors import EXIT_FAILED, fail


def refuse(options: Namespace) -> None:
    """Refuse what cannot be verified: a file that the app does not read, or one not written.

    Raises:
        TrunklineError: ``usage.verify``.
    """
    if options.verify and options.path:
        title = "--verify asks the app, and the app reads its own file, not the one of --path."
        raise fail("usage.verify", title, "Leave out one of the two.")
    if options.verify and options.dry_run:
        title = "--verify needs the entry in the app's file, and --dry-run writes none."
        raise fail("usage.verify", title, "Leave out one of the two.")


def ask(done: Plan, *, is_quiet: bool) -> Verdict:
    """Return what the app said of the entry; on a terminal, that it is being asked."""
    if done.app.health and not is_quiet:
        say.note(f"Asking {done.app.name} …")
    return verify.ask(done.app, done.steps[0].name)


def as_json(verdict: Verdict) -> dict[str, Any]:
    """Return what ``--json`` has of it: ``verified`` is null when that is not known."""
    return {"verified": verdict.is_reached, "said": verdict.said}


def tell(verdict: Verdict, done: Plan) -> None:
    """Say in one sentence whether the app reached the server of the database."""
    app, name = done.app.name, done.steps[0].profile.name
    if verdict.is_reached:
        say.line(f"{app} reached the server of “{name}”.")
    elif verdict.is_reached is None:
        say.line(f"{verdict.said} Its first contact shows it: {say.typed('clients')}")
    else:
        title = f"{app} did not reach “{name}”. It said: {verdict.said.rstrip('.')}."
        say.note(str(fail("client.unreached", title, _next(done))))


def exit_code(verdict: Verdict) -> int:
    """Return that it failed only when the app said so."""
    return EXIT_FAILED if verdict.is_reached is False else 0


def _next(done: Plan) -> str:
    step = done.steps[0]
    profile, way = step.profile, step.transport
    if not _is_served(step):
        return f"Start its server: {say.typed(f'start {profile.id} --transport {way}')}"
    known = entries.warning(done.app, profile, way, may_write_token=step.may_write_token)
    return known or f"See whether it works here: {say.typed(f'check {profile.id}')}"


def _is_served(step: Step) -> bool:
    """Whether the app finds a server there; by stdio it starts one when there is none."""
    found = runfile.find(step.profile.id)
    return step.transport == "stdio" or (found is not None and found.transport == step.transport)
