"""The official conformance suite against our server over HTTP, in both protocol eras.

Every server scenario of the suite is either run here or named below with the reason why it cannot
apply: most of them ask for tools, prompts and resources that only a server made for the suite has.
"""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.journeys import node_tools
from tests.journeys.conftest import Served
from tests.server.processes import TOKEN
from tests.server.servers import LOCAL, Handler, listening

REVISIONS = ("2025-06-18", "2025-11-25", "2026-07-28")
PATIENCE_S = 120

GENERIC = (
    "server-initialize",
    "server-session-lifecycle",
    "server-stateless",
    "logging-set-level",
    "ping",
    "tools-list",
    "resources-list",
    "prompts-list",
    "completion-complete",
    "sep-2164-resource-not-found",
    "server-sse-multiple-streams",
    "dns-rebinding-protection",
    "caching",
    "http-header-validation",
)

# What the others need, by the beginning of their names.
NEEDS = {
    "tools-call-": "tools of the suite's own, such as test_simple_text",
    "json-schema-2020-12": "the tool json_schema_2020_12_tool",
    "elicitation-": "tools that ask the person; ours never do",
    "input-required-result-": "tools that ask the person; ours never do",
    "server-sse-polling": "the tool test_reconnection",
    "resources-read-": "resources of the suite's own, such as test://static-text",
    "resources-templates-read": "the resource template test://template/{id}/data",
    "resources-subscribe": "subscriptions, which our server does not declare",
    "resources-unsubscribe": "subscriptions, which our server does not declare",
    "prompts-get-": "prompts of the suite's own, such as test_simple_prompt",
    "http-custom-header-": "a tool whose arguments are mirrored in headers (x-mcp-header)",
    "sep-2640-skills-": "an extension our server does not declare",
    "tasks-": "an extension our server does not declare",
}

# Checks inside a generic scenario that want a tool of the suite's own: test_missing_capability.
NEEDS_A_TOOL = {
    "sep-2575-server-rejects-undeclared-capability",
    "sep-2575-missing-capability-http-400",
}

PASSED = {"SUCCESS", "INFO", "SKIPPED"}


@dataclass(frozen=True)
class Report:
    """What the suite found, by scenario: its checks."""

    scenarios: dict[str, list[dict[str, Any]]]
    said: str


def with_token(port: int) -> Handler:
    """Return a proxy that adds the token, which the suite cannot send. One request, then close."""

    async def handler(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).split(b"\r\n")[:-2]
        kept = [line for line in head if not line.lower().startswith(b"connection:")]
        behind_reader, behind_writer = await asyncio.open_connection(LOCAL, port)
        added = [f"Authorization: Bearer {TOKEN}".encode(), b"Connection: close"]
        behind_writer.write(b"\r\n".join([*kept, *added, b"", b""]))
        body = asyncio.create_task(pump(reader, behind_writer))
        try:
            await pump(behind_reader, writer)
        finally:
            body.cancel()
            await asyncio.gather(body, return_exceptions=True)
            behind_writer.transport.abort()

    return handler


async def pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while data := await reader.read(65536):
        writer.write(data)
        await writer.drain()


async def run_suite(command: list[str], port: int, revision: str, folder: Path) -> str:
    """Run every server scenario of one revision; results are files below ``folder``."""
    async with listening(with_token(port)) as proxy:
        process = await asyncio.create_subprocess_exec(
            *command, "server", "--url", f"http://{LOCAL}:{proxy}/mcp", "--suite", "all",
            "--spec-version", revision, "--output-dir", str(folder),
            stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
        )  # fmt: skip
        said, _ = await asyncio.wait_for(process.communicate(), PATIENCE_S)
    return said.decode()


def scenarios_in(folder: Path) -> Iterator[tuple[str, list[dict[str, Any]]]]:
    for checks in folder.glob("server-*/checks.json"):
        name = re.sub(r"-\d{4}-\d\d-\d\dT.*$", "", checks.parent.name)
        yield name.removeprefix("server-"), json.loads(checks.read_text())


@pytest.fixture(scope="module")
def reports(over_http: Served, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Report]:
    """Run the suite once per revision; the results are kept by revision."""
    command = node_tools.command(node_tools.CONFORMANCE)
    found = {}
    for revision in REVISIONS:
        folder = tmp_path_factory.mktemp("conformance")
        said = asyncio.run(run_suite(command, over_http.port, revision, folder))
        found[revision] = Report(dict(scenarios_in(folder)), said)
    return found


def failures(checks: list[dict[str, Any]]) -> list[str]:
    return [
        f"{check['id']}: {check.get('errorMessage')}"
        for check in checks
        if check["status"] not in PASSED and check["id"] not in NEEDS_A_TOOL
    ]


@pytest.mark.parametrize("scenario", GENERIC)
def test_a_generic_scenario_passes_in_every_revision_that_has_it(
    reports: dict[str, Report], scenario: str
):
    found = {r: report.scenarios[scenario] for r, report in reports.items()
             if scenario in report.scenarios}  # fmt: skip
    assert found
    assert {r: wrong for r, checks in found.items() if (wrong := failures(checks))} == {}


def test_every_message_our_server_sends_fits_the_schema_of_the_revision(
    reports: dict[str, Report],
):
    checks = [check for report in reports.values() for scenario in report.scenarios.values()
              for check in scenario if check["id"] == "wire-schema-valid"]  # fmt: skip
    assert checks
    assert [check for check in checks if check["status"] != "SUCCESS"] == []


@pytest.mark.parametrize("revision", REVISIONS)
def test_no_scenario_is_left_out_without_a_reason(reports: dict[str, Report], revision: str):
    names = set(reports[revision].scenarios)
    assert len(names) > len(GENERIC), reports[revision].said
    assert {n for n in names if n not in GENERIC and not n.startswith(tuple(NEEDS))} == set()
