"""Takes what we wrote out of AI apps' files: for one database, or all of it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path

from trunkline_server.clients import apps, owned, plan, writer
from trunkline_server.clients.owned import Record
from trunkline_server.clients.plan import Plan
from trunkline_server.clients.writer import Applied
from trunkline_server.errors import Failure, TrunklineError
from trunkline_server.profiles.profile import Profile

Apply = Callable[[Plan], Applied]
Outcome = tuple[tuple[Applied, ...], tuple[Failure, ...]]


def take_out(profile: Profile, apply: Apply = writer.apply) -> Outcome:
    """Take our entries for ``profile`` out, also those in files that a person named.

    ``apply`` makes the change to each file. Returns the changes made, each to be undone by
    ``writer.undo``, and why others were not made, or what went wrong after one was.
    """
    ours = (record for record in owned.records() if record.profile == profile.id)
    return take_out_all(ours, (profile,), apply)


def take_out_all(
    leaving: Iterable[Record], profiles: Iterable[Profile], apply: Apply = writer.apply
) -> Outcome:
    """Take the entries of these records out, each file once; see :func:`take_out`.

    ``profiles`` are the saved databases: an entry may be of one that was removed.
    """
    known = {profile.id: profile for profile in profiles}
    done: list[Applied] = []
    failures: list[Failure] = []
    for (client, path), records in _by_file(leaving).items():
        pairs = [(r, known.get(r.profile) or _removed(r.profile)) for r in records]
        try:
            applied = apply(plan.withdraw(apps.ALL[client], Path(path), pairs))
        except TrunklineError as exc:
            failures.append(exc.failure)
            continue
        done.append(applied)
        failures += [applied.trouble] if applied.trouble else []
    return tuple(a for a in done if a.plan.is_needed), tuple(failures)


def _by_file(records: Iterable[Record]) -> dict[tuple[str, str], list[Record]]:
    found: dict[tuple[str, str], list[Record]] = {}
    for record in records:
        if record.client in apps.ALL:
            found.setdefault((record.client, record.path), []).append(record)
    return dict(sorted(found.items()))


def _removed(profile_id: str) -> Profile:
    return Profile(id=profile_id, name=profile_id)
