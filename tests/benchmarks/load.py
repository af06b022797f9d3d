"""A cheap caller of MCP servers over HTTP: raw keep-alive sockets and requests prepared as bytes.

It runs in a process of its own, so that its work is in nobody's figure: a client library would cost
more processor time than the servers do. One JSON job on standard input, one JSON result on
standard output. A reply that is not the expected answer ends it.
"""

from __future__ import annotations

import json
import selectors
import socket
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

_HELLO = {
    "protocolVersion": "2025-06-18",
    "capabilities": {},
    "clientInfo": {"name": "bench", "version": "1"},
}
_ACCEPT = "application/json, text/event-stream"


@dataclass(frozen=True)
class Job:
    """What to call.

    Attributes:
        port: of a server on 127.0.0.1 that answers at ``/mcp``.
        headers: sent with every request.
        tool, arguments: the call.
        expected: text every reply must contain.
        sessions: how many call at the same time, each over one connection.
        calls: of all sessions together.
        is_stateless: speak 2026-07-28, without a handshake, instead of 2025-06-18.
    """

    port: int
    headers: Mapping[str, str]
    tool: str
    arguments: Mapping[str, Any]
    expected: str
    sessions: int = 1
    calls: int = 100
    is_stateless: bool = False


@dataclass(frozen=True)
class Result:
    """What came of it.

    Attributes:
        seconds: from the first request to the last reply.
        latencies: seconds of every call, sorted.
        own_cpu: processor seconds this process spent on it.
    """

    seconds: float
    latencies: list[float]
    own_cpu: float


class Connection:
    """One session over one kept connection."""

    def __init__(self, job: Job) -> None:
        self._job = job
        self.socket = socket.create_connection(("127.0.0.1", job.port))
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._reply = b""
        self.sent_at = 0.0
        self._session = {} if job.is_stateless else self._shake_hands()
        self._request = self._as_bytes(self._message("tools/call", self._params()), "tools/call")

    def _shake_hands(self) -> dict[str, str]:
        reply = self.ask("initialize", _HELLO, {})
        head = reply.partition(b"\r\n\r\n")[0].decode("latin-1")
        lines = (line.partition(":") for line in head.split("\r\n"))
        found = {k.lower(): v.strip() for k, _, v in lines if k.lower() == "mcp-session-id"}
        self._session = {**found, "mcp-protocol-version": "2025-06-18"}
        self.socket.sendall(
            self._as_bytes({"jsonrpc": "2.0", "method": "notifications/initialized"})
        )
        self.wait()
        return self._session

    def _params(self) -> dict[str, Any]:
        return {"name": self._job.tool, "arguments": dict(self._job.arguments)}

    def _message(self, method: str, params: Mapping[str, Any]) -> dict[str, Any]:
        return {"jsonrpc": "2.0", "id": 1, "method": method, "params": params}

    def _as_bytes(self, message: dict[str, Any], method: str = "") -> bytes:
        headers = {**self._job.headers, **getattr(self, "_session", {})}
        if self._job.is_stateless:
            meta = {
                "io.modelcontextprotocol/protocolVersion": "2026-07-28",
                "io.modelcontextprotocol/clientInfo": _HELLO["clientInfo"],
                "io.modelcontextprotocol/clientCapabilities": {},
            }
            message = {**message, "params": {**message.get("params", {}), "_meta": meta}}
            headers |= {"mcp-protocol-version": "2026-07-28", "mcp-method": method}
            if "name" in message["params"]:
                headers["mcp-name"] = message["params"]["name"]
        body = json.dumps(message, separators=(",", ":")).encode()
        headers |= {
            "host": f"127.0.0.1:{self._job.port}",
            "content-type": "application/json",
            "accept": _ACCEPT,
            "content-length": str(len(body)),
        }
        lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
        return f"POST /mcp HTTP/1.1\r\n{lines}\r\n".encode() + body

    def ask(self, method: str, params: Mapping[str, Any], session: dict[str, str]) -> bytes:
        """Send one request and return the whole reply."""
        self._session = session
        self.socket.sendall(self._as_bytes(self._message(method, params), method))
        return self.wait()

    def list_tools(self) -> bytes:
        """Return the body of the reply to ``tools/list``, without its framing as an event."""
        reply = self.ask("tools/list", {}, self._session)
        return reply[reply.index(b'{"') : reply.rindex(b"}") + 1]

    def wait(self) -> bytes:
        """Block until the reply is whole and return it."""
        while (reply := self.receive()) is None:
            pass
        return reply

    def send(self) -> None:
        """Make the call."""
        self.sent_at = time.perf_counter()
        self.socket.sendall(self._request)

    def receive(self) -> bytes | None:
        """Take what has arrived; return the reply when it is whole."""
        data = self.socket.recv(262144)
        if not data:
            raise ConnectionError(f"the server closed the connection after {self._reply[:300]!r}")
        self._reply += data
        if not is_whole(self._reply):
            return None
        reply, self._reply = self._reply, b""
        if not reply.startswith((b"HTTP/1.1 200", b"HTTP/1.1 202")):
            raise ValueError(f"an unexpected reply: {reply[:300]!r}")
        return reply


def is_whole(reply: bytes) -> bool:
    """Whether an HTTP/1.1 reply has arrived to its end."""
    head, gap, body = reply.partition(b"\r\n\r\n")
    if not gap:
        return False
    lowered = head.lower()
    at = lowered.find(b"content-length:")
    if at < 0:
        return body.endswith(b"0\r\n\r\n") or b"chunked" not in lowered
    return len(body) >= int(lowered[at + 15 :].split(b"\r\n", 1)[0])


def run(job: Job) -> Result:
    """Call as often as the job says; raises ``ValueError`` when a reply is not the expected one."""
    connections = [Connection(job) for _ in range(job.sessions)]
    begun, cpu = time.perf_counter(), time.process_time()
    latencies = sorted(_all_calls(connections, job))
    seconds, own = time.perf_counter() - begun, time.process_time() - cpu
    for connection in connections:
        connection.socket.close()
    return Result(seconds, latencies, own)


def _all_calls(connections: Sequence[Connection], job: Job) -> Iterator[float]:
    """Keep every connection busy until all calls are made; yield the seconds of each."""
    expected, left = job.expected.encode(), job.calls
    for connection, reply in _replies(connections, job.calls):
        if expected not in reply:
            raise ValueError(f"an unexpected answer: {reply[-300:]!r}")
        yield time.perf_counter() - connection.sent_at
        left -= 1
        if left >= len(connections):
            connection.send()


def _replies(connections: Sequence[Connection], calls: int) -> Iterator[tuple[Connection, bytes]]:
    selector = selectors.DefaultSelector()
    for connection in connections:
        selector.register(connection.socket, selectors.EVENT_READ, connection)
        connection.send()
    while calls:
        for key, _ in selector.select():
            if (reply := key.data.receive()) is not None:
                calls -= 1
                yield key.data, reply


def main() -> None:
    """Do the job on standard input."""
    print(json.dumps(asdict(run(Job(**json.load(sys.stdin))))))


if __name__ == "__main__":
    main()
