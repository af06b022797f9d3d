"""Two replicas behind a real nginx that sends each request to whichever it likes."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import pytest
from fastmcp import Client
from fastmcp.client.transports import StreamableHttpTransport
from mcp_types import LATEST_PROTOCOL_VERSION

from tests.server.conftest import READER, Server
from tests.server.processes import TOKEN, running
from tests.server.test_nginx import Nginx
from trunkline_server.profiles.profile import Profile

REPLICA = ("--transport", "http", "--port", "0", "--stateless", "--trusted-proxy", "127.0.0.1")


@dataclass(frozen=True)
class Place:
    """Where a replica listens."""

    port: int


@pytest.fixture(scope="module")
def address(server: Server, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Start two replicas and an nginx without affinity; its address."""
    with ExitStack() as stack:
        places = []
        for number in (1, 2):
            profile = Profile(
                id="shop", name="Shop", host=str(server.socket), port=server.port,
                database="shop", user=READER, sslmode="disable",
            )  # fmt: skip
            home = str(tmp_path_factory.mktemp(f"home{number}"))
            run = stack.enter_context(running(profile, *REPLICA, TRUNKLINE_HOME=home))
            places.append(Place(urlsplit(run.ready().url).port or 0))
        nginx = Nginx(tmp_path_factory.mktemp("nginx"), places)
        stack.callback(nginx.close)
        yield f"http://127.0.0.1:{nginx.plain}/mcp"


async def backends(client: Client[Any], times: int) -> set[object]:
    query = {"query": "SELECT pg_backend_pid()"}
    results = [await client.call_tool("execute_query", query) for _ in range(times)]
    return {json.loads(result.content[0].text)["rows"][0][0] for result in results}


@pytest.mark.parametrize("mode", ["legacy", LATEST_PROTOCOL_VERSION])
async def test_one_client_is_served_by_both_in_either_era(address: str, mode: str):
    transport = StreamableHttpTransport(address, headers={"Authorization": f"Bearer {TOKEN}"})
    async with Client(transport, mode=mode) as client:
        assert len(await client.list_tools()) == 6
        assert len(await backends(client, 8)) == 2
