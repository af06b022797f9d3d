"""Several databases behind one server: one set of tools, resources, prompts and completions."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

import pytest
from fastmcp import Client
from fastmcp.exceptions import ToolError
from mcp_types import PromptReference, ResourceTemplateReference

from tests.server.conftest import PASSWORD, Server
from trunkline_server.profiles.profile import Profile
from trunkline_server.serving import app
from trunkline_server.serving.activity import Call
from trunkline_server.serving.source import Source, Sources

pytestmark = pytest.mark.usefixtures("home")

TABLE = "trunkline://{database}/tables/{schema}/{table}"


@asynccontextmanager
async def asking(*profiles: Profile, calls: list[Call] | None = None) -> AsyncIterator[Client[Any]]:
    sources = Sources([Source(profile, lambda: PASSWORD) for profile in profiles])
    server = app.build(sources, (calls if calls is not None else []).append)
    async with Client(server) as client:
        yield client
    await sources.close()


@pytest.fixture
def shop(reader_profile: Profile) -> Profile:
    return replace(reader_profile, description="Orders since 2026.")


@pytest.fixture
def admin(superuser_profile: Profile) -> Profile:
    return replace(superuser_profile, id="admin", name="Admin", tools=("dba",))


@pytest.fixture
def down(reader_profile: Profile) -> Profile:
    return replace(reader_profile, id="down", name="Down", host="127.0.0.1", port=1)


async def rows(client: Client[Any], query: str, **more: str) -> Any:
    result = await client.call_tool("execute_query", {"query": query, **more})
    return json.loads(result.content[0].text)["rows"]


async def test_the_database_is_chosen_by_an_argument(shop: Profile, admin: Profile):
    calls: list[Call] = []
    async with asking(shop, admin, calls=calls) as client:
        assert await rows(client, "SELECT current_user", database="shop") == [["shop_reader"]]
        assert await rows(client, "SELECT current_user", database="admin") == [["postgres"]]
        assert await rows(client, "SELECT current_user", database="Admin") == [["postgres"]]
    assert [call.profile_id for call in calls] == ["shop", "admin", "admin"]


async def test_the_tools_are_listed_once_with_the_databases_to_choose_from(
    shop: Profile, admin: Profile
):
    async with asking(shop, admin) as client:
        tools = {tool.name: tool for tool in await client.list_tools()}
    schema = tools["execute_query"].input_schema
    assert schema["properties"]["database"]["enum"] == ["shop", "admin"]
    assert "database" in schema["required"]
    assert "list_locks" in tools


async def test_one_database_is_never_asked_for(shop: Profile):
    async with asking(shop) as client:
        assert all(
            "database" not in t.input_schema["properties"] for t in await client.list_tools()
        )
        assert await rows(client, "SELECT 1") == [[1]]


async def test_a_missing_or_unknown_name_lists_those_there_are(shop: Profile, admin: Profile):
    async with asking(shop, admin) as client:
        for more in ({}, {"database": "sales"}):
            with pytest.raises(ToolError) as caught:
                await rows(client, "SELECT 1", **more)
            assert "shop, admin" in str(caught.value)


async def test_a_group_is_on_only_where_the_profile_has_it(shop: Profile, admin: Profile):
    async with asking(shop, admin) as client:
        await client.call_tool("list_locks", {"database": "admin"})
        with pytest.raises(ToolError) as caught:
            await client.call_tool("list_locks", {"database": "shop"})
    assert "not switched on for “Shop”" in str(caught.value)


async def test_one_database_down_does_not_hurt_the_other(shop: Profile, down: Profile):
    async with asking(down, shop) as client:
        with pytest.raises(ToolError) as caught:
            await rows(client, "SELECT 1", database="down")
        assert await rows(client, "SELECT 1", database="shop") == [[1]]
        uris = {str(resource.uri) for resource in await client.list_resources()}
    assert "Nothing is listening" in str(caught.value)
    assert "trunkline://down/overview" in uris
    assert "trunkline://shop/tables/public/orders" in uris


async def test_descriptions_and_notes_reach_the_model(shop: Profile, admin: Profile):
    noted = replace(shop, notes=("public.orders: Totals are in cents.",))
    async with asking(noted, admin) as client:
        told = client.instructions or ""
    assert "shop: Shop. Orders since 2026." in told
    assert "shop: public.orders: Totals are in cents." in told


async def test_a_table_s_resource_is_its_description(server: Server, shop: Profile):
    calls: list[Call] = []
    server.psql('CREATE TABLE "a/b ?é..%41" (id int); '
                'GRANT SELECT ON "a/b ?é..%41" TO shop_reader')  # fmt: skip
    try:
        async with asking(shop, calls=calls) as client:
            listed = await client.list_resources()
            uri = next(str(r.uri) for r in listed if "a/b" in (r.title or ""))
            read = await client.read_resource(uri)
    finally:
        server.psql('DROP TABLE "a/b ?é..%41"')
    assert json.loads(read[0].text)["columns"][0]["name"] == "id"
    assert [(c.tool, c.profile_id, c.outcome) for c in calls] == [("resource", "shop", "ok")]


async def test_templates_are_offered_and_an_unknown_table_is_told(shop: Profile):
    async with asking(shop) as client:
        templates = {t.uri_template for t in await client.list_resource_templates()}
        with pytest.raises(Exception, match="There is no table or view"):
            await client.read_resource("trunkline://shop/tables/public/nothing")
    assert templates == {TABLE, "trunkline://{database}/overview"}


async def test_prompts_say_what_was_filled_in(shop: Profile, admin: Profile):
    async with asking(shop, admin) as client:
        names = {prompt.name for prompt in await client.list_prompts()}
        prompt = await client.get_prompt(
            "summarize_table",
            {"database": "shop", "table": "public.orders", "column": "total"},
        )
    text = prompt.messages[0].content.text
    assert names == {"explore_database", "summarize_table", "speed_up_query"}
    assert all(word in text for word in ("public.orders", "the column total", "the database shop"))


async def test_a_prompt_that_lacks_something_says_so(shop: Profile):
    async with asking(shop) as client:
        with pytest.raises(Exception, match="needs: table"):
            await client.get_prompt("summarize_table", {})


async def test_names_are_completed_as_they_are_typed(shop: Profile, admin: Profile):
    template = ResourceTemplateReference(type="ref/resource", uri=TABLE)
    prompt = PromptReference(type="ref/prompt", name="summarize_table")
    shop_only = {"database": "shop"}
    async with asking(shop, admin) as client:

        async def completed(
            ref: Any, name: str, typed: str, known: dict[str, str] | None = None
        ) -> list[str]:
            argument = {"name": name, "value": typed}
            found = await client.complete(ref, argument, context_arguments=known)
            return list(found.values)

        assert await completed(template, "database", "s") == ["shop"]
        assert await completed(template, "schema", "pu", shop_only) == ["public"]
        in_schema = {**shop_only, "schema": "public"}
        assert await completed(template, "table", "ord", in_schema) == ["orders"]
        assert await completed(prompt, "table", "ord", shop_only) == ["public.orders"]
        of_table = {**shop_only, "table": "public.orders"}
        assert await completed(prompt, "column", "tot", of_table) == ["total"]
        assert await completed(prompt, "column", "to", {"database": "nowhere"}) == []
