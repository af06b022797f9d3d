"""What would change in an AI app's file: looked at, worked out, shown. Writes nothing."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType
from typing import Any

from trunkline_server.clients import diffs, entries, owned
from trunkline_server.clients.app import App
from trunkline_server.clients.drafts import Draft, Step
from trunkline_server.clients.editors import json as strict_json
from trunkline_server.clients.editors import json_comments, jsonc, toml, yaml, yaml_list
from trunkline_server.clients.masking.spans import Layout
from trunkline_server.clients.owned import Record
from trunkline_server.clients.reading import explained, read
from trunkline_server.errors import TrunklineError, fail
from trunkline_server.profiles.profile import Profile, Transport

_EDITORS: dict[str, ModuleType] = {
    "json": strict_json,
    "json+comments": json_comments,
    "jsonc": jsonc,
    "toml": toml,
    "yaml": yaml,
    "yaml-list": yaml_list,
}
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
        return _planned(self.app, self.path, self.steps)

    def reversed(self) -> Plan:
        """Return what takes our entries back out of the file as it is now, or puts them back.

        Raises:
            TrunklineError: see :func:`connect`.
        """
        steps = (step.opposite() for step in reversed(self.steps) if step.has_effect)
        return _planned(self.app, self.path, tuple(steps))


def can_edit(app: App) -> bool:
    """Whether the settings of ``app`` are of a format that is edited here."""
    return app.format in _EDITORS and not app.by_hand


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

    ``name`` is the entry's key, the profile's id unless given. An entry of ours that the person
    has changed keeps what they added; only our fields are set. The token is in the file only when
    ``may_write_token`` and the app knows no safer way.

    Raises:
        TrunklineError: ``client.unreadable, client.malformed, client.taken`` (another's entry has
            this name), ``client.name``, ``client.by_hand``, ``client.transport`` (the app cannot),
            ``client.token`` (it would have to be written), ``client.address`` (no port yet),
            ``token.none, secrets.*`` or ``program.missing``.
    """
    step = Step(
        verb="connect",
        profile=profile,
        name=_checked(profile.id if name is None else name),
        transport=transport,
        may_write_token=may_write_token,
    )
    return _planned(app, path or _path(app), (step,))


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
    draft = Draft(app, Path("/"), _EDITORS[app.format], None, ())
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
    path = path or _path(app)
    names = [r.name for r in _ours(app, profile, path)] or [profile.id]
    steps = [_leaving(profile, each) for each in ([name] if name else names)]
    return _planned(app, path, tuple(steps))


def withdraw(app: App, path: Path, leaving: Iterable[tuple[Record, Profile]]) -> Plan:
    """Return the one change that takes these entries of ours out of a file.

    Raises:
        TrunklineError: ``client.unreadable`` or ``client.malformed``.
    """
    steps = (_leaving(profile, record.name) for record, profile in leaving)
    return _planned(app, path, tuple(steps))


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
    path, known, ways = path or _path(app), tuple(profiles), ways or {}
    steps = [_arranged(app, p, path, ways.get(p.id)) for p in known if p.id in wanted] + [
        _leaving(p, record.name)
        for p in known
        if p.id not in wanted
        for record in _ours(app, p, path)
        if _is_seen(app, record)
    ]
    return _planned(app, path, tuple(steps))


def switch(apps: Mapping[str, App], profile: Profile, transport: Transport) -> tuple[Plan, ...]:
    """Return the changes after which every app with an address of ``profile`` has the right one.

    Apps that start a program are left alone: it finds the server whatever the transport. An app
    that cannot use ``transport`` gets the program instead. Another port and another token are
    changes of this kind too. Make them together, with ``writer.apply_all``.

    Raises:
        TrunklineError: as :func:`connect`; then none of them should be made.
    """
    steps: dict[tuple[str, Path], list[Step]] = {}
    for record in owned.records():
        is_meant = record.profile == profile.id and record.transport != "stdio"
        if is_meant and record.client in apps and _is_there(apps[record.client], record):
            step = _switched(apps[record.client], record, profile, transport)
            steps.setdefault((record.client, Path(record.path)), []).append(step)
    plans = [_planned(apps[client], path, tuple(s)) for (client, path), s in steps.items()]
    return tuple(plan for plan in plans if plan.is_needed or _has_file(plan))


