"""What a model meets: the tools, their words and their bounds."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import anyio
import pytest
from fastmcp import Client
from fastmcp.exceptions import ToolError

from tests.server.conftest import PASSWORD, Server
from trunkline_server.errors import fail
from trunkline_server.profiles.profile import Profile
from trunkline_server.serving import app, tools
from trunkline_server.serving.activity import Call
from trunkline_server.serving.source import Source, Sources

pytestmark = pytest.mark.usefixtures("home")

CORE = ["database_overview", "list_tables", "search_schema", "describe_table", "execute_query",
        "explain_query"]  # fmt: skip


@asynccontextmanager
async def asking(
    profile: Profile, calls: list[Call] | None = None, password: str = PASSWORD
) -> AsyncIterator[Client[Any]]:
    sources = Sources([Source(profile, lambda: password)])
    server = app.build(sources, (calls if calls is not None else []).append)
    async with Client(server) as client:
        yield client
    await sources.close()


async def answer(client: Client[Any], tool: str, **arguments: Any) -> dict[str, Any]:
    result = await client.call_tool(tool, arguments)
    assert len(result.content) == 1
    assert result.structured_content is None
    return json.loads(result.content[0].text)


async def refusal(client: Client[Any], tool: str, **arguments: Any) -> str:
    with pytest.raises(ToolError) as caught:
        await client.call_tool(tool, arguments)
    return str(caught.value)


async def test_a_query_answers_one_compact_json_text(reader_profile: Profile):
    async with asking(reader_profile) as client:
        reply = await answer(
            client, "execute_query", query="SELECT id FROM customers ORDER BY 1 LIMIT 1"
        )
    assert reply.pop("duration_ms") >= 0
    assert reply == {
        "columns": ["id"], "types": ["int4"], "rows": [[1]], "row_count": 1, "truncated": False,
    }  # fmt: skip


async def test_params_fill_the_placeholders(reader_profile: Profile):
    async with asking(reader_profile) as client:
        reply = await answer(
            client, "execute_query", query="SELECT name FROM customers WHERE id = $1", params=[3]
        )
    assert reply["rows"] == [["Zoë"]]


async def test_params_written_as_text_are_understood(reader_profile: Profile):
    async with asking(reader_profile) as client:
        reply = await answer(client, "execute_query", query="SELECT $1::int + 1", params="[41]")
    assert reply["rows"] == [[42]]


async def test_a_limit_cuts_and_says_so(reader_profile: Profile):
    async with asking(reader_profile) as client:
        reply = await answer(client, "execute_query", query="SELECT id FROM orders", limit=5)
    assert (reply["row_count"], reply["truncated"], bool(reply["hint"])) == (5, True, True)


async def test_a_limit_above_the_profile_s_is_the_profile_s(reader_profile: Profile):
    async with asking(replace(reader_profile, max_rows=3)) as client:
        reply = await answer(client, "execute_query", query="SELECT id FROM orders", limit=999)
    assert reply["row_count"] == 3


async def test_a_reply_never_exceeds_the_profile_s_bytes(reader_profile: Profile):
    async with asking(replace(reader_profile, max_bytes=2048)) as client:
        result = await client.call_tool(
            "execute_query", {"query": "SELECT repeat('é', 50) FROM generate_series(1, 400)"}
        )
    text = result.content[0].text
    assert len(text.encode()) <= 2048
    assert json.loads(text)["truncated"]


async def test_the_whole_list_stays_within_its_budget(reader_profile: Profile):
    async with asking(reader_profile) as client:
        listed = await client.list_tools_mcp()
    assert len(listed.model_dump_json(by_alias=True, exclude_none=True).encode()) / 4 <= 1500


async def test_every_tool_has_a_title_and_is_marked_as_reading_only(reader_profile: Profile):
    async with asking(reader_profile) as client:
        listed = await client.list_tools()
    assert [t.name for t in listed] == CORE
    assert all(t.title and t.annotations and t.annotations.read_only_hint for t in listed)
    assert all(t.output_schema is None for t in listed)


async def test_the_description_reaches_the_model(reader_profile: Profile):
    async with asking(replace(reader_profile, description="Orders since 2026.")) as client:
        assert "Orders since 2026." in (client.instructions or "")


async def test_dropping_a_table_is_refused_in_words(server: Server, owner_profile: Profile):
    async with asking(owner_profile) as client:
        said = await refusal(client, "execute_query", query="DROP TABLE orders")
    assert "Traceback" not in said
    assert said[0].isupper()
    assert server.psql("SELECT count(*) FROM orders") == "20"


async def test_postgresql_s_own_words_follow_our_sentence(reader_profile: Profile):
    async with asking(reader_profile) as client:
        said = await refusal(client, "execute_query", query="SELECT nome FROM customers")
    assert said.startswith("There is no such column.")
    assert 'PostgreSQL says: column "nome" does not exist' in said


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({}, "execute_query needs the argument “query”."),
        ({"query": 7}, "The argument “query” must be text."),
        ({"query": "SELECT 1", "limit": 0}, "The argument “limit” must be at least 1."),
        ({"query": "SELECT 1", "sql": "x"}, "execute_query has no argument “sql”."),
        ({"query": "SELECT 1", "params": "x"}, "The argument “params” must be a list."),
    ],
)
async def test_wrong_arguments_are_told_in_plain_words(
    reader_profile: Profile, arguments: dict[str, Any], words: str
):
    async with asking(reader_profile) as client:
        said = await refusal(client, "execute_query", **arguments)
    assert said.startswith(words)
    assert "pydantic" not in said


async def test_tools_are_listed_while_the_database_is_down():
    nowhere = Profile(id="nowhere", name="Nowhere", host="127.0.0.1", port=1, sslmode="disable")
    async with asking(nowhere) as client:
        assert len(await client.list_tools()) == len(CORE)
        said = await refusal(client, "list_tables")
    assert said.startswith("Nothing is listening on 127.0.0.1, port 1.")


async def test_a_locked_keyring_is_told_and_asked_again(reader_profile: Profile):
    answers = [fail("secrets.locked", "The keyring is locked.", "Unlock it."), PASSWORD]

    def password() -> str:
        found = answers.pop(0)
        if isinstance(found, str):
            return found
        raise found

    sources = Sources([Source(reader_profile, password)])
    async with Client(app.build(sources, [].append)) as client:
        assert await refusal(client, "list_tables") == "The keyring is locked. Unlock it."
        assert (await answer(client, "list_tables"))["total"] == 2
    await sources.close()


async def test_what_went_wrong_inside_stays_inside(reader_profile: Profile):
    def password() -> str:
        raise ZeroDivisionError("inner secret")

    sources = Sources([Source(reader_profile, password)])
    async with Client(app.build(sources, [].append)) as client:
        said = await refusal(client, "list_tables")
    assert said == "Something in Trunkline went wrong."


async def test_every_call_is_recorded_with_its_client_and_outcome(reader_profile: Profile):
    calls: list[Call] = []
    async with asking(reader_profile, calls) as client:
        await answer(client, "execute_query", query="SELECT 1")
        await refusal(client, "execute_query", query="DELETE FROM orders")
        await refusal(client, "execute_query", query="SELECT 1/0")
    assert [c.outcome for c in calls] == ["ok", "refused", "failed"]
    assert [c.statement for c in calls] == ["SELECT 1", "DELETE FROM orders", "SELECT 1/0"]
    assert (calls[0].rows, calls[0].client, calls[0].profile_id) == (1, "mcp", "shop")
    assert calls[0].client_version
    assert calls[1].message


async def test_a_cancelled_question_stops_in_the_server(server: Server, reader_profile: Profile):
    calls: list[Call] = []
    async with asking(replace(reader_profile, statement_timeout=60.0), calls) as client:
        async with anyio.create_task_group() as group:
            query = "SELECT count(*) FROM generate_series(1, 100000000000) AS endless"
            group.start_soon(client.call_tool, "execute_query", {"query": query})
            await until(server, 1)
            group.cancel_scope.cancel()
        await until(server, 0)
    assert [c.outcome for c in calls] == ["cancelled"]


async def until(server: Server, count: int) -> None:
    """Wait until so many of our endless statements run."""
    with anyio.fail_after(10):
        await anyio.to_thread.run_sync(_until, server, count)


def _until(server: Server, count: int) -> None:
    sql = (
        "SELECT count(*) FROM pg_stat_activity WHERE query LIKE '%endless%' "
        "AND pid <> pg_backend_pid() AND state = 'active'"
    )
    while int(server.psql(sql)) != count:
        pass


async def test_list_tables_names_rows_keys_and_comment(server: Server, reader_profile: Profile):
    server.psql("ANALYZE; COMMENT ON TABLE orders IS 'What was sold'")
    async with asking(reader_profile) as client:
        reply = await answer(client, "list_tables")
    assert all(table.pop("size").endswith("kB") for table in reply["tables"])
    assert reply == {
        "tables": [
            {"name": "public.orders", "rows": 20, "references": ["customers"],
             "comment": "What was sold"},
            {"name": "public.customers", "rows": 3, "referenced_by": 1},
        ],
        "total": 2,
    }  # fmt: skip


async def test_an_unknown_table_names_the_nearest(reader_profile: Profile):
    async with asking(reader_profile) as client:
        said = await refusal(client, "describe_table", table="custmers")
    assert said == "There is no table or view “custmers” you may read. Nearest: public.customers."


def test_a_tool_file_never_names_fastmcp():
    texts = [path.read_text("utf-8") for path in Path(tools.__file__).parent.glob("*.py")]
    assert len(texts) > 5
    assert not [text for text in texts if "fastmcp" in text]
