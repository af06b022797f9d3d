"""When AI apps last made contact, by greeting or asking; what is older than their file is not."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from contextlib import closing
from pathlib import Path

from trunkline_server.clients import apps, owned
from trunkline_server.profiles.profile import Profile
from trunkline_server.serving.activity import Activity

# In seconds since 1970, by profile id and, in this order, the client's name for itself.
Contacts = Mapping[tuple[str, str], float]


def by_app(profiles: Iterable[Profile], contacts: Contacts) -> dict[tuple[str, str], float]:
    """Return when each profile last heard from each app, by profile id and the app's id.

    ``contacts`` are those that the activity may not have yet. What an app said when it was asked
    counts too: Gemini CLI and Qwen Code then greet a server under no name of theirs.

    Raises:
        TrunklineError: ``activity.unreadable``.
    """
    found: dict[tuple[str, str], float] = {}
    with closing(Activity()) as activity:
        asked = {
            (p.id, name): at for p in profiles for name, at in activity.last_seen(p.id).items()
        }
        # Of the time before this window too; the supervisor knows only its own.
        greeted = [((g.profile_id, g.client), g.at) for g in activity.greetings()]
    for (profile_id, name), at in (*contacts.items(), *greeted, *asked.items()):
        if app := apps.called(name):
            place = profile_id, app.id
            found[place] = max(at, found.get(place, 0.0))
    for record in filter(lambda record: record.verified, owned.records()):
        place = record.profile, record.client
        found[place] = max(record.verified, found.get(place, 0.0))
    return found


def written(path: Path) -> dict[str, float]:
    """Return when our entries in a file were written, by profile id."""
    return {record.profile: record.since for record in owned.of(path)}


def last(seen: Mapping[str, float], since: Mapping[str, float], on: Collection[str]) -> float:
    """Return when an app last made contact; 0 while it has not read what was written last.

    ``seen`` and ``since`` say by profile id when it was heard of and its entry written. A profile
    whose server is off, and so not in ``on``, hears no greeting; it is waited for only when all
    are off.
    """
    fresh = {i: at for i, at in seen.items() if at > since.get(i, 0.0)}
    awaited = [i for i in seen if i in on] or list(seen)
    return max(fresh.values(), default=0.0) if all(i in fresh for i in awaited) else 0.0
