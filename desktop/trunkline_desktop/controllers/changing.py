"""Changes apps' files, and quits an app around that which would take the change back. Blocks."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Literal

from trunkline_server.clients import apps, owned, plan, restarting, running, vanished, writer
from trunkline_server.clients.plan import Plan
from trunkline_server.clients.reading import read
from trunkline_server.clients.writer import Applied
from trunkline_server.profiles.profile import Profile

Tell = Callable[[str], None]  # gets a sentence before each step that takes a while
# If the app runs:
#   ask      nothing is done, so that the person can be asked
#   quit     it is quit and started again around the change
#   by hand  the file is changed all the same; the person quits and starts the app
How = Literal["ask", "quit", "by hand"]


def make(wanted: Plan, how: How, tell: Tell) -> Applied | None:
    """Make a change; None when the person has to be asked first.

    Raises:
        TrunklineError: those of ``restarting.apply``.
    """
    now = running.find(wanted.app) if how != "by hand" else None
    if now is None:
        return writer.apply(wanted)
    return restarting.apply(wanted, now, tell=tell) if how == "quit" else None


def undo(done: Applied, tell: Tell) -> None:
    """Take a change back for which the app was quit and started.

    Raises:
        TrunklineError: those of ``restarting.apply``.
    """
    now = running.find(done.plan.app)
    if now is None:
        writer.undo(done)
    else:
        restarting.apply(done.plan.reversed(), now, tell=tell)


def put_back(app_id: str, profiles: Iterable[Profile], tell: Tell) -> None:
    """Put back what another program took out of the files of an app.

    Raises:
        TrunklineError: those of ``restarting.apply``, also when a file cannot be read just now.
    """
    known = tuple(profiles)
    _require_readable(app_id)
    for gone in vanished.vanished():
        if gone.app.id == app_id:
            make(vanished.restored(gone, known), "quit", tell)


def leave_out(app_id: str) -> None:
    """Forget what another program took out of the files of an app.

    Raises:
        TrunklineError: ``client.busy``.
    """
    for gone in vanished.vanished():
        if gone.app.id == app_id:
            vanished.forget(gone)


def _require_readable(app_id: str) -> None:
    for record in owned.records():
        if record.client == app_id:
            path = Path(record.path)
            plan.names_in(apps.ALL[app_id], path, read(path), (record.name,))
