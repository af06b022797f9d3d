"""Traces as a real collector receives them, over HTTP and in protobuf."""

from __future__ import annotations

import gzip
import json
import os
import queue
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

pytestmark = pytest.mark.usefixtures("home")

PATIENCE_S = 60
TRACE = "0af7651916cd43dd8448eb211c80319c"
PARENT = f"00-{TRACE}-b7ad6b7169203331-01"


class Collector:
    """An OTLP/HTTP receiver."""

    def __init__(self) -> None:
        self.received: queue.Queue[ExportTraceServiceRequest] = queue.Queue()
        received = self.received

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"]))
                if self.headers.get("content-encoding") == "gzip":
                    body = gzip.decompress(body)
                request = ExportTraceServiceRequest()
                request.ParseFromString(body)
                received.put(request)
                self.send_response(200)
                self.send_header("content-length", "0")
                self.end_headers()

            def log_message(self, *_: Any) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(target=self._server.serve_forever)
        self._thread.start()
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"

    def spans(self) -> dict[str, dict[str, Any]]:
        """Return attributes and facts of everything received so far, by the span's name."""
        found = {}
        while not self.received.empty():
            for resource in self.received.get().resource_spans:
                about = attributes(resource.resource.attributes)
                for scope in resource.scope_spans:
                    for span in scope.spans:
                        found[span.name] = {
                            **about, **attributes(span.attributes), "span": span,
                            "trace": span.trace_id.hex(), "parent": span.parent_span_id.hex(),
                            "id": span.span_id.hex(), "raw": span.SerializeToString(),
                        }  # fmt: skip
        return found

    def close(self) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


def attributes(pairs: Any) -> dict[str, Any]:
    return {p.key: getattr(p.value, p.value.WhichOneof("value")) for p in pairs}


@pytest.fixture
def collector() -> Iterator[Collector]:
    collector = Collector()
    yield collector
    collector.close()


START = """
import asyncio, json, logging, sys, time
logging.basicConfig(format="%(message)s")
from trunkline_server.profiles.profile import Profile
from trunkline_server.serving.activity import Call
from trunkline_server.serving.observe import Observer, Settings
profile = Profile(id="p1", name="Sales", host="db.example", port=5433, database="shop")
observer = Observer(Settings(keep_days=0), profiles=[profile])
def call(**more):
    return Call(**{"at": 1_795_177_800.0, "profile_id": "p1", "tool": "execute_query",
                   "statement": "SELECT 'mathilda'", "duration_ms": 250.0, "rows": 3, "bytes": 40,
                   "client": "claude-ai", "caller": "team", "request_id": "r-1", **more})
"""


def ran(code: str, **environment: str) -> str:
    """Run ``code`` with an observer and return what it says on standard error."""
    clean = {n: v for n, v in os.environ.items() if not n.startswith("OTEL_")}
    done = subprocess.run(
        [sys.executable, "-c", f"{START}\n{code}\nobserver.close()"],
        env={**clean, **environment}, capture_output=True, text=True, check=True,
        timeout=PATIENCE_S,
    )  # fmt: skip
    return done.stderr


def test_a_call_is_a_span_that_says_what_was_asked_of_which_database(collector: Collector):
    said = ran("observer.record(call())", OTEL_EXPORTER_OTLP_ENDPOINT=collector.url)
    assert said == ""
    span = collector.spans()["execute_query shop"]
    expected = {
        "service.name": "trunkline", "gen_ai.tool.name": "execute_query",
        "db.system.name": "postgresql", "db.namespace": "shop", "trunkline.profile": "Sales",
        "trunkline.outcome": "ok", "trunkline.caller": "team", "trunkline.client": "claude-ai",
        "trunkline.request_id": "r-1", "db.response.returned_rows": 3,
        "trunkline.answer.bytes": 40, "server.address": "db.example", "server.port": 5433,
    }  # fmt: skip
    assert {name: span.get(name) for name in expected} == expected
    about = span["span"]
    assert about.kind == about.SPAN_KIND_CLIENT
    assert about.start_time_unix_nano == 1_795_177_800 * 10**9
    assert about.end_time_unix_nano - about.start_time_unix_nano == 250 * 10**6


def test_the_statement_is_not_told(collector: Collector):
    ran("observer.record(call())", OTEL_EXPORTER_OTLP_ENDPOINT=collector.url)
    assert b"mathilda" not in collector.spans()["execute_query shop"]["raw"]


def test_the_statement_is_told_to_who_asks_for_it(collector: Collector):
    ran("observer.record(call())", OTEL_EXPORTER_OTLP_ENDPOINT=collector.url,
        TRUNKLINE_TRACE_STATEMENTS="1")  # fmt: skip
    assert collector.spans()["execute_query shop"]["db.query.text"] == "SELECT 'mathilda'"


@pytest.mark.parametrize("outcome", ["refused", "failed", "cancelled"])
def test_what_did_not_work_is_an_error_without_its_words(collector: Collector, outcome: str):
    ran(f"observer.record(call(outcome={outcome!r}, message='no mathilda'))",
        OTEL_EXPORTER_OTLP_ENDPOINT=collector.url)  # fmt: skip
    span = collector.spans()["execute_query shop"]
    assert (span["trunkline.outcome"], span["error.type"]) == (outcome, outcome)
    assert span["span"].status.code == span["span"].status.STATUS_CODE_ERROR
    assert b"mathilda" not in span["raw"]


