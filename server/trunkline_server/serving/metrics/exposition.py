"""Handing metrics to Prometheus: an ASGI app, or a port of its own."""

from __future__ import annotations

import contextlib
import logging
import re
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

from prometheus_client import CollectorRegistry, exposition, multiprocess

from trunkline_server.serving import ports
from trunkline_server.serving.metrics import processes
from trunkline_server.serving.metrics.usage import Usage

if TYPE_CHECKING:
    from starlette.types import ASGIApp

HOST = "127.0.0.1"
PATH = "/metrics"

_IDLE_S = 10
_PORT = re.compile(r":\d*$")
_log = logging.getLogger(__name__)


class Exposition:
    """What a scrape gets: ``own`` registry, or everything the processes of this server counted.

    ``refresh`` is called before each scrape.
    """

    def __init__(
        self,
        own: CollectorRegistry | None = None,
        refresh: Callable[[], None] = lambda: None,
    ) -> None:
        self._refresh = refresh
        self._registry = own or CollectorRegistry()
        if own is None:
            # It asks its own for every file again, so one of them is enough.
            multiprocess.MultiProcessCollector(self._registry)  # type: ignore[no-untyped-call]  # it has no types
        self._registry.register(Usage())

    def page(self, accept: str = "") -> tuple[str, bytes]:
        """Return content type and text of a scrape, in the form that ``accept`` asks for."""
        with contextlib.suppress(OSError):  # the figures of before are better than none
            self._refresh()
        processes.forget_dead()
        encode, content_type = exposition.choose_encoder(accept)
        return content_type, encode(self._registry)

    def app(self) -> ASGIApp:
        """Return an ASGI app that answers every GET; put it behind the token."""

        async def metrics(scope: Any, receive: Any, send: Any) -> None:
            accept = b",".join(value for name, value in scope["headers"] if name == b"accept")
            is_read = scope["method"] in {"GET", "HEAD"}
            kind, body = self.page(accept.decode("latin-1")) if is_read else ("text/plain", b"")
            headers = [(b"content-type", kind.encode()), (b"cache-control", b"no-store")]
            status = 200 if is_read else 405
            await send({"type": "http.response.start", "status": status, "headers": headers})
            await send({"type": "http.response.body", "body": body})

        return metrics

    @contextlib.contextmanager
    def serve(self, port: int) -> Iterator[int]:
        """Serve ``/metrics`` on a port of this computer, 0 for a free one, in a thread.

        Yields the port. It answers programs of this computer without a token, and no web page
        whose own name leads here.

        Raises:
            TrunklineError: ``run.port_taken``, ``run.port_denied``.
        """
        listener = ports.bind(HOST, port)
        server = _Server(listener.getsockname(), _handler(self.page), bind_and_activate=False)
        server.socket.close()
        server.socket = listener
        thread = threading.Thread(target=server.serve_forever, name="metrics", daemon=True)
        thread.start()
        try:
            yield listener.getsockname()[1]
        finally:
            server.shutdown()
            thread.join()
            server.server_close()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False

    def handle_error(self, request: object, client_address: object) -> None:
        """Say nothing of a reader that went away."""
        _log.debug("A scrape broke.", exc_info=True)


def _handler(page: Callable[[str], tuple[str, bytes]]) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        timeout = _IDLE_S
        server_version, sys_version = "trunkline", ""

        def do_GET(self) -> None:
            host = _PORT.sub("", self.headers.get("host", HOST))
            if not ports.is_loopback(host):
                self._answer(421, "text/plain", b"This is not a host name of this server.\n")
            elif self.path.partition("?")[0] != PATH:
                self._answer(404, "text/plain", b"The metrics are at /metrics.\n")
            else:
                self._answer(200, *page(self.headers.get("accept", "")))

        def _answer(self, status: int, content_type: str, body: bytes) -> None:
            self.send_response(status)
            self.send_header("Content-Type", content_type)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - its own name
            """Say nothing: standard error is for what matters."""

    return Handler
