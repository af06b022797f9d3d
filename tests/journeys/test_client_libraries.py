"""The client libraries people write their own programs with, as their manuals show them."""

from __future__ import annotations

import json
from typing import Any

import httpx2
import pytest
from fastmcp import Client
from fastmcp.client.transports import SSETransport, StreamableHttpTransport
from mcp import Client as SdkClient
from mcp import ClientSession, MCPError
from mcp.client.sse import sse_client
from mcp.client.streamable_http import streamable_http_client

from tests.journeys.conftest import Served
from tests.server.processes import TOKEN

KNOWN = {"Authorization": f"Bearer {TOKEN}"}
ASK = ("execute_query", {"query": "SELECT 6 * 7 AS answer"})


def rows(result: Any) -> Any:
    return json.loads(result.content[0].text)["rows"]


async def test_a_fastmcp_client_with_only_the_address_and_the_token(over_http: Served):
    async with Client(over_http.url, auth=TOKEN) as client:
        assert rows(await client.call_tool(*ASK)) == [[42]]


async def test_a_fastmcp_client_with_a_transport_and_headers(over_http: Served):
    async with Client(StreamableHttpTransport(over_http.url, headers=KNOWN)) as client:
        assert "list_tables" in {tool.name for tool in await client.list_tools()}


async def test_a_fastmcp_client_over_sse(over_sse: Served):
    async with Client(SSETransport(over_sse.url, headers=KNOWN)) as client:
        assert rows(await client.call_tool(*ASK)) == [[42]]


async def test_a_fastmcp_client_with_a_configuration_document(over_http: Served):
    entry = {"url": over_http.url, "headers": KNOWN}
    async with Client({"mcpServers": {"shop": entry}}) as client:
        assert rows(await client.call_tool(*ASK)) == [[42]]


async def test_the_sdk_with_the_handshake_of_2025(over_http: Served):
    async with (
        httpx2.AsyncClient(headers=KNOWN) as http,
        streamable_http_client(over_http.url, http_client=http) as streams,
        ClientSession(*streams[:2]) as session,
    ):
        welcome = await session.initialize()
        assert welcome.protocol_version.startswith("2025-")
        assert rows(await session.call_tool(*ASK)) == [[42]]


@pytest.mark.parametrize("mode", ["2026-07-28", "auto", "legacy"])
async def test_the_sdk_client_in_each_era(over_http: Served, mode: str):
    async with (
        httpx2.AsyncClient(headers=KNOWN) as http,
        SdkClient(streamable_http_client(over_http.url, http_client=http), mode=mode) as client,
    ):
        assert rows(await client.call_tool(*ASK)) == [[42]]


async def test_the_sdk_over_sse(over_sse: Served):
    async with (
        sse_client(over_sse.url, headers=KNOWN) as streams,
        ClientSession(*streams) as session,
    ):
        await session.initialize()
        assert rows(await session.call_tool(*ASK)) == [[42]]


async def test_a_client_with_a_wrong_token_is_not_let_in(over_http: Served):
    with pytest.raises(MCPError):
        async with Client(over_http.url, auth="wrong-but-long-enough"):
            pass
