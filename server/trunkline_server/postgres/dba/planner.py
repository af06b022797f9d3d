"""Planning a statement without its values, as often as one likes: prepared, never run."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from trunkline_server.errors import fail
from trunkline_server.postgres.explain import explaining, plan
from trunkline_server.postgres.explain.plan import Plan

if TYPE_CHECKING:
    from trunkline_server.postgres.database import Asking

NAME = "trunkline_plan"

_PATH = "SELECT pg_catalog.current_setting('search_path') AS path"
_SET_PATH = "SELECT pg_catalog.set_config('search_path', $1::pg_catalog.text, true)"
# The values are unknown: the plan is the one for any of them.
_GENERIC = "SELECT pg_catalog.set_config('plan_cache_mode', 'force_generic_plan', true)"
_COUNT = f"""
SELECT pg_catalog.cardinality(parameter_types) AS parameters
FROM pg_catalog.pg_prepared_statements WHERE name = '{NAME}'
"""


@dataclass(slots=True)
class Planner:
    """Plans one statement at a time, in a transaction of ``Database.asking``.

    Attributes:
        inside: the transaction.
        path: the search path of the login, which the statement's names are looked up in.
    """

    inside: Asking
    path: str
    _text: str = ""
    _is_prepared: bool = False

    @classmethod
    async def of(cls, inside: Asking) -> Planner:
        """Return a planner; call it before anything changes the search path."""
        (row,) = await inside.fetch(_PATH)
        await inside.fetch(_GENERIC)
        return cls(inside, row["path"])

    async def prepare(self, sql: str) -> None:
        """Take ``sql`` as the statement to plan.

        Raises:
            TrunklineError: ``guard.*`` when it may not run, ``query.*`` when it cannot be planned.
        """
        await self.inside.fetch(_SET_PATH, self.path)
        explaining.require_select(sql)
        await self.inside.check(sql)
        self._text = sql

    async def plan(self) -> Plan:
        """Return the plan as it is now.

        Raises:
            TrunklineError: ``query.*``; the transaction goes on.
        """
        # A plan is kept with the statement, and an index that does not exist would not change it.
        await self.forget()
        await self.inside.fetch(_SET_PATH, self.path)
        await self.inside.attempt(f"PREPARE {NAME} AS {self._text}\n")
        self._is_prepared = True
        (row,) = await self.inside.fetch(_COUNT)
        values = ", ".join(["NULL"] * row["parameters"])
        given = f"({values})" if values else ""
        rows = await self.inside.attempt(f"EXPLAIN (FORMAT JSON, VERBOSE) EXECUTE {NAME}{given}")
        try:
            return plan.parse(next(iter(rows[0].values())))
        except ValueError as exc:
            raise fail("query.plan_size", "The plan of this query cannot be read.") from exc

    async def forget(self) -> None:
        """Let go of the statement: behind a pooler somebody else may get the connection next."""
        if self._is_prepared:
            self._is_prepared = False
            await self.inside.attempt(f"DEALLOCATE {NAME}")
