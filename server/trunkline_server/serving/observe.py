"""Everything that is written down about a call, behind one object: log, audit, metrics, traces."""

from __future__ import annotations

import argparse
import asyncio
import logging
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, cast

from trunkline_server.errors import Failure, fail
from trunkline_server.profiles.profile import Profile
from trunkline_server.serving import requests, statements, traces
from trunkline_server.serving.activity import KEEP_BYTES, KEEP_DAYS, Activity, Call, Greeting
from trunkline_server.serving.metrics import processes
from trunkline_server.serving.statements import Statements

if TYPE_CHECKING:
    from starlette.types import ASGIApp

    from trunkline_server.serving.audit import Audit
    from trunkline_server.serving.metrics.counting import Metrics
    from trunkline_server.serving.metrics.pool import Pool

LogFormat = Literal["text", "json"]
_REFRESH_S = 5.0
_CLOSE_S = 2.5
_log = logging.getLogger(__name__)
_MB = 1024 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What is written down, and where.

    Attributes:
        log_format: how lines on standard error look.
        audit_log: a file, "-" for standard output (error when that carries MCP or events), "".
        metrics_port: a port of 127.0.0.1 to serve Prometheus metrics on, 0 a free one, or None.
        has_metrics: metrics are counted.
        has_metrics_path: they are served at ``/metrics`` too, behind the token.
        keep_days: how long calls are remembered; 0 keeps none.
        keep_mb: how large their file may get, in MiB; 1 at least.
        statements: how statements are written down, in the activity log and the audit log.
    """

    log_format: LogFormat = "text"
    audit_log: str = ""
    metrics_port: int | None = None
    has_metrics: bool = False
    has_metrics_path: bool = False
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
    has_path = bool(getattr(options, "metrics", False))
    form = getattr(options, "log_format", None) or "text"
    if form not in {"text", "json"}:
        raise fail("usage.log_format", "The log format is text or json.", "See --log-format.")
    return Settings(
        log_format=cast("LogFormat", form),
        audit_log=getattr(options, "audit_log", None) or "",
        metrics_port=port,
        has_metrics=port is not None or has_path,
        has_metrics_path=has_path,
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

    Raises:
        TrunklineError: ``audit.unwritable``.
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
        self._ids = tuple(profile.id for profile in profiles)
        names = {profile.id: profile.name for profile in profiles}
        self._activity = Activity(
            keep_days=settings.keep_days or KEEP_DAYS,
            keep_bytes=int(max(settings.keep_mb, 1) * _MB),
            statements=settings.statements,
            tell=tell,
        )
        self._audit = _audit(settings, names, output, tell)
        self._metrics = _metrics(names) if settings.has_metrics else None
        self._traces = traces.started(profiles)
        kept = self._activity if settings.keep_days else None
        self._recorders = [
            part.record for part in (kept, self._audit, self._metrics, self._traces) if part
        ]
        self._has_failed = False

    def record(self, call: Call) -> None:
        """Write down one call; returns at once and never raises."""
        for recorder in self._recorders:
            try:
                recorder(call)
            except Exception:  # noqa: BLE001 - a question never fails because of what is noted
                self._say_once()

    def refused(self, kind: str, who: str) -> None:
        """Write down that the gate refused ``who`` (an address or a token's name)."""
        try:
            if self._metrics:
                self._metrics.refused(kind)
            if self._audit:
                self._audit.refused(kind, who)
        except Exception:  # noqa: BLE001 - as above
            self._say_once()

    def client(self, name: str, version: str, transport: str, profile_id: str = "") -> None:
        """Write down that an AI app introduced itself, to every profile served when "" is given."""
        for known in [profile_id] if profile_id else self._ids:
            greeting = Greeting(at=time.time(), profile_id=known, client=name,
                                client_version=version, transport=transport)  # fmt: skip
            self._activity.greet(greeting)

    def active(self, kind: Literal["requests", "sessions"], change: int) -> None:
        """Count requests or sessions that begin (1) or end (-1)."""
        if self._metrics:
            self._metrics.active(kind, change)

    def watch(self, profile_id: str, pool: Callable[[], Pool | None]) -> None:
        """Ask ``pool``, from any thread, about a database's connections when metrics are read."""
        if self._metrics:
            self._metrics.watch(profile_id, pool)

    def tracked(self, app: ASGIApp) -> ASGIApp:
        """Return ``app`` with an id, a trace and a count for each request; the outermost layer."""
        return requests.tracked(app, self.active, has_traces=self._traces is not None)

    def with_metrics(self, app: ASGIApp) -> ASGIApp:
        """Return ``app`` with ``/metrics``, if that is wanted; put it behind the gate."""
        if not self._metrics or not self._settings.has_metrics_path:
            return app
        return requests.with_metrics(app, self._metrics.exposition.app(), self._ids)

    @asynccontextmanager
    async def serve(self, *, has_port: bool = True) -> AsyncIterator[int | None]:
        """Serve the metrics port, if there is one, and keep what is shared fresh meanwhile.

        Yields the port. Of several processes that share it, one has it: the parent, or the worker
        that ``has_port``.

        Raises:
            TrunklineError: ``run.port_taken``, ``run.port_denied``.
        """
        port = self._settings.metrics_port
        async with AsyncExitStack() as stack:
            if self._metrics and processes.is_shared():
                stack.push_async_callback(_ended, asyncio.create_task(self._refresh()))
            if self._metrics and has_port and port is not None:
                yield stack.enter_context(self._metrics.exposition.serve(port))
            else:
                yield None

    async def _refresh(self) -> None:
        while self._metrics:
            try:
                self._metrics.refresh()
            except Exception:  # noqa: BLE001 - as above
                self._say_once()
            await asyncio.sleep(_REFRESH_S)

    def close(self) -> None:
        """Write what waits, a bounded time, and stop."""
        for log in (self._activity, self._audit):
            if log:
                log.close(_CLOSE_S)
        if self._traces:
            self._traces.close()

    def _say_once(self) -> None:
        if not self._has_failed:
            self._has_failed = True
            _log.warning("Not everything about calls is written down.", exc_info=True)


async def _ended(task: asyncio.Task[None]) -> None:
    task.cancel()
    await asyncio.wait([task])


def _audit(
    settings: Settings,
    names: dict[str, str],
    output: Callable[[bytes], None] | None,
    tell: Callable[[Failure], None] | None,
) -> Audit | None:
    if not settings.audit_log:
        return None
    from trunkline_server.serving.audit import Audit  # only here: few servers have one

    return Audit(settings.audit_log, profiles=names, statements=settings.statements,
                 output=output, tell=tell)  # fmt: skip


def _metrics(names: dict[str, str]) -> Metrics | None:
    processes.settle()
    from trunkline_server.serving.metrics.counting import Metrics  # only here: it loads a library

    try:
        return Metrics(names)
    except OSError as exc:
        _log.warning("Metrics are not counted: %s", exc)
        return None
