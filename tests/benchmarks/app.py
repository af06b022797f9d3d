"""The tray app's start and size, on a virtual desktop with a real tray."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from statistics import median
from time import perf_counter

from tests.benchmarks.measure import Row, Sample, limit, memory_mb
from tests.journeys.virtual_desktop import VirtualDesktop, missing, virtual_desktop
from trunkline_server.programs import path_of

STARTS = 7
START_S = 30


def rows() -> Iterator[Row]:
    """Measure the first window-less start to the tray and the memory after it."""
    if lacks := missing():
        yield Row("`trunkline` to tray", f"not measured: {', '.join(lacks)} missing", "", None)
        return
    with virtual_desktop() as desktop:
        samples = [_start(desktop) for _ in range(STARTS + 1)][1:]
    seconds = median(s.seconds for s in samples)
    yield limit("`trunkline`, spawn to tray", seconds, 0.8, "s", 2)
    yield limit("app, resident memory", median(s.peak_mb for s in samples), 90, "MB")


def _start(desktop: VirtualDesktop) -> Sample:
    env = desktop.env | {"TRUNKLINE_HOME": str(desktop.home / "trunkline")}
    before = _tray_icons(env)
    begun = perf_counter()
    with subprocess.Popen([path_of("trunkline")], env=env) as process:
        while _tray_icons(env) <= before:
            if perf_counter() - begun > START_S:
                raise RuntimeError("no tray icon appeared")
        seconds = perf_counter() - begun
        _settle(env)
        size = memory_mb(process.pid)
        process.terminate()
        process.wait(20)
    return Sample(seconds, size)


def _tray_icons(env: dict[str, str]) -> int:
    """Return how many icons the tray holds: each is a child window of its panel."""
    panel = subprocess.run(
        ["xdotool", "search", "--class", "trayer"], env=env, capture_output=True, check=False
    ).stdout.split()
    trees = (
        subprocess.run(
            ["xwininfo", "-tree", "-id", window.decode()], env=env, capture_output=True, check=False
        ).stdout
        for window in panel
    )
    return sum(tree.count(b"trunkline") for tree in trees)


def _settle(env: dict[str, str]) -> None:
    """Let the app finish what it does after its icon is there: three seconds."""
    subprocess.run(["sleep", "3"], env=env, check=True)
