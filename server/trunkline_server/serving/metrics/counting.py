"""What Prometheus may know of a server: counts and times, never a name that a client chose.

Import it only where metrics are wanted: it loads ``prometheus_client``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    disable_created_metrics,
    values,
)

from trunkline_server.serving.activity import Call
from trunkline_server.serving.metrics import processes
from trunkline_server.serving.metrics.exposition import Exposition
from trunkline_server.serving.metrics.pool import Pool

Active = Literal["requests", "sessions"]

LONGEST_LIST = 100
OTHER = "other"

_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60)


class Metrics:
    """Counts what happens in this process; ``profiles`` gives the names of profiles by id."""

    def __init__(self, profiles: Mapping[str, str]) -> None:
        self._profiles = dict(profiles)
        self._pools: dict[str, Callable[[], Pool | None]] = {}
        self._known: dict[tuple[str, str, str], _Series] = {}
        self._kinds: dict[str, Counter] = {}
        # Settled when the library is imported, which may have been before.
        values.ValueClass = values.get_value_class()  # type: ignore[no-untyped-call]  # it has no types
        # When each series began would be as many series again, and of no use here.
        disable_created_metrics()  # type: ignore[no-untyped-call]  # it has no types
        # Several processes count in files, which the registry of a scrape reads.
        self._own = None if processes.is_shared() else CollectorRegistry()
        processes.inherit()
        processes.reserve()
        self._make()
        self.exposition = Exposition(self._own, self.refresh)

    def _make(self) -> None:
        where, tool = self._own, ("profile", "tool")
        self._calls = Counter(
            "trunkline_calls", "Calls of tools.", (*tool, "outcome"), registry=where
        )
        self._seconds = Histogram(
            "trunkline_call_duration_seconds",
            "How long answers took.",
            tool,
            buckets=_SECONDS,
            registry=where,
        )
        self._rows = Counter("trunkline_rows", "Rows of answers.", tool, registry=where)
        self._bytes = Counter("trunkline_answer_bytes", "Bytes of answers.", tool, registry=where)
        self._refusals = Counter(
            "trunkline_gate_refusals",
            "Requests turned away at the door.",
            ("kind",),
            registry=where,
        )
        self._active = {
            kind: Gauge(
                f"trunkline_active_{kind}",
                f"{what} now.",
                registry=where,
                multiprocess_mode="livesum",
            )
            for kind, what in (
                ("requests", "Requests under way"),
                ("sessions", "Event streams that clients listen to"),
            )
        }
        self._connections = Gauge(
            "trunkline_database_connections",
            "Connections to PostgreSQL.",
            ("profile", "state"),
            registry=where,
            multiprocess_mode="livesum",
        )
        self._up = Gauge(
            "trunkline_database_up",
            "1 when the database answered last time.",
            ("profile",),
            registry=where,
            multiprocess_mode="livemostrecent",
        )

    def record(self, call: Call) -> None:
        """Count one call."""
        key = (call.profile_id, call.tool, call.outcome)
        series = self._known.get(key) or self._added(key)
        series.calls.inc()
        series.seconds.observe(call.duration_ms / 1000)
        series.rows.inc(max(call.rows, 0))
        series.bytes.inc(max(call.bytes, 0))

    def refused(self, kind: str) -> None:
        """Count one refusal of the gate."""
        counter = self._kinds.get(kind)
        if counter is None:
            shown = kind if len(self._kinds) < LONGEST_LIST else OTHER
            counter = self._refusals.labels(shown)
            if shown != OTHER:
                self._kinds[kind] = counter
        counter.inc()

    def active(self, kind: Active, change: int) -> None:
        """Count requests or sessions that begin (1) or end (-1)."""
        self._active[kind].inc(change)

    def watch(self, profile_id: str, pool: Callable[[], Pool | None]) -> None:
        """Ask ``pool`` about a database's connections whenever somebody wants to know."""
        self._pools[profile_id] = pool

    def refresh(self) -> None:
        """Look at everything that is not counted but read."""
        for profile_id, ask in self._pools.items():
            pool, name = ask(), self._name(profile_id)
            if pool is not None:
                self._connections.labels(name, "in_use").set(pool.in_use)
                self._connections.labels(name, "idle").set(pool.idle)
                if pool.is_up is not None:
                    self._up.labels(name).set(pool.is_up)
        processes.reserve()

    def _added(self, key: tuple[str, str, str]) -> _Series:
        profile_id, tool, outcome = key
        tools = {known for _, known, _ in self._known}
        is_known = tool in tools or len(tools) < LONGEST_LIST
        labels = self._name(profile_id), tool if is_known else OTHER
        series = _Series(
            self._calls.labels(*labels, outcome),
            self._seconds.labels(*labels),
            self._rows.labels(*labels),
            self._bytes.labels(*labels),
        )
        if is_known:
            self._known[key] = series
        return series

    def _name(self, profile_id: str) -> str:
        return self._profiles.get(profile_id, OTHER if profile_id else "")


@dataclass(frozen=True, slots=True)
class _Series:
    """The children of one profile, tool and outcome: looking them up costs more than counting."""

    calls: Counter
    seconds: Histogram
    rows: Counter
    bytes: Counter
