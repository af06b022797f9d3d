"""What the driver raises, in words a person can act on."""

from __future__ import annotations

import re
from dataclasses import replace

import asyncpg

from trunkline_server.errors import Failure, TrunklineError, explain
from trunkline_server.postgres.guard import sight
from trunkline_server.profiles import providers
from trunkline_server.profiles.profile import Profile

MAX_DETAIL = 2000  # letters of PostgreSQL's own words; they can quote a whole value

BROKEN = (OSError, asyncpg.InterfaceError, asyncpg.PostgresConnectionError,
          asyncpg.AdminShutdownError, asyncpg.CrashShutdownError)  # fmt: skip


_POOLER = Failure(
    code="database.pooler",
    title="The connection pooler before the server does not allow transactions.",
    hint="Ask the administrator for pool_mode = transaction or session, or go past the pooler.",
)


# Errors that can name files of the server: by the first letters of their states.
_OF_FILES = ("58", "53", "XX", "F0", "42501")
_PATH = re.compile(r'"(?:/|[A-Za-z]:[\\/])[^"]*"')


class explained:  # noqa: N801 - used as a word after ``with``
    """Translate what the driver raises, once, at this edge."""

    def __init__(self, profile: Profile) -> None:
        self._profile = profile

    def __enter__(self) -> None:
        return None

    def __exit__(self, _kind: object, exc: BaseException | None, _trace: object) -> None:
        if isinstance(exc, Exception) and not isinstance(exc, TrunklineError):
            raise TrunklineError(failure_of(exc, self._profile)) from exc


def failure_of(exc: Exception, profile: Profile) -> Failure:
    """Return what a person, and the model, should read: PostgreSQL's words are the detail."""
    if isinstance(exc, asyncpg.TargetServerAttributeNotMatched):
        from trunkline_server.postgres.check import (
            refusals,  # words a server seldom has use for
        )

        return refusals.wrong_kind(profile)
    failure = (
        _POOLER
        if _is_poolers(exc)
        else explain(
            exc,
            host=profile.host,
            port=profile.port,
            database=profile.database,
            user=profile.user,
        )
    )
    step = providers.next_step(failure.code, profile)
    detail = _detail(exc, may_guess=sight.of(profile).is_open)
    return replace(failure, hint=step or failure.hint, detail=detail)


def _is_poolers(exc: Exception) -> bool:
    # PostgreSQL names the routine that complains; a pooler has none to name.
    is_protocol = isinstance(exc, asyncpg.ProtocolViolationError)
    return is_protocol and not getattr(exc, "server_source_function", None)


def _detail(exc: Exception, *, may_guess: bool) -> str:
    if isinstance(exc, asyncpg.PostgresError):
        position = getattr(exc, "position", None)
        # PostgreSQL guesses at names near a wrong one; those can be hidden.
        words = str(exc) if may_guess else str(exc.args[0] if exc.args else "")
        if (exc.sqlstate or "").startswith(_OF_FILES):
            words = _PATH.sub('"…"', words)
        return words[:MAX_DETAIL] + (f"\nPOSITION:  {position}" if position else "")
    # The system's words can name folders of this computer.
    words = (exc.strerror or "") if isinstance(exc, OSError) else f"{type(exc).__name__}: {exc}"
    return words[:MAX_DETAIL]
