"""The three commonest jobs as prompts a person picks: what each asks for and says. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

Given = Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Slot:
    """Something a person fills in."""

    name: str
    description: str
    is_required: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """A prompt.

    Attributes:
        name: what clients call it.
        title: what the person sees.
        description: one sentence on what comes of it.
        slots: what the person fills in, in order.
        text: what the model is told, from the slots that were filled in.
    """

    name: str
    title: str
    description: str
    slots: tuple[Slot, ...]
    text: Callable[[Given], str]


def _explore(given: Given) -> str:
    where = f"the schema {given['schema']} of {_database(given)}" if given.get("schema") else (
        _database(given)
    )  # fmt: skip
    return (
        f"Help me get to know {where}. Call database_overview and list_tables first, then "
        "describe the most important tables. Explain in plain words, without SQL, what the data "
        "is about, how the tables belong together, from when to when it reaches and what is "
        "remarkable about it. End with five questions it could answer that I may want to ask."
    )


def _summarize(given: Given) -> str:
    column = f", and look closely at the column {given['column']}" if given.get("column") else ""
    return (
        f"Summarize the table {given['table']} of {_database(given)} for me{column}. Call "
        "describe_table first. Then use a few aggregate queries, never a full listing: how many "
        "rows, which period, the commonest values, what is missing or looks wrong. Answer with a "
        "short paragraph and a small table of figures, and show the SQL of each figure."
    )


def _speed_up(given: Given) -> str:
    return (
        f"Find out why this query is slow in {_database(given)}, and how to make it faster. Call "
        "explain_query first; run it with analyze only when the estimate says that it ends soon. "
        "Explain the plan in plain words, name the step that costs most, and propose one change "
        "at a time: an index, a rewritten query, or fresh statistics. Nothing can be changed "
        "through this connection: write changes out as SQL for me to run.\n\n"
        f"```sql\n{given['query']}\n```"
    )


def _database(given: Given) -> str:
    return f"the database {given['database']}" if given.get("database") else "this database"


_TABLE = Slot(name="table", description="A table or view, with its schema.", is_required=True)

JOBS: tuple[Job, ...] = (
    Job(
        name="explore_database",
        title="Get to know this database",
        description="What the data is about, how it belongs together, and what to ask.",
        slots=(Slot(name="schema", description="Only this schema."),),
        text=_explore,
    ),
    Job(
        name="summarize_table",
        title="Summarize a table",
        description="The figures that matter of one table, or of one column.",
        slots=(_TABLE, Slot(name="column", description="Look closely at this column.")),
        text=_summarize,
    ),
    Job(
        name="speed_up_query",
        title="Make a query faster",
        description="Why a query is slow, in plain words, and what to change.",
        slots=(Slot(name="query", description="The query.", is_required=True),),
        text=_speed_up,
    ),
)
