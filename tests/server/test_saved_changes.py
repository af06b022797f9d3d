"""What is hidden, moved or removed while an AI app asks holds at its next question."""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import asyncpg
import pytest
from fastmcp import Client
from fastmcp.client.transports import StreamableHttpTransport
from fastmcp.exceptions import ToolError

from tests.server.conftest import OWNER, PASSWORD, READER, Server
from tests.server.processes import TOKEN, Process, Stdio, talking
from trunkline_server import cli, events
from trunkline_server.profiles.profile import Profile
from trunkline_server.profiles.store import Store
from trunkline_server.serving import app, order
from trunkline_server.serving.saved import Saved
from trunkline_server.serving.source import Source, Sources
from trunkline_server.subjects import Subject, of_saved

pytestmark = pytest.mark.usefixtures("home")

COUNT = "SELECT count(*) FROM public.orders"
WHO = "SELECT current_user"
SECRETS = {"TRUNKLINE_PASSWORD_SHOP": PASSWORD, "TRUNKLINE_PASSWORD_OTHER": PASSWORD}
LISTS = ["notifications/tools/list_changed", "notifications/resources/list_changed"]


@pytest.fixture
def shop(reader_profile: Profile) -> Profile:
    Store().save(reader_profile)
    return reader_profile


def edit(profile: Profile, **fields: Any) -> None:
    Store().save(replace(profile, **fields))


@contextmanager
def asking(*command: str) -> Iterator[Stdio]:
    """Start what an AI app starts; no server runs, so it serves by itself."""
    with talking(*(command or ("trunkline-stdio", "shop")), **SECRETS) as stdio:
        stdio.introduce()
        yield stdio


def refusal(stdio: Stdio) -> str:
    result = stdio.reply()["result"]
    assert result["isError"]
    text: str = result["content"][0]["text"]
    return text


# What a person changes


def test_a_hidden_table_is_refused_at_the_next_question(shop: Profile):
    with asking() as stdio:
        stdio.ask(1, COUNT)
        assert stdio.rows() == [[20]]
        edit(shop, hidden=("public.orders",))
        stdio.ask(2, COUNT)
        assert "orders" in refusal(stdio)
        stdio.send("resources/list", 3)
        listed = json.dumps(stdio.reply())
        assert "public.customers" in listed
        assert "public.orders" not in listed
    assert stdio.notices == LISTS


def test_schemas_are_restricted_at_the_next_question(shop: Profile):
    with asking() as stdio:
        stdio.ask(1, COUNT)
        assert stdio.rows() == [[20]]
        edit(shop, schemas=("elsewhere",))
        stdio.ask(2, COUNT)
        assert "orders" in refusal(stdio)


def test_a_removed_database_is_told_until_it_is_there_again(shop: Profile):
    with asking() as stdio:
        stdio.ask(1, COUNT)
        assert stdio.rows() == [[20]]
        Store().remove("shop")
        stdio.ask(2, COUNT)
        assert refusal(stdio).startswith("The database “Shop” was removed from Trunkline. Take it")
        stdio.send("resources/list", 3)
        assert stdio.reply()["result"]["resources"] == []
        Store().save(shop)
        stdio.ask(4, COUNT)
        assert stdio.rows() == [[20]]


def test_another_login_is_used_at_the_next_question(shop: Profile):
    with asking() as stdio:
        stdio.ask(1, WHO)
        assert stdio.rows() == [[READER]]
        edit(shop, user=OWNER)
        stdio.ask(2, WHO)
        assert stdio.rows() == [[OWNER]]


def test_tools_switched_on_and_off_are_listed_and_called(shop: Profile):
    def tools() -> set[str]:
        stdio.send("tools/list", 9)
        return {tool["name"] for tool in stdio.reply()["result"]["tools"]}

    with asking() as stdio:
        assert "list_locks" not in tools()
        edit(shop, tools=("dba",))
        assert "list_locks" in tools()
        stdio.send("tools/call", 1, name="list_locks", arguments={})
        assert not stdio.reply()["result"].get("isError")
        edit(shop)
        stdio.send("tools/call", 2, name="list_locks", arguments={})
        assert "not switched on" in refusal(stdio)
        assert "list_locks" not in tools()


