"""What the database says of the names in a statement, and what hides behind them.

Answers are kept for a minute: nobody changes functions through us, and whoever may change one
that our statements call needs no cache to do so between our look and the call.

Two things nobody can look behind: a login event trigger has run before we may ask, and what a
foreign table calls on its own server is that server's business.
"""

from __future__ import annotations

import asyncio
import time
from collections import OrderedDict
from collections.abc import Iterable, Iterator

from trunkline_server.errors import TrunklineError, fail
from trunkline_server.postgres.guard import behind, guard
from trunkline_server.postgres.guard.behind import FIRST_USER_OID, Fact
from trunkline_server.postgres.guard.facts import Asking, Fetch, Key
from trunkline_server.postgres.guard.naming import BY_ID, Name, References
from trunkline_server.postgres.guard.seeing import Seeing
from trunkline_server.postgres.guard.sight import OPEN, Sight

KEEP_S = 60.0
MAX_NAMES = 20_000
LONG = 8_000
MAX_PASSED = 1000
_CASTS = Name("casts", "")  # and operator classes: what PostgreSQL calls without being told


class Lookup:
    """Remembers for a while what one database said of names, and what passed."""

    def __init__(self, sight: Sight = OPEN) -> None:
        self._sight = sight
        self._memory = _Memory(sight)
        self._forget_at = 0.0

    async def check(self, fetch: Fetch, sql: str) -> None:
        """Return when ``sql`` may run; ``fetch`` asks in the transaction it will run in.

        Raises:
            TrunklineError: ``guard.*``, or ``query.syntax``.
        """
        now = time.monotonic()
        if now >= self._forget_at:
            # A new one, not an emptied one: another statement may be in the middle of it.
            self._memory, self._forget_at = _Memory(self._sight), now + KEEP_S
        memory = self._memory
        if memory.has_passed(sql):
            return
        # Reading a very long one takes a second, in which others want to be answered.
        is_long = len(sql) > LONG
        names = await asyncio.to_thread(guard.examine, sql) if is_long else guard.examine(sql)
        # Statements that name the same things differ in their values only, unless where they
        # name them decides what they show.
        if not self._sight.is_open or not memory.has_passed(names):
            asking = Asking(fetch)
            seen = await memory.follow(asking, names)
            if not self._sight.is_open:
                named, within = memory.called(names), memory.called(seen - names)
                await memory.seeing.check(asking.relations, sql, names, named, within)
            await asking.leave()
            memory.let_pass(names)
        memory.let_pass(sql)


class _Memory:
    def __init__(self, sight: Sight) -> None:
        self.seeing = Seeing(sight)
        self._facts: dict[Key, list[Fact]] = {}
        self._behind: dict[Name, tuple[frozenset[Name], frozenset[int]]] = {}
        self._passed: OrderedDict[str | References, None] = OrderedDict()

    def has_passed(self, what: str | References) -> bool:
        """Return whether this statement, or these names, passed before."""
        if what not in self._passed:
            return False
        self._passed.move_to_end(what)
        return True

    def let_pass(self, what: str | References) -> None:
        """Remember that this statement, or these names, passed."""
        self._passed[what] = None
        if len(self._passed) > MAX_PASSED:
            self._passed.popitem(last=False)

    async def follow(self, asking: Asking, names: Iterable[Name]) -> set[Name]:
        """Look behind ``names``, and behind what is found there, until nothing new is named.

        Returns all that was named.
        """
        roots = {name: name for name in (*names, _CASTS)}
        pending, seen, types = set(roots), set[Name](), set[int]()
        while pending:
            seen |= pending
            if len(seen) > MAX_NAMES:
                raise fail("guard.too_deep", "Too much hides behind this statement.", "Split it.")
            await self._learn(asking, pending)
            found: set[Name] = set()
            for name in pending:
                behind_it, own_types = self._known_behind(name, roots[name])
                found |= behind_it
                types |= own_types
                roots.update((new, roots[name]) for new in behind_it if new not in roots)
            between = set(self._casts_between(types))
            roots.update((new, _CASTS) for new in between if new not in roots)
            pending = (found | between) - seen
        return seen

    def called(self, names: Iterable[Name]) -> list[Fact]:
        """Return the functions that somebody wrote and these names could call."""
        return [
            fact
            for name in names
            if name.kind in {"function", "attribute"}
            for fact in self._facts[_key(name)]
            if behind.is_called(name, fact)
        ]

    def _known_behind(self, name: Name, root: Name) -> tuple[frozenset[Name], frozenset[int]]:
        """Return what ``name`` leads to; a refusal says what of the statement leads to it."""
        try:
            return self._behind_name(name)
        except TrunklineError as exc:
            if root in {name, _CASTS}:
                raise
            raise fail(
                exc.code,
                f"“{root.name}” cannot be used: {exc.failure.title}",
                "Write what it shows or computes as plain SQL.",
            ) from exc

    def _behind_name(self, name: Name) -> tuple[frozenset[Name], frozenset[int]]:
        known = self._behind.get(name)
        if known is None:
            facts = self._facts[_key(name)]
            known = (
                frozenset(found for fact in facts for found in behind.names_behind(name, fact)),
                frozenset(oid for fact in facts for oid in behind.types_of(name, fact)),
            )
            self._behind[name] = known
        return known

    async def _learn(self, asking: Asking, names: Iterable[Name]) -> None:
        keys = {_key(name) for name in names} - self._facts.keys()
        if not keys:
            return
        by_name = [k for k in keys if k[2] != BY_ID]
        by_id = [k for k in keys if k[2] == BY_ID]
        rows = await asking.facts(by_name, by_id)
        self._facts.update({key: [] for key in keys})
        for row in rows:
            self._facts[row["kind"], row["name"], row["schema"]].append(row["fact"])

    def _casts_between(self, types: set[int]) -> Iterator[Name]:
        for cast in self._facts.get(_key(_CASTS), ()):
            own = {oid for oid in (cast["source"], cast["target"]) if oid >= FIRST_USER_OID}
            if not own or own & types:
                yield behind.by_id("implied", cast["function"])


_KINDS_OF_FACTS = {"attribute": "function", "implied": "function", "inner": "relation"}


def _key(name: Name) -> Key:
    return (_KINDS_OF_FACTS.get(name.kind, name.kind), name.name, name.schema)
