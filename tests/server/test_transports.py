"""HTTP and SSE as clients and strangers meet them."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator
from dataclasses import dataclass

import httpx2
import pytest
from fastmcp import Client
from fastmcp.client.transports import SSETransport, StreamableHttpTransport

from tests.server.conftest import PASSWORD, READER, Server
from tests.server.processes import INITIALIZE, TOKEN, Process, Run, running
from trunkline_server import events
from trunkline_server.profiles.profile import Profile
from trunkline_server.serving import ports

pytestmark = pytest.mark.usefixtures("home")

KNOWN = {"Authorization": f"Bearer {TOKEN}"}
MCP = {"Accept": "application/json, text/event-stream"}


@dataclass(frozen=True)
class Endpoint:
    """A running server and how it is reached."""

    run: Run
    transport: str
    url: str


@pytest.fixture(scope="module", params=["http", "sse"])
def endpoint(
    request: pytest.FixtureRequest, server: Server, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Endpoint]:
    """Run one server for all tests that only knock at it."""
    profile = Profile(
        id="shop", name="Shop", host=str(server.socket), port=server.port, database="shop",
        user=READER, sslmode="disable",
    )  # fmt: skip
    folder = str(tmp_path_factory.mktemp("home"))
    arguments = ("--transport", request.param, "--port", "0")
    with running(profile, *arguments, TRUNKLINE_HOME=folder) as run:
        yield Endpoint(run, request.param, run.ready().url)


def knock(endpoint: Endpoint, **headers: str) -> httpx2.Response:
    """Ask the endpoint for a session and hang up after the headers."""
    if endpoint.transport == "sse":
        with httpx2.stream("GET", endpoint.url, headers=headers) as response:
            return response
    body = {"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": INITIALIZE}
    return httpx2.post(endpoint.url, json=body, headers={**MCP, **headers})


async def test_a_client_with_the_token_asks(endpoint: Endpoint):
    kind = SSETransport if endpoint.transport == "sse" else StreamableHttpTransport
    async with Client(kind(endpoint.url, headers=KNOWN)) as client:
        result = await client.call_tool("execute_query", {"query": "SELECT 8"})
    assert json.loads(result.content[0].text)["rows"] == [[8]]
    introduced = endpoint.run.event()
    assert isinstance(introduced, events.Client)
    assert introduced.transport == endpoint.transport


@pytest.mark.parametrize("header", [None, "Bearer wrong", f"Basic {TOKEN}", "Bearer", TOKEN])
def test_without_the_token_there_is_401_and_no_reason(endpoint: Endpoint, header: str | None):
    refused = knock(endpoint, **({"Authorization": header} if header else {}))
    assert (refused.status_code, refused.headers["www-authenticate"]) == (401, "Bearer")


def test_another_host_name_is_misdirected(endpoint: Endpoint):
    assert knock(endpoint, **KNOWN, Host="evil.example").status_code == 421


def test_another_origin_is_forbidden(endpoint: Endpoint):
    assert knock(endpoint, **KNOWN, Origin="https://evil.example").status_code == 403


def test_health_needs_no_token_and_tells_nothing_else(endpoint: Endpoint):
    answer = httpx2.get(endpoint.url.rpartition("/")[0] + "/health")
    assert (answer.status_code, answer.text) == (200, "ok")


def test_the_end_of_the_input_stops_the_server_and_no_secret_was_logged(reader_profile: Profile):
    with running(reader_profile, "--transport", "http", "--port", "0") as run:
        endpoint = Endpoint(run, "http", run.ready().url)
        knock(endpoint, Authorization="Bearer wrong-but-secret")
        knock(endpoint, **KNOWN)
        run.event()
        run.close_input()
        assert run.event() == events.Stopped(reason="end of input")
        assert run.ended() == 0
        assert not [s for s in (TOKEN, PASSWORD, "wrong-but-secret") if s in run.errors]


@pytest.mark.parametrize("transport", ["http", "sse", "stdio"])
def test_a_sigterm_stops_the_server(reader_profile: Profile, transport: str):
    with running(reader_profile, "--transport", transport, "--port", "0") as run:
        run.ready()
        run.popen.terminate()
        assert run.event() == events.Stopped(reason="signal")
        assert run.ended() == 0


def test_a_taken_port_names_the_program_that_has_it(reader_profile: Profile):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with running(reader_profile, "--transport", "http", "--port", str(port)) as refused:
            failed = refused.event()
            assert refused.ended() == 1
    assert isinstance(failed, events.Failed)
    assert failed.code == "run.port_taken"
    assert failed.title.startswith(f"Port {port} is already used by the program ")
    assert failed.hint == "Choose another port."


def test_an_address_others_can_reach_must_be_meant(reader_profile: Profile):
    with running(reader_profile, "--transport", "http", "--host", "0.0.0.0") as refused:
        failed = refused.event()
        assert refused.ended() == 1
    assert isinstance(failed, events.Failed)
    assert failed.code == "run.remote"
    assert "--allow-remote" in failed.hint


def test_an_address_others_can_reach_is_used_when_meant(reader_profile: Profile):
    meant = ("--transport", "http", "--host", "0.0.0.0", "--port", "0", "--allow-remote")
    with running(reader_profile, *meant) as run:
        url = run.ready().url
        assert httpx2.post(url, headers={**KNOWN, "Host": "db.example"}).status_code == 421
        assert httpx2.post(url).status_code == 401


def test_without_a_token_one_is_made_and_told_once(server: Server):
    command = ("trunkline-server", "run", "--transport", "http", "--port", "0", "--events",
               "--until-eof")  # fmt: skip
    process = Process(*command, DATABASE_URL=server.dsn())
    try:
        ready = events.decode(process.hear())
        assert isinstance(ready, events.Ready)
        process.close_input()
        process.ended()
        assert process.errors.count("Clients must send this token") == 1
    finally:
        process.close()


@pytest.mark.parametrize(
    ("host", "local"),
    [("127.0.0.1", True), ("localhost", True), ("::1", True), ("[::1]", True), ("127.8.8.8", True),
     ("0.0.0.0", False), ("::", False), ("192.168.1.2", False), ("db.example", False)],
)  # fmt: skip
def test_loopback_is_this_computer_only(host: str, local: bool):
    assert ports.is_loopback(host) == local