def test_what_concerns_only_the_app_changes_nothing(shop: Profile):
    with asking() as stdio:
        stdio.ask(1, "SELECT pg_backend_pid()")
        first = stdio.rows()
        edit(shop, label="test", transport="http", http_port=8899, switched_on=True)
        stdio.ask(2, "SELECT pg_backend_pid()")
        assert stdio.rows() == first
    assert stdio.notices == []


def test_a_damaged_list_widens_nothing_and_stops_nobody(shop: Profile):
    edit(shop, hidden=("public.customers",))
    with asking() as stdio:
        stdio.ask(1, COUNT)
        assert stdio.rows() == [[20]]
        Store().path.write_text('{"version": 1, "profiles": [')
        stdio.ask(2, COUNT)
        assert stdio.rows() == [[20]]
        stdio.ask(3, "SELECT * FROM public.customers")
        assert "customers" in refusal(stdio)
        Store().path.unlink()
        edit(shop, hidden=("public.orders",))
        stdio.ask(4, COUNT)
        assert "orders" in refusal(stdio)
        stdio.close_input()
        assert stdio.ended() == 0
    assert stdio.errors.count("It is not valid JSON") == 1
    assert "Until then what was known before is served." in stdio.errors


def test_options_of_the_command_go_on_narrowing(shop: Profile):
    command = ("trunkline-server", "run", "--profile", "Shop", "--hide", "public.orders")
    with asking(*command) as stdio:
        stdio.ask(1, COUNT)
        assert "orders" in refusal(stdio)
        edit(shop, hidden=("public.customers",))
        for table in ("orders", "customers"):
            stdio.ask(table, f"SELECT * FROM public.{table}")
            assert table in refusal(stdio)


# Whoever serves


async def rows(client: Client[Any], query: str, **more: str) -> Any:
    result = await client.call_tool("execute_query", {"query": query, **more})
    return json.loads(result.content[0].text)["rows"]


@contextmanager
def http_server(*arguments: str) -> Iterator[str]:
    """Start a server by hand; yield its address."""
    command = ("run", *arguments, "--transport", "http", "--port", "0", "--events", "--until-eof")
    process = Process("trunkline-server", *command, TRUNKLINE_TOKEN=TOKEN, **SECRETS)
    try:
        ready = events.decode(process.hear())
        assert isinstance(ready, events.Ready), (ready, process.errors)
        yield ready.url
    finally:
        process.close()


def over_http(url: str) -> Client[Any]:
    headers = {"Authorization": f"Bearer {TOKEN}"}
    return Client(StreamableHttpTransport(url, headers=headers))


@pytest.mark.parametrize("more", [(), ("--workers", "2")], ids=["one", "workers"])
async def test_a_server_started_by_hand_follows(shop: Profile, more: Sequence[str]):
    with http_server("--profile", "shop", *more) as url:
        async with over_http(url) as client:
            assert await rows(client, COUNT) == [[20]]
            edit(shop, hidden=("public.orders",))
            for _ in range(6):  # whichever process answers
                with pytest.raises(ToolError, match="orders"):
                    await rows(client, COUNT)


def test_an_app_at_the_relay_sees_it_too(shop: Profile):
    command = ("run", "--profile", "shop", "--events", "--until-eof", "--transport", "stdio")
    process = Process("trunkline-server", *command, **SECRETS)
    try:
        assert isinstance(events.decode(process.hear()), events.Ready)
        with asking() as stdio:
            stdio.ask(1, COUNT)
            assert stdio.rows() == [[20]]
            Store().remove("shop")
            stdio.ask(2, COUNT)
            assert "was removed from Trunkline" in refusal(stdio)
    finally:
        process.close()


async def test_of_several_databases_only_the_removed_one_goes(shop: Profile):
    edit(shop, id="other", name="Other", user=OWNER)
    with http_server("--all") as url:
        async with over_http(url) as client:
            assert await rows(client, WHO, database="other") == [[OWNER]]
            Store().remove("other")
            for word in ("other", "Other"):
                with pytest.raises(ToolError, match="“Other” was removed"):
                    await rows(client, WHO, database=word)
            assert await rows(client, WHO, database="shop") == [[READER]]