def test_the_variables_of_opentelemetry_are_obeyed(collector: Collector):
    ran("observer.record(call())", OTEL_EXPORTER_OTLP_TRACES_ENDPOINT=f"{collector.url}/v1/traces",
        OTEL_SERVICE_NAME="reports")  # fmt: skip
    assert collector.spans()["execute_query shop"]["service.name"] == "reports"


@pytest.mark.parametrize(
    "off", [{"OTEL_SDK_DISABLED": "true"}, {"OTEL_TRACES_EXPORTER": "none"}], ids=str
)
def test_traces_can_be_switched_off(collector: Collector, off: dict[str, str]):
    said = ran("observer.record(call())", OTEL_EXPORTER_OTLP_ENDPOINT=collector.url, **off)
    assert (said, collector.spans()) == ("", {})


def test_another_protocol_is_said_to_be_unknown():
    said = ran("observer.record(call())", OTEL_EXPORTER_OTLP_ENDPOINT="http://127.0.0.1:4317",
               OTEL_EXPORTER_OTLP_PROTOCOL="grpc")  # fmt: skip
    assert said == "Traces are not sent: only the protocol http/protobuf is known here.\n"


MISSING = """
import importlib.util
real = importlib.util.find_spec
def without(name, package=None):
    return None if name.startswith("opentelemetry.sdk") else real(name, package)
importlib.util.find_spec = without
"""


def test_without_the_extra_there_is_one_line_that_says_so():
    done = subprocess.run(
        [sys.executable, "-c", f"{MISSING}\n{START}\nobserver.record(call())\nobserver.close()"],
        env={**os.environ, "OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:9"},
        capture_output=True, text=True, timeout=PATIENCE_S, check=True,
    )  # fmt: skip
    assert done.stderr == "Traces are not sent: install trunkline[otel] first.\n"


DOWN = """
for _ in range(3):
    observer.record(call())
    observer._traces._processor.force_flush()
"""


def test_a_collector_that_is_down_is_said_once():
    said = ran(
        DOWN, OTEL_EXPORTER_OTLP_ENDPOINT="http://127.0.0.1:9", OTEL_EXPORTER_OTLP_TIMEOUT="1"
    )
    assert said == "Traces are not being sent: the collector does not take them.\n"


MANY = """
for _ in range(1_000):
    observer.record(call())
"""


def test_nobody_waits_for_a_collector_that_takes_everything_and_says_nothing():
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}"
        ran(MANY, OTEL_EXPORTER_OTLP_ENDPOINT=url, OTEL_EXPORTER_OTLP_TIMEOUT="600")


MCP = """
import httpx2
from fastmcp import FastMCP
from fastmcp.exceptions import ToolError

server = FastMCP("Trunkline")

@server.tool
def execute_query(query: str) -> str:
    observer.record(call(outcome="failed" if query == "fail" else "ok"))
    if query == "fail":
        raise ToolError("no column mathilda")
    return "ok"

inner = server.http_app(path="/mcp", stateless_http=True)

async def main(query, headers, meta):
    params = {"name": "execute_query", "arguments": {"query": query}, "_meta": meta}
    body = {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": params}
    headers = {"accept": "application/json, text/event-stream", **headers}
    transport = httpx2.ASGITransport(app=observer.tracked(inner))
    async with (
        inner.router.lifespan_context(inner),
        httpx2.AsyncClient(transport=transport, base_url="http://127.0.0.1") as client,
    ):
        answer = await client.post("/mcp", json=body, headers=headers)
        answer.raise_for_status()

asyncio.run(main(*json.loads(sys.argv[1])))
"""


def asked(collector: Collector, query: str, headers: dict[str, str], meta: dict[str, str]) -> Any:
    """Ask a real MCP server over ASGI; returns the spans of the request and of the database."""
    ours = ("OTEL_", "FASTMCP_")  # the server's own module sets the latter for its process
    environment = {n: v for n, v in os.environ.items() if not n.startswith(ours)}
    code = f"{START}\n{MCP}\nobserver.close()"
    subprocess.run(
        [sys.executable, "-c", code, json.dumps([query, headers, meta])],
        env={**environment, "OTEL_EXPORTER_OTLP_ENDPOINT": collector.url},
        capture_output=True, text=True, timeout=PATIENCE_S, check=True,
    )  # fmt: skip
    spans = collector.spans()
    return spans["tools/call execute_query"], spans["execute_query shop"]


@pytest.mark.parametrize("way", ["header", "meta"])
def test_a_call_belongs_to_the_trace_of_who_asked(collector: Collector, way: str):
    named = {"traceparent": PARENT}
    headers, meta = (named, {}) if way == "header" else ({}, named)
    request, database = asked(collector, "SELECT 1", headers, meta)
    assert (request["trace"], database["trace"]) == (TRACE, TRACE)
    assert (request["parent"], database["parent"]) == ("b7ad6b7169203331", request["id"])
    assert request["trunkline.outcome"] == "ok"


def test_the_words_of_an_error_are_left_out_of_the_request_too(collector: Collector):
    request, _ = asked(collector, "fail", {}, {})
    assert request["span"].status.code == request["span"].status.STATUS_CODE_ERROR
    assert b"mathilda" not in request["raw"]
