"""Whether a statement keeps to a profile's sight, on every way from a name to a table.

A table of an allowed schema that is not hidden may be named. A view or function there is a window
somebody made on purpose: it may read other schemas, but nothing hidden. What inherits from a hidden
table is hidden with it; a hidden column is hidden in every table of its inheritance tree. The
catalogues name everything, so all but a few are refused.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from trunkline_server.errors import TrunklineError, fail
from trunkline_server.postgres.guard import plpgsql, rules, scope, telling
from trunkline_server.postgres.guard.behind import Fact
from trunkline_server.postgres.guard.naming import ANY_SCHEMA, References
from trunkline_server.postgres.guard.scope import Columns, TableKey
from trunkline_server.postgres.guard.sight import Sight
from trunkline_server.postgres.guard.statement import parsed

Ask = Callable[[list[TableKey]], Awaitable[list[Any]]]
Table = tuple[str, str]

_SYSTEM_SCHEMAS = frozenset({"pg_catalog", "information_schema", "pg_toast"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Relation:
    """What the database says of one relation.

    Attributes:
        place: in the order the search path is looked through; 0 when it was named with a schema.
        definition: the SELECT of a view or materialized view.
        parents: what it inherits from, at any distance; the table of an index or sequence.
        children: what inherits from it, at any distance.
        columns: in their order.
    """

    schema: str
    name: str
    place: int
    definition: str | None
    parents: tuple[Table, ...]
    children: tuple[Table, ...]
    columns: tuple[str, ...]

    @property
    def is_system(self) -> bool:
        """Whether it is one of PostgreSQL's own."""
        return self.schema in _SYSTEM_SCHEMAS


