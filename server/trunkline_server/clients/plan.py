"""What would change in an AI app's file: looked at, worked out, shown. Writes nothing."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from types import ModuleType
from typing import Literal

from trunkline_server import programs
from trunkline_server.clients import owned
from trunkline_server.clients.app import App, Command
from trunkline_server.clients.editors import json as strict_json
from trunkline_server.clients.editors.text import BOM, MalformedError, Trace
from trunkline_server.clients.owned import Record
from trunkline_server.errors import TrunklineError, fail
from trunkline_server.profiles.profile import Profile

_EDITORS: dict[str, ModuleType] = {"json": strict_json}
_TOO_BIG = 50_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One entry of a change.

    Attributes:
        verb: "connect" or "disconnect".
        profile: the database.
        name: the entry's key.
        has_effect: whether the file is another afterwards.
    """

    verb: Literal["connect", "disconnect"]
    profile: Profile
    name: str
    has_effect: bool = True


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
        diff: before and after as a unified diff; "" when nothing would change.
    """

    app: App
    path: Path
    steps: tuple[Step, ...]
    before: bytes | None
    after: bytes | None
    former: tuple[Record, ...]
    records: tuple[Record, ...]

    @property
    def diff(self) -> str:
        """The change as a unified diff; see the class."""
        return _diff(self.path, self.before or b"", self.after or b"")

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
        steps = (step for step in reversed(self.steps) if step.has_effect)
        return _planned(self.app, self.path, tuple(map(_opposite, steps)))


def connect(
    app: App, profile: Profile, *, path: Path | None = None, name: str | None = None
) -> Plan:
    """Return what writing the entry of ``profile`` into the file of ``app`` would change.

    ``name`` is the entry's key, the profile's id unless given. An entry of ours that the person
    has changed keeps what they added; only our fields are set.

    Raises:
        TrunklineError: ``client.unreadable, client.malformed, client.taken`` (another's entry has
            this name) or ``program.missing``.
    """
    step = Step(verb="connect", profile=profile, name=name or profile.id)
    return _planned(app, path or app.path(), (step,))


def disconnect(
    app: App, profile: Profile, *, path: Path | None = None, name: str | None = None
) -> Plan:
    """Return what taking our entry for ``profile`` out of the file of ``app`` would change.

    Nothing would change when it is not there.

    Raises:
        TrunklineError: as :func:`connect`; ``client.taken`` when the entry is not ours.
    """
    path = path or app.path()
    name = name or _name_of(app, profile, path)
    return _planned(app, path, (Step(verb="disconnect", profile=profile, name=name),))


def arrange(
    app: App, profiles: Iterable[Profile], wanted: Collection[str], *, path: Path | None = None
) -> Plan:
    """Return the one change after which ``app`` may ask the profiles of the ``wanted`` ids.

    Those of ``profiles`` that are not wanted lose our entries; entries of others stay. New ones
    come before old ones go, so that the table they stand in keeps its place.

    Raises:
        TrunklineError: as :func:`connect`.
    """
    path, known = path or app.path(), tuple(profiles)
    steps = [
        Step(verb="connect", profile=p, name=_name_of(app, p, path))
        for p in known
        if p.id in wanted
    ] + [
        Step(verb="disconnect", profile=p, name=_name_of(app, p, path))
        for p in known
        if p.id not in wanted and is_connected(app, p, path=path)
    ]
    return _planned(app, path, tuple(steps))


def is_connected(app: App, profile: Profile, *, path: Path | None = None) -> bool:
    """Whether the app's file has our entry for ``profile``; False when it cannot be read."""
    path = path or app.path()
    name = _name_of(app, profile, path)
    if owned.find(path, name) is None:
        return False
    try:
        with _explained(app, path):
            return _EDITORS[app.format].read(read(path) or b"", (*app.table, name)) is not None
    except TrunklineError:
        return False


def command(profile: Profile) -> Command:
    """Return what an AI app starts to reach ``profile``.

    Raises:
        TrunklineError: ``program.missing``.
    """
    home = os.environ.get("TRUNKLINE_HOME")
    return Command(
        program=str(programs.path_of("trunkline-stdio")),
        arguments=(profile.id,),
        environment=(("TRUNKLINE_HOME", str(Path(home).expanduser().absolute())),) if home else (),
    )


def read(path: Path) -> bytes | None:
    """Return the bytes of a settings file; None when there is none.

    Raises:
        TrunklineError: ``client.unreadable``.
    """
    try:
        if path.stat().st_size > _TOO_BIG:
            raise _unreadable(path, "it is far too big for a settings file")
        return path.read_bytes()
    except FileNotFoundError:
        return None
    except IsADirectoryError as exc:
        raise _unreadable(path, "it is a folder") from exc
    except OSError as exc:
        raise _unreadable(path, exc.strerror or "the system refused it") from exc


