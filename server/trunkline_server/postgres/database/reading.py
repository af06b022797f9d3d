"""One statement inside a transaction, answered up to the caps."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any

from trunkline_server.errors import fail
from trunkline_server.postgres import values
from trunkline_server.postgres.database import messages
from trunkline_server.postgres.database.channel import Answer, Channel, raise_error
from trunkline_server.postgres.database.intake import Limits
from trunkline_server.postgres.rows import Caps, Rows, Taken

FIRST_BATCH = 32  # rows fetched before their size is known

# A portal with a name outlives the questions about types between two of its batches.
_PORTAL = "rows"


async def read_capped(
    channel: Channel, sql: str, params: Sequence[Any], caps: Caps, started: float
) -> Rows:
    """Return what ``sql`` answers with ``params``, at most ``caps`` of it.

    Raises:
        TrunklineError: ``query.params``.
        asyncpg.PostgresError: what the server refused.
    """
    asking = _Asking(channel, sql, caps)
    answer = await asking.first(params)
    columns = answer.columns or []
    await channel.types.learn(channel, columns)
    read = channel.types.reader(columns)
    names = [column.name for column in columns]
    types = [channel.types.name(column.type) for column in columns]
    taken = Taken(caps, names, types)
    while taken.add([read(row) for row in answer.rows], is_cut=answer.is_cut) and answer.has_more:
        answer = await asking.next(taken.next_batch())
    return Rows(
        columns=names,
        types=types,
        rows=taken.rows,
        row_count=len(taken.rows),
        truncated=bool(taken.hint),
        duration_ms=round((time.perf_counter() - started) * 1000, 1),
        hint=taken.hint,
    )


class _Asking:
    """Sends one statement and fetches from its portal."""

    def __init__(self, channel: Channel, sql: str, caps: Caps) -> None:
        self._channel = channel
        self._sql = sql
        self._first_batch = min(FIRST_BATCH, caps.rows + 1)
        # As JSON a row can be a quarter of what it is here, hardly less.
        self._limits = Limits(cell=caps.size, row=4 * caps.size)
        self._most = 4 * caps.size

    async def first(self, params: Sequence[Any]) -> Answer:
        """Return the first rows, with what the columns are."""
        understood = messages.parse(self._sql) + messages.DESCRIBE_STATEMENT
        if not params:
            # Nothing has to be known before: all of it is one round trip.
            answer = await self._asked(understood + self._bound([]), is_first=True)
        else:
            answer = await self._asked(understood + messages.SYNC, is_first=True)
            # Nothing may be asked in between: another statement would take this one's place.
            texts = _texts(answer.parameters or [], params)
            columns = answer.columns
            answer = await self._asked(self._bound(texts))
            answer.columns = columns
        return answer

    async def next(self, rows: int) -> Answer:
        """Return further rows."""
        return await self._asked(messages.execute(_PORTAL, rows) + messages.SYNC)

    def _bound(self, texts: Sequence[str | None]) -> bytes:
        fetching = messages.execute(_PORTAL, self._first_batch)
        return messages.bind(_PORTAL, texts) + fetching + messages.SYNC

    async def _asked(self, request: bytes, *, is_first: bool = False) -> Answer:
        answer = await self._channel.ask(request, limits=self._limits, most=self._most)
        if is_first and answer.parameters and answer.error and "C" in answer.error:
            _require_as_many(len(answer.parameters), 0)
        raise_error(answer, self._sql)
        return answer


def _texts(oids: Sequence[int], params: Sequence[Any]) -> list[str | None]:
    _require_as_many(len(oids), len(params))
    numbered = enumerate(zip(oids, params, strict=True), 1)
    return [_text(number, oid, param) for number, (oid, param) in numbered]


def _require_as_many(wanted: int, given: int) -> None:
    if wanted != given:
        raise fail(
            "query.params",
            f"The statement has {wanted} parameters and {given} values were given.",
            "Give one value in params for each of $1, $2, …",
        )


def _text(number: int, oid: int, param: Any) -> str | None:
    try:
        return values.parameter(param, oid)
    except (ValueError, TypeError, OverflowError) as exc:
        raise fail(
            "query.params",
            f"The value of ${number} is not a valid {values.name_of(oid)}.",
            "Correct the value, or cast the parameter in the statement.",
        ) from exc
