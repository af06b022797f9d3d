"""Takes what we wrote for one database out of every AI app's file."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from trunkline_server.clients import apps, owned, plan, writer
from trunkline_server.clients.plan import Plan
from trunkline_server.clients.writer import Applied
from trunkline_server.errors import Failure, TrunklineError
from trunkline_server.profiles.profile import Profile


def take_out(
    profile: Profile, apply: Callable[[Plan], Applied] = writer.apply
) -> tuple[tuple[Applied, ...], tuple[Failure, ...]]:
    """Take our entries for ``profile`` out, also those in files that a person named.

    ``apply`` makes each change. Returns the changes made, each to be undone by ``writer.undo``,
    and why others were not made, or what went wrong after one was.
    """
    done: list[Applied] = []
    failures: list[Failure] = []
    for record in owned.records():
        if record.profile != profile.id or record.client not in apps.ALL:
            continue
        try:
            app, path = apps.ALL[record.client], Path(record.path)
            change = plan.disconnect(app, profile, path=path, name=record.name)
            done.append(applied := apply(change))
        except TrunklineError as exc:
            failures.append(exc.failure)
        else:
            failures += [applied.trouble] if applied.trouble else []
    return tuple(a for a in done if a.plan.is_needed), tuple(failures)