class _Draft:
    """A file's content and our records of it, step by step."""

    def __init__(
        self, app: App, path: Path, before: bytes | None, former: Iterable[Record]
    ) -> None:
        self._app, self._path, self._editor = app, path, _EDITORS[app.format]
        self.content = before
        self.records = {record.name: record for record in former}

    def take(self, step: Step) -> Step:
        """Make the step; return it with whether it had an effect."""
        before = self.content
        if step.verb == "connect":
            self._connect(step.profile, step.name)
        else:
            self._disconnect(step.profile, step.name)
        return replace(step, has_effect=self.content != before)

    def _connect(self, profile: Profile, name: str) -> None:
        fields, where = self._app.entry(command(profile)), (*self._app.table, name)
        document, record = self.content or b"", self.records.get(name)
        now = self._editor.read(document, where)
        blank = Record(client=self._app.id, path=str(self._path.resolve()), name=name,
                       profile=profile.id, digest=owned.digest(fields))  # fmt: skip
        if now is None:
            after, trace = self._editor.insert(document, where, fields)
            is_new_file = self.content is None
            record = replace(blank, made=trace.made, gap=trace.gap, is_new_file=is_new_file)
        elif record is None and now != fields:
            raise _taken(self._app, name, _free_name(self._editor, self._app, document, name))
        else:
            after = self._editor.update(document, where, fields)
            digest = owned.digest(self._editor.read(after, where))
            record = replace(record or blank, profile=profile.id, digest=digest)
        self.content, self.records[name] = after, record

    def _disconnect(self, profile: Profile, name: str) -> None:
        where, record = (*self._app.table, name), self.records.pop(name, None)
        now = self._editor.read(self.content or b"", where)
        if self.content is not None and now is not None:
            if record is None and now != self._app.entry(command(profile)):
                raise _taken(self._app, name, "")
            trace = record.trace if record else Trace()
            self.content = self._editor.remove(self.content, where, trace)
        if record and record.is_new_file and not (self.content or b"").strip():
            self.content = None
        if record:
            self._hand_over(record)

    def _hand_over(self, gone: Record) -> None:
        """Let another entry of ours remember what the first one found, for when it goes too."""
        heir = next((r for r in self.records.values() if r.trace == Trace()), None)
        if heir and (gone.trace != Trace() or gone.is_new_file):
            found = replace(heir, made=gone.made, gap=gone.gap, is_new_file=gone.is_new_file)
            self.records[heir.name] = found


def _planned(app: App, path: Path, steps: tuple[Step, ...]) -> Plan:
    before, former = read(path), owned.of(path)
    draft = _Draft(app, path, before, former)
    with _explained(app, path):
        done = tuple(map(draft.take, steps))
    return Plan(app=app, path=path, steps=done, before=before, after=draft.content, former=former,
                records=tuple(draft.records.values()))  # fmt: skip


def _opposite(step: Step) -> Step:
    return replace(step, verb="disconnect" if step.verb == "connect" else "connect")


def _name_of(app: App, profile: Profile, path: Path) -> str:
    """Return the key under which we connected ``profile`` there."""
    place = str(path.resolve())
    ours = (
        r for r in owned.records() if (r.client, r.path, r.profile) == (app.id, place, profile.id)
    )
    return next((record.name for record in ours), profile.id)


def _free_name(editor: ModuleType, app: App, document: bytes, name: str) -> str:
    taken = editor.read(document, app.table) or {}
    numbered = (f"{name}-{number}" for number in range(2, len(taken) + 3))
    return next(free for free in numbered if free not in taken)


def _taken(app: App, name: str, free: str) -> TrunklineError:
    hint = f"Use another name, such as {free}." if free else "Remove it there by hand."
    title = f"{app.name} has an entry “{name}” that Trunkline did not write."
    return fail("client.taken", title, hint, free)


def _unreadable(path: Path, why: str) -> TrunklineError:
    title = f"The file {path} cannot be read: {why}."
    return fail("client.unreadable", title, "Nothing was changed. Check the file and its rights.")


@contextmanager
def _explained(app: App, path: Path) -> Iterator[None]:
    try:
        yield
    except MalformedError as exc:
        title = f"{path}, line {exc.line}, column {exc.column}: {exc.reason}."
        hint = f"Nothing was changed. Correct it there; {app.name} cannot read it either."
        raise fail("client.malformed", title, hint) from exc


def _diff(path: Path, before: bytes, after: bytes) -> str:
    if before == after:
        return ""
    old, new = _lines(before), _lines(after)
    import difflib  # not at the top: only a change needs it

    lines = list(difflib.unified_diff(old, new, str(path), str(path), "now", "after", n=3))
    return "\n".join(line.rstrip("\r\n") for line in lines)


def _lines(document: bytes) -> list[str]:
    return document.removeprefix(BOM).decode("utf-8", "replace").splitlines(keepends=True)
