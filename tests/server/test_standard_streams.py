"""On stdio nothing but MCP reaches standard output, whoever prints."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from tests.server.conftest import Server
from tests.server.processes import INITIALIZE

pytestmark = pytest.mark.usefixtures("home")

NOISY = """
import os, sys
from trunkline_server import cli
from trunkline_server.serving.app import building
quiet = building.build

def noisy(*arguments):
    print("printed")
    os.write(1, b"written\\n")
    os.system("echo inherited")
    return quiet(*arguments)

building.build = noisy
sys.exit(cli.main(sys.argv[1:]))
"""


def test_only_mcp_reaches_standard_output(server: Server):
    messages = [
        {"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": INITIALIZE},
        {"jsonrpc": "2.0", "method": "notifications/initialized"},
        {"jsonrpc": "2.0", "id": 2, "method": "tools/list"},
    ]
    done = subprocess.run(
        [sys.executable, "-c", NOISY, "run", "--url", server.dsn()],
        input="".join(f"{json.dumps(m)}\n" for m in messages),
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    replies = [json.loads(line) for line in done.stdout.splitlines()]
    assert [(r["jsonrpc"], r["id"]) for r in replies] == [("2.0", 1), ("2.0", 2)]
    assert {"printed", "written", "inherited"} <= set(done.stderr.splitlines())
