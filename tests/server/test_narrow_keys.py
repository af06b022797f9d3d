"""Access keys for some tools, and strange requests: nothing comes out another way."""

from __future__ import annotations

import asyncio
import base64
import json
from typing import Any

import httpx2
import pytest

from tests.server.processes import INITIALIZE, PATIENCE_S, running
from trunkline_server import cli
from trunkline_server.profiles.profile import Profile
from trunkline_server.serving.app.hanging_up import HangingUp
from trunkline_server.serving.app.remembering import Remembering

pytestmark = pytest.mark.usefixtures("home")

_HTTP = ("--transport", "http", "--port", "0")
_ACCEPT = "application/json, text/event-stream"
_DEEP = b"[" * 5000
_TABLE = {"type": "ref/resource", "uri": "trunkline://{database}/tables/{schema}/{table}"}


class Caller:
    """Asks one server with one key, in one session."""

    def __init__(self, url: str, token: str) -> None:
        self.url = url
        self.headers = {"Authorization": f"Bearer {token}", "Accept": _ACCEPT}
        begun = self.post("initialize", **INITIALIZE)
        self.headers["mcp-session-id"] = begun.headers["mcp-session-id"]

    def post(self, method: str, **params: Any) -> httpx2.Response:
        message = {"jsonrpc": "2.0", "id": 1, "method": method, "params": params}
        return httpx2.post(self.url, json=message, headers=self.headers)

    def result(self, method: str, **params: Any) -> Any:
        return self.post(method, **params).json()["result"]

    def completed(self, name: str, value: str) -> list[str]:
        asked = {"ref": _TABLE, "argument": {"name": name, "value": value}}
        known = {"context": {"arguments": {"schema": "public", "table": "orders"}}}
        values: list[str] = self.result("completion/complete", **asked, **known)["completion"][
            "values"
        ]
        return values


def test_a_key_for_one_tool_learns_nothing_by_other_ways(
    reader_profile: Profile, capsys: pytest.CaptureFixture[str]
):
    assert cli.main(["token", "add", "narrow", "--tools", "explain_query"]) == 0
    assert cli.main(["token", "add", "wide"]) == 0
    narrow_key, wide_key = capsys.readouterr().out.split()
    with running(reader_profile, *_HTTP) as run:
        url = run.ready().url
        narrow, wide = Caller(url, narrow_key), Caller(url, wide_key)
        assert "orders" in json.dumps(wide.result("resources/list"))
        assert wide.completed("table", "ord") == ["orders"]
        assert narrow.result("resources/list")["resources"] == []
        assert narrow.completed("table", "ord") == []
        assert narrow.completed("column", "") == []
        strange = {"name": "explain_query", "arguments": {"query": "SELECT 1", "database": ["x"]}}
        refused = narrow.result("tools/call", **strange)
        assert "“database” must be text" in refused["content"][0]["text"]
        headers = {**narrow.headers, "last-event-id": "5"}
        with httpx2.stream("GET", url, headers=headers) as listening:
            assert listening.status_code == 200
        run.close_input()
        run.ended()
        assert "Traceback" not in run.errors


async def _served(app: Any, body: bytes, headers: list[tuple[bytes, bytes]]) -> list[Any]:
    """Send one request to ``app``, then hang up; returns what it answered."""
    sent: list[Any] = []
    messages = [{"type": "http.request", "body": body, "more_body": False}]

    async def receive() -> Any:
        return messages.pop() if messages else {"type": "http.disconnect"}

    async def send(message: Any) -> None:
        sent.append(message)

    await app({"type": "http", "method": "POST", "headers": headers}, receive, send)
    return sent


async def _hears_all(_scope: Any, receive: Any, send: Any) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
    await send({"type": "http.response.start", "status": 200, "headers": []})


@pytest.mark.parametrize(
    ("body", "session"), [(b'{"initialize": ' + _DEEP, b""), (b"{}", base64.b64encode(_DEEP))]
)
async def test_who_asks_is_not_read_from_what_is_nested_without_end(body: bytes, session: bytes):
    headers = [(b"mcp-session-id", session)] if session else []
    (start,) = await _served(Remembering(_hears_all), body, headers)
    assert start["status"] == 200


async def _never_ends(_scope: Any, _receive: Any, _send: Any) -> None:
    await asyncio.Event().wait()


async def test_hanging_up_on_what_is_nested_without_end_ends_it():
    async with asyncio.timeout(PATIENCE_S):
        assert await _served(HangingUp(_never_ends), _DEEP, [(b"mcp-session-id", b"x")]) == []
