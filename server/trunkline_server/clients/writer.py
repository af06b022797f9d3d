"""Makes planned changes to AI apps' files: backed up, all or none, and to be undone."""

from __future__ import annotations

import errno
import os
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path

from trunkline_server.clients import owned, tokens
from trunkline_server.clients.owned import Record
from trunkline_server.clients.plan import Plan
from trunkline_server.clients.reading import read
from trunkline_server.clients.replacing import backups, swapping, transaction
from trunkline_server.clients.replacing.change import Change
from trunkline_server.clients.replacing.swapping import InterferedError
from trunkline_server.clients.replacing.transaction import Transaction
from trunkline_server.errors import Failure, TrunklineError, fail
from trunkline_server.profiles import atomic

_RIGHTS = "Check the rights of the file and its folder."
_ATTEMPTS = 10
_CALM_S = 2.0
_LOOK_S = 0.01


@dataclass(frozen=True, slots=True, kw_only=True)
class Applied:
    """A change that was made.

    Attributes:
        plan: what was done; worked out anew when the file had changed meanwhile.
        backup: the file as it was; None when there was none, or nothing to change.
        trouble: what went wrong afterwards, such as an app that does not start again.
    """

    plan: Plan
    backup: Path | None
    trouble: Failure | None = None


def apply(plan: Plan) -> Applied:
    """Make the change and return what is needed to undo it.

    Raises:
        TrunklineError: ``client.unwritable``, ``client.held`` or ``client.overwritten``, those of
            ``Change.prepare`` and those of ``plan.connect``; the file is as it was, unless another
            program wrote it.
    """
    return apply_all((plan,))[0]


def apply_all(plans: Iterable[Plan]) -> tuple[Applied, ...]:
    """Make several changes, all of them or none; :func:`undo_all` takes them back together.

    Raises:
        TrunklineError: as :func:`apply`; what was changed before is as it was again.
    """
    wanted = tuple(plans)
    if not wanted:
        return ()
    with _alone(), _together(len(wanted)) as changes:
        return tuple([_made(plan, changes) for plan in wanted])


def undo(applied: Applied) -> None:
    """Put the file back as it was; when another program wrote it since, undo only our entries.

    Raises:
        TrunklineError: see :func:`apply`.
    """
    undo_all((applied,))


def undo_all(done: Iterable[Applied]) -> None:
    """Undo several changes, all of them or none; see :func:`undo`.

    Raises:
        TrunklineError: why one of them could not; the others are as they were before, too.
    """
    plans = [applied.plan for applied in done][::-1]
    if not plans:
        return
    with _alone(), _together(len(plans)) as changes:
        for plan in plans:
            _take_back(plan, changes)


def recover() -> None:
    """Finish, or take back, what a crash interrupted; at once when there is nothing.

    Raises:
        TrunklineError: ``client.busy`` or ``client.unwritable``.
    """
    if transaction.is_left():
        with _alone():
            pass


@contextmanager
def _alone() -> Iterator[None]:
    """Keep other Trunklines away, and put right first what one of them left."""
    with owned.alone():
        with _explained(owned.file()):
            transaction.recover()
        yield


@contextmanager
def _together(count: int) -> Iterator[Transaction]:
    """Make ``count`` changes inside the ``with`` block all last, or none."""
    changes = Transaction(count)
    try:
        yield changes
        with _explained(owned.file()):
            changes.commit()
    except BaseException as exc:
        stuck = [change for change in changes.roll_back() if not change.is_back()]
        if stuck:
            raise _stuck(stuck[0]) from exc
        raise
    finally:
        tokens.tidy()


def _made(plan: Plan, changes: Transaction) -> Applied:
    for _ in range(_ATTEMPTS):
        if not _is_calm(plan.path):
            raise _held(plan)
        now = plan if plan.is_current else plan.again()
        with suppress(InterferedError), _explained(plan.path):
            return _tried(now, changes)
    raise fail(
        "client.overwritten",
        f"Another program keeps changing {plan.path}.",
        f"Quit {plan.app.name} completely, then try again.",
    )


def _tried(plan: Plan, changes: Transaction) -> Applied:
    tokens.provide(plan.records)
    backup = None
    if plan.is_needed and plan.before is not None:
        backup = backups.keep(plan.app.id, plan.path, plan.before)
    content, records = (plan.before, plan.after), (plan.former, _dated(plan))
    changes.make(plan.app.id, plan.path, content, records)
    return Applied(plan=plan, backup=backup)


def _take_back(plan: Plan, changes: Transaction) -> None:
    with suppress(InterferedError), _explained(plan.path):
        if read(plan.path) == plan.after:
            tokens.provide(plan.former)
            content, records = (plan.after, plan.before), (owned.of(plan.path), plan.former)
            changes.make(plan.app.id, plan.path, content, records)
            return
    _made(plan.reversed(), changes)


def _dated(plan: Plan) -> tuple[Record, ...]:
    """Return what to remember, with this moment on the entries that the app has not read yet."""
    written = {step.name for step in plan.steps if step.has_effect}
    now = time.time()
    return tuple(replace(r, since=now) if r.name in written else r for r in plan.records)


def _is_calm(path: Path) -> bool:
    """Wait until nobody is writing the file, which is half written meanwhile; not for long."""
    until = time.monotonic() + _CALM_S
    while swapping.is_being_written(path):
        if time.monotonic() >= until:
            return False
        time.sleep(_LOOK_S)
    return True


def _held(plan: Plan) -> TrunklineError:
    title = f"A program has {plan.path} open for writing, and does not close it."
    hint = f"Nothing was changed. Quit {plan.app.name} completely, then try again."
    return fail("client.held", title, hint)


@contextmanager
def _explained(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as exc:
        why = exc.strerror or "the system refused it"
        title = f"The file {_at_fault(exc, path)} cannot be written: {why}."
        is_full = exc.errno in {errno.ENOSPC, errno.EDQUOT}
        remedy = "Make room on the disk." if is_full else _RIGHTS
        hint = f"Nothing was changed. {remedy}"
        raise fail("client.unwritable", title, hint) from exc


def _at_fault(exc: OSError, path: Path) -> Path:
    """Return the file that the system named; ``path`` for those that we make beside it."""
    if not isinstance(exc.filename, str | bytes):
        return path
    named = Path(os.fsdecode(exc.filename))
    return path if named.parent == path.parent else Path(str(named).removesuffix(atomic.HALF))


def _stuck(change: Change) -> TrunklineError:
    kept = change.kept()
    title = f"The file {change.path} cannot be written now, not even to undo what was begun."
    where = f"It is kept as {kept}. " if kept else ""
    hint = f"{where}Trunkline undoes it before its next change; quit what uses the file."
    return fail("client.unwritable", title, hint)
