"""A gate on a real socket, before a small app that says what reached it."""

from __future__ import annotations

import asyncio
import contextlib
import json
import socket
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any

import httpx2
import mcp.server.auth.middleware.bearer_auth  # noqa: F401  loaded with every real server
from starlette.types import Receive, Scope, Send

from trunkline_server.serving import ports, transports
from trunkline_server.serving.gate import guarded
from trunkline_server.serving.gate.bearer import token_of
from trunkline_server.serving.gate.rules import Rules

PATIENCE_S = 20
TOKEN = "a-token-for-the-tests"
KNOWN = {"Authorization": f"Bearer {TOKEN}"}
TOKENS = (token_of(TOKEN, "tester"),)
RULES = Rules(tokens=TOKENS)


async def echo(scope: Scope, receive: Receive, send: Send) -> None:
    """Say what came through the gate; ``/stream`` goes on until the client leaves."""
    if scope["type"] == "lifespan":
        return await lifespan(receive, send)
    if scope["path"] == "/stream":
        return await stream(receive, send)
    message = await receive()
    caller, client = scope["state"]["caller"], scope["client"]
    told = {
        "caller": caller.name,
        "profiles": None if caller.profiles is None else sorted(caller.profiles),
        "tools": None if caller.tools is None else sorted(caller.tools),
        "client": client and client[0],
        "scheme": scope["scheme"],
        "body": len(message.get("body", b"")),
    }
    body = json.dumps(told).encode()
    headers = [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(body))]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": body})
    return None


async def lifespan(receive: Receive, send: Send) -> None:
    while True:
        kind = (await receive())["type"]
        await send({"type": f"{kind}.complete"})
        if kind == "lifespan.shutdown":
            return


async def stream(receive: Receive, send: Send) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b": hello\n\n", "more_body": True})
    while (await receive())["type"] != "http.disconnect":
        pass


@dataclass
class Gated:
    """A running gate.

    Attributes:
        refused: what its ``on_refused`` was told, in order.
    """

    port: int
    scheme: str
    rules: Rules
    refused: list[tuple[str, str]] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"{self.scheme}://127.0.0.1:{self.port}"

    def get(self, path: str = "/mcp", **headers: str) -> httpx2.Response:
        return httpx2.get(self.url + path, headers=headers, timeout=PATIENCE_S)

    def ask(self, **headers: str) -> httpx2.Response:
        """Ask with the token."""
        return self.get(**{**KNOWN, **headers})

    def dial(self) -> socket.socket:
        """Return a raw connection."""
        return socket.create_connection(("127.0.0.1", self.port), PATIENCE_S)


@contextlib.contextmanager
def gated(rules: Rules = RULES, listener: socket.socket | None = None) -> Iterator[Gated]:
    """Serve :func:`echo` behind ``rules`` until the block ends."""
    listener = listener or ports.bind("127.0.0.1", 0)
    port = 0 if listener.family == socket.AF_UNIX else listener.getsockname()[1]
    found = Gated(port, "https" if rules.tls else "http", rules)
    rules = replace(rules, on_refused=lambda kind, who: found.refused.append((kind, who)))
    has_started, broken = threading.Event(), list[Exception]()
    running: dict[str, Any] = {}

    async def serve() -> None:
        endpoint = transports.Endpoint(
            guarded(echo, rules), tls=rules.tls, limits=rules.sizes, on_refused=rules.on_refused
        )
        running.update(loop=asyncio.get_running_loop(), endpoint=endpoint)
        serving = asyncio.create_task(endpoint.run_on(listener))
        await endpoint.until_started(serving)
        has_started.set()
        await serving

    def work() -> None:
        try:
            asyncio.run(serve())
        except Exception as exc:  # noqa: BLE001  told in the test's own thread
            broken.append(exc)
        finally:
            has_started.set()

    thread = threading.Thread(target=work)
    thread.start()
    try:
        assert has_started.wait(PATIENCE_S)
        if not broken:
            yield found
    finally:
        if not broken:
            running["loop"].call_soon_threadsafe(running["endpoint"].stop)
        thread.join(PATIENCE_S)
        listener.close()
    if broken:
        raise broken[0]


def read_all(connection: socket.socket) -> bytes:
    """Return what comes until the other end closes."""
    pieces = []
    with contextlib.suppress(ConnectionError):
        while piece := connection.recv(65536):
            pieces.append(piece)
    return b"".join(pieces)


def status_of(answer: bytes) -> int:
    return int(answer.split(b" ", 2)[1])
