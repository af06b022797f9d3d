"""Times and weighs whole processes; interleaves what is compared, because machines drift."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from time import perf_counter

_HANDSHAKE = (
    {
        "jsonrpc": "2.0",
        "id": 1,
        "method": "initialize",
        "params": {
            "protocolVersion": "2025-06-18",
            "capabilities": {},
            "clientInfo": {"name": "bench", "version": "1"},
        },
    },
    {"jsonrpc": "2.0", "method": "notifications/initialized"},
    {"jsonrpc": "2.0", "id": 2, "method": "tools/list"},
)


@dataclass(frozen=True, slots=True)
class Sample:
    """One run: seconds from spawn to answer, and the process's peak memory in MB (2**20)."""

    seconds: float
    peak_mb: float


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table: what, the median measured, the goal, and whether it is reached."""

    what: str
    measured: str
    goal: str
    reached: bool | None


def spawn_to_tools_list(command: Sequence[str], env: Mapping[str, str]) -> Sample:
    """Start an MCP server over stdio and wait for its list of tools."""
    begun = perf_counter()
    with subprocess.Popen(
        command, env=env, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(b"".join(json.dumps(m).encode() + b"\n" for m in _HANDSHAKE))
        process.stdin.flush()
        while json.loads(process.stdout.readline()).get("id") != 2:
            pass
        seconds = perf_counter() - begun
        peak = memory_mb(process.pid, "VmHWM")
        process.stdin.close()
        process.wait(20)
    return Sample(seconds, peak)


def bare(command: Sequence[str], env: Mapping[str, str]) -> Sample:
    """Run a command to its end, for comparison: on a busy computer it is slow too."""
    begun = perf_counter()
    subprocess.run(command, env=env, check=True)
    return Sample(perf_counter() - begun, float("nan"))


def memory_mb(pid: int, field: str = "VmRSS") -> float:
    """Return one memory figure of a process in MB; ``VmHWM`` is its peak. Linux only."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith(f"{field}:"):
            return int(line.split()[1]) / 1024
    return float("nan")


def in_turn(times: int, *runs: Callable[[], Sample]) -> list[list[Sample]]:
    """Run each once to warm up, then all of them in turn; return the samples of each."""
    for run in runs:
        run()
    rounds = [[run() for run in runs] for _ in range(times)]
    return [list(samples) for samples in zip(*rounds, strict=True)]


def mid_seconds(samples: Sequence[Sample]) -> float:
    """Return the median of the times."""
    return median(s.seconds for s in samples)


def mid_mb(samples: Sequence[Sample]) -> float:
    """Return the median of the peaks."""
    return median(s.peak_mb for s in samples)


def limit(what: str, value: float, goal: float, unit: str, digits: int = 0) -> Row:
    """Return the row of a figure that must not exceed its goal."""
    return Row(what, f"{value:.{digits}f} {unit}", f"≤ {goal:g} {unit}", value <= goal)


def as_table(rows: Sequence[Row]) -> str:
    """Return the rows as a Markdown table."""
    marks = {True: "yes", False: "**no**", None: ""}
    lines = [f"| {r.what} | {r.measured} | {r.goal} | {marks[r.reached]} |" for r in rows]
    return "\n".join(["| what | measured | goal | reached |", "|---|---|---|---|", *lines])
