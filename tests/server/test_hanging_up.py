"""A client that hangs up: its statement ends in PostgreSQL, and the server goes on."""

from __future__ import annotations

import json
import socket
import time
from typing import Any

import pytest

from tests.server.conftest import Server
from tests.server.processes import INITIALIZE, PATIENCE_S, TOKEN, running
from trunkline_server.profiles.profile import Profile

pytestmark = pytest.mark.usefixtures("home")

QUERY = "SELECT pg_sleep(25)"
COUNT = f"SELECT count(*) FROM pg_stat_activity WHERE state = 'active' AND query = '{QUERY}'"


class Caller:
    """A client that writes its requests by hand, to end in the middle of one."""

    def __init__(self, url: str, version: str) -> None:
        host, _, port = url.removeprefix("http://").removesuffix("/mcp").partition(":")
        self._socket = socket.create_connection((host, int(port)), PATIENCE_S)
        self._file = self._socket.makefile("rb")
        self._headers = {
            "Host": f"{host}:{port}",
            "Authorization": f"Bearer {TOKEN}",
            "Content-Type": "application/json",
            "Accept": "application/json, text/event-stream",
            "Mcp-Protocol-Version": version,
        }
        self._meta: dict[str, Any] = {}
        if version < "2026":
            self._introduce(version)
        else:
            self._headers |= {"Mcp-Method": "tools/call", "Mcp-Name": "execute_query"}
            key = "io.modelcontextprotocol/"
            self._meta = {
                f"{key}protocolVersion": version,
                f"{key}clientCapabilities": {},
                f"{key}clientInfo": INITIALIZE["clientInfo"],
            }

    def _introduce(self, version: str) -> None:
        self.send(0, "initialize", {**INITIALIZE, "protocolVersion": version})
        headers, _ = self.reply()
        if session := headers.get("mcp-session-id"):
            self._headers["Mcp-Session-Id"] = session

    def send(self, request_id: int, method: str, params: dict[str, Any]) -> None:
        body = {"jsonrpc": "2.0", "id": request_id, "method": method, "params": params}
        data = json.dumps(body).encode()
        head = "".join(f"{k}: {v}\r\n" for k, v in self._headers.items())
        line = f"POST /mcp HTTP/1.1\r\n{head}Content-Length: {len(data)}\r\n\r\n"
        self._socket.sendall(line.encode() + data)

    def ask(self, query: str) -> None:
        params: dict[str, Any] = {"name": "execute_query", "arguments": {"query": query}}
        self.send(7, "tools/call", {**params, "_meta": self._meta} if self._meta else params)

    def reply(self) -> tuple[dict[str, str], Any]:
        assert b" 200 " in self._file.readline()
        headers: dict[str, str] = {}
        while line := self._file.readline().strip():
            name, _, value = line.decode().partition(":")
            headers[name.lower()] = value.strip()
        return headers, json.loads(self._file.read(int(headers["content-length"])))

    def hang_up(self) -> None:
        self._file.close()
        self._socket.close()


def until(server: Server, wanted: str) -> None:
    """Look at PostgreSQL until as many statements run."""
    deadline = time.monotonic() + PATIENCE_S
    while server.psql(COUNT) != wanted:
        assert time.monotonic() < deadline, f"never {wanted}"


@pytest.mark.parametrize("version", ["2025-06-18", "2026-07-28"])
@pytest.mark.parametrize("options", [(), ("--stateless",)], ids=["sessions", "stateless"])
def test_the_statement_of_a_client_that_hung_up_ends(
    server: Server, reader_profile: Profile, options: tuple[str, ...], version: str
):
    arguments = ("--transport", "http", "--port", "0", *options, "--statement-timeout", "60")
    with running(reader_profile, *arguments) as run:
        url = run.ready().url
        leaving = Caller(url, version)
        leaving.ask(QUERY)
        until(server, "1")
        leaving.hang_up()
        until(server, "0")
        staying = Caller(url, version)
        staying.ask("SELECT 42")
        _, reply = staying.reply()
        staying.hang_up()
    assert json.loads(reply["result"]["content"][0]["text"])["rows"] == [[42]]
