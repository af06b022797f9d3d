"""How a database is: every check of ``health_server`` and ``health_tables``, worst first."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from trunkline_server.errors import TrunklineError
from trunkline_server.postgres.dba import health_server, health_tables
from trunkline_server.postgres.dba.findings import (
    Check,
    Finding,
    Row,
    Server,
    shown,
    sorted_by_grade,
)
from trunkline_server.postgres.explain.words import identifier
from trunkline_server.postgres.guard import sight
from trunkline_server.postgres.guard.sight import Sight

if TYPE_CHECKING:
    from trunkline_server.postgres.database import Asking, Database

CHECKS: tuple[Check, ...] = (*health_server.CHECKS, *health_tables.CHECKS)

_SERVER = """
SELECT current_setting('server_version_num')::int AS version, pg_is_in_recovery() AS is_standby,
  pg_has_role(current_user, 'pg_read_all_stats', 'USAGE') AS sees_all,
  current_user::text AS login, (SELECT extract(epoch FROM clock_timestamp() - coalesce(
    stats_reset, pg_postmaster_start_time())) / 86400 FROM pg_stat_database
    WHERE datname = current_database())::float8 AS counted_days
"""


async def health(db: Database) -> dict[str, Any]:
    """Return ``{"grade", "findings": […], "fine": […], "not_seen": […]}``, no empty lists.

    ``not_seen`` has what the login may not look at, and the right that would let it.

    Raises:
        TrunklineError: as ``Database.fetch``, when the database cannot be asked at all.
    """
    found: list[Finding] = []
    not_seen: list[str] = []
    seen = sight.of(db.profile)
    async with db.asking() as inside:
        await inside.own_names()
        server = Server(**(await inside.fetch(_SERVER))[0])
        for check in CHECKS:
            if check.fits(server):
                try:
                    found += await _checked(inside, check, server, seen)
                except TrunklineError as exc:
                    if not _is_refusal(exc):
                        raise
                    not_seen.append(f"{check.about}: {exc.failure.title}")
    if not server.sees_all:
        not_seen.append(
            "What other sessions do: this login does not see it. "
            f"An administrator can run GRANT pg_monitor TO {identifier(server.login)}."
        )
    return _reply(sorted_by_grade(found), not_seen)


async def _checked(inside: Asking, check: Check, server: Server, seen: Sight) -> list[Finding]:
    rows = [_with_columns(row) for row in await inside.attempt(check.sql)]
    return check.judge(shown(rows, seen), server)


def _with_columns(row: Row) -> Row:
    return {**row, "columns": json.loads(row["columns"] or "[]")} if "columns" in row else row


def _is_refusal(exc: TrunklineError) -> bool:
    """Whether PostgreSQL refused one question, and would answer the next one."""
    return exc.code.startswith(("rights.", "query.")) and exc.code not in {
        "query.timeout",
        "query.closed",
        "query.server_stopped",
    }


def _reply(found: list[Finding], not_seen: list[str]) -> dict[str, Any]:
    bad = [finding for finding in found if finding.grade != "ok"]
    reply: dict[str, Any] = {
        "grade": bad[0].grade if bad else "ok",
        "findings": [finding.as_json() for finding in bad],
        "fine": [f"{f.about}: {f.sentence}" for f in found if f.grade == "ok"],
        "not_seen": not_seen,
    }
    return {key: value for key, value in reply.items() if value or key in {"grade", "findings"}}