class Seeing:
    """Checks statements against one sight, remembering what the database said."""

    def __init__(self, sight: Sight) -> None:
        self._sight = sight
        self._known: dict[TableKey, tuple[Relation, ...]] = {}
        self._windows: dict[Table, bool] = {}

    async def check(
        self, ask: Ask, sql: str, names: References, named: Iterable[Fact], behind: Iterable[Fact]
    ) -> None:
        """Return when ``sql`` reads only what is in sight.

        Args:
            ask: returns the rows of ``facts.RELATIONS`` for tables by their names.
            sql: a statement that the guard let pass.
            names: what it names.
            named: functions that somebody wrote and it names.
            behind: those that are called by what it names.

        Raises:
            TrunklineError: ``query.no_table``, ``query.no_column``, ``guard.hidden`` or
                ``guard.catalogue``.
        """
        trees = [raw.stmt for raw in parsed(sql)]
        telling.check_functions(names)
        keys = scope.tables(trees) | telling.constants(trees, names)
        await self._learn(ask, keys | _row_types(names))
        for key in keys:
            self._check_named(key)
        for key in _row_types(names):
            self._check_row_type(key)
        for relation in filter(None, (self._resolved(key) for key in keys)):
            await self._check_window(ask, relation, frozenset())
        scope.check(trees, self._restricted(keys))
        for function in named:
            await self._check_function(ask, function, is_named=True)
        for function in behind:
            await self._check_function(ask, function, is_named=False)

    async def _learn(self, ask: Ask, keys: Iterable[TableKey]) -> None:
        missing = [key for key in keys if key not in self._known]
        if not missing:
            return
        found: dict[TableKey, list[Relation]] = {key: [] for key in missing}
        for row in await ask(missing):
            found[row["asked_schema"], row["asked_name"]].append(_relation(row["fact"]))
        for key, relations in found.items():
            self._known[key] = tuple(sorted(relations, key=lambda r: r.place))

    def _resolved(self, key: TableKey) -> Relation | None:
        """Return the relation PostgreSQL would take; ``None`` when there is none."""
        return next(iter(self._known.get(key, ())), None)

    def _check_named(self, key: TableKey) -> None:
        relation = self._resolved(key)
        if relation is None:
            raise _unknown(key)
        if relation.is_system:
            self._check_catalogue(relation)
        elif not self._sight.shows_schema(relation.schema) or self._is_hidden(relation):
            raise _unknown(key)
        elif self._gathers(relation):
            raise fail(
                "guard.hidden",
                f"“{relation.name}” gathers rows of a table that may not be read.",
                "Read the tables below it that list_tables shows, one by one.",
            )

    def _check_row_type(self, key: TableKey) -> None:
        relation = self._resolved(key)
        if relation is None or relation.is_system:
            return
        if not self._sight.shows_schema(relation.schema) or self._touches(relation):
            raise fail(
                "guard.hidden",
                f"There is no type “{key[1]}” you may use.",
                "Name columns and cast them to PostgreSQL's own types.",
            )

    def _check_catalogue(self, relation: Relation) -> None:
        if relation.name in rules.CATALOGUES_WITHOUT_TABLES:
            return
        is_named = relation.schema in self._sight.schemas
        if not is_named or self._sight.tables or self._sight.columns:
            raise fail(
                "guard.catalogue",
                f"{relation.name} is not shown: it would name what this profile hides.",
                telling.OWN_TOOLS,
            )

    async def _check_window(self, ask: Ask, relation: Relation, within: frozenset[Table]) -> None:
        """Check what a view that may be named reads, and the views it reads.

        ``within`` are the views around it: replaced ones can read each other in a circle.
        """
        place = (relation.schema, relation.name)
        if relation.definition is None or place in within:
            return
        if place not in self._windows:
            try:
                await self._check_definition(ask, relation.definition, within | {place})
            except TrunklineError:
                self._windows[place] = False
            else:
                self._windows[place] = True
        if not self._windows[place]:
            raise _closed("view", relation.name)

    async def _check_definition(self, ask: Ask, sql: str, within: frozenset[Table]) -> None:
        """Check SQL as PostgreSQL prints it: what has no schema is its own."""
        trees = [raw.stmt for raw in parsed(sql)]
        asked = {key: _qualified(key) for key in scope.tables(trees)}
        await self._check_inside(ask, trees, asked, within)

    async def _check_inside(
        self, ask: Ask, trees: Any, asked: Mapping[TableKey, TableKey], within: frozenset[Table]
    ) -> None:
        """Check what a view or function reads; ``asked`` is how its tables are to be looked up."""
        await self._learn(ask, asked.values())
        for key in asked.values():
            for relation in self._known[key]:
                self._check_inner(key, relation)
                await self._check_window(ask, relation, within)
        columns = {key: self._columns_of(self._known[looked]) for key, looked in asked.items()}
        scope.check(trees, {key: c for key, c in columns.items() if c is not None})

    def _check_inner(self, key: TableKey, relation: Relation) -> None:
        if self._is_hidden(relation) or self._gathers(relation):
            raise _unknown(key)
        if relation.is_system and (self._sight.tables or self._sight.columns):
            self._check_catalogue(relation)

    async def _check_function(self, ask: Ask, fact: Fact, *, is_named: bool) -> None:
        if fact["language"] not in rules.READABLE_LANGUAGES:
            return
        try:
            relations = await self._check_body(ask, fact)
        except TrunklineError as exc:
            raise _closed("function", fact["function"]) from exc
        is_outside = is_named and not self._sight.shows_schema(fact["namespace"])
        if is_outside and any(not relation.is_system for relation in relations):
            raise _closed("function", fact["function"])

    async def _check_body(self, ask: Ask, fact: Fact) -> list[Relation]:
        """Return the relations a function could read."""
        if fact["definition"]:
            trees = [getattr(raw.stmt, "sql_body", None) for raw in parsed(fact["definition"])]
            asked = {key: _qualified(key) for key in scope.tables(trees)}
        elif fact["language"] == "sql":
            trees = [raw.stmt for raw in parsed(fact["source"])]
            asked = {key: _anywhere(key) for key in scope.tables(trees)}
        else:
            trees = []
            words = plpgsql.names(fact["source"])
            asked = {(None, n.name): (ANY_SCHEMA, n.name) for n in words if n.kind == "relation"}
        await self._check_inside(ask, trees, asked, frozenset())
        found = [relation for key in asked.values() for relation in self._known[key]]
        if fact["language"] == "plpgsql" and any(map(self._touches, found)):
            # Its words do not tell which columns a record holds.
            raise _closed("function", fact["function"])
        return found

    def _is_hidden(self, relation: Relation) -> bool:
        around = ((relation.schema, relation.name), *relation.parents)
        return any(table in self._sight.tables for table in around)

    def _gathers(self, relation: Relation) -> bool:
        return any(table in self._sight.tables for table in relation.children)

    def _touches(self, relation: Relation) -> bool:
        return bool(
            self._is_hidden(relation) or self._gathers(relation) or self._hidden_columns(relation)
        )

    def _hidden_columns(self, relation: Relation) -> frozenset[str]:
        tree = ((relation.schema, relation.name), *relation.parents, *relation.children)
        return frozenset().union(*(self._sight.hidden_columns(*table) for table in tree))

    def _restricted(self, keys: Iterable[TableKey]) -> dict[TableKey, Columns]:
        return {
            key: columns
            for key in keys
            if (relation := self._resolved(key)) is not None
            and (columns := self._columns_of((relation,))) is not None
        }

    def _columns_of(self, relations: Iterable[Relation]) -> Columns | None:
        """Return the columns all of these show; ``None`` when none of them hides any."""
        found = tuple(relations)
        hidden = frozenset().union(*map(self._hidden_columns, found))
        if not hidden:
            return None
        visible = tuple(c for c in found[0].columns if all(c in r.columns for r in found))
        return Columns(visible=tuple(c for c in visible if c not in hidden), hidden=hidden)


def _relation(fact: Mapping[str, Any]) -> Relation:
    return Relation(
        schema=fact["schema"],
        name=fact["name"],
        place=fact["place"] or 0,
        definition=fact["definition"],
        parents=tuple((s, n) for s, n in fact["parents"] or ()),
        children=tuple((s, n) for s, n in fact["children"] or ()),
        columns=tuple(fact["columns"] or ()),
    )


def _qualified(key: TableKey) -> TableKey:
    return (key[0] or "pg_catalog", key[1])


def _anywhere(key: TableKey) -> TableKey:
    return (key[0] or ANY_SCHEMA, key[1])


def _row_types(names: References) -> frozenset[TableKey]:
    """Return the types that are named, as the tables whose rows they may be."""
    return frozenset(
        (name.schema, name.name.removeprefix("_")) for name in names if name.kind == "type"
    ) | frozenset((name.schema, name.name) for name in names if name.kind == "type")


def _unknown(key: TableKey) -> TrunklineError:
    name = f"{key[0]}.{key[1]}" if key[0] else key[1]
    return fail(
        "query.no_table",
        f"There is no table or view “{name}” you may read.",
        "Call list_tables to see the names; quote names with capital letters.",
    )


def _closed(kind: str, name: str) -> TrunklineError:
    return fail(
        "guard.hidden",
        f"The {kind} “{name}” is not allowed: it reads what this profile hides.",
        "Read the tables that list_tables shows instead.",
    )
