"""Our server beside others over HTTP, in one run: ``python -m tests.benchmarks.peers [ROUNDS]``.

Every server answers ``SELECT 1`` from the same PostgreSQL; the yardstick returns a constant. All of
them stand ready the whole time and are called in turn, so that a slow minute is everybody's.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from statistics import median

from tests.benchmarks import contestants
from tests.benchmarks.contestants import Contestant, Standing
from tests.benchmarks.load import Job, Result
from tests.benchmarks.measure import Row, limit

ROUNDS = 5
CALLS = 600
SESSIONS = 8
WARM_UP = 200


@dataclass(frozen=True)
class Round:
    """One server's figures of one round.

    Attributes:
        cpu_ms: processor time of the server's processes per call, one session.
        p50_ms, p95_ms: how long a call took, one session.
        alone: calls a second with one session.
        together: calls a second with eight sessions.
        load_ms: processor time of the caller per call.
        modern_ms: as ``cpu_ms`` in the protocol of 2026, which has no handshake; not all speak it.
    """

    cpu_ms: float
    p50_ms: float
    p95_ms: float
    alone: float
    together: float
    load_ms: float
    modern_ms: float


@dataclass
class Figures:
    """Everything measured of one server; memory in MB, its start in seconds."""

    name: str
    start_s: float
    idle_mb: float
    tokens: int
    rounds: list[Round] = field(default_factory=list)
    after_mb: float = 0.0

    def mid(self, what: Callable[[Round], float]) -> float:
        """Return the median over the rounds."""
        return median(what(r) for r in self.rounds)

    def against(self, other: Figures, what: Callable[[Round], float]) -> float:
        """Return the median of the ratios, round by round."""
        pairs = zip(self.rounds, other.rounds, strict=True)
        return median(what(mine) / what(theirs) for mine, theirs in pairs)


def call(job: Job) -> Result:
    """Do a job in a process of its own."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.benchmarks.load"],
        input=json.dumps(asdict(job)),
        capture_output=True,
        text=True,
        check=False,
        cwd=Path(__file__).parents[2],
    )
    if done.returncode:
        raise RuntimeError(done.stderr.strip().rpartition("\n")[2])
    return Result(**json.loads(done.stdout))


def weighed(standing: Standing, job: Job) -> tuple[Result, float]:
    """Do a job; return its result and the server's processor time per call in milliseconds."""
    before = standing.cpu_seconds()
    result = call(job)
    return result, (standing.cpu_seconds() - before) / job.calls * 1000


