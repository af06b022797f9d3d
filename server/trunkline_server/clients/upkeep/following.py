"""Lets the AI apps that have an address of a database follow when that becomes another."""

from __future__ import annotations

from trunkline_server.clients import apps, plan, writer
from trunkline_server.clients.writer import Applied
from trunkline_server.profiles.profile import Profile


def follow(before: Profile, after: Profile) -> tuple[Applied, ...]:
    """Give every app with an address of a database the one that it has ``after``, or none of them.

    While the database keeps its way, each app keeps the way that it has.

    Returns what was done, to be undone by ``writer.undo_all``.

    Raises:
        TrunklineError: why one could not be changed; then all are as they were.
    """
    way = after.transport if before.transport != after.transport else None
    return writer.apply_all(plan.switch(apps.ALL, after, way))
