"""One database as the tools see it: connected when the first question comes, not before."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from typing import TYPE_CHECKING

from trunkline_server.profiles.profile import Profile

if TYPE_CHECKING:
    from trunkline_server.postgres.database import Database


class Source:
    """A profile, how to get its password, and its ``Database`` once somebody asked."""

    def __init__(self, profile: Profile, password: Callable[[], str | None]) -> None:
        self.profile = profile
        self._password = password
        self._database: Database | None = None
        self._opening = asyncio.Lock()

    async def database(self) -> Database:
        """Return the database.

        Raises:
            TrunklineError: the keyring is locked or missing; the next question tries again.
        """
        async with self._opening:
            if self._database is None:
                password = await asyncio.to_thread(self._password)
                # Not at the top: asyncpg is of no use to a client that lists the tools only.
                from trunkline_server.postgres.database import Database

                self._database = Database(self.profile, password)
        return self._database

    async def close(self) -> None:
        """Hang up."""
        if self._database is not None:
            await self._database.close()


def warm_up() -> None:
    """Load what the first question needs, in the background."""
    threading.Thread(target=_load, name="warm up", daemon=True).start()


def _load() -> None:
    import trunkline_server.postgres.catalog
    import trunkline_server.postgres.database  # noqa: F401  loaded for the next who asks
