"""One call of a tool, from the caller's arguments to a recorded answer or a failure in words."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass

from trunkline_server.errors import Failure, TrunklineError, explain, fail
from trunkline_server.serving.activity import Call, Outcome
from trunkline_server.serving.app.asker import Asker, asker
from trunkline_server.serving.source import Source, Sources
from trunkline_server.serving.tools.tool import DATABASE, Answer, Arguments, Tool, compact

Record = Callable[[Call], None]

_REFUSED = ("guard.", "query.write_refused", "access.")
_LOG = logging.getLogger("trunkline")
_NOTHING = Answer("")


@dataclass(slots=True)
class Asked:
    """One call: who asks, and what came of it so far.

    Attributes:
        who: the caller.
        profile_id: the database that was meant; "" while that is not known.
        answer: what the tool said.
        failure: why it said nothing.
        is_done: whether it ended by itself.
    """

    who: Asker
    profile_id: str = ""
    answer: Answer = _NOTHING
    failure: Failure | None = None
    is_done: bool = False

    @property
    def outcome(self) -> Outcome:
        """``ok``, ``refused``, ``failed`` or ``cancelled``."""
        if self.failure is None:
            return "ok" if self.is_done else "cancelled"
        return "refused" if self.failure.code.startswith(_REFUSED) else "failed"


class Calls:
    """Calls of the tools over the databases of one server; each is recorded, however it ends."""

    def __init__(self, sources: Sources, record: Record) -> None:
        self.sources = sources
        self._record = record

    async def answered(
        self, tool: Tool, arguments: Arguments, *, label: str = "", statement: str = ""
    ) -> Asked:
        """Return what ``tool`` answers, or the failure; only a cancellation is raised.

        ``label`` and ``statement`` are what is written down, when not the tool and its arguments.
        """
        asked, began, start = Asked(asker()), time.time(), time.perf_counter()
        try:
            await self._ask(asked, tool, arguments)
        finally:
            spent_ms = round((time.perf_counter() - start) * 1000, 2)
            label, statement = label or tool.name, statement or _statement(arguments)
            self._record(_call(asked, label, statement, began, spent_ms))
        return asked

    async def _ask(self, asked: Asked, tool: Tool, arguments: Arguments) -> None:
        try:
            asked.who.require_tool(tool.name)
            source, rest = self._routed(asked.who, tool, arguments)
            asked.profile_id = source.profile.id
            asked.answer = await _answer(source, tool, tool.checked(rest))
            asked.is_done = True
        except TrunklineError as exc:
            asked.failure = exc.failure
        except Exception as exc:  # noqa: BLE001 - the edge of a tool call: nothing may escape it
            _LOG.exception("The tool %s failed.", tool.name)
            asked.failure = Failure(code="internal", title=explain(exc).title)

    def _routed(self, who: Asker, tool: Tool, arguments: Arguments) -> tuple[Source, Arguments]:
        rest = dict(arguments)
        database = rest.pop(DATABASE, None) or None
        if not isinstance(database, str | None):
            raise fail("arguments.type", "The argument “database” must be text.", "Correct it.")
        source = self.sources.of(database, who.profiles)
        if tool.group not in {"core", *source.profile.tools}:
            raise fail(
                "access.denied",
                f"{tool.name} is not switched on for “{source.profile.name}”.",
                "Use another database, or ask the administrator.",
            )
        return source, rest


async def _answer(source: Source, tool: Tool, arguments: Arguments) -> Answer:
    try:
        with source.asked():
            answer = await _run(source, tool, arguments)
    except TrunklineError as exc:
        source.saw(exc.failure)
        raise
    source.saw(None)
    return answer


async def _run(source: Source, tool: Tool, arguments: Arguments) -> Answer:
    """Return what the tool says, after a second try when the password was changed meanwhile."""
    try:
        return await tool.run(source, arguments)
    except TrunklineError as exc:
        if not await source.has_new_secret(exc.failure):
            raise
    return await tool.run(source, arguments)


def _statement(arguments: Arguments) -> str:
    query = arguments.get("query")
    return query if isinstance(query, str) else compact(arguments)


def _call(asked: Asked, label: str, statement: str, at: float, duration_ms: float) -> Call:
    return Call(
        at=at,
        duration_ms=duration_ms,
        profile_id=asked.profile_id,
        client=asked.who.client,
        client_version=asked.who.version,
        caller=asked.who.key,
        request_id=asked.who.request_id,
        tool=label,
        statement=statement,
        rows=asked.answer.rows,
        bytes=len(asked.answer.text.encode()),
        outcome=asked.outcome,
        message=str(asked.failure) if asked.failure else "",
    )
