"""Makes a planned change to an AI app's file: backed up, all at once, looked at afterwards.

Backups are in our own state folder, ``backups/<app>/``, ten per file: beside the file an app might
read them, and inside a Windows package they would vanish with it.
"""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from trunkline_server import folders
from trunkline_server.clients import owned, tokens
from trunkline_server.clients.owned import Record
from trunkline_server.clients.plan import Plan
from trunkline_server.clients.reading import read
from trunkline_server.errors import TrunklineError, fail
from trunkline_server.profiles import atomic

_KEPT = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Applied:
    """A change that was made.

    Attributes:
        plan: what was done; worked out anew when the file had changed meanwhile.
        backup: the file as it was; None when there was none, or nothing to change.
    """

    plan: Plan
    backup: Path | None


def apply(plan: Plan) -> Applied:
    """Make the change and return what is needed to undo it.

    Raises:
        TrunklineError: ``client.read_only, client.unwritable`` or ``client.overwritten``, and those
            of ``plan.connect``; the file is as it was, unless another program wrote it.
    """
    return apply_all((plan,))[0]


def apply_all(plans: Iterable[Plan]) -> tuple[Applied, ...]:
    """Make several changes, all of them or none; :func:`undo_all` takes them back together.

    Raises:
        TrunklineError: as :func:`apply`; what was changed before is as it was again.
    """
    done: list[Applied] = []
    with owned.alone():
        try:
            for plan in plans:
                made = _made(plan)
                done.append(made)
        except BaseException:
            for applied in reversed(done):
                _taken_back(applied.plan)
            raise
        finally:
            tokens.tidy(owned.records())
    return tuple(done)


def undo(applied: Applied) -> None:
    """Put the file back as it was; when another program wrote it since, undo only our entries.

    Raises:
        TrunklineError: see :func:`apply`.
    """
    plan = applied.plan
    if read(plan.path) != plan.after:
        apply(plan.reversed())
        return
    with owned.alone():
        with _explained(plan.path):
            tokens.provide(plan.former)
        if plan.is_needed:
            _replace(plan, plan.before)
        owned.keep(plan.path, plan.former)
        tokens.tidy(owned.records())


def undo_all(done: Iterable[Applied]) -> None:
    """Undo several changes, each that can be undone.

    Raises:
        TrunklineError: why one of them could not, after all were tried; see :func:`undo`.
    """
    failures: list[TrunklineError] = []
    for applied in reversed(tuple(done)):
        try:
            undo(applied)
        except TrunklineError as exc:
            failures.append(exc)
    if failures:
        raise failures[0]


def _made(plan: Plan) -> Applied:
    if not plan.is_current:
        plan = plan.again()
    with _explained(plan.path):
        tokens.provide(plan.records)
    backup = _write(plan) if plan.is_needed else None
    try:
        with _explained(plan.path):
            owned.keep(plan.path, _dated(plan))
    except TrunklineError:
        _taken_back(plan)
        raise
    return Applied(plan=plan, backup=backup)


def _taken_back(plan: Plan) -> None:
    """Put a file back after a failure, unless another program wrote it since."""
    with suppress(TrunklineError, OSError):  # the first failure is the one to tell
        if plan.is_needed and read(plan.path) == plan.after:
            _replace(plan, plan.before)
        owned.keep(plan.path, plan.former)


def _dated(plan: Plan) -> tuple[Record, ...]:
    """Return what to remember, with this moment on the entries that the app has not read yet."""
    written = {step.name for step in plan.steps if step.has_effect}
    now = time.time()
    return tuple(replace(r, since=now) if r.name in written else r for r in plan.records)


def _write(plan: Plan) -> Path | None:
    backup = _back_up(plan) if plan.before is not None else None
    _replace(plan, plan.after)
    if read(plan.path) != plan.after:
        raise fail(
            "client.overwritten",
            f"Another program changed {plan.path} at the same moment.",
            f"Quit {plan.app.name} completely, then try again.",
        )
    return backup


def _replace(plan: Plan, content: bytes | None) -> None:
    target = plan.path.resolve()  # a symbolic link stays one
    with _explained(target):
        if content is None:
            target.unlink(missing_ok=True)
            return
        target.parent.mkdir(parents=True, exist_ok=True)
        neighbour = target.with_name(f".{target.name}.trunkline")
        try:
            atomic.replace(neighbour, content)
            _dress_like(target, neighbour)
            neighbour.replace(target)
        finally:
            neighbour.unlink(missing_ok=True)


def _dress_like(original: Path, copy: Path) -> None:
    """Give ``copy`` the mode and the owner of ``original``, if there is one."""
    if not original.exists():
        return
    found = original.stat()
    if not found.st_mode & 0o200:
        raise fail(
            "client.read_only",
            f"The file {original} is read-only.",
            "Nothing was changed. Allow writing to it, then try again.",
        )
    if hasattr(os, "chown"):
        with suppress(PermissionError):  # another's file in our folder: keeping the mode must do
            os.chown(copy, found.st_uid, found.st_gid)
    shutil.copymode(original, copy)


def _back_up(plan: Plan) -> Path:
    folder = folders.state() / "backups" / plan.app.id
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    import hashlib  # OpenSSL, four megabytes: only a change needs it

    mark = hashlib.sha256(str(plan.path.resolve()).encode()).hexdigest()[:6]
    stamp = datetime.now().astimezone().strftime("%Y%m%d-%H%M%S-%f")
    backup = folder / f"{plan.path.stem}-{mark}-{stamp}{plan.path.suffix}"
    with _explained(backup):
        atomic.replace(backup, plan.before or b"")
        for old in sorted(folder.glob(f"{plan.path.stem}-{mark}-*"))[:-_KEPT]:
            old.unlink()
    return backup


@contextmanager
def _explained(path: Path) -> Iterator[None]:
    try:
        yield
    except TrunklineError:
        raise
    except OSError as exc:
        title = f"The file {path} cannot be written: {exc.strerror or 'the system refused it'}."
        hint = "Nothing was changed. Check the rights of the file and its folder."
        raise fail("client.unwritable", title, hint) from exc
