"""Takes what leads to our databases out of AI apps' files: to one of them, or to all."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from trunkline_server.clients import apps, connections, owned, plan, writer
from trunkline_server.clients.app import App
from trunkline_server.clients.connections import Connection
from trunkline_server.clients.owned import Record
from trunkline_server.clients.plan import Plan
from trunkline_server.clients.writer import Applied
from trunkline_server.errors import Failure, TrunklineError
from trunkline_server.profiles.profile import Profile

Apply = Callable[[Plan], Applied]
Failed = tuple[App, Failure]
Outcome = tuple[tuple[Applied, ...], tuple[Failed, ...]]


def take_out(
    profiles: Iterable[Profile], app_id: str | None = None, apply: Apply = writer.apply
) -> Outcome:
    """Take what leads to ``profiles`` out of every app's files, each file once.

    Also from files that a person named, and what somebody else wrote and leads there. ``app_id``
    means that app only; ``apply`` makes the change to each file. Returns the changes made, each to
    be undone by ``writer.undo``, and by app why others were not made, or what went wrong after one.
    """
    done: list[Applied] = []
    failures: list[Failed] = []
    for change in _changes(tuple(profiles), app_id, failures):
        try:
            applied = apply(change)
        except TrunklineError as exc:
            failures.append((change.app, exc.failure))
            continue
        done.append(applied)
        failures += [(change.app, applied.trouble)] if applied.trouble else []
    return tuple(a for a in done if a.plan.is_needed), tuple(failures)


def removed() -> tuple[Profile, ...]:
    """Return a stand-in for each database of which entries are remembered, saved or not."""
    return tuple(Profile(id=each, name=each) for each in sorted(owned.databases()))


def _changes(
    profiles: tuple[Profile, ...], app_id: str | None, failures: list[Failed]
) -> Iterator[Plan]:
    for app in apps.ALL.values():
        for path in _files(app) if app_id in {None, app.id} else ():
            try:
                if leaving := [*_leaving(app, path, profiles)]:
                    yield plan.withdraw(app, path, leaving)
            except TrunklineError as exc:
                failures.append((app, exc.failure))


def _files(app: App) -> list[Path]:
    """Return the files of an app, and those that a person named."""
    named = [Path(record.path) for record in owned.records() if record.client == app.id]
    places = {owned.place_of(path): path for path in (*app.files(), *named)}
    return [*places.values()]


def _leaving(app: App, path: Path, profiles: tuple[Profile, ...]) -> Iterator[tuple[str, Profile]]:
    """Yield the keys that lead to ``profiles``, then those that are only remembered."""
    known = {profile.id: profile for profile in profiles}
    there = connections.likely(app, path, profiles)
    seen = {connection.record for connection in there}
    gone = [r for r in owned.of(path) if r.client == app.id and r not in seen]
    found: list[Connection | Record] = [*there, *gone]
    for each in found:
        if each.profile in known:
            yield each.name, known[each.profile]
