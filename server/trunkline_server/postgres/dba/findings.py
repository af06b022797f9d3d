"""What a health check asks and what it found, worst first. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from trunkline_server.postgres.guard.sight import Sight

Grade = Literal["ok", "attention", "urgent"]
Row = dict[str, Any]

GRADES: tuple[Grade, ...] = ("urgent", "attention", "ok")
MAX_NAMED = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing that was looked at.

    Attributes:
        about: what, in a word or two.
        grade: "ok", "attention" or "urgent".
        sentence: what is the matter; for "ok" the figure alone.
        next_step: what somebody who may should do; "" when nothing.
    """

    about: str
    grade: Grade
    sentence: str
    next_step: str = ""

    def as_json(self) -> dict[str, str]:
        """Return the finding as a JSON object."""
        found = {"grade": self.grade, "about": self.about, "sentence": self.sentence}
        return {**found, "next": self.next_step} if self.next_step else found


@dataclass(frozen=True, slots=True, kw_only=True)
class Server:
    """What a check has to know of the server before it judges.

    Attributes:
        version: PostgreSQL's number, such as 150018.
        is_standby: whether it only repeats what a primary does.
        sees_all: whether the login sees what others do (pg_monitor).
        counted_days: for how long the server has counted; ``None`` when unknown.
        login: the user's name.
    """

    version: int
    is_standby: bool = False
    sees_all: bool = True
    counted_days: float | None = None
    login: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One question and how its answer is judged.

    Attributes:
        about: as in :class:`Finding`.
        sql: our own statement; its names are PostgreSQL's.
        judge: rows and server to findings; rows of hidden tables are gone already.
        fits: whether the question makes sense on this server.
    """

    about: str
    sql: str
    judge: Callable[[list[Row], Server], list[Finding]]
    fits: Callable[[Server], bool] = lambda _server: True


def sorted_by_grade(found: Iterable[Finding]) -> list[Finding]:
    """Return the findings, worst first, else in their order."""
    return sorted(found, key=lambda finding: GRADES.index(finding.grade))


def shown(rows: Iterable[Row], sight: Sight) -> list[Row]:
    """Return the rows that name nothing hidden: their ``schema``, ``name`` and ``columns``."""
    return [row for row in rows if _is_shown(row, sight)]


def _is_shown(row: Row, sight: Sight) -> bool:
    if sight.is_open or "schema" not in row:
        return True
    schema, name = row["schema"], row["name"]
    hidden = sight.hidden_columns(schema, name)
    # A word of an index's or sequence's name may be the column it is for.
    named = {*(row.get("columns") or ())}
    for key in ("index", "other", "sequence"):
        named.update(_words(row.get(key)))
    return sight.shows_table(schema, name) and not any(
        column in named or any(column in word for word in named) for column in hidden
    )


def _words(name: object) -> Sequence[str]:
    return [str(name)] if name else []


def some(names: Sequence[str]) -> str:
    """Return a few of the names, and how many more there are."""
    named = list(dict.fromkeys(names))
    more = len(named) - MAX_NAMED
    return ", ".join(named[:MAX_NAMED]) + (f" and {more} more" if more > 0 else "")


def duration(seconds: float) -> str:
    """Return a time in words: 40 s, 12 min, 5 h, 3 days."""
    for limit, unit, each in ((120, "s", 1), (7200, "min", 60), (172_800, "h", 3600)):
        if seconds < limit:
            return f"{seconds / each:.0f} {unit}"
    return f"{seconds / 86_400:.0f} days"


def volume(size: float) -> str:
    """Return bytes in words: 640 KB, 12 MB, 3.1 GB."""
    for limit, unit, each in ((1024**2, "KB", 1024), (1024**3, "MB", 1024**2)):
        if size < limit:
            return f"{size / each:.0f} {unit}"
    return f"{size / 1024**3:.1f} GB"
