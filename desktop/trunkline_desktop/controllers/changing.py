"""Changes apps' files, and quits an app around that which would take the change back. Blocks."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Literal

from trunkline_server.clients import apps, connections, owned, writer
from trunkline_server.clients.plan import Plan
from trunkline_server.clients.processes import restarting, running
from trunkline_server.clients.upkeep import vanished
from trunkline_server.clients.writer import Applied
from trunkline_server.errors import TrunklineError
from trunkline_server.profiles.profile import Profile

Tell = Callable[[str], None]  # gets a sentence before each step that takes a while
# If the app runs:
#   ask      nothing is done, so that the person can be asked
#   quit     it is quit and started again around the change
#   by hand  the file is changed all the same; the person quits and starts the app
How = Literal["ask", "quit", "by hand"]


def _silent(_sentence: str) -> None:
    pass


def make(wanted: Plan, how: How, tell: Tell) -> Applied | None:
    """Make a change; None when the person has to be asked first.

    Raises:
        TrunklineError: those of ``restarting.apply``.
    """
    if how == "ask" and running.find(wanted.app):
        return None
    return writer.apply(wanted) if how == "by hand" else make_around(wanted, tell)


def make_around(wanted: Plan, tell: Tell = _silent) -> Applied:
    """Make a change; an app that would take it back is quit before and started again.

    Raises:
        TrunklineError: those of ``restarting.apply``.
    """
    now = running.find(wanted.app)
    return restarting.apply(wanted, now, tell=tell) if now else writer.apply(wanted)


def undo_around(done: Iterable[Applied]) -> None:
    """Take changes back, each that can be; apps are quit and started as for the changes.

    Raises:
        TrunklineError: why one of them could not, after all were tried.
    """
    failures: list[TrunklineError] = []
    for applied in reversed(tuple(done)):
        try:
            _undo(applied)
        except TrunklineError as exc:
            failures.append(exc)
    if failures:
        raise failures[0]


def put_back(app_id: str, profiles: Iterable[Profile], tell: Tell) -> None:
    """Put back what another program took out of the files of an app.

    Raises:
        TrunklineError: those of ``restarting.apply``, also when a file cannot be read just now.
    """
    known = tuple(profiles)
    _require_readable(app_id)
    for gone in vanished.vanished():
        if gone.app.id == app_id:
            _require_sound(make_around(vanished.restored(gone, known), tell))


def leave_out(app_id: str) -> None:
    """Forget what another program took out of the files of an app.

    Raises:
        TrunklineError: ``client.busy``.
    """
    for gone in vanished.vanished():
        if gone.app.id == app_id:
            vanished.forget(gone)


def _undo(done: Applied) -> None:
    if running.find(done.plan.app):
        _require_sound(make_around(done.plan.reversed()))
    else:
        writer.undo(done)


def _require_sound(done: Applied) -> None:
    if done.trouble:
        raise TrunklineError(done.trouble)


def _require_readable(app_id: str) -> None:
    for record in owned.records():
        if record.client == app_id:
            connections.missing(apps.ALL[app_id], Path(record.path), (record,))
