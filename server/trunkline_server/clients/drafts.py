"""A settings file's content and our records of it, changed one entry after the other. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import ModuleType
from typing import Any, Literal

from trunkline_server.clients import (
    barriers,
    connections,
    entries,
    owned,
    questions,
    recognising,
    tokens,
)
from trunkline_server.clients.app import App
from trunkline_server.clients.connections import Connection
from trunkline_server.clients.editors.text import MalformedError, Trace
from trunkline_server.clients.health import Barrier
from trunkline_server.clients.owned import Record
from trunkline_server.errors import TrunklineError, fail
from trunkline_server.profiles.profile import Profile, Transport


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One entry of a change.

    Attributes:
        verb: "connect" or "disconnect".
        profile: the database.
        name: the entry's key.
        transport: how the app is to reach it.
        may_write_token: whether the person allowed the token itself in the file.
        may_rename: whether it may get another name when that one is taken by another's entry.
        former: the transport of our entry of that name before; None when there was none.
        had_token: whether that one held the token itself.
        was: what stood there before and led to the database; None when nothing did.
        known: what was remembered of it.
        value: what is to stand there again instead of our usual entry; None for that one.
        has_effect: whether the file is another afterwards.
        barrier: why the app leaves the entry alone all the same; "" when it does not.
    """

    verb: Literal["connect", "disconnect"]
    profile: Profile
    name: str
    transport: Transport = "stdio"
    may_write_token: bool = False
    may_rename: bool = False
    former: Transport | None = None
    had_token: bool = False
    was: Any = field(default=None, repr=False)
    known: Record | None = None
    value: Any = field(default=None, repr=False)
    has_effect: bool = True
    barrier: Barrier = ""

    def opposite(self) -> Step:
        """Return the step that leads back."""
        if self.verb == "connect" and self.former is None:
            return replace(self, verb="disconnect")
        transport = self.former or self.transport
        return replace(self, verb="connect", transport=transport, may_write_token=self.had_token,
                       may_rename=False, value=self.was)  # fmt: skip


