"""Everything that is written down about a call, behind one object: log, audit, metrics, traces."""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal, cast

from trunkline_server.errors import Failure, fail
from trunkline_server.profiles.profile import Profile
from trunkline_server.serving import statements
from trunkline_server.serving.activity import KEEP_BYTES, KEEP_DAYS, Activity, Call, Greeting
from trunkline_server.serving.statements import Statements

LogFormat = Literal["text", "json"]
_MB = 1024 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What is written down, and where.

    Attributes:
        log_format: how lines on standard error look.
        audit_log: a file, "-" for standard output (error when that carries MCP or events), "".
        metrics_port: a port of 127.0.0.1 to serve Prometheus metrics on, 0 a free one, or None.
        has_metrics: metrics are counted although they have no port, for ``/metrics``.
        keep_days: how long calls are remembered; 0 keeps none.
        keep_mb: how large their file may get, in MiB.
        statements: how statements are written down, in the activity log and the audit log.
    """

    log_format: LogFormat = "text"
    audit_log: str = ""
    metrics_port: int | None = None
    has_metrics: bool = False
    keep_days: float = KEEP_DAYS
    keep_mb: float = KEEP_BYTES / _MB
    statements: Statements = "text"


def of(options: argparse.Namespace) -> Settings:
    """Return what the options of ``run`` ask for.

    Raises:
        TrunklineError: ``usage.*``.
    """
    port = getattr(options, "metrics_port", None)
    if port is not None and not 0 <= port <= 65535:
        raise fail("usage.port", "The port is a number from 0 to 65535.", "See --metrics-port.")
    how = getattr(options, "activity_statements", None) or "text"
    if how not in statements.KINDS:
        raise fail("usage.statements", "Statements are kept as text, hash or none.",
                   "See --activity-statements.")  # fmt: skip
    form = getattr(options, "log_format", None) or "text"
    if form not in {"text", "json"}:
        raise fail("usage.log_format", "The log format is text or json.", "See --log-format.")
    return Settings(
        log_format=cast("LogFormat", form),
        audit_log=getattr(options, "audit_log", None) or "",
        metrics_port=port,
        has_metrics=port is not None or bool(getattr(options, "metrics", False)),
        keep_days=_positive(options, "keep_activity", KEEP_DAYS),
        keep_mb=_positive(options, "keep_activity_mb", KEEP_BYTES / _MB),
        statements=how,
    )


def _positive(options: argparse.Namespace, name: str, otherwise: float) -> float:
    value = getattr(options, name, None)
    if value is None:
        return otherwise
    if not 0 <= value < float("inf"):
        option = f"--{name.replace('_', '-')}"
        raise fail("usage.number", f"{option} is a number from 0.", f"See {option}.")
    return float(value)


class Observer:
    """Writes down what happens; nothing it does delays a call or makes one fail.

    Args:
        settings: what is written down.
        profiles: the databases that are served, for their names.
        output: writes one line to standard output, for the audit log "-"; None when standard
            output carries MCP or events, then standard error is used.
        tell: hears, in another thread, what cannot be written down; once until it can be again.
    """

    def __init__(
        self,
        settings: Settings,
        *,
        profiles: Sequence[Profile] = (),
        output: Callable[[bytes], None] | None = None,
        tell: Callable[[Failure], None] | None = None,
    ) -> None:
        self._settings = settings
        self._profiles = tuple(profiles)
        self._activity = Activity(
            keep_days=settings.keep_days or KEEP_DAYS,
            keep_bytes=int(settings.keep_mb * _MB),
            statements=settings.statements,
            tell=tell,
        )
        self._recorders: list[Callable[[Call], None]] = []
        if settings.keep_days:
            self._recorders.append(self._activity.record)

    def record(self, call: Call) -> None:
        """Write down one call; returns at once and never raises."""
        for recorder in self._recorders:
            recorder(call)

    def refused(self, kind: str, who: str) -> None:
        """Write down that the gate refused ``who`` (an address or a token's name)."""

    def client(self, name: str, version: str, transport: str, profile_id: str = "") -> None:
        """Write down that an AI app introduced itself, to every profile served when "" is given."""
        for known in [profile_id] if profile_id else [p.id for p in self._profiles]:
            self._activity.greet(
                Greeting(
                    at=time.time(),
                    profile_id=known,
                    client=name,
                    client_version=version,
                    transport=transport,
                )
            )

    def close(self) -> None:
        """Write what waits, a bounded time, and stop."""
        self._activity.close()
