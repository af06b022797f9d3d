"""The databases as the tools see them: each connected when its first question comes, not before."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING

from trunkline_server.errors import Failure, fail
from trunkline_server.profiles.profile import Profile

if TYPE_CHECKING:
    from trunkline_server.postgres.database import Database

Secret = Callable[[], str | None]


_OUT_OF_REACH = ("database.", "login.", "reach.", "resolve.", "sample.", "secrets.", "ssh.", "tls.")


class Source:
    """A profile, how to get its secrets, and its ``Database`` once somebody asked.

    Attributes:
        profile: the database.
        is_up: whether it answered when it was last asked; ``None`` while it was not.
    """

    def __init__(
        self, profile: Profile, password: Secret, ssh_secret: Secret = lambda: None
    ) -> None:
        self.profile = profile
        self.is_up: bool | None = None
        self._secrets = password, ssh_secret
        self._database: Database | None = None
        self._opening = asyncio.Lock()

    async def database(self) -> Database:
        """Return the database.

        Raises:
            TrunklineError: the keyring is locked or missing; the next question tries again.
        """
        if self._database is not None:
            return self._database
        async with self._opening:
            if self._database is None:
                password, ssh = await asyncio.to_thread(self._ask)
                # Not at the top: asyncpg is of no use to a client that lists the tools only.
                from trunkline_server.postgres.database import Database

                self._database = Database(self.profile, password, ssh_secret=ssh)
        return self._database

    def saw(self, failure: Failure | None) -> None:
        """Learn from how a question ended."""
        self.is_up = failure is None or not failure.code.startswith(_OUT_OF_REACH)

    @property
    def connections(self) -> tuple[int, int]:
        """How many connections answer a question, and how many wait for one."""
        return self._database.connections if self._database is not None else (0, 0)

    def _ask(self) -> tuple[str | None, str | None]:
        password, ssh = self._secrets
        return password(), ssh() if self.profile.ssh_host else None

    async def close(self) -> None:
        """Hang up."""
        if self._database is not None:
            await self._database.close()


class Sources:
    """The databases of one server, at least one, by the ids of their profiles."""

    def __init__(self, sources: Sequence[Source]) -> None:
        self._by_id = {source.profile.id: source for source in sources}

    def __iter__(self) -> Iterator[Source]:
        return iter(self._by_id.values())

    def __len__(self) -> int:
        return len(self._by_id)

    @property
    def ids(self) -> tuple[str, ...]:
        """The ids, in order."""
        return tuple(self._by_id)

    def only(self, allowed: frozenset[str] | None) -> tuple[Source, ...]:
        """Return those a caller may ask; ``None`` means all."""
        return tuple(s for i, s in self._by_id.items() if allowed is None or i in allowed)

    def of(self, name: str | None, allowed: frozenset[str] | None = None) -> Source:
        """Return the database called ``name`` (id or name); the only one when it is ``None``.

        Raises:
            TrunklineError: ``arguments.database`` with the names there are, or ``access.denied``.
        """
        open_to_caller = self.only(allowed)
        if not open_to_caller:
            raise fail(
                "access.denied",
                "This access key opens no database here.",
                "Ask the administrator for another one.",
            )
        if name is None and len(open_to_caller) == 1:
            return open_to_caller[0]
        for source in open_to_caller:
            if name in {source.profile.id, source.profile.name}:
                return source
        names = ", ".join(source.profile.id for source in open_to_caller)
        if name is None:
            raise fail("arguments.database", "Several databases are here.", f"Name one: {names}.")
        raise fail("arguments.database", f"There is no database “{name}”.", f"There are: {names}.")

    async def close(self) -> None:
        """Hang up everywhere."""
        await asyncio.gather(*(source.close() for source in self._by_id.values()))


def warm_up() -> None:
    """Load what the first question needs, in the background."""
    threading.Thread(target=_load, name="warm up", daemon=True).start()


def _load() -> None:
    import trunkline_server.postgres.catalog
    import trunkline_server.postgres.database  # noqa: F401  loaded for the next who asks
