"""One statement inside an open transaction, answered up to the caps."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any

import asyncpg

from trunkline_server.errors import TrunklineError, fail
from trunkline_server.postgres import values
from trunkline_server.postgres.database.connection import MAX_IN_FLIGHT, Connection
from trunkline_server.postgres.rows import Caps, Rows, Taken

FIRST_BATCH = 32  # rows fetched before their size is known


async def read_capped(
    connection: Connection, sql: str, params: Sequence[Any], caps: Caps, started: float
) -> Rows:
    """Return what ``sql`` answers with ``params``, at most ``caps`` of it."""
    statement = await connection.prepare(sql, name="")
    columns = statement.get_attributes()
    arguments = _arguments(statement.get_parameters(), params)
    portal: Any = statement.cursor(*arguments, prefetch=1).__aiter__()
    taken = Taken(caps)
    size = min(FIRST_BATCH, caps.rows + 1)
    # Bind and Execute in one round trip, further batches from the same portal: asyncpg has a
    # public way that takes two.
    connection.meter.seen = 0
    batch = await portal._bind_exec(size, None)
    while taken.add([list(row) for row in batch]) and not portal._exhausted:
        connection.meter.seen = 0
        batch = await portal._exec(taken.next_batch(), None)
    return Rows(
        columns=[c.name for c in columns],
        types=[values.short_name(c.type.name) for c in columns],
        rows=taken.rows,
        row_count=len(taken.rows),
        truncated=bool(taken.hint),
        duration_ms=round((time.perf_counter() - started) * 1000, 1),
        hint=taken.hint,
    )


def _arguments(types: Sequence[asyncpg.Type], params: Sequence[Any]) -> list[Any]:
    if len(types) != len(params):
        raise fail(
            "query.params",
            f"The statement has {len(types)} parameters and {len(params)} values were given.",
            "Give one value in params for each of $1, $2, …",
        )
    return [
        _argument(number, t, p) for number, (t, p) in enumerate(zip(types, params, strict=True), 1)
    ]


def _argument(number: int, kind: asyncpg.Type, param: Any) -> Any:
    try:
        return values.parameter(param, kind.oid)
    except (ValueError, TypeError, OverflowError) as exc:
        raise fail(
            "query.params",
            f"The value of ${number} is not a valid {values.short_name(kind.name)}.",
            "Correct the value, or cast the parameter in the statement.",
        ) from exc


def too_large() -> TrunklineError:
    """Return the refusal of rows we have no memory for."""
    return fail(
        "query.too_large",
        f"The rows of this query are larger than {MAX_IN_FLIGHT // 1024**2} MB.",
        "Shorten long columns with left(column, 200), or ask for fewer rows.",
    )
