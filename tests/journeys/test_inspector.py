"""The official inspector's command line, over HTTP, SSE and through the relay."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.journeys import node_tools
from tests.journeys.conftest import Served
from tests.server.processes import PATIENCE_S, TOKEN
from trunkline_server.programs import path_of

KNOWN = ("--header", f"Authorization: Bearer {TOKEN}")
ERAS = ("legacy", "modern")
ASK = ("--method", "tools/call", "--tool-name", "execute_query", "--tool-arg")


@pytest.fixture
def inspect(tmp_path: Path):
    """Return a function that runs the inspector, keeping its own files in ``tmp_path``."""
    start = node_tools.command(node_tools.INSPECTOR)

    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [*start, "--cli", *arguments],
            env={**os.environ, "HOME": str(tmp_path)},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=PATIENCE_S,
            check=False,
        )

    return run


def answer(done: subprocess.CompletedProcess[str]) -> Any:
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def rows(done: subprocess.CompletedProcess[str]) -> Any:
    result = answer(done)
    assert not result["isError"], result
    return json.loads(result["content"][0]["text"])["rows"]


@pytest.mark.parametrize("era", ERAS)
def test_it_lists_the_tools_over_http(inspect, over_http: Served, era: str):
    done = inspect(over_http.url, "--transport", "http", "--protocol-era", era, *KNOWN,
                   "--method", "tools/list")  # fmt: skip
    names = {tool["name"] for tool in answer(done)["tools"]}
    assert {"list_tables", "describe_table", "execute_query"} <= names


def test_it_finds_no_portability_error_in_the_schemas_of_the_tools(inspect, over_http: Served):
    done = inspect(over_http.url, "--transport", "http", *KNOWN, "--method", "tools/list",
                   "--strict")  # fmt: skip
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("era", ERAS)
def test_it_asks_over_http(inspect, over_http: Served, era: str):
    done = inspect(over_http.url, "--transport", "http", "--protocol-era", era, *KNOWN,
                   *ASK, "query=SELECT name FROM customers ORDER BY id LIMIT 2")  # fmt: skip
    assert rows(done) == [["Ada"], ["Grace"]]


def test_it_asks_over_sse(inspect, over_sse: Served):
    done = inspect(over_sse.url, "--transport", "sse", *KNOWN, *ASK, "query=SELECT 6 * 7")
    assert rows(done) == [[42]]


def test_it_asks_through_the_relay(inspect, over_http: Served):
    done = inspect(*ASK, "query=SELECT 6 * 7", "--transport", "stdio",
                   "-e", f"TRUNKLINE_HOME={over_http.home}",
                   "--", str(path_of("trunkline-stdio")), "shop")  # fmt: skip
    assert rows(done) == [[42]]


def test_a_refusal_is_an_answer_it_shows(inspect, over_http: Served):
    done = inspect(over_http.url, "--transport", "http", *KNOWN, *ASK, "query=DELETE FROM orders")
    assert "DELETE" in done.stdout
    assert json.loads(done.stdout)["isError"]


def test_without_the_token_it_is_not_let_in(inspect, over_http: Served):
    done = inspect(over_http.url, "--transport", "http", "--method", "tools/list",
                   "--stored-auth-only")  # fmt: skip
    assert done.returncode != 0
    assert "list_tables" not in done.stdout
