"""The AI apps that ask a database which is changed or removed in a terminal."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from trunkline_server.errors import TrunklineError, fail
from trunkline_server.profiles.profile import Profile, is_moved

if TYPE_CHECKING:  # the apps are loaded when one is concerned; most changes concern none
    from trunkline_server.clients.app import App
    from trunkline_server.clients.writer import Applied


@contextmanager
def told(former: Profile, wanted: Profile) -> Iterator[tuple[Applied, ...]]:
    """Give the AI apps with an address of this database the new one, if the block does not fail.

    Raises:
        TrunklineError: why one of them could not be changed; then none is, and nothing is saved.
    """
    if not is_moved(former, wanted):
        yield ()
        return
    from trunkline_server.clients import writer
    from trunkline_server.clients.upkeep import following

    try:
        done = tuple(a for a in following.follow(former, wanted) if a.plan.is_needed)
    except TrunklineError as exc:
        hint = f"{exc.failure.hint} “{former.name}” stays as it is, too."
        raise fail(exc.code, exc.failure.title, hint) from exc
    try:
        yield done
    except BaseException:
        writer.undo_all(done)
        raise


def sentence(done: Applied, former: Profile) -> str:
    """Return what became of an app's file, where it is kept as it was, and what comes next."""
    (step, *_), app = done.plan.steps, done.plan.app
    is_same = step.transport != "stdio" and step.profile.transport == former.transport
    way = "the new address" if is_same else step.transport.upper()
    kept = f" The file as it was is kept in {done.backup}." if done.backup else ""
    return f"{app.name} now uses {way}.{kept} Next: {done.plan.afterwards}"


def as_json(followed: tuple[Applied, ...]) -> dict[str, Any]:
    """Return what ``--json`` tells of the apps that follow; nothing when there are none."""
    files = [
        {"client": a.plan.app.id, "path": str(a.plan.path), "backup": str(a.backup or "") or None}
        for a in followed
    ]
    return {"followed": files} if files else {}


def of(profile: Profile) -> list[App]:
    """Return the apps that can ask ``profile``, also by a file that a person named."""
    from trunkline_server.clients import apps

    return [app for app in apps.ALL.values() if _is_anywhere(app, profile)]


def _is_anywhere(app: App, profile: Profile) -> bool:
    from trunkline_server.clients import connections, owned

    named = {Path(record.path) for record in owned.records() if record.client == app.id}
    return any(connections.is_connected(app, profile, path=file) for file in {*named, *app.files()})
