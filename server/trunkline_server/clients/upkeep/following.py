"""Lets the AI apps that have an address of a database follow when that becomes another."""

from __future__ import annotations

from trunkline_server.clients import apps, plan, writer
from trunkline_server.clients.writer import Applied
from trunkline_server.profiles.profile import Profile


def follow(profile: Profile) -> tuple[Applied, ...]:
    """Give every app with an address of ``profile`` the one that it has now, or none of them.

    Returns what was done, to be undone by ``writer.undo_all``.

    Raises:
        TrunklineError: why one could not be changed; then all are as they were.
    """
    return writer.apply_all(plan.switch(apps.ALL, profile, profile.transport))
