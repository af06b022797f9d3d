"""A real server, watched: what it writes down about the questions of a real client."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2
import pytest
from fastmcp import Client
from fastmcp.client.transports import StreamableHttpTransport
from fastmcp.exceptions import ToolError

from tests.ports import free_port
from tests.server.processes import TOKEN, Run, running
from tests.server.test_metrics import figure
from tests.server.test_traces import PARENT, TRACE, Collector
from trunkline_server.profiles.profile import Profile
from trunkline_server.serving.activity import Activity

pytestmark = pytest.mark.usefixtures("home")

KNOWN = {"Authorization": f"Bearer {TOKEN}"}
CALL = {"profile": "Shop", "tool": "execute_query"}


@dataclass(frozen=True)
class Watched:
    """A running server and where it writes."""

    run: Run
    url: str
    metrics: str
    audit: Path

    def lines(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.audit.read_text().splitlines()]

    def end(self) -> None:
        self.run.close_input()
        self.run.ended()


WORKERS = pytest.mark.parametrize(
    "workers",
    [
        "1",
        pytest.param(
            "2",
            marks=pytest.mark.skipif(sys.platform == "win32", reason="Windows has no workers"),
        ),
    ],
)


@pytest.fixture
def collector() -> Iterator[Collector]:
    collector = Collector()
    yield collector
    collector.close()


@pytest.fixture
def watched(
    reader_profile: Profile, tmp_path: Path, workers: str, collector: Collector
) -> Iterator[Watched]:
    port, audit = free_port(), tmp_path / "audit.jsonl"
    arguments = (
        "--transport", "http", "--port", "0", "--workers", workers, "--metrics", "--metrics-port",
        str(port), "--audit-log", str(audit), "--log-format", "json",
        "--activity-statements", "hash",
    )  # fmt: skip
    traces = {"OTEL_EXPORTER_OTLP_ENDPOINT": collector.url}
    with running(reader_profile, *arguments, **traces) as run:
        yield Watched(run, run.ready().url, f"http://127.0.0.1:{port}/metrics", audit)


async def ask(watched: Watched, query: str, **headers: str) -> None:
    transport = StreamableHttpTransport(watched.url, headers={**KNOWN, **headers})
    async with Client(transport) as client:
        await client.call_tool("execute_query", {"query": query})


@WORKERS
async def test_every_question_is_in_the_audit_log_the_activity_and_the_metrics(watched: Watched):
    for number in range(6):
        await ask(watched, "SELECT 8", **{"X-Request-Id": f"r-{number}"})
    with pytest.raises(ToolError):
        await ask(watched, "DROP TABLE orders")
    text = httpx2.get(watched.metrics).text
    behind = httpx2.get(f"{watched.url.rpartition('/')[0]}/metrics", headers=KNOWN)
    watched.end()
    assert sorted(line["request_id"] for line in watched.lines())[-6:] == [
        f"r-{number}" for number in range(6)
    ]
    assert sorted(line["outcome"] for line in watched.lines()) == [*["ok"] * 6, "refused"]
    assert len({line["statement_sha256"] for line in watched.lines()}) == 2
    assert len(Activity().recent()) == 7
    assert figure(text, "trunkline_calls_total", **CALL, outcome="ok") == 6
    assert figure(text, "trunkline_calls_total", **CALL, outcome="refused") == 1
    assert figure(text, "trunkline_database_up", profile="Shop") == 1
    assert figure(behind.text, "trunkline_calls_total", **CALL, outcome="ok") == 6


@pytest.mark.parametrize("workers", ["1"])
async def test_a_stranger_is_counted_and_written_down_and_sees_no_metrics(watched: Watched):
    stranger = {"Authorization": "Bearer wrong", "X-Request-Id": "r-9"}
    place = f"{watched.url.rpartition('/')[0]}/metrics"
    refused = httpx2.get(place, headers=stranger)
    text = httpx2.get(watched.metrics).text
    watched.end()
    assert (refused.status_code, refused.headers["x-request-id"]) == (401, "r-9")
    assert [line["event"] for line in watched.lines()] == ["refused"]
    kind = watched.lines()[0]["kind"]
    assert figure(text, "trunkline_gate_refusals_total", kind=kind) == 1


@pytest.mark.parametrize("workers", ["1"])
async def test_a_question_is_part_of_the_trace_it_came_with(watched: Watched, collector: Collector):
    await ask(watched, "SELECT 8", traceparent=PARENT)
    watched.end()
    spans = collector.spans()
    request, database = spans["tools/call execute_query"], spans["execute_query shop"]
    assert (request["trace"], database["trace"]) == (TRACE, TRACE)
    assert database["parent"] == request["id"]
    assert watched.run.errors == ""


async def test_an_app_that_only_greets_is_remembered(reader_profile: Profile):
    with running(reader_profile, "--transport", "http", "--port", "0") as run:
        transport = StreamableHttpTransport(run.ready().url, headers=KNOWN)
        async with Client(transport) as client:
            await client.list_tools()
        run.event()
        run.close_input()
        run.ended()
    assert [(g.profile_id, g.transport) for g in Activity().greetings()] == [
        (reader_profile.id, "http")
    ]
    assert Activity().recent() == []


def test_an_audit_log_that_cannot_be_written_is_a_reason_not_to_begin(
    reader_profile: Profile, tmp_path: Path
):
    nowhere = str(tmp_path / "nowhere" / "audit.jsonl")
    with running(
        reader_profile, "--transport", "http", "--port", "0", "--audit-log", nowhere
    ) as run:
        failed = run.event()
        assert run.ended() == 1
    assert getattr(failed, "code", "") == "audit.unwritable"