def put_back(app: App, path: Path, lost: Iterable[tuple[Record, Profile]]) -> Plan:
    """Return the one change that writes entries again the way they are remembered.

    Raises:
        TrunklineError: as :func:`connect`.
    """
    steps = (_switched(app, record, profile, record.transport) for record, profile in lost)
    return _planned(app, path, tuple(steps))


def without(app: App, path: Path, lost: Iterable[Record]) -> tuple[Record, ...]:
    """Return what to remember of a file when nothing is to be known of the ``lost`` entries.

    What the first one found in its place passes to one that stays.
    """
    draft = Draft(app, path, _EDITORS[app.format], None, owned.of(path))
    for record in lost:
        draft.take(_leaving(Profile(id=record.profile, name=record.profile), record.name))
    return tuple(draft.records.values())


def names_in(app: App, path: Path, content: bytes | None, names: Iterable[str]) -> frozenset[str]:
    """Return which of the entries of these names are in the ``content`` of the app's file.

    Raises:
        TrunklineError: ``client.malformed``.
    """
    read_at, document = _EDITORS[app.format].read, content or b""
    with explained(app, path):
        return frozenset(n for n in names if read_at(document, (*app.table, n)) is not None)


def value_in(app: App, path: Path, keys: tuple[str, ...]) -> Any:
    """Return what stands at ``keys`` in the app's file; None for nothing.

    Raises:
        TrunklineError: ``client.unreadable`` or ``client.malformed``.
    """
    with explained(app, path):
        return _EDITORS[app.format].read(read(path) or b"", keys)


def can_read(app: App, path: Path) -> bool:
    """Whether the app's file, if there is one, can be read and understood."""
    try:
        _require_readable(app, path, read(path))
    except TrunklineError:
        return False
    return True


def remembered(app: App, profile: Profile, *, path: Path | None = None) -> Record | None:
    """Return what is remembered of our entry for ``profile``, whether or not it is there."""
    return next(_ours(app, profile, path or _path(app)), None)


def record_of(app: App, profile: Profile, *, path: Path | None = None) -> Record | None:
    """Return what is remembered of our entry for ``profile``; None when it is not seen there."""
    ours = _ours(app, profile, path or _path(app))
    return next((record for record in ours if _is_seen(app, record)), None)


def is_connected(app: App, profile: Profile, *, path: Path | None = None) -> bool:
    """Whether the app's file has our entry for ``profile``; False when it cannot be read."""
    return record_of(app, profile, path=path) is not None


def _planned(app: App, path: Path, steps: tuple[Step, ...]) -> Plan:
    before, former = read(path), owned.of(path)
    if not steps:
        _require_readable(app, path, before)
    draft = Draft(app, path, _EDITORS[app.format], before, former)
    with explained(app, path):
        done = tuple(map(draft.take, steps))
    return Plan(app=app, path=path, steps=done, before=before, after=draft.content, former=former,
                records=tuple(draft.records.values()))  # fmt: skip


def _require_readable(app: App, path: Path, content: bytes | None) -> None:
    names_in(app, path, content, ("",))


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


def _arranged(app: App, profile: Profile, path: Path, way: Way | None) -> Step:
    """Return the step that connects ``profile``: by ``way``, else as it is connected by now."""
    record = remembered(app, profile, path=path)
    if record and way is None:
        return _switched(app, record, profile, record.transport)
    way, name = way or Way(), record.name if record else profile.id
    return Step(verb="connect", profile=profile, name=name, may_rename=True,
                transport=way.transport, may_write_token=way.may_write_token)  # fmt: skip


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


def _is_seen(app: App, record: Record) -> bool:
    """Whether it is there; False when the file cannot be read."""
    with suppress(TrunklineError):  # whoever changes the file is told
        return _is_there(app, record)
    return False


def _is_there(app: App, record: Record) -> bool:
    """Whether the entry of a record is in its file.

    Raises:
        TrunklineError: ``client.unreadable`` or ``client.malformed``.
    """
    path = Path(record.path)
    return bool(names_in(app, path, read(path), (record.name,)))


def _ours(app: App, profile: Profile, path: Path) -> Iterator[Record]:
    """Yield what is remembered of our entries for ``profile`` in one file, there or not."""
    whose = (app.id, owned.place_of(path), profile.id)
    return (r for r in owned.records() if (r.client, r.path, r.profile) == whose)
