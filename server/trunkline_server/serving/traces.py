"""Traces for a collector, when the environment names one; OpenTelemetry is imported only then.

FastMCP makes a span of each MCP request. We send them, say in them which tool was called and how
that ended, and add a span of PostgreSQL's part. Statements and their parameters are left out, and
so are the texts of errors, which may quote them.
"""

from __future__ import annotations

import logging
import os
import threading
from collections.abc import Iterable, Mapping, Sequence
from contextlib import contextmanager
from importlib.metadata import version as version_of
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

from trunkline_server.serving import redact, statements
from trunkline_server.serving.activity import Call

if TYPE_CHECKING:
    from collections.abc import Iterator

    from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
    from opentelemetry.sdk.trace.export import SpanExporter
    from opentelemetry.trace import Span

    from trunkline_server.profiles.profile import Profile

WITH_STATEMENTS = "TRUNKLINE_TRACE_STATEMENTS"

_ENDPOINTS = ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT")
_PROTOCOLS = ("OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", "OTEL_EXPORTER_OTLP_PROTOCOL")
_STATEMENT_CHARS = 10_000
_CLOSE_S = 2.0
_log = logging.getLogger(__name__)


def started(profiles: Iterable[Profile], environ: Mapping[str, str] = os.environ) -> Traces | None:
    """Return what sends traces; None, and a word about it where one helps, when nothing should."""
    if not are_wanted(environ):
        return None
    if find_spec("opentelemetry.sdk") is None or find_spec("opentelemetry.exporter.otlp") is None:
        _log.warning("Traces are not sent: install trunkline[otel] first.")
        return None
    protocol = next((environ[name] for name in _PROTOCOLS if environ.get(name)), "http/protobuf")
    if protocol != "http/protobuf":
        _log.warning("Traces are not sent: only the protocol http/protobuf is known here.")
        return None
    return Traces(profiles, has_statements=environ.get(WITH_STATEMENTS) == "1")


def are_wanted(environ: Mapping[str, str] = os.environ) -> bool:
    """Whether the environment names a collector."""
    is_disabled = environ.get("OTEL_SDK_DISABLED", "").lower() == "true"
    has_exporter = environ.get("OTEL_TRACES_EXPORTER", "otlp") == "otlp"
    return any(environ.get(name) for name in _ENDPOINTS) and has_exporter and not is_disabled


class Traces:
    """Sends spans in a thread; nobody waits for the collector."""

    def __init__(self, profiles: Iterable[Profile], *, has_statements: bool = False) -> None:
        from opentelemetry import trace
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
        from opentelemetry.sdk.trace.export import BatchSpanProcessor

        self._profiles = {profile.id: profile for profile in profiles}
        self._has_statements = has_statements
        self._provider = _provider()
        self._processor = BatchSpanProcessor(_discreet(OTLPSpanExporter()))
        self._provider.add_span_processor(self._processor)
        # The exporter has a line for every attempt that fails; ours says it once.
        logging.getLogger("opentelemetry").setLevel(logging.CRITICAL)
        trace.set_tracer_provider(self._provider)
        self._tracer = self._provider.get_tracer("trunkline", version_of("trunkline"))

    def record(self, call: Call) -> None:
        """Complete the span of the request at hand and add the one of the database's part."""
        from opentelemetry import trace
        from opentelemetry.trace import SpanKind, Status, StatusCode

        attributes = self._attributes(call)
        request: Span = trace.get_current_span()
        if request.is_recording():
            request.set_attributes(attributes)
            if call.tool != "resource":
                request.update_name(f"tools/call {call.tool}")
        begin = int(call.at * 1e9)
        span = self._tracer.start_span(
            f"{call.tool} {attributes.get('db.namespace', '')}".rstrip(),
            kind=SpanKind.CLIENT,
            start_time=begin,
            attributes={**attributes, **self._database(call)},
        )
        if call.outcome != "ok":
            span.set_attribute("error.type", call.outcome)
            span.set_status(Status(StatusCode.ERROR))
        span.end(begin + int(call.duration_ms * 1e6))

    def close(self) -> None:
        """Send what waits, at most for two seconds, and stop."""
        # The library's own end waits for a collector that does not answer, for half a minute.
        ending = threading.Thread(target=self._provider.shutdown, name="traces", daemon=True)
        ending.start()
        ending.join(_CLOSE_S)

    def _attributes(self, call: Call) -> dict[str, Any]:
        profile = self._profiles.get(call.profile_id)
        known = {
            "gen_ai.tool.name": call.tool,
            "trunkline.outcome": call.outcome,
            "trunkline.profile": profile.name if profile else call.profile_id,
            "trunkline.caller": call.caller,
            "trunkline.client": call.client[:200],
            "trunkline.request_id": call.request_id,
            "db.system.name": "postgresql",
            "db.namespace": profile.database if profile else "",
            "db.response.returned_rows": call.rows,
            "trunkline.answer.bytes": call.bytes,
        }
        return {name: value for name, value in known.items() if value != ""}

    def _database(self, call: Call) -> dict[str, Any]:
        profile = self._profiles.get(call.profile_id)
        place: dict[str, Any] = {}
        if profile and not profile.host.startswith("/"):
            place = {"server.address": profile.host, "server.port": profile.port}
        if not self._has_statements:
            return place
        return {**place, "db.query.text": statements.kept(call.statement, "text", _STATEMENT_CHARS)}


@contextmanager
def continued(headers: Iterable[tuple[bytes, bytes]]) -> Iterator[None]:
    """Let what happens inside belong to the trace that ASGI headers name (``traceparent``)."""
    from opentelemetry import context, propagate

    carrier = {
        name.decode("latin-1"): value.decode("latin-1")
        for name, value in headers
        if name in {b"traceparent", b"tracestate"}
    }
    token = context.attach(propagate.extract(carrier))
    try:
        yield
    finally:
        context.detach(token)


def _provider() -> TracerProvider:
    from opentelemetry.sdk.resources import Resource
    from opentelemetry.sdk.trace import TracerProvider

    name = os.environ.get("OTEL_SERVICE_NAME") or "trunkline"
    about = {"service.name": name, "service.version": version_of("trunkline")}
    return TracerProvider(resource=Resource.create(about), shutdown_on_exit=False)


def _discreet(inner: SpanExporter) -> SpanExporter:
    """Return an exporter that leaves out texts of errors and says once that nobody listens."""
    from opentelemetry.sdk.trace.export import SpanExporter, SpanExportResult

    class Discreet(SpanExporter):
        is_troubled = False

        def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
            result = inner.export([_without_texts(span) for span in spans])
            has_failed = result is not SpanExportResult.SUCCESS
            if has_failed and not self.is_troubled:
                _log.warning("Traces are not being sent: the collector does not take them.")
            self.is_troubled = has_failed
            return result

        def shutdown(self) -> None:
            inner.shutdown()

        def force_flush(self, timeout_millis: int = 30_000) -> bool:
            return inner.force_flush(timeout_millis)

    return Discreet()


def _without_texts(span: ReadableSpan) -> ReadableSpan:
    """Return ``span`` without what errors said: PostgreSQL quotes values in them."""
    from opentelemetry.sdk.trace import ReadableSpan
    from opentelemetry.trace import Status

    if not span.events and not span.status.description:
        return span
    return ReadableSpan(
        name=redact.masked(span.name),
        context=span.context,
        parent=span.parent,
        resource=span.resource,
        attributes=span.attributes,
        links=span.links,
        kind=span.kind,
        status=Status(span.status.status_code),
        start_time=span.start_time,
        end_time=span.end_time,
        instrumentation_scope=span.instrumentation_scope,
    )