def measured(standing: Standing) -> Round:
    """Call one server, alone and together."""
    alone, cpu_ms = weighed(standing, replace(standing.job, calls=CALLS))
    modern_ms = float("nan")
    if standing.is_modern:
        _, modern_ms = weighed(standing, replace(standing.job, calls=CALLS, is_stateless=True))
    together = call(replace(standing.job, calls=CALLS, sessions=SESSIONS))
    return Round(
        cpu_ms=cpu_ms,
        p50_ms=alone.latencies[CALLS // 2] * 1000,
        p95_ms=alone.latencies[CALLS * 95 // 100] * 1000,
        alone=CALLS / alone.seconds,
        together=CALLS / together.seconds,
        load_ms=alone.own_cpu / CALLS * 1000,
        modern_ms=modern_ms,
    )


def compare(rounds: int = ROUNDS) -> tuple[list[Figures], list[str]]:
    """Measure everybody who can start; return the figures, ours first, and who is missing."""
    with tempfile.TemporaryDirectory(prefix="tl-") as home, ExitStack() as stack:
        entered, missing = contestants.entered(stack, Path(home))
        standing = list(_started(entered, stack, missing))
        figures = [
            Figures(s.name, s.start_s, s.memory_mb(), len(s.list_tools()) // 4) for s in standing
        ]
        for one in standing:
            call(replace(one.job, calls=WARM_UP, sessions=SESSIONS))
        for _ in range(rounds):
            for one, kept in zip(standing, figures, strict=True):
                kept.rounds.append(measured(one))
        for one, kept in zip(standing, figures, strict=True):
            kept.after_mb = one.memory_mb()
    return figures, missing


def _started(
    entered: Sequence[Contestant], stack: ExitStack, missing: list[str]
) -> Iterator[Standing]:
    for contestant in entered:
        try:
            yield stack.enter_context(contestants.standing(contestant))
        except contestants.NotStartedError as exc:
            missing.append(f"{contestant.name}: {exc}")


def table(figures: Sequence[Figures]) -> str:
    """Return the figures as a Markdown table."""
    titles = (
        "server", "CPU a call", "p50", "p95", "calls/s, 1 session", "8 sessions", "start",
        "memory idle, after", "`tools/list`",
    )  # fmt: skip
    lines = [f"| {' | '.join(titles)} |", "|---" * len(titles) + "|"]
    lines += [
        f"| {f.name} | {f.mid(lambda r: r.cpu_ms):.2f} ms | {f.mid(lambda r: r.p50_ms):.1f} ms "
        f"| {f.mid(lambda r: r.p95_ms):.1f} ms | {f.mid(lambda r: r.alone):.0f} "
        f"| {f.mid(lambda r: r.together):.0f} | {f.start_s:.1f} s "
        f"| {f.idle_mb:.0f}, {f.after_mb:.0f} MB | {f.tokens} tokens |"
        for f in figures
    ]
    return "\n".join(lines)


def goals(figures: Sequence[Figures]) -> Iterator[Row]:
    """Return the ratios to the yardstick that were set as goals, and the caller's own cost."""
    by_name = {f.name: f for f in figures}
    ours, yard = by_name[contestants.OURS], by_name[contestants.YARDSTICK]
    against = f"÷ {contestants.YARDSTICK}"
    cpu = ours.against(yard, lambda r: r.cpu_ms)
    yield limit(f"`SELECT 1`, CPU {against}", cpu, 1.3, "×", 2)
    cpu = ours.against(yard, lambda r: r.modern_ms)
    yield limit(f"the same in the protocol of 2026 {against}", cpu, 1.3, "×", 2)
    yield _floor(f"8 sessions, calls/s {against}", ours.against(yard, lambda r: r.together), 0.9)
    if two := by_name.get(contestants.OURS_TWICE):
        ratio = two.against(yard, lambda r: r.together)
        yield _floor(f"8 sessions on two workers, calls/s {against}", ratio, 1.8)
    if fair := by_name.get(contestants.ASKING):
        ratio = ours.against(fair, lambda r: r.cpu_ms)
        yield Row(f"`SELECT 1`, CPU ÷ {contestants.ASKING}", f"{ratio:.2f} ×", "", None)
    load_ms = ours.mid(lambda r: r.load_ms)
    yield Row("the caller's own CPU a call, in nobody's figure", f"{load_ms:.2f} ms", "", None)


def _floor(what: str, value: float, goal: float) -> Row:
    return Row(what, f"{value:.2f} ×", f"≥ {goal:g} ×", value >= goal)


@contextmanager
def told(title: str) -> Iterator[None]:
    """Print a title and a line between."""
    print(f"\n{title}\n")
    yield
    print()


def main(rounds: int = ROUNDS) -> list[Row]:
    """Print the table of servers and who is missing; return the rows of the goals."""
    figures, missing = compare(rounds)
    with told(f"Servers side by side: `SELECT 1` over HTTP, medians of {rounds} rounds"):
        print(table(figures))
        for words in missing:
            print(f"\nNot measured: {words}")
    return list(goals(figures))


if __name__ == "__main__":
    from tests.benchmarks.measure import as_table

    print(as_table(main(int(sys.argv[1]) if sys.argv[1:] else ROUNDS)))