class Draft:
    """The content and the records, step by step.

    Attributes:
        content: the file's bytes by now; None when there is no file.
        records: what to remember by now, by the entry's name.
    """

    def __init__(
        self,
        app: App,
        path: Path,
        editor: ModuleType,
        before: bytes | None,
        former: Iterable[Record],
    ) -> None:
        self._app, self._path, self._editor = app, path, editor
        self._opened: tuple[bytes | None, tuple[str, ...], Any] = (None, (), None)
        self.content = before
        known = tuple(former)
        self.records = {record.name: record for record in known if record.client == app.id}
        self._of_others = [record for record in known if record.client != app.id]

    def connections(self, profiles: Iterable[Profile]) -> tuple[Connection, ...]:
        """Return the entries that lead to ``profiles`` by now, those that we remember first.

        Raises:
            MalformedError: see :meth:`take`.
        """
        ours, known = tuple(self.records.values()), tuple(profiles)
        there = connections.among(self._app, self.content, self._read, ours, known)
        return tuple(found for found in there if _is_meant(found))

    @property
    def kept(self) -> tuple[Record, ...]:
        """What to remember of the file by now, that of other apps in it included."""
        return (*self._of_others, *self.records.values())

    def look(self) -> None:
        """Read the content, for nothing but to find out whether that can be done.

        Raises:
            MalformedError: see :meth:`take`.
        """
        self._read((*self._app.table, ""))

    def take(self, step: Step) -> Step:
        """Make the step; return it with what was there before and whether it had an effect.

        Raises:
            TrunklineError: ``client.taken``, or those of ``entries.target``.
            MalformedError: the file is not one that its app reads.
        """
        step = self._followed(step)
        step = self._renamed(step) if step.may_rename else step
        before, record, former = self.content, self.records.get(step.name), self._way(step)
        was = self._read((*self._app.table, step.name))
        barrier = self._barrier(step, was)
        if step.verb == "connect":
            self._connect(step)
        else:
            self._disconnect(step.profile, step.name)
        return replace(
            step,
            former=former,
            had_token=bool(record and former and record.bearer_by == "text"),
            was=was if former else None,
            known=record if former else None,
            has_effect=self.content != before,
            barrier=barrier,
        )

    def _barrier(self, step: Step, entry: Any) -> Barrier:
        """Return what the settings say against the entry, which no change of ours takes away."""
        if step.verb == "disconnect":
            return ""
        where = (*self._app.table, step.name)

        def settings(path: tuple[str, ...]) -> Any:
            if path[:-1] == where:
                return entry.get(path[-1]) if isinstance(entry, dict) else None
            return self._read(path)

        with suppress(MalformedError):  # lists that are none, which say nothing
            return barriers.said(self._app, step.name, settings)
        return ""

    def _followed(self, step: Step) -> Step:
        """Return the step for the key that a person has given our entry since, if they have."""
        record = self.records.get(step.name)
        if record and self._way(step):
            return step
        for there in self.connections(()):
            ours = there.record
            if ours and ours.profile == step.profile.id and step.name in {there.name, ours.name}:
                self._rename(ours, there.name)
                return replace(step, name=there.name)
        return step

    def _rename(self, record: Record, name: str) -> None:
        known = self.records.values()
        moved = (replace(each, name=name) if each is record else each for each in known)
        self.records = {each.name: each for each in moved}  # in the order they were

    def _way(self, step: Step) -> Transport | None:
        """Return by which way the entry leads to the step's database; None if it does not."""
        now, record = self._read((*self._app.table, step.name)), self.records.get(step.name)
        profile = step.profile
        if record and record.profile == profile.id:
            return recognising.way_of(record, now, profile.http_port)
        return None if record else recognising.leads_to(now, profile.id, profile.http_port)

    def _renamed(self, step: Step) -> Step:
        """Return the step under the next free name when another's entry has its own."""
        now, record = self._read((*self._app.table, step.name)), self.records.get(step.name)
        is_free = now is None and (record is None or record.profile == step.profile.id)
        if is_free or self._way(step) or (record is None and now == self._wanted(step)[0]):
            return step
        free = self._free(step.name)
        if record and record.profile == step.profile.id:  # ours is gone, another's is there
            self._unask(step.name)
            self._hand_over(self.records.pop(step.name))
        return replace(step, name=free)

    def _connect(self, step: Step) -> None:
        """Write the entry.

        One that leads to the database already, whoever wrote it, is ours from now on.
        """
        name, where = step.name, (*self._app.table, step.name)
        fields, fresh = self._wanted(step)
        now, record, way = self._read(where), self.records.get(name), self._way(step)
        if record and record.profile != step.profile.id:
            raise self._taken(name, "for another database")
        if now is not None and ((way is None and now != fields) or not isinstance(now, dict)):
            raise self._taken(name)
        if way and (record is None or record.transport != way):
            record = replace(record or fresh, transport=way, digest="")
        if step.value is not None:
            self._restore(step, now)
        elif now is None:
            self._insert(where, fields, fresh)
        elif record and (record.transport != step.transport or _is_nested(now)):
            self._rewrite(step, record, now, fields, fresh)
        else:
            self._update(where, fields, replace(record, **_leading(fresh)) if record else fresh)
        if fresh.bearer_by == "input":
            self._ask(step)
        else:
            self._unask(name)

    def _restore(self, step: Step, now: Any) -> None:
        """Let stand there again what did, and be remembered of it what was."""
        where, known = (*self._app.table, step.name), step.known
        if now != step.value:
            if now is not None:
                self._disconnect(step.profile, step.name)
            fresh = known or self._wanted(step)[1]
            self._insert(where, step.value, replace(fresh, name=step.name))
        if known is None:
            self.records.pop(step.name, None)

    def _wanted(self, step: Step) -> tuple[dict[str, Any], Record]:
        """Return the entry's fields and a record of it that knows nothing of the file."""
        app, profile, may = self._app, step.profile, step.may_write_token
        target = entries.target(app, profile, step.name, step.transport, may_write_token=may)
        fields = app.entry(target)
        by = entries.bearer_by(app, step.transport, may_write_token=may)
        return fields, Record(
            client=app.id,
            path=owned.place_of(self._path),
            name=step.name,
            profile=profile.id,
            digest=owned.digest(fields),
            transport=step.transport,
            bearer_by=by or "",
            port=profile.http_port,
        )

    def _insert(self, where: tuple[str, ...], fields: dict[str, Any], fresh: Record) -> None:
        is_new_file = self.content is None
        if is_new_file:
            self._app.require_may_make(self._path)
        document = self._app.blank.encode() if is_new_file else self._page(where)
        self.content, trace = self._editor.insert(document, where, fields)
        found = replace(fresh, made=trace.made, gap=trace.gap, is_new_file=is_new_file)
        lost = self.records.get(fresh.name)  # its question may have stayed
        self.records[fresh.name] = replace(found, asks=lost.asks) if lost else found

    def _update(self, where: tuple[str, ...], fields: dict[str, Any], record: Record) -> None:
        kept = _kept(self._read(where), fields)
        self.content = self._editor.update(self._page(where), where, kept)
        # Of what we wrote alone: whatever else stands there is the person's, then and later.
        self.records[record.name] = replace(record, digest=owned.digest(fields))

    def _rewrite(
        self, step: Step, record: Record, now: Any, fields: dict[str, Any], fresh: Record
    ) -> None:
        """Let our entry lead elsewhere, with what the person added to it."""
        where = (*self._app.table, step.name)
        if owned.digest(now) == record.digest:
            self._disconnect(step.profile, step.name)
            self._insert(where, fields, fresh)
            return
        stale = {*self._shape(step, record.transport), *_NESTED} - fields.keys()
        if self._app.format == "yaml-list":  # whose editor takes out whole items
            theirs = {key: value for key, value in now.items() if key not in stale}
            self._disconnect(step.profile, step.name)
            self._insert(where, fields | theirs | _kept(theirs, fields), fresh)
            return
        self._update(where, fields, replace(record, **_leading(fresh)))
        for key in stale & now.keys():
            self.content = self._editor.remove(self.content, (*where, key), Trace())

    def _shape(self, step: Step, transport: Transport) -> set[str]:
        """Return the fields that an entry of ours has for that transport."""
        wanted = entries.shape_of(self._app, step.profile, step.name, transport)
        return set(self._app.entry(wanted))

    def _ask(self, step: Step) -> None:
        """Add the question that the entry refers to, unless it is there."""
        record, document = self.records[step.name], self._page((questions.KEY,))
        item = entries.question(step.profile)
        if item["id"] in questions.asked(self._editor, document):
            return
        self.content, is_new = questions.added(self._editor, document, item)
        self.records[step.name] = replace(record, asks="list" if is_new else "item")

    def _unask(self, name: str) -> None:
        """Take our question out again, or leave it to another entry that refers to it."""
        record = self.records.get(name)
        if record is None or not record.asks or self.content is None:
            return
        self.records[name] = replace(record, asks="")
        others = [r for r in self.records.values() if r.name != name and r.bearer_by == "input"]
        heir = next((r for r in others if r.profile == record.profile), None)
        if heir is None:
            self.content = questions.removed(
                self._editor,
                self._page((questions.KEY,)),
                tokens.entry_id(record.profile),
                with_list=record.asks == "list",
            )
            heir = next((r for r in others if r.asks), None) if record.asks == "list" else None
        if heir:
            self.records[heir.name] = replace(heir, asks=record.asks)

    def _disconnect(self, profile: Profile, name: str) -> None:
        """Take the entry out; what somebody else has put in its place stays."""
        if name in self.records and self.records[name].profile != profile.id:
            return
        self._unask(name)
        where, record = (*self._app.table, name), self.records.pop(name, None)
        now = self._read(where)
        if record and not recognising.way_of(record, now, profile.http_port):
            now = None
        if self.content is not None and now is not None:
            if record is None and not self._is_likely(profile, name, now):
                raise self._taken(name, can_choose=False)
            trace = record.trace if record else Trace()
            self.content = self._editor.remove(self._page(where), where, trace)
        if record and record.is_new_file and self._is_blank():
            self.content = None
        if record:
            self._hand_over(record)

    def _is_likely(self, profile: Profile, name: str, entry: Any) -> bool:
        """Whether an entry that nobody remembers leads to the database all the same."""
        way = recognising.leads_to(entry, profile.id, profile.http_port)
        return way is not None or entry in entries.likely(self._app, profile, name)

    def _is_blank(self) -> bool:
        return (self.content or b"").strip() in {b"", self._app.blank.strip().encode()}

    def _hand_over(self, gone: Record) -> None:
        """Let another entry of ours remember what the first one found, for when it goes too."""
        heir = next((r for r in self.records.values() if r.trace == Trace()), None)
        if heir and (gone.trace != Trace() or gone.is_new_file):
            found = replace(heir, made=gone.made, gap=gone.gap, is_new_file=gone.is_new_file)
            self.records[heir.name] = found

    def _read(self, where: tuple[str, ...]) -> Any:
        return self._editor.read(self._page(where), where)

    def _page(self, where: tuple[str, ...]) -> Any:
        """Return the content as the editor reads it: once for as long as it stays."""
        content, path, page = self._opened
        where = where if self._app.format.startswith("yaml") else ()  # others read the whole
        if page is None or content is not self.content or path != where:
            page = self._editor.opened(self.content or b"", where)
            self._opened = (self.content, where, page)
        return page

    def _taken(
        self, name: str, whose: str = "that Trunkline did not write", *, can_choose: bool = True
    ) -> TrunklineError:
        free = self._free(name) if can_choose else ""
        hint = f"Use another name, such as {free}." if free else "Remove it there by hand."
        title = f"{self._app.name} has an entry “{name}” {whose}."
        return fail("client.taken", title, hint, free)

    def _free(self, name: str) -> str:
        numbered = (f"{name}-{number}" for number in range(2, 1_000))
        unknown = (free for free in numbered if free not in self.records)
        return next(free for free in unknown if self._read((*self._app.table, free)) is None)


# Written once; afterwards they are the person's, who may switch a server off or allow it less.
_PERSONAL = {"enabled", "disabled", "active", "tools", "timeout", "description", "bundled"}


def _kept(now: Any, fields: dict[str, Any]) -> dict[str, Any]:
    """Return ``fields`` with what the person put beside ours, and without what is theirs."""
    wanted = {k: v for k, v in fields.items() if k not in _PERSONAL or k not in now}
    return {
        k: now[k] | _kept(now[k], v) if isinstance(v, dict) and isinstance(now.get(k), dict) else v
        for k, v in wanted.items()
    }


def _is_meant(found: Connection) -> bool:
    """Whether a connection is ours to change: not the address that somebody wrote under a name."""
    return bool(found.record) or found.transport == "stdio" or found.name == found.profile


_NESTED = ("transport",)  # where Cline's own command puts what leads


def _is_nested(entry: Any) -> bool:
    return any(isinstance(entry.get(key), dict) for key in _NESTED)


def _leading(record: Record) -> dict[str, Any]:
    """Return the fields of a record that tell where the entry leads."""
    return {"profile": record.profile, "transport": record.transport,
            "bearer_by": record.bearer_by, "port": record.port}  # fmt: skip
