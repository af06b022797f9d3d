"""Which index would find the rows of one step at once, or what keeps an index from it. Pure."""

from __future__ import annotations

from trunkline_server.postgres.explain import conditions, words
from trunkline_server.postgres.explain.conditions import Condition
from trunkline_server.postgres.explain.plan import Step
from trunkline_server.postgres.explain.words import TableFacts

_LIKE_TEXT = ("character varying", "character", "text", "name", "citext")


def index_for(step: Step, table: tuple[str, str], known: TableFacts, joined_by: str = "") -> str:
    """Return which index would find the rows at once, or what keeps an index from it."""
    usable, obstacle = [], ""
    texts = (str(step.raw.get("Filter", "")), joined_by)
    for found in (condition for text in texts for condition in conditions.of(text)):
        if found.alias not in {"", step.raw.get("Alias")}:
            continue
        kind = known.columns.get(found.column, "")
        if found.function:
            obstacle = obstacle or _function_in_the_way(table, found)
        elif found.cast and not kind.startswith(_LIKE_TEXT) and kind:
            obstacle = obstacle or (
                f"The column {words.identifier(found.column)} is turned into {found.cast} first, "
                f"so no index on it can help: compare it as {kind} instead."
            )
        elif found.kind != "pattern":
            usable.append(found)
        elif found.value.startswith(("%", "_")):
            obstacle = obstacle or (
                "A pattern that begins with a wildcard needs a trigram index "
                f"(extension pg_trgm): CREATE INDEX ON {words.full(table)} USING gin "
                f"({words.identifier(found.column)} gin_trgm_ops)."
            )
    columns = ordered(usable)
    if columns and known.can_index and not is_covered(columns, known):
        listed = ", ".join(map(words.identifier, columns))
        return (
            f"An index would go straight to them: CREATE INDEX ON {words.full(table)} ({listed})."
        )
    return obstacle


def _function_in_the_way(table: tuple[str, str], found: Condition) -> str:
    expression = f"{found.function}({words.identifier(found.column)})"
    return (
        f"Only an index on the expression itself can help here: CREATE INDEX ON "
        f"{words.full(table)} ({expression})."
    )


def ordered(usable: list[Condition], most: int = 3) -> list[str]:
    """Return the columns for an index: those compared for equality, then one range."""
    equal = [found.column for found in usable if found.kind == "equal"]
    ranges = [found.column for found in usable if found.kind == "range"]
    columns = dict.fromkeys(equal[:most])
    for column in ranges:
        if column not in columns:
            columns[column] = None
            break
    return list(columns)[:most]


def is_covered(columns: list[str], known: TableFacts) -> bool:
    """Return whether an index begins with these columns already."""
    wanted = set(columns)
    return any(set(index[: len(columns)]) == wanted for index in known.indexes)
