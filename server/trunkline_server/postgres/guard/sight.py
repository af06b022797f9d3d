"""What a profile lets anybody see: allowed schemas, hidden tables and columns. Pure.

Names are compared exactly as PostgreSQL stores them: upper and lower case differ.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from trunkline_server.errors import fail
from trunkline_server.profiles.profile import Profile, parts_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Sight:
    """What may be named. It knows names alone, not which table inherits from which.

    Attributes:
        schemas: the only schemas whose tables and views may be named; empty means all.
        tables: ``(schema, table)`` of everything hidden as a whole.
        columns: the hidden columns of a ``(schema, table)``.
    """

    schemas: frozenset[str] = frozenset()
    tables: frozenset[tuple[str, str]] = frozenset()
    columns: Mapping[tuple[str, str], frozenset[str]] = field(default_factory=dict)

    @property
    def is_open(self) -> bool:
        """Whether nothing is hidden and every schema is allowed."""
        return not (self.schemas or self.tables or self.columns)

    def shows_schema(self, schema: str) -> bool:
        """Whether tables of ``schema`` may be named; PostgreSQL's own count as any other."""
        return not self.schemas or schema in self.schemas

    def shows_table(self, schema: str, table: str) -> bool:
        """Whether this table, view or other relation may be named."""
        return self.shows_schema(schema) and (schema, table) not in self.tables

    def hidden_columns(self, schema: str, table: str) -> frozenset[str]:
        """Return the columns of a table that nobody may see; usually none."""
        return self.columns.get((schema, table), frozenset())


OPEN = Sight()


def of(profile: Profile) -> Sight:
    """Return what ``profile`` lets anybody see.

    Raises:
        TrunklineError: ``sight.hidden``, an entry of ``hidden`` cannot be understood: what was
            meant to be hidden must not be shown.
    """
    tables: set[tuple[str, str]] = set()
    columns: dict[tuple[str, str], frozenset[str]] = {}
    for entry in profile.hidden:
        match parts_of(entry):
            case (schema, table):
                tables.add((schema, table))
            case (schema, table, column):
                known = columns.get((schema, table), frozenset())
                columns[schema, table] = known | {column}
            case _:
                raise fail(
                    "sight.hidden",
                    f"“{entry}” does not say which table or column is hidden.",
                    "Write it as schema.table or schema.table.column.",
                )
    return Sight(schemas=frozenset(profile.schemas), tables=frozenset(tables), columns=columns)
