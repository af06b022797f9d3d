"""``trunkline-stdio`` with real servers that come, go and change under one session."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from fastmcp import Client
from fastmcp.client.transports import StdioTransport
from mcp import ClientSession, StdioServerParameters, stdio_client

from tests.server.conftest import OWNER, PASSWORD, Server
from tests.server.processes import PATIENCE_S, Run, Stdio, running, talking
from trunkline_server import events, runfile
from trunkline_server.ledger import SWITCHED_OFF, TRY_AGAIN
from trunkline_server.profiles.profile import Profile
from trunkline_server.profiles.store import Store
from trunkline_server.programs import path_of

pytestmark = pytest.mark.usefixtures("home")

LONG = "SELECT count(*) FROM generate_series(1, 100000000000) AS lasting"


def test_a_question_goes_through_the_relay_to_the_running_server(reader_profile: Profile):
    with running(reader_profile) as run, running_app(run) as app:
        app.ask("one", "SELECT 6 * 7")
        assert app.rows() == [[42]]


@pytest.fixture
def ready_run(reader_profile: Profile) -> Iterator[Run]:
    with running(reader_profile) as run:
        run.ready()
        yield run


def test_a_name_reaches_no_database_and_the_id_is_told(reader_profile: Profile, ready_run: Run):
    """What an app still has of a removed database is the name of another one by now."""
    Store().save(replace(reader_profile, name="Sales"))
    with talking("trunkline-stdio", "sales") as app:
        assert app.ended() == 1
        assert app.hear() == b""
    assert app.errors == ("There is no database with the id “sales”. The id of “Sales” is shop.\n")


def test_an_id_reaches_its_database_whatever_another_is_called(
    server: Server, reader_profile: Profile
):
    Store().save(replace(reader_profile, id="other", name="shop", user=OWNER))
    Store().save(replace(reader_profile, name="Archive"))
    with talking("trunkline-stdio", "shop", TRUNKLINE_PASSWORD_SHOP=PASSWORD) as app:
        app.introduce()
        app.ask(1, "SELECT current_user")
        assert app.rows() == [["shop_reader"]]


def test_the_server_tells_who_came_over_the_link(ready_run: Run):
    with talking("trunkline-stdio", "shop") as app:
        app.introduce()
        assert ready_run.event() == events.Client(name="tester", version="7", transport="stdio")


def test_a_killed_server_is_replaced_within_the_same_session(reader_profile: Profile):
    with running(reader_profile) as first, running_app(first) as app:
        first.popen.kill()
        first.ended()
        with running(reader_profile) as second:
            second.ready()
            app.ask(2, "SELECT 'again'")
            assert app.rows() == [["again"]]
            assert second.event() == events.Client(name="tester", version="7", transport="stdio")
    assert app.notices == [
        "notifications/tools/list_changed",
        "notifications/resources/list_changed",
        "notifications/prompts/list_changed",
    ]


def test_a_question_in_flight_is_told_to_try_again(server: Server, reader_profile: Profile):
    with running(reader_profile, "--statement-timeout", "60") as run, running_app(run) as app:
        app.ask("long", LONG)
        wait_until_lasting(server)
        run.popen.kill()
        reply = app.reply()
    assert (reply["id"], reply["error"]["code"]) == ("long", TRY_AGAIN)
    assert "Please try again." in reply["error"]["message"]


def test_a_question_asked_in_between_is_answered_by_the_next_server(reader_profile: Profile):
    with running(reader_profile) as first, running_app(first) as app:
        first.popen.kill()
        first.ended()
        app.ask(3, "SELECT 'patient'")
        with running(reader_profile) as second:
            second.ready()
            assert app.rows() == [["patient"]]


@pytest.mark.skipif(sys.platform == "win32", reason="Windows cannot hold a process")
def test_a_question_and_the_end_of_the_server_may_come_at_once(reader_profile: Profile):
    with running(reader_profile) as first, running_app(first) as app:
        app.popen.send_signal(signal.SIGSTOP)
        first.popen.kill()
        first.ended()
        app.ask(3, "SELECT 'patient'")
        app.popen.send_signal(signal.SIGCONT)
        with running(reader_profile) as second:
            second.ready()
            assert app.rows() == [["patient"]]


def test_changing_the_transport_goes_unnoticed(reader_profile: Profile):
    http_run = running(reader_profile, "--transport", "http", "--port", "0")
    with http_run as http, running_app(http) as app:
        http.close_input()
        assert http.ended() == 0
        with running(reader_profile, "--transport", "stdio") as stdio:
            stdio.ready()
            app.ask(4, "SELECT 4")
            assert app.rows() == [[4]]


def test_a_database_that_stays_off_is_told_so(reader_profile: Profile):
    with running(reader_profile) as run, running_app(run, TRUNKLINE_WAIT="0") as app:
        run.close_input()
        assert run.ended() == 0
        app.ask(5, "SELECT 5")
        reply = app.reply()
    assert reply["error"]["code"] == SWITCHED_OFF
    assert reply["error"]["message"].startswith("The database “Shop” is switched off in Trunkline.")


def test_the_relay_ends_with_its_input_after_the_last_reply(ready_run: Run):
    with talking("trunkline-stdio", "shop") as app:
        app.introduce()
        app.ask(1, "SELECT 1 FROM pg_sleep(0.2)")
        app.close_input()
        reply = app.reply()
        assert (reply["id"], app.ended()) == (1, 0)


def test_the_relay_ends_when_its_parent_is_gone(ready_run: Run):
    parent = (
        "import subprocess, sys; subprocess.Popen(sys.argv[2:], stdin=int(sys.argv[1]));"
        "sys.stdin.read(); import os; os._exit(0)"
    )
    relays_input, keeps_it_open = os.pipe()
    command = [sys.executable, "-c", parent, str(relays_input)]
    with subprocess.Popen(
        [*command, str(path_of("trunkline-stdio")), "shop"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        pass_fds=(relays_input,),
    ) as process:
        assert process.stdout is not None
        os.write(keeps_it_open, b'{"jsonrpc":"2.0","id":1,"method":"ping"}\n')
        assert json.loads(process.stdout.readline())["id"] == 1
        process.communicate(timeout=PATIENCE_S)  # ends the parent; the output ends with the relay
    os.close(keeps_it_open)
    os.close(relays_input)


def test_an_unknown_profile_is_one_sentence_with_the_nearest_name(reader_profile: Profile):
    Store().save(reader_profile)
    with talking("trunkline-stdio", "shpo") as app:
        assert app.ended() == 1
        assert app.errors.count("\n") == 1
        assert "“shpo”" in app.errors
        assert "Shop" in app.errors


def test_without_a_name_the_only_profile_is_meant(reader_profile: Profile):
    Store().save(reader_profile)
    with talking("trunkline-stdio", **NO_KEYRING) as app:
        assert "“Shop”" in app.introduce()["result"]["instructions"]


def test_without_a_name_several_profiles_are_listed(reader_profile: Profile):
    Store().save(reader_profile)
    Store().save(Profile(id="sales", name="Sales"))
    with talking("trunkline-stdio") as app:
        assert app.ended() == 1
        assert app.errors.endswith("Name one of them: Shop (shop), Sales (sales).\n")


NO_KEYRING = {"PYTHON_KEYRING_BACKEND": "keyring.backends.fail.Keyring"}


def test_without_a_server_the_relay_serves_and_tells_of_a_missing_keyring(reader_profile: Profile):
    Store().save(reader_profile)
    with talking("trunkline-stdio", "shop", **NO_KEYRING) as app:
        app.introduce()
        app.send("tools/list", 1)
        assert len(app.reply()["result"]["tools"]) == 6
        app.ask(2, "SELECT 1")
        result = app.reply()["result"]
        assert result["isError"]
        assert "keyring" in result["content"][0]["text"].lower()
        app.close_input()
        assert app.ended() == 0


def test_a_stale_run_file_is_no_server(reader_profile: Profile, home: Path):
    Store().save(reader_profile)
    runfile.write(
        runfile.RunFile(id="shop", name="Shop", pid=1, address=str(home / "gone"), key=b"k",
                        transport="stdio")
    )  # fmt: skip
    with talking("trunkline-stdio", "shop", **NO_KEYRING) as app:
        assert "result" in app.introduce()


async def test_fastmcp_s_client_works_through_the_relay(ready_run: Run, home: Path):
    transport = StdioTransport(
        str(path_of("trunkline-stdio")), ["shop"], env={"TRUNKLINE_HOME": str(home)}
    )
    async with Client(transport) as client:
        assert len(await client.list_tools()) == 6
        result = await client.call_tool("execute_query", {"query": "SELECT 1"})
    assert json.loads(result.content[0].text)["rows"] == [[1]]


async def test_the_2026_protocol_survives_a_new_server(reader_profile: Profile, home: Path):
    transport = StdioTransport(
        str(path_of("trunkline-stdio")), ["shop"], env={"TRUNKLINE_HOME": str(home)}
    )
    with running(reader_profile) as first:
        first.ready()
        async with Client(transport) as client:
            assert client.session.protocol_version == "2026-07-28"
            first.popen.kill()
            first.ended()
            with running(reader_profile) as second:
                second.ready()
                result = await client.call_tool("execute_query", {"query": "SELECT 2"})
    assert json.loads(result.content[0].text)["rows"] == [[2]]


async def test_the_sdk_s_client_works_through_the_relay(ready_run: Run, home: Path):
    parameters = StdioServerParameters(
        command=str(path_of("trunkline-stdio")), args=["shop"], env={"TRUNKLINE_HOME": str(home)}
    )
    async with stdio_client(parameters) as streams, ClientSession(*streams) as session:
        await session.initialize()
        result = await session.call_tool("execute_query", {"query": "SELECT 3"})
    assert json.loads(result.content[0].text)["rows"] == [[3]]


def test_dropping_a_table_is_refused_through_the_relay_too(server: Server, owner_profile: Profile):
    with running(owner_profile) as run, running_app(run) as app:
        app.ask(1, "DROP TABLE orders")
        assert app.reply()["result"]["isError"]
    assert server.psql("SELECT count(*) FROM orders") == "20"


def test_a_cancellation_through_the_relay_stops_the_statement(
    server: Server, reader_profile: Profile
):
    with running(reader_profile, "--statement-timeout", "60") as run, running_app(run) as app:
        app.ask("long", LONG)
        wait_until_lasting(server)
        app.send("notifications/cancelled", requestId="long")
        wait_until_lasting(server, 0)


@contextmanager
def running_app(run: Run, **environment: str) -> Iterator[Stdio]:
    """Start a relay to ``run`` that has introduced itself."""
    run.ready()
    with talking("trunkline-stdio", "shop", **environment) as app:
        app.introduce()
        assert isinstance(run.event(), events.Client)
        yield app


def wait_until_lasting(server: Server, count: int = 1) -> None:
    sql = (
        "SELECT count(*) FROM pg_stat_activity WHERE query LIKE '%lasting%' "
        "AND pid <> pg_backend_pid() AND state = 'active'"
    )
    while int(server.psql(sql)) != count:
        pass
