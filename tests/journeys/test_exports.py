"""What is exported works where it is taken: validators, shells, containers, programs."""

from __future__ import annotations

import json
import os
import shlex
import subprocess
import sys
import zipfile
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest
from fastmcp import Client
from fastmcp.client.transports import StdioTransport, StreamableHttpTransport

from tests.journeys import node_tools
from tests.journeys.conftest import Served
from tests.ports import free_port
from tests.server.conftest import PASSWORD
from tests.server.processes import PATIENCE_S, TOKEN, Process
from trunkline_server import events
from trunkline_server.clients import entries
from trunkline_server.clients.exports import bundle, docker, python, standard
from trunkline_server.profiles.profile import Profile, Transport

MCPB = node_tools.TOOLS / "@anthropic-ai/mcpb/dist/cli/cli.js"
ASK = ("execute_query", {"query": "SELECT 6 * 7"})


def run(*command: str | Path, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command,
        env={**os.environ, **environment},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=PATIENCE_S,
        check=False,
    )


async def answer(transport: StdioTransport | StreamableHttpTransport) -> object:
    async with Client(transport) as client:
        result = await client.call_tool(*ASK)
        return json.loads(result.content[0].text)["rows"]


# Bundles, looked at by the makers' own tool


@pytest.fixture(params=[(), ("dba",)], ids=["usual", "dba"])
def packed(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a bundle of a database with an awkward name, in an awkward folder."""
    monkeypatch.setenv("TRUNKLINE_HOME", str(tmp_path / "Jürgen Müller"))
    profile = Profile(id="shop", name="Verkäufe “Süd”", tools=request.param)
    target = entries.target(standard.ANY, profile, profile.id, "stdio")
    file = tmp_path / "shop.mcpb"
    file.write_bytes(bundle.bundle(profile, target))
    return file


def test_the_validator_accepts_the_bundle_and_its_manifest(packed: Path, tmp_path: Path) -> None:
    mcpb = node_tools.command(MCPB)
    told = run(*mcpb, "info", packed)
    assert (told.returncode, "shop.mcpb" in told.stdout) == (0, True), told
    folder = tmp_path / "unpacked"
    assert run(*mcpb, "unpack", packed, folder).returncode == 0
    checked = run(*mcpb, "validate", folder / "manifest.json")
    assert checked.returncode == 0, checked
    assert "schema validation passes" in checked.stdout
    assert "Icon validation passed" in checked.stdout


def test_the_validator_would_have_refused_a_wrong_one(packed: Path, tmp_path: Path) -> None:
    mcpb = node_tools.command(MCPB)
    with zipfile.ZipFile(packed) as files:
        manifest = json.loads(files.read("manifest.json")) | {"invented": True}
    (tmp_path / "manifest.json").write_text(json.dumps(manifest))
    assert run(*mcpb, "validate", tmp_path / "manifest.json").returncode != 0


def test_packing_it_again_loses_nothing(packed: Path, tmp_path: Path) -> None:
    mcpb = node_tools.command(MCPB)
    folder, again = tmp_path / "unpacked", tmp_path / "again.mcpb"
    run(*mcpb, "unpack", packed, folder)
    done = run(*mcpb, "pack", folder, again)
    assert done.returncode == 0, done
    with zipfile.ZipFile(packed) as ours, zipfile.ZipFile(again) as theirs:
        assert {n: ours.read(n) for n in ours.namelist()} == {
            n: theirs.read(n) for n in theirs.namelist()
        }


async def test_an_installed_bundle_answers(
    over_http: Served, shop: Profile, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("TRUNKLINE_HOME", str(over_http.home))
    target = entries.target(standard.ANY, shop, shop.id, "stdio")
    monkeypatch.delenv("TRUNKLINE_HOME")
    config = bundle.manifest(shop, target)["server"]["mcp_config"]
    started = StdioTransport(config["command"], config["args"], env=config["env"])
    assert await answer(started) == [[42]]


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has another script")
async def test_the_program_in_the_bundle_answers_too(
    over_http: Served, shop: Profile, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("TRUNKLINE_HOME", str(over_http.home))
    target = entries.target(standard.ANY, shop, shop.id, "stdio")
    monkeypatch.delenv("TRUNKLINE_HOME")
    script = tmp_path / "launcher"
    script.write_text(bundle.launcher(target), encoding="utf-8")
    script.chmod(0o755)
    assert await answer(StdioTransport(str(script), [])) == [[42]]


# Programs


@pytest.mark.parametrize("way", ["stdio", "http", "sse"])
def test_the_printed_program_runs(
    way: Transport, shop: Profile, request: pytest.FixtureRequest, tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    served: Served = request.getfixturevalue("over_sse" if way == "sse" else "over_http")
    monkeypatch.setenv("TRUNKLINE_HOME", str(served.home))
    target = entries.target(standard.ANY, replace(shop, http_port=served.port), shop.id, way)
    file = tmp_path / "ask.py"
    file.write_text(python.snippet(target, "Größe", "SHOP_TOKEN"), encoding="utf-8")
    monkeypatch.delenv("TRUNKLINE_HOME")
    done = run(sys.executable, "-W", "error", file, SHOP_TOKEN=TOKEN)
    assert done.returncode == 0, done.stderr
    assert "list_tables" in done.stdout.splitlines()
    assert json.loads(done.stdout.splitlines()[-1])["rows"] == [[42]]


# Containers: what the image would start, started here


async def test_what_the_container_starts_serves_the_database(shop: Profile, tmp_path: Path) -> None:
    profile = replace(shop, http_port=free_port(), max_rows=7)
    said = shlex.split(docker.line(profile, "http", sys.platform), comments=True)
    at = said.index(docker.IMAGE)
    given = dict(word.split("=", 1) for word in said[:at] if word.startswith("PG") and "=" in word)
    secrets = {name: "" for name in said[:at] if name in {"PGPASSWORD", "TRUNKLINE_TOKEN"}}
    assert secrets.keys() == {"PGPASSWORD", "TRUNKLINE_TOKEN"}
    environment = given | {
        "PGPASSWORD": PASSWORD, "TRUNKLINE_TOKEN": TOKEN, "TRUNKLINE_HOME": str(tmp_path)
    }  # fmt: skip
    words = [*said[at + 1 :], "--events"]
    with closing(Process("trunkline-server", *words, **environment)) as server:
        assert isinstance(events.decode(server.hear()), events.Ready), server.errors
        url = f"http://127.0.0.1:{profile.http_port}/mcp"  # where docker publishes it
        assert await answer(StreamableHttpTransport(url, auth=TOKEN)) == [[42]]
