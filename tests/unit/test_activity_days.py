"""Days begin at midnight where the computer is, whatever its clock does that day."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from trunkline_server.serving.activity import days

if sys.platform == "win32":
    pytest.skip("Windows cannot change the time zone of a process", allow_module_level=True)

HOUR = 3_600


@pytest.fixture
def be_in(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str], ZoneInfo]]:
    """Move this process to another time zone until the test ends."""

    def move(zone: str) -> ZoneInfo:
        monkeypatch.setenv("TZ", zone)
        time.tzset()
        return ZoneInfo(zone)

    yield move
    monkeypatch.undo()
    time.tzset()


def utc(text: str) -> float:
    return datetime.fromisoformat(f"{text}+00:00").timestamp()


@pytest.mark.parametrize(
    ("zone", "now", "begin", "hours"),
    [
        ("UTC", "2026-11-22T23:59:59", "2026-11-22T00:00", 24),
        ("UTC", "2026-11-23T00:00", "2026-11-23T00:00", 24),
        ("Asia/Kathmandu", "2026-11-22T20:00", "2026-11-22T18:15", 24),
        ("Europe/Berlin", "2026-03-29T12:00", "2026-03-28T23:00", 23),
        ("Europe/Berlin", "2026-10-25T12:00", "2026-10-24T22:00", 25),
        # Havana sets the clock back from 1:00 to 0:00, so midnight comes twice.
        ("America/Havana", "2026-11-01T05:30", "2026-11-01T04:00", 25),
        # Santiago sets it ahead at 0:00, so the day begins at 1:00.
        ("America/Santiago", "2026-09-06T12:00", "2026-09-06T04:00", 23),
    ],
)
def test_a_day_lasts_from_its_first_moment_to_the_next_ones(
    be_in: Callable[[str], ZoneInfo], zone: str, now: str, begin: str, hours: int
):
    be_in(zone)
    assert days.bounds(utc(now)) == (utc(begin), utc(begin) + hours * HOUR)


def test_the_hour_that_comes_twice_holds_both(be_in: Callable[[str], ZoneInfo]):
    be_in("Europe/Berlin")
    calls = [(utc(f"2026-10-25T{at}"), 1.0, "ok") for at in ("00:30", "01:30", "02:30")]
    assert days.summed(calls).per_hour[2:4] == (2, 1)


def test_the_hour_is_the_one_on_the_wall(be_in: Callable[[str], ZoneInfo]):
    zone = be_in("Australia/Lord_Howe")  # half an hour of summer time
    at = utc("2026-11-22T12:00")
    assert (
        days.summed([(at, 1.0, "refused")]).refused_per_hour[datetime.fromtimestamp(at, zone).hour]
        == 1
    )
