"""What the calls of one day add up to, in this computer's time zone. Opens nothing."""

from __future__ import annotations

import time
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta


@dataclass(frozen=True, slots=True, kw_only=True)
class Today:
    """What happened since midnight of this computer's time zone.

    Attributes:
        questions: how many calls.
        typical_ms: median duration of the calls that were answered, 0 when there were none.
        refused: how many calls the guard refused.
        per_hour: calls of each hour of the day, 24 numbers; on the day the clock goes back, the
            hour that comes twice holds both.
        refused_per_hour: how many of them the guard refused.
    """

    questions: int = 0
    typical_ms: float = 0.0
    refused: int = 0
    per_hour: tuple[int, ...] = (0,) * 24
    refused_per_hour: tuple[int, ...] = (0,) * 24


def bounds(now: float) -> tuple[float, float]:
    """Return the midnight before ``now`` and the next one, in seconds since 1970."""
    day = datetime.fromtimestamp(now).astimezone().date()
    return _midnight(day.toordinal()), _midnight((day + timedelta(days=1)).toordinal())


def _midnight(ordinal: int) -> float:
    # Without a fold: where the clock goes back at midnight, the day begins the first time.
    return datetime.fromordinal(ordinal).timestamp()


def summed(rows: Iterable[tuple[float, float, str]]) -> Today:
    """Return the sums of calls given as (at, duration_ms, outcome)."""
    calls = list(rows)
    answered = [duration_ms for _, duration_ms, outcome in calls if outcome == "ok"]
    refused = [at for at, _, outcome in calls if outcome == "refused"]
    return Today(
        questions=len(calls),
        typical_ms=_median(answered),
        refused=len(refused),
        per_hour=_by_hour(at for at, _, _ in calls),
        refused_per_hour=_by_hour(refused),
    )


def _median(values: list[float]) -> float:
    """Return the middle of ``values``, 0 for none; ``statistics`` would cost the app a megabyte."""
    ordered, half = sorted(values), len(values) // 2
    return (ordered[half] + ordered[~half]) / 2 if ordered else 0.0


def _by_hour(moments: Iterable[float]) -> tuple[int, ...]:
    counts = [0] * 24
    for at in moments:
        counts[time.localtime(at).tm_hour] += 1
    return tuple(counts)
