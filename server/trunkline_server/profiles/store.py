"""The profile file: its versions, its place, and that nothing in it is ever lost."""

from __future__ import annotations

import errno
import json
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from trunkline_server import folders
from trunkline_server.errors import TrunklineError, fail
from trunkline_server.profiles import atomic
from trunkline_server.profiles.profile import FieldError, Profile, from_json

Document = dict[str, Any]
Step = Callable[[Document], Document]

FILE = "profiles.json"
_EXACTLY = "id:"  # before an id: no name is meant

_WAIT_S = 5.0
_READ_ONLY = (errno.EACCES, errno.EPERM, errno.EROFS)
_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


def _with_version(document: Document) -> Document:
    """Version 0 is a file that somebody wrote by hand without saying a version."""
    return {**document, "version": 1}


# Step n turns version n into version n + 1.
STEPS: tuple[Step, ...] = (_with_version,)
VERSION = len(STEPS)


def migrate(document: Document, steps: tuple[Step, ...] = STEPS) -> Document:
    """Return ``document`` in the newest version; pure. A newer one comes back as it is."""
    for step in steps[document.get("version", 0) :]:
        document = step(document)
    return document


class Store:
    """The profiles of one file, by default ``profiles.json`` in the configuration folder.

    Keys this version does not know, in the document and in a profile, survive every save.
    Every method may raise ``store.malformed``, ``store.newer`` or ``store.failed``; those that
    write also ``store.busy``, ``store.read_only`` and ``store.full``. Whatever was raised, the
    file is as it was before.
    """

    def __init__(self, path: Path | None = None, *, wait_s: float = _WAIT_S) -> None:
        with _explained(path or Path(FILE)):
            named = path or folders.config() / FILE
            # A link stays a link: what it points to is replaced, and locked under one name.
            self.path = Path(os.path.realpath(named))
        self._wait_s = wait_s

    def load(self) -> tuple[Profile, ...]:
        """Return the saved profiles in the order of the file; none when there is no file."""
        return _profiles(self.path, migrate(self._read()))

    def get(self, word: str) -> Profile:
        """Return the profile a person means: by its id, its name without regard to case, or id:ID.

        Raises:
            TrunklineError: ``profile.unknown``, which says what is nearest, or
                ``profile.ambiguous`` when it is the id of one and the name of another.
        """
        if word.startswith(_EXACTLY):
            return self.by_id(word.removeprefix(_EXACTLY))
        profiles = self.load()
        wanted = word.strip().casefold()
        found = {p.id: p for p in profiles if word == p.id or wanted == _plain(p.name)}
        if len(found) > 1:
            raise _ambiguous(word, tuple(found.values()))
        for profile in found.values():
            return profile
        raise fail("profile.unknown", f"There is no database “{word}”.", _nearest(wanted, profiles))

    def by_id(self, profile_id: str) -> Profile:
        """Return the profile with exactly this id.

        Raises:
            TrunklineError: ``profile.unknown``; says the id when it is the name of one.
        """
        profiles = self.load()
        for profile in profiles:
            if profile.id == profile_id:
                return profile
        wanted = _plain(profile_id)
        named = [f"The id of “{p.name}” is {p.id}." for p in profiles if _plain(p.name) == wanted]
        title = f"There is no database with the id “{profile_id}”."
        raise fail("profile.unknown", title, (named or [_nearest(wanted, profiles)])[0])

    def save(self, profile: Profile) -> None:
        """Add ``profile``, or replace the one with its id in its place."""

        def change(entries: list[Document]) -> list[Document]:
            if all(entry["id"] != profile.id for entry in entries):
                return [*entries, profile.as_json()]
            return [e | profile.as_json() if e["id"] == profile.id else e for e in entries]

        self._edit(change)

    def remove(self, profile_id: str) -> None:
        """Take the profile with this id out of the file; nothing when it is not there."""
        self._edit(lambda entries: [e for e in entries if e["id"] != profile_id])

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Keep other processes from adding, updating or removing meanwhile; see ``saving``."""
        with _explained(self.path), atomic.locked(self._beside("adding"), self._wait_s):
            yield

    def _edit(self, change: Callable[[list[Document]], list[Document]]) -> None:
        with _explained(self.path), atomic.locked(self._beside("lock"), self._wait_s):
            before = self._read()
            document = migrate(before)
            _profiles(self.path, document)
            entries = document.get("profiles", [])
            changed = change(entries)
            if changed != entries:
                self._replace(before, {**document, "profiles": changed})

    def _replace(self, before: Document, after: Document) -> None:
        if self.path.exists():
            content = self.path.read_bytes()
            if before.get("version", 0) != VERSION:
                _keep(self.path, f"version-{before.get('version', 0)}", content)
            atomic.replace(self._beside("bak"), content)
        atomic.replace(self.path, _encoded(after))

    def _read(self) -> Document:
        try:
            content = self.path.read_bytes()
        except FileNotFoundError:
            return {"version": VERSION, "profiles": []}
        except OSError as exc:
            raise _failure(self.path, exc) from exc
        return _document(self.path, content)

    def _beside(self, ending: str) -> Path:
        return self.path.with_name(f"{self.path.name}.{ending}")


def _document(path: Path, content: bytes) -> Document:
    try:
        document = json.loads(content.decode("utf-8-sig"), parse_constant=_refuse_constant)
    except json.JSONDecodeError as exc:
        place = f"line {exc.lineno}, column {exc.colno}"
        raise _malformed(path, f"It is not valid JSON at {place}.", exc.msg) from exc
    except UnicodeDecodeError as exc:
        line = content.count(b"\n", 0, exc.start) + 1
        column = exc.start - content.rfind(b"\n", 0, exc.start)
        raise _malformed(path, f"It is not UTF-8 text at line {line}, column {column}.") from exc
    except (ValueError, RecursionError) as exc:
        raise _malformed(path, "It is not valid JSON.", str(exc)) from exc
    return _checked(path, document)


def _checked(path: Path, document: Any) -> Document:
    if not isinstance(document, dict):
        raise _malformed(path, "It holds no JSON object.")
    version = document.get("version", 0)
    if type(version) is not int or version < 0:
        raise _malformed(path, "“version” must be a whole number.")
    if version > VERSION:
        raise fail(
            "store.newer",
            "The list of databases was written by a newer Trunkline.",
            "Update Trunkline; the file was not changed.",
            f"{path}: version {version}, known up to {VERSION}",
        )
    if not isinstance(document.get("profiles", []), list):
        raise _malformed(path, "“profiles” must be a list.")
    return document


def _profiles(path: Path, document: Document) -> tuple[Profile, ...]:
    found: dict[str, Profile] = {}
    for number, entry in enumerate(document.get("profiles", []), 1):
        if not isinstance(entry, dict):
            raise _malformed(path, f"Entry {number} of “profiles” must be an object.")
        try:
            profile = from_json(entry)
        except FieldError as exc:
            which = f"“{exc.field}” of {_called(entry, number)}"
            raise _malformed(path, f"{which} must be {exc.wanted}.") from exc
        if profile.id in found:
            raise _malformed(path, f"“id” of {_called(entry, number)} is used twice.")
        found[profile.id] = profile
    return tuple(found.values())


def _called(entry: Document, number: int) -> str:
    name = entry.get("name")
    return f"entry {number}, “{name[:80]}”," if isinstance(name, str) else f"entry {number}"


def _encoded(document: Document) -> bytes:
    try:
        return json.dumps(document, indent=2, ensure_ascii=False, allow_nan=False).encode() + b"\n"
    except UnicodeEncodeError:  # half of a surrogate pair, which only JSON's own escapes can hold
        return json.dumps(document, indent=2, allow_nan=False).encode() + b"\n"


def _refuse_constant(word: str) -> float:
    raise ValueError(f"{word} is not a number")


def exactly(profile_id: str) -> str:
    """Return the word that :meth:`Store.get` takes for this id and no name, ``id:sales``."""
    return f"{_EXACTLY}{profile_id}"


def _plain(name: str) -> str:
    return name.strip().casefold()


def _ambiguous(word: str, found: tuple[Profile, ...]) -> TrunklineError:
    one, other = sorted(found, key=lambda profile: profile.id != word)[:2]
    title = f"“{word}” is the id of “{one.name}” and the name of “{other.name}”."
    if one.id != word:  # somebody wrote the file by hand
        title = f"“{word}” is the name of more than one database."
    hint = f"Say {exactly(one.id)} for “{one.name}”, {exactly(other.id)} for “{other.name}”."
    return fail("profile.ambiguous", title, hint)


def _nearest(wanted: str, profiles: tuple[Profile, ...]) -> str:
    import difflib  # not at the top: only a mistake needs it

    names = {word.casefold(): p.name for p in profiles for word in (p.id, p.name)}
    if near := difflib.get_close_matches(wanted, names, n=1, cutoff=0.5):
        return f"Did you mean “{names[near[0]]}”?"
    if not profiles:
        return "Add a database first."
    return f"There is: {', '.join(p.name for p in profiles[:10])}."


def _malformed(path: Path, what: str, detail: str = "") -> TrunklineError:
    kept = _kept_copy(path)
    return fail(
        "store.malformed",
        f"The list of databases {path} cannot be read. {what}",
        f"Correct it; a copy as it was is kept in {kept}." if kept else "Correct it.",
        detail,
    )


def _kept_copy(path: Path) -> Path | None:
    """Copy a malformed file beside itself; the same state of the file is copied once."""
    try:
        return _keep(path, "malformed", path.read_bytes())
    except OSError:  # nowhere to write; the original stays untouched anyway
        return None


def _keep(path: Path, why: str, content: bytes) -> Path:
    changed = time.strftime("%Y%m%d-%H%M%S", time.localtime(path.stat().st_mtime))
    number, kept = 1, path.with_name(f"{path.stem}.{why}-{changed}{path.suffix}")
    while kept.exists() and kept.read_bytes() != content:
        number += 1
        kept = path.with_name(f"{path.stem}.{why}-{changed}-{number}{path.suffix}")
    if not kept.exists():
        atomic.replace(kept, content)
    return kept


@contextmanager
def _explained(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as exc:
        raise _failure(path, exc) from exc


def _failure(path: Path, exc: OSError) -> TrunklineError:
    detail = f"{path}: {exc.strerror or exc}"
    if isinstance(exc, TimeoutError):
        title = "Another Trunkline is saving at this moment."
        return fail("store.busy", title, "Try again in a moment.", detail)
    if exc.errno in _READ_ONLY:
        title = f"Trunkline may not use the list of databases {path}."
        hint = "Give your user the right to read and write this file and its folder."
        return fail("store.read_only", title, hint, detail)
    if exc.errno in _FULL:
        title = "The disk is full. Nothing was saved, nothing was lost."
        return fail("store.full", title, "Free some space, then save again.", detail)
    why = (exc.strerror or "the system refused it").lower()
    title = f"The list of databases {os.fsdecode(exc.filename or path)} cannot be used: {why}."
    return fail("store.failed", title, "Check that path and its rights.", detail)
