"""The HTTP and SSE endpoint on a listening socket, until it is told to stop."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import Iterator

import uvicorn
from starlette.types import ASGIApp

from trunkline_server.serving.gate.certificate import Files
from trunkline_server.serving.gate.rules import OnRefused
from trunkline_server.serving.gate.sizes import Sizes

GRACE_S = 2


class Endpoint(uvicorn.Server):
    """uvicorn that leaves signals to us and says nothing on its own."""

    def __init__(
        self,
        app: ASGIApp,
        *,
        tls: Files | None = None,
        limits: Sizes | None = None,
        on_refused: OnRefused | None = None,
    ) -> None:
        """Prepare ``app`` for :meth:`run_on`; pass ``rules.tls``, ``.sizes``, ``.on_refused``."""
        self._has_started = asyncio.Event()
        super().__init__(
            uvicorn.Config(
                app,
                log_config=None,
                access_log=False,
                lifespan="on",
                ws="none",
                timeout_graceful_shutdown=GRACE_S,
                server_header=False,
                # The gate reads X-Forwarded-For itself, and from nobody it was not told to trust.
                proxy_headers=False,
            )
        )

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave the signals alone."""
        yield

    async def run_on(self, listener: socket.socket) -> None:
        """Serve on ``listener`` until :meth:`stop`."""
        await self.serve(sockets=[listener])

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start, and let those who wait know."""
        await super().startup(sockets)
        self._has_started.set()

    async def until_started(self, serving: asyncio.Task[None]) -> None:
        """Return when requests are answered; raise what ended ``serving`` before."""
        started = asyncio.create_task(self._has_started.wait())
        await asyncio.wait({started, serving}, return_when=asyncio.FIRST_COMPLETED)
        started.cancel()
        if serving.done():
            serving.result()

    def stop(self) -> None:
        """Finish what is under way, a bounded time, and end."""
        self.should_exit = True
