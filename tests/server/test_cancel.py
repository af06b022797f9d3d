"""When nobody can receive the answer any more, PostgreSQL stops working on it."""

from __future__ import annotations

import asyncio
import json
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from urllib.parse import urlsplit

import pytest

from tests.server.conftest import PASSWORD, Server
from tests.server.processes import INITIALIZE, TOKEN, Run, Stdio, running, talking
from trunkline_server.errors import TrunklineError
from trunkline_server.postgres.database import Database
from trunkline_server.profiles.profile import Profile

pytestmark = pytest.mark.usefixtures("home")

MARK = "/* to be stopped */"

# A statement that waits, one that computes, one inside a function, and the fifth batch of rows.
LASTING = {
    "sleeping": f"SELECT pg_sleep(60) {MARK}",
    "computing": f"SELECT count(*) FROM generate_series(1, 100000000000) AS n {MARK}",
    "in a function": f"SELECT busy() {MARK}",
    "fetching": f"SELECT n, CASE WHEN n > 100 THEN pg_sleep(60) END "
    f"FROM generate_series(1, 400) n {MARK}",
}

BUSY = """
CREATE FUNCTION busy() RETURNS bigint LANGUAGE plpgsql STABLE AS
$$ DECLARE n bigint := 0; BEGIN LOOP n := n + 1; END LOOP; RETURN n; END $$
"""

RUNNING = (
    "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'Trunkline' "
    f"AND state = 'active' AND query LIKE '%{MARK}'"
)


@pytest.fixture(scope="module", autouse=True)
def busy_function(server: Server) -> Iterator[None]:
    server.psql(BUSY)
    yield
    server.psql("DROP FUNCTION busy()")


@pytest.fixture
def patient(reader_profile: Profile) -> Profile:
    return replace(reader_profile, statement_timeout=50.0)


def until_running(server: Server, count: int) -> None:
    """Return when as many marked statements run; the test's own time limit is the bound."""
    for _ in range(3000):
        if server.psql(RUNNING) == str(count):
            return
    raise AssertionError(f"There are never {count} statements that run.")


@contextmanager
def app(run: Run) -> Iterator[Stdio]:
    run.ready()
    with talking("trunkline-stdio", "shop") as stdio:
        stdio.introduce()
        yield stdio


@pytest.mark.parametrize("what", ["computing", "fetching"])
def test_a_cancel_notification_stops_it(what: str, patient: Profile, server: Server):
    with running(patient) as run, app(run) as stdio:
        stdio.ask(1, LASTING[what])
        until_running(server, 1)
        stdio.send("notifications/cancelled", requestId=1)
        until_running(server, 0)
        stdio.ask(2, "SELECT 2")
        assert stdio.rows() == [[2]]


def test_the_relay_that_is_gone_stops_it(patient: Profile, server: Server):
    with running(patient) as run:
        with app(run) as stdio:
            stdio.ask(1, LASTING["computing"])
            until_running(server, 1)
            stdio.popen.kill()
            until_running(server, 0)
        with talking("trunkline-stdio", "shop") as other:
            other.introduce()
            other.ask(2, "SELECT 2")
            assert other.rows() == [[2]]


def test_the_end_of_a_server_on_standard_input_stops_it(server: Server):
    with talking("trunkline-server", "run", "--url", server.dsn("shop_reader")) as stdio:
        stdio.introduce()
        stdio.ask(1, LASTING["computing"])
        until_running(server, 1)
        stdio.close_input()
        until_running(server, 0)


def test_a_stopped_server_stops_it(patient: Profile, server: Server):
    with running(patient) as run, app(run) as stdio:
        stdio.ask(1, LASTING["computing"])
        until_running(server, 1)
        run.close_input()
        until_running(server, 0)


@pytest.mark.parametrize("what", LASTING)
async def test_the_time_limit_stops_it(what: str, reader_profile: Profile, server: Server):
    db = Database(replace(reader_profile, statement_timeout=0.3), PASSWORD)
    with pytest.raises(TrunklineError) as stopped:
        await db.read(LASTING[what])
    assert stopped.value.code == "query.timeout"
    assert server.psql(RUNNING) == "0"
    assert (await db.read("SELECT 1")).rows == [[1]]
    await db.close()


@pytest.mark.parametrize("what", LASTING)
async def test_a_cancelled_task_stops_it(what: str, patient: Profile, server: Server):
    db = Database(patient, PASSWORD)
    task = asyncio.create_task(db.read(LASTING[what]))
    await asyncio.to_thread(until_running, server, 1)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert server.psql(RUNNING) == "0"
    assert (await db.read("SELECT 1")).rows == [[1]]
    await db.close()


def whole(connection: socket.socket) -> str:
    """Return the answer, which says how long it is."""
    with connection.makefile("rb") as stream:
        size = 0
        while (line := stream.readline().decode().lower().strip()) != "":
            size = int(line.removeprefix("content-length:")) if "content-length" in line else size
        return stream.read(size).decode()


@dataclass
class Caller:
    """An HTTP client that can be gone in the middle of a request."""

    url: str
    version: str

    def call(self, query: str, request_id: int = 1, **headers: str) -> socket.socket:
        """Send a call and return the socket its answer would come by."""
        arguments = {"name": "execute_query", "arguments": {"query": query}}
        if self.version >= "2026":
            arguments["_meta"] = {
                "io.modelcontextprotocol/protocolVersion": self.version,
                "io.modelcontextprotocol/clientInfo": INITIALIZE["clientInfo"],
                "io.modelcontextprotocol/clientCapabilities": {},
            }
            headers |= {"mcp-method": "tools/call", "mcp-name": "execute_query"}
        return self.post("tools/call", arguments, request_id, **headers)

    def post(self, method: str, params: object, request_id: int, **headers: str) -> socket.socket:
        where = urlsplit(self.url)
        body = json.dumps(
            {"jsonrpc": "2.0", "id": request_id, "method": method, "params": params}
        ).encode()
        lines = {
            "Host": where.netloc, "Authorization": f"Bearer {TOKEN}",
            "Content-Type": "application/json", "Accept": "application/json, text/event-stream",
            "MCP-Protocol-Version": self.version, "Content-Length": str(len(body)), **headers,
        }  # fmt: skip
        head = "".join(f"{name}: {value}\r\n" for name, value in lines.items())
        connection = socket.create_connection((where.hostname or "", where.port or 0), timeout=30)
        connection.sendall(f"POST {where.path} HTTP/1.1\r\n{head}\r\n".encode() + body)
        return connection

    def session(self) -> dict[str, str]:
        """Return the header of a new session; a stateless server gives none."""
        with self.post("initialize", {**INITIALIZE, "protocolVersion": self.version}, 0) as sent:
            head = sent.recv(65536).decode().lower().split("\r\n\r\n")[0]
        pairs = dict(line.split(": ", 1) for line in head.split("\r\n")[1:])
        known = pairs.get("mcp-session-id")
        return {"Mcp-Session-Id": known} if known else {}


@pytest.mark.parametrize("version", ["2025-06-18", "2026-07-28"])
def test_an_http_client_that_is_gone_stops_it(version: str, patient: Profile, server: Server):
    with running(patient, "--transport", "http", "--port", "0") as run:
        caller = Caller(run.ready().url, version)
        session = caller.session() if version < "2026" else {}
        with caller.call(LASTING["computing"], **session):
            until_running(server, 1)
        until_running(server, 0)
        with caller.call("SELECT 4242", 2, **session) as answered:
            assert "4242" in whole(answered)
