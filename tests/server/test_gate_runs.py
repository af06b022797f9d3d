"""The gate as part of the real command: a run with TLS, named tokens and narrow rights."""

from __future__ import annotations

import json
import ssl
from pathlib import Path
from typing import Any

import httpx2
import pytest
from fastmcp import Client
from fastmcp.client.transports import StreamableHttpTransport
from fastmcp.exceptions import ToolError

from tests.server import certificates
from tests.server.certificates import DAY
from tests.server.processes import INITIALIZE, TOKEN, running
from trunkline_server import cli, events
from trunkline_server.profiles.profile import Profile
from trunkline_server.serving.named_tokens import NamedTokens

pytestmark = pytest.mark.usefixtures("home")

ACCEPT = "application/json, text/event-stream"
HTTP = ("--transport", "http", "--port", "0")


def added(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    assert cli.main(["token", "add", *arguments]) == 0
    return capsys.readouterr().out.strip()


def client_of(url: str, token: str) -> Client[Any]:
    return Client(StreamableHttpTransport(url, headers={"Authorization": f"Bearer {token}"}))


async def test_a_named_token_asks_what_it_may_until_it_is_revoked(
    reader_profile: Profile, capsys: pytest.CaptureFixture[str]
):
    with running(reader_profile, *HTTP) as run:
        url = run.ready().url
        token = added(capsys, "ci", "--tools", "execute_query")
        async with client_of(url, token) as client:
            asked = await client.call_tool("execute_query", {"query": "SELECT 8"})
            assert json.loads(asked.content[0].text)["rows"] == [[8]]
            with pytest.raises(ToolError, match="list_tables"):
                await client.call_tool("list_tables", {})
        NamedTokens().revoke("ci")
        refused = httpx2.post(url, headers={"Authorization": f"Bearer {token}"})
        assert refused.status_code == 401


async def test_a_token_for_another_profile_reads_nothing_here(
    reader_profile: Profile, capsys: pytest.CaptureFixture[str]
):
    other = Profile(id="other", name="Other", host="db.example.com")
    from trunkline_server.profiles.store import Store

    Store().save(other)
    token = added(capsys, "ci", "--profile", "Other")
    with running(reader_profile, *HTTP) as run:
        async with client_of(run.ready().url, token) as client:
            with pytest.raises(ToolError):
                await client.call_tool("execute_query", {"query": "SELECT 8"})


def test_a_session_belongs_to_the_token_that_began_it(
    reader_profile: Profile, capsys: pytest.CaptureFixture[str]
):
    tokens = [added(capsys, name) for name in ("anna", "bert")]
    hello = {"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": INITIALIZE}
    ask = {"jsonrpc": "2.0", "id": 2, "method": "tools/list"}
    with running(reader_profile, *HTTP) as run:
        url = run.ready().url
        anna, bert = ({"Authorization": f"Bearer {t}", "Accept": ACCEPT} for t in tokens)
        begun = httpx2.post(url, json=hello, headers=anna)
        session = {"mcp-session-id": begun.headers["mcp-session-id"]}
        assert httpx2.post(url, json=ask, headers={**bert, **session}).status_code == 404
        assert httpx2.post(url, json=ask, headers={**anna, **session}).status_code == 200


def test_a_run_speaks_tls(reader_profile: Profile, tmp_path: Path):
    pair = certificates.make(tmp_path, "127.0.0.1")
    tls = ("--tls-cert", str(pair.cert), "--tls-key", str(pair.key))
    trusting = ssl.create_default_context(cafile=str(pair.cert))
    with running(reader_profile, *HTTP, *tls) as run:
        url = run.ready().url
        answer = httpx2.get(url.replace("/mcp", "/health"), verify=trusting)
    assert (url[:8], answer.status_code) == ("https://", 200)


def test_a_run_with_an_expired_certificate_says_so_and_ends(
    reader_profile: Profile, tmp_path: Path
):
    pair = certificates.make(tmp_path, "127.0.0.1", starts=-2 * DAY, ends=-DAY)
    tls = ("--tls-cert", str(pair.cert), "--tls-key", str(pair.key))
    with running(reader_profile, *HTTP, *tls) as run:
        failed = run.event()
        assert run.ended() == 1
    assert isinstance(failed, events.Failed)
    assert failed.code == "endpoint.expired"


def test_a_run_refuses_what_is_too_large_before_it_looks_at_the_token(reader_profile: Profile):
    with running(reader_profile, *HTTP, "--max-body", "2048") as run:
        refused = httpx2.post(run.ready().url, content=b"x" * 3000)
        run.close_input()
        run.ended()
        assert refused.status_code == 413
        assert TOKEN not in run.errors