async def test_a_removed_id_is_no_other_database_s_name(shop: Profile):
    """The one that is left is called what the removed one's id was."""
    removed = replace(shop, id="old", name="Old")
    named_like_it = replace(shop, name="old")
    news: dict[str, Subject | None] = {}
    sources = Sources([Source(p, lambda: PASSWORD) for p in (named_like_it, removed)], lambda: news)
    assert sources.of("old").profile is removed
    news["old"] = None
    sources.refresh()
    with pytest.raises(Exception, match="“Old” was removed"):
        sources.of("old")
    await sources.close()


def test_a_database_that_is_not_of_the_list_is_left_alone():
    def renewed(*arguments: str) -> object:
        return order._renewed(cli._parser().parse_args(["run", *arguments]))

    assert renewed("--url", "postgresql://h/d") is None
    assert renewed("--profile", "-") is None
    assert renewed() is None
    assert renewed("--profile", "shop") is not None
    assert renewed("--all") is not None


# Questions under way, passwords, cost


async def test_a_question_under_way_ends_under_the_former_rules(server: Server, shop: Profile):
    saved = Saved([shop], of_saved)
    sources = Sources([Source(shop, lambda: PASSWORD)], saved.news)
    holder = await asyncpg.connect(server.dsn())
    async with Client(app.build(sources, lambda _: None)) as client:
        await holder.execute("BEGIN; LOCK TABLE orders IN ACCESS EXCLUSIVE MODE")
        lasting = asyncio.create_task(rows(client, COUNT))
        while not await holder.fetchval("SELECT count(*) FROM pg_locks WHERE NOT granted"):
            pass
        former = sources.get("shop")
        Store().remove("shop")
        with pytest.raises(ToolError, match="was removed"):
            await rows(client, "SELECT 1")
        assert former.connections == (1, 0)
        await holder.close()
        assert await lasting == [[20]]
        await asyncio.gather(*sources._retiring)
    assert former.connections == (0, 0)
    await sources.close()


async def test_a_password_that_was_changed_is_asked_for_again(server: Server, shop: Profile):
    server.psql("CREATE ROLE changing LOGIN PASSWORD 'one'")
    try:
        known = ["one"]
        sources = Sources([Source(replace(shop, user="changing"), lambda: known[-1])])
        async with Client(app.build(sources, lambda _: None)) as client:
            assert await rows(client, WHO) == [["changing"]]
            server.psql(
                "ALTER ROLE changing PASSWORD 'two'; SELECT pg_terminate_backend(pid, 5000) "
                "FROM pg_stat_activity WHERE usename = 'changing'"
            )
            with pytest.raises(ToolError, match="password"):
                await rows(client, WHO)
            known.append("two")
            assert await rows(client, WHO) == [["changing"]]
        await sources.close()
    finally:
        server.psql("DROP ROLE changing")


def test_a_list_that_was_not_touched_is_not_read_again(shop: Profile, home: Path):
    saved = Saved([shop], of_saved)
    path = Store().path
    assert saved.news() == {}
    state, content = path.stat(), path.read_bytes()
    path.write_bytes(b" " * len(content))
    os.utime(path, ns=(state.st_atime_ns, state.st_mtime_ns))
    assert saved.news() == {}
    path.write_bytes(content.replace(b'"Shop"', b'"SHOP"'))
    (subject,) = saved.news().values()
    assert subject is not None
    assert subject.profile.name == "SHOP"
    assert saved.news() == {}


def test_an_entry_that_cannot_be_served_leaves_what_is(shop: Profile, caplog: Any):
    saved = Saved([shop], of_saved)
    edit(shop, hidden=("nonsense",))
    assert saved.news() == {}
    assert "Write what is hidden as schema.table" in caplog.text
    edit(shop, hidden=("public.orders",))
    assert list(saved.news()) == ["shop"]


def test_a_list_that_is_gone_holds_no_database(shop: Profile):
    saved = Saved([shop], of_saved)
    Store().path.unlink()
    assert saved.news() == {"shop": None}
