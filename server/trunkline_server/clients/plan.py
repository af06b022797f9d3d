"""What would change in an AI app's file: looked at, worked out, shown. Writes nothing."""

from __future__ import annotations

import difflib
import os
from collections.abc import Iterator
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
class Plan:
    """A change to one file that has not been made yet.

    Attributes:
        verb: "connect" or "disconnect".
        app: the AI app.
        profile: the database.
        path: the file, as it was named.
        name: the entry's key.
        before: the file's bytes; None when there is no file.
        after: its bytes afterwards; None when the file goes, because only we were in it.
        record: what to remember of the entry; None to forget it.
        diff: before and after as a unified diff; "" when nothing would change.
    """

    verb: Literal["connect", "disconnect"]
    app: App
    profile: Profile
    path: Path
    name: str
    before: bytes | None
    after: bytes | None
    record: Record | None

    @property
    def diff(self) -> str:
        """The change as a unified diff; see the class."""
        return _diff(self.path, self.before or b"", self.after or b"")

    @property
    def is_needed(self) -> bool:
        """Whether the file would change."""
        return self.before != self.after

    def again(self) -> Plan:
        """Return the same change to the file as it is now.

        Raises:
            TrunklineError: see :func:`connect`.
        """
        make = connect if self.verb == "connect" else disconnect
        return make(self.app, self.profile, path=self.path, name=self.name)


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
    path, name = path or app.path(), name or profile.id
    before = read(path)
    fields = app.entry(command(profile))
    where = (*app.table, name)
    with _explained(app, path):
        editor = _EDITORS[app.format]
        now = editor.read(before or b"", where)
        record = owned.find(path, name)
        blank = Record(client=app.id, path=str(path.resolve()), name=name, profile=profile.id,
                       digest=owned.digest(fields))  # fmt: skip
        if now is None:
            after, trace = editor.insert(before or b"", where, fields)
            record = replace(blank, made=trace.made, gap=trace.gap, is_new_file=before is None)
        elif record is None and now != fields:
            raise _taken(app, name, _free_name(editor, app, before or b"", name))
        else:
            after = editor.update(before or b"", where, fields)
            entry = editor.read(after, where)
            record = replace(record or blank, profile=profile.id, digest=owned.digest(entry))
    return Plan(verb="connect", app=app, profile=profile, path=path, name=name, before=before,
                after=after, record=record)  # fmt: skip


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
    before = read(path)
    after, record = before, owned.find(path, name)
    where = (*app.table, name)
    with _explained(app, path):
        editor = _EDITORS[app.format]
        now = editor.read(before or b"", where)
        if before is not None and now is not None:
            if record is None and now != app.entry(command(profile)):
                raise _taken(app, name, "")
            after = editor.remove(before, where, record.trace if record else Trace())
    if record and record.is_new_file and not (after or b"").strip():
        after = None
    return Plan(verb="disconnect", app=app, profile=profile, path=path, name=name, before=before,
                after=after, record=None)  # fmt: skip


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
    lines = list(difflib.unified_diff(old, new, str(path), str(path), "now", "after", n=3))
    return "\n".join(line.rstrip("\r\n") for line in lines)


def _lines(document: bytes) -> list[str]:
    return document.removeprefix(BOM).decode("utf-8", "replace").splitlines(keepends=True)
