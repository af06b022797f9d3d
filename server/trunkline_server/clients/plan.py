"""What would change in an AI app's file: looked at, worked out, shown. Writes nothing."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from trunkline_server.clients import barriers, diffs, entries, owned
from trunkline_server.clients.app import App
from trunkline_server.clients.connections import Connection, in_file, likely
from trunkline_server.clients.drafts import Draft, Step
from trunkline_server.clients.editors.formats import BY_FORMAT
from trunkline_server.clients.masking.spans import Layout
from trunkline_server.clients.owned import Record
from trunkline_server.clients.reading import explained, read
from trunkline_server.errors import fail
from trunkline_server.profiles.profile import Profile, Transport

# What every app takes as a key, and puts before the names of the tools.
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_-]{0,47}")


@dataclass(frozen=True, slots=True)
class Way:
    """How an app is to reach a database.

    Attributes:
        transport: "stdio", "http" or "sse".
        may_write_token: whether the token itself may stand in the file, if there is no other way.
    """

    transport: Transport = "stdio"
    may_write_token: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """A change to one file that has not been made yet: one entry, or several at once.

    Attributes:
        app: the AI app.
        path: the file, as it was named.
        steps: the entries it is about, in order.
        before: the file's bytes; None when there is no file.
        after: its bytes afterwards; None when the file goes, because only we were in it.
        former: what is remembered of our entries in this file.
        records: what to remember of them afterwards.
        diff: before and after as a unified diff, secrets hidden; "" when nothing would change.
        warning: what the person should know before; "" when nothing.
        afterwards: what the person does next in the app; one sentence.
    """

    app: App
    path: Path
    steps: tuple[Step, ...]
    before: bytes | None = field(repr=False)
    after: bytes | None = field(repr=False)
    former: tuple[Record, ...]
    records: tuple[Record, ...]

    @property
    def diff(self) -> str:
        """The change as a unified diff; see the class."""
        names = frozenset(r.name for r in (*self.former, *self.records))
        layout = Layout(format=self.app.format, table=self.app.table, names=names)
        return diffs.unified(self.path, self.before or b"", self.after or b"", layout)

    @property
    def warning(self) -> str:
        """What the person should know of the token; see the class."""
        told = (
            entries.warning(
                self.app, step.profile, step.transport, may_write_token=step.may_write_token
            )
            for step in self.steps
            if step.verb == "connect" and step.has_effect
        )
        return " ".join(dict.fromkeys(filter(None, told)))

    @property
    def afterwards(self) -> str:
        """What the person does next, or what an app that loses entries does; see the class."""
        for step in self.steps:
            if step.barrier:
                return barriers.remedy(self.app, step.name, step.barrier)
        if any(step.verb == "connect" for step in self.steps):
            return self.app.afterwards
        return f"If {self.app.name} is open, it may go on asking until you close it."

    @property
    def is_needed(self) -> bool:
        """Whether the file would change."""
        return self.before != self.after

    @property
    def is_current(self) -> bool:
        """Whether file and records are still what the plan was made from."""
        return read(self.path) == self.before and owned.of(self.path) == self.former

    def again(self) -> Plan:
        """Return the same change to the file as it is now.

        Raises:
            TrunklineError: see :func:`connect`.
        """
        return _repeated(self.app, self.path, self.steps)

    def reversed(self) -> Plan:
        """Return what takes our entries back out of the file as it is now, or puts them back.

        Raises:
            TrunklineError: see :func:`connect`.
        """
        steps = (step.opposite() for step in reversed(self.steps) if step.has_effect)
        return _repeated(self.app, self.path, steps)


def can_edit(app: App) -> bool:
    """Whether the settings of ``app`` are of a format that is edited here."""
    return app.format in BY_FORMAT and not app.by_hand


def connect(
    app: App,
    profile: Profile,
    *,
    transport: Transport = "stdio",
    path: Path | None = None,
    name: str | None = None,
    may_write_token: bool = False,
) -> Plan:
    """Return what writing the entry of ``profile`` into the file of ``app`` would change.

    ``name`` is the entry's key; unless given, the one it has there already, or the profile's id.
    An entry that the person has changed keeps what they added; only our fields are set. The token
    is in the file only when ``may_write_token`` and the app knows no safer way.

    Raises:
        TrunklineError: ``client.unreadable, client.malformed, client.taken`` (another's entry has
            this name), ``client.name``, ``client.by_hand``, ``client.transport`` (the app cannot),
            ``client.token`` (it would have to be written), ``client.address`` (no port yet),
            ``client.older`` (another file of the app would be put out of use),
            ``token.none, secrets.*`` or ``program.missing``.
    """

    def steps(draft: Draft) -> Iterable[Step]:
        wanted = next(_names(draft, profile)) if name is None else name
        yield Step(verb="connect", profile=profile, name=_checked(wanted),
                   transport=transport, may_write_token=may_write_token)  # fmt: skip

    return _planned(app, path or _path(app), steps)


def fresh(
    app: App, profile: Profile, *, transport: Transport = "stdio", may_write_token: bool = False
) -> str:
    """Return the settings file that :func:`connect` would write where there was none.

    Raises:
        TrunklineError: as :func:`connect`, for all that is not about a file.
    """
    step = Step(
        verb="connect",
        profile=profile,
        name=profile.id,
        transport=transport,
        may_write_token=may_write_token,
    )
    draft = Draft(app, Path("/"), BY_FORMAT[app.format], None, ())
    draft.take(step)
    return (draft.content or b"").decode()


def disconnect(
    app: App, profile: Profile, *, path: Path | None = None, name: str | None = None
) -> Plan:
    """Return what taking our entries for ``profile`` out of the file of ``app`` would change.

    All of them, or the one of ``name``. Nothing would change when there is none.

    Raises:
        TrunklineError: as :func:`connect`; ``client.taken`` when the entry is not ours.
    """

    def steps(draft: Draft) -> Iterable[Step]:
        names = [*_names(draft, profile)]
        return [_leaving(profile, each) for each in ([name] if name else names[:-1] or names)]

    return _planned(app, path or _path(app), steps)


def withdraw(app: App, path: Path, leaving: Iterable[tuple[str, Profile]]) -> Plan:
    """Return the one change that takes the entries of these keys out of a file.

    Raises:
        TrunklineError: ``client.unreadable`` or ``client.malformed``.
    """
    return _repeated(app, path, (_leaving(profile, name) for name, profile in leaving))


def arrange(
    app: App,
    profiles: Iterable[Profile],
    wanted: Collection[str],
    *,
    ways: Mapping[str, Way] | None = None,
    path: Path | None = None,
) -> Plan:
    """Return the one change after which ``app`` may ask the profiles of the ``wanted`` ids.

    Those of ``profiles`` that are not wanted lose our entries; entries of others stay. ``ways``
    tells how to reach a profile, by its id; any other keeps the way it is, and begins with stdio.
    New ones come before old ones go, so that the table they stand in keeps its place. One whose
    name is taken by somebody else's entry gets the next free name.

    Raises:
        TrunklineError: as :func:`connect`.
    """
    known, chosen = {p.id: p for p in profiles}, ways or {}

    def steps(draft: Draft) -> Iterable[Step]:
        there = draft.connections(known.values())
        kept = (_arranged(draft, app, known[i], chosen.get(i), there) for i in known if i in wanted)
        yield from filter(None, kept)
        for connection in there:
            if connection.profile in known and connection.profile not in wanted:
                yield _leaving(known[connection.profile], connection.name)

    return _planned(app, path or _path(app), steps)


def switch(
    apps: Mapping[str, App], profile: Profile, transport: Transport | None = None
) -> tuple[Plan, ...]:
    """Return the changes after which every app with an address of ``profile`` has the right one.

    Each uses ``transport`` from then on, or the way that it uses now if that is None. Apps that
    start a program are left alone: it finds the server whatever the transport. An app that cannot
    use ``transport`` gets the program instead. Another port and another token are changes of this
    kind too. Make them together, with ``writer.apply_all``.

    Raises:
        TrunklineError: as :func:`connect`; then none of them should be made.
    """
    ours = [r for r in owned.records() if r.profile == profile.id and r.client in apps]
    plans = []
    for client, place in dict.fromkeys((record.client, record.path) for record in ours):
        app, path = apps[client], Path(place)
        steps = [
            _switched(app, found.record, profile, transport or found.transport)
            for found in _at_an_address(app, path, profile)
            if found.record
        ]
        plans += [_repeated(app, path, steps)] if steps else []
    return tuple(plan for plan in plans if plan.is_needed or _has_file(plan))


def put_back(app: App, path: Path, lost: Iterable[tuple[Record, Profile]]) -> Plan:
    """Return the one change that writes entries again the way they are remembered.

    Raises:
        TrunklineError: as :func:`connect`.
    """
    steps = (_switched(app, record, profile, record.transport) for record, profile in lost)
    return _repeated(app, path, steps)


def without(app: App, path: Path, lost: Iterable[Record]) -> tuple[Record, ...]:
    """Return what to remember of a file when nothing is to be known of the ``lost`` entries.

    What the first one found in its place passes to one that stays.
    """
    draft = Draft(app, path, BY_FORMAT[app.format], None, owned.of(path))
    for record in lost:
        draft.take(_leaving(Profile(id=record.profile, name=record.profile), record.name))
    return draft.kept


def _repeated(app: App, path: Path, steps: Iterable[Step]) -> Plan:
    return _planned(app, path, lambda _: steps)


def _planned(app: App, path: Path, steps: Callable[[Draft], Iterable[Step]]) -> Plan:
    """Return the change that these steps make, which depend on what the file has by now."""
    before, former = read(path), owned.of(path)
    draft = Draft(app, path, BY_FORMAT[app.format], before, former)
    with explained(app, path):
        wanted = tuple(steps(draft))
        if not wanted:
            draft.look()  # a file that cannot be read is told at once
        done = tuple(map(draft.take, wanted))
    return Plan(app=app, path=path, steps=done, before=before, after=draft.content, former=former,
                records=draft.kept)  # fmt: skip


def _path(app: App) -> Path:
    if app.by_hand:
        raise fail("client.by_hand", app.by_hand, app.afterwards)
    return app.path()


def _checked(name: str) -> str:
    if not _NAME.fullmatch(name):
        title = f"“{name}” cannot be the name of an entry."
        hint = "Use up to 48 letters, digits, hyphens and underscores, a letter first."
        raise fail("client.name", title, hint)
    return name


def _names(draft: Draft, profile: Profile) -> Iterator[str]:
    """Yield the keys that lead to ``profile``, then those that did, at last the usual one."""
    there = draft.connections((profile,))
    seen = {connection.record for connection in there}
    gone = (record for record in draft.records.values() if record not in seen)
    found: list[Connection | Record] = [*there, *gone]
    yield from (each.name for each in found if each.profile == profile.id)
    yield profile.id


def _arranged(
    draft: Draft, app: App, profile: Profile, way: Way | None, there: Iterable[Connection]
) -> Step | None:
    """Return the step that connects ``profile``: by ``way``, else as it is connected by now.

    None when it is connected by what somebody else wrote, which stays.
    """
    found = next((c for c in there if c.profile == profile.id), None)
    ours = (r for r in draft.records.values() if r.profile == profile.id)
    record = found.record if found else next(ours, None)
    if way is None and (found or record):
        kept = _switched(app, record, profile, record.transport) if record else None
        return replace(kept, may_rename=True) if kept else None
    way = way or Way()
    name = found.name if found else record.name if record else profile.id
    return Step(verb="connect", profile=profile, name=name, may_rename=True,
                transport=way.transport, may_write_token=way.may_write_token)  # fmt: skip


def _at_an_address(app: App, path: Path, profile: Profile) -> Iterator[Connection]:
    """Yield the entries in one file by which the app reaches ``profile`` at an address.

    Raises:
        TrunklineError: the file cannot be read, and we wrote an address into it.
    """
    ours = [r for r in owned.of(path) if r.client == app.id and r.profile == profile.id]
    look = in_file if any(record.transport != "stdio" for record in ours) else likely
    for found in look(app, path, (profile,)):
        if found.profile == profile.id and found.transport != "stdio":
            yield found


def _leaving(profile: Profile, name: str) -> Step:
    return Step(verb="disconnect", profile=profile, name=name)


def _switched(app: App, record: Record, profile: Profile, transport: Transport) -> Step:
    return Step(
        verb="connect",
        profile=profile,
        name=record.name,
        transport=transport if transport in app.transports else "stdio",
        may_write_token=record.bearer_by == "text",
    )


def _has_file(plan: Plan) -> bool:
    """Whether the app reads the token from a file of ours, which is written with the change."""
    return any(record.bearer_by == "file" for record in plan.records)
