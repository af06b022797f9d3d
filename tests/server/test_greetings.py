"""What an AI app is told at the handshake: of the databases its key opens, and no others."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

import httpx2
import pytest

from tests.server.conftest import PASSWORD
from tests.server.processes import INITIALIZE
from trunkline_server.profiles.profile import Profile
from trunkline_server.serving import app
from trunkline_server.serving.app import introductions
from trunkline_server.serving.gate import guarded
from trunkline_server.serving.gate.bearer import token_of
from trunkline_server.serving.gate.rules import Rules
from trunkline_server.serving.source import Source, Sources

pytestmark = pytest.mark.usefixtures("home")

_TOKENS = (
    token_of("all-of-them", "all"),
    token_of("only-shop", "shop", frozenset({"shop"})),
    token_of("only-gone", "gone", frozenset({"gone"})),
)
_META = {
    "io.modelcontextprotocol/protocolVersion": "2026-07-28",
    "io.modelcontextprotocol/clientCapabilities": {},
    "io.modelcontextprotocol/clientInfo": INITIALIZE["clientInfo"],
}


class Greeted:
    """Greets one server with any key, and counts who was introduced."""

    def __init__(self, client: httpx2.AsyncClient, seen: list[tuple[str, str, str]]) -> None:
        self.seen = seen
        self._client = client

    async def ask(self, key: str, method: str, params: Any, **headers: str) -> Any:
        message = {"jsonrpc": "2.0", "id": 1, "method": method, "params": params}
        known = {
            "Authorization": f"Bearer {key}",
            "Accept": "application/json, text/event-stream",
            **headers,
        }
        return (await self._client.post("/mcp", json=message, headers=known)).json()

    async def instructions(self, key: str) -> str:
        answer = await self.ask(key, "initialize", INITIALIZE)
        return str(answer["result"]["instructions"])


@asynccontextmanager
async def served(*profiles: Profile) -> AsyncIterator[Greeted]:
    seen: list[tuple[str, str, str]] = []
    sources = Sources([Source(profile, lambda: PASSWORD) for profile in profiles])
    server = await app.ready(sources, lambda _call: None, lambda *who: seen.append(who))
    inner: Any = app.http_app(server, "http", [])
    gate = guarded(inner, Rules(tokens=_TOKENS))
    transport = httpx2.ASGITransport(app=gate)
    async with (
        inner._app.router.lifespan_context(inner._app),
        httpx2.AsyncClient(transport=transport, base_url="http://127.0.0.1") as client,
    ):
        yield Greeted(client, seen)
    await sources.close()


@pytest.fixture
def shop(reader_profile: Profile) -> Profile:
    return replace(reader_profile, description="Orders since 2026.")


@pytest.fixture
def wages(reader_profile: Profile) -> Profile:
    return replace(reader_profile, id="wages", name="Wages", notes=("public.pay: in cents",))


async def test_a_key_for_one_database_hears_of_no_other(shop: Profile, wages: Profile):
    async with served(shop, wages) as server:
        everything = await server.instructions("all-of-them")
        shops_own = await server.instructions("only-shop")
        nothing = await server.instructions("only-gone")
    assert "Wages" in everything
    assert "in cents" in everything
    assert "Orders since 2026." in shops_own
    assert not {"Wages", "wages", "in cents"} & set(shops_own.replace(".", " ").split())
    assert "in cents" not in shops_own
    assert nothing == ""


async def test_discovery_tells_no_more_than_the_handshake(shop: Profile, wages: Profile):
    async with served(shop, wages) as server:
        headers = {"mcp-protocol-version": "2026-07-28", "mcp-method": "server/discover"}
        asked = ("server/discover", {"_meta": _META})
        everything = await server.ask("all-of-them", *asked, **headers)
        shops_own = await server.ask("only-shop", *asked, **headers)
    assert "in cents" in everything["result"]["instructions"]
    assert "in cents" not in shops_own["result"]["instructions"]
    assert "Orders since 2026." in shops_own["result"]["instructions"]


async def test_a_client_that_says_too_much_of_itself_is_refused(shop: Profile):
    said = {**INITIALIZE, "clientInfo": {"name": "x" * 20_000, "version": "1"}}
    async with served(shop) as server:
        refused = await server.ask("all-of-them", "initialize", said)
        assert server.seen == []
    assert "says more than" in refused["error"]["message"]


async def test_clients_that_are_always_new_are_not_all_remembered(shop: Profile):
    async with served(shop) as server:
        for number in range(3):
            said = {**INITIALIZE, "clientInfo": {"name": f"{number}" * 500, "version": "1"}}
            await server.ask("all-of-them", "initialize", said)
    assert [name for name, _, _ in server.seen] == [f"{n}" * introductions.LONGEST for n in "012"]


def test_the_memory_of_clients_is_bounded():
    known: set[tuple[str, ...]] = set()
    assert all(introductions._remembered(known, (str(n),)) for n in range(3 * introductions.MOST))
    assert len(known) <= introductions.MOST
    assert not introductions._remembered(known, (str(3 * introductions.MOST - 1),))
