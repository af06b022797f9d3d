"""The tray app's start and size, on a virtual desktop with a real tray."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator
from itertools import count
from statistics import median
from time import perf_counter

from tests.benchmarks.measure import Row, Sample, limit, memory_mb
from tests.journeys.virtual_desktop import VirtualDesktop, missing, virtual_desktop
from trunkline_server.programs import path_of

STARTS = 7
START_S = 30
SETTLE_S = "3"

# A profile that is not switched on: the icon alone, as after a login.
SAVE = """
from trunkline_server.profiles.profile import Profile
from trunkline_server.profiles.store import Store
Store().save(Profile(id="sales", name="Sales", host="db.example.com"))
"""

Environment = dict[str, str]


def rows() -> Iterator[Row]:
    """Measure starts to the icon alone, and first starts, which open the window."""
    if lacks := missing():
        yield Row("`trunkline` to tray", f"not measured: {', '.join(lacks)} missing", "", None)
        return
    with virtual_desktop() as desktop:
        homes = (_home(desktop, f"t{n}") for n in count())
        pairs = [(_with_profile(homes), _first_run(homes)) for _ in range(STARTS + 1)][1:]
    tray, window = ([pair[i] for pair in pairs] for i in (0, 1))
    yield limit("`trunkline`, spawn to tray", median(s.seconds for s in tray), 0.8, "s", 2)
    yield limit("app with its icon alone, memory", median(s.peak_mb for s in tray), 90, "MB")
    yield limit("first start, spawn to tray", median(s.seconds for s in window), 0.8, "s", 2)
    yield limit("app with its window open, memory", median(s.peak_mb for s in window), 90, "MB")


def _home(desktop: VirtualDesktop, name: str) -> Environment:
    return desktop.env | {"TRUNKLINE_HOME": str(desktop.home / name)}


def _with_profile(homes: Iterator[Environment]) -> Sample:
    env = next(homes)
    subprocess.run([sys.executable, "-c", SAVE], env=env, check=True)
    return _start(env, lambda: not _windows(env), "a window opened")


def _first_run(homes: Iterator[Environment]) -> Sample:
    env = next(homes)
    return _start(env, lambda: _windows(env), "no window opened")


def _start(env: Environment, is_right: Callable[[], object], complaint: str) -> Sample:
    """Start the app; return the time to its icon and its memory once it has settled."""
    before = _tray_icons(env)
    begun = perf_counter()
    with subprocess.Popen([path_of("trunkline")], env=env) as process:
        try:
            while _tray_icons(env) <= before:
                if perf_counter() - begun > START_S:
                    raise RuntimeError("no tray icon appeared")
            seconds = perf_counter() - begun
            subprocess.run(["sleep", SETTLE_S], check=True)
            size = memory_mb(process.pid)
            if not is_right():
                raise RuntimeError(complaint)
        finally:
            process.terminate()
            process.wait(20)
    return Sample(seconds, size)


def _tray_icons(env: Environment) -> int:
    """Return how many icons the tray holds: each is a child window of its panel."""
    trees = (
        subprocess.run(
            ["xwininfo", "-tree", "-id", panel], env=env, capture_output=True, check=False
        ).stdout
        for panel in _found(env, "--class", "trayer")
    )
    return sum(tree.count(b"trunkline") for tree in trees)


def _windows(env: Environment) -> list[str]:
    """Return our windows that a person sees, icons left out: those the window manager has."""
    return _found(env, "--onlyvisible", "--name", "^Trunkline$")


def _found(env: Environment, *which: str) -> list[str]:
    command = ["xdotool", "search", *which]
    return subprocess.run(
        command, env=env, capture_output=True, check=False, text=True
    ).stdout.split()
