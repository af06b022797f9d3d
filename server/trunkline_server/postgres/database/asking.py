"""Several questions of our own inside one open transaction, and the guard for those of others."""

from __future__ import annotations

from typing import Any

import asyncpg

from trunkline_server.postgres.database.channel import Channel
from trunkline_server.postgres.database.failures import explained
from trunkline_server.postgres.guard.lookup import Lookup
from trunkline_server.profiles.profile import Profile

_OWN_NAMES = "SELECT pg_catalog.set_config('search_path', 'pg_catalog, pg_temp', true)"


class Asking:
    """A read-only transaction that is rolled back at the end; see ``Database.asking``."""

    def __init__(self, connection: Channel, lookup: Lookup, profile: Profile) -> None:
        self._connection = connection
        self._lookup = lookup
        self._profile = profile

    async def fetch(self, sql: str, *args: Any) -> list[dict[str, Any]]:
        """Run one of our own statements; a failure ends the transaction.

        Raises:
            TrunklineError: as ``Database.fetch``.
        """
        with explained(self._profile):
            return await self._connection.fetch(sql, *args)

    async def attempt(self, sql: str, *args: Any) -> list[dict[str, Any]]:
        """Run one of our own statements; after a failure the transaction goes on.

        Raises:
            TrunklineError: as ``Database.fetch``.
        """
        with explained(self._profile):
            await self._connection.execute("SAVEPOINT attempt")
            try:
                found = await self._connection.fetch(sql, *args)
            except asyncpg.PostgresError:
                await self._connection.execute("ROLLBACK TO SAVEPOINT attempt")
                raise
            await self._connection.execute("RELEASE SAVEPOINT attempt")
            return found

    async def check(self, sql: str) -> None:
        """Return when a statement of somebody else may run.

        Raises:
            TrunklineError: ``guard.*`` or ``query.syntax``.
        """
        with explained(self._profile):
            await self._lookup.check(self._connection.fetch, sql)

    def give_up(self) -> None:
        """Hang up, so that nobody gets this connection next: something may be left in it."""
        self._connection.terminate()

    async def own_names(self) -> None:
        """Let every further name and operator mean PostgreSQL's own."""
        await self.fetch(_OWN_NAMES)
