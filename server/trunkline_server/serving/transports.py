"""The HTTP and SSE endpoint on a listening socket, until it is told to stop."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import Iterator

import uvicorn
from starlette.types import ASGIApp

from trunkline_server.serving.gate.certificate import Certificate, Files
from trunkline_server.serving.gate.reception import Reception
from trunkline_server.serving.gate.rules import OnRefused
from trunkline_server.serving.gate.sizes import Sizes
from trunkline_server.serving.parser import Parser

GRACE_S = 2
_TICK_S = 1.0


class Endpoint(uvicorn.Server):
    """uvicorn that leaves signals to us, says nothing on its own, and lets us open the door.

    uvicorn gives every connection a protocol at once, TLS or not; here :class:`Reception` decides
    who gets one, with which certificate, and how long they may take.
    """

    def __init__(
        self,
        app: ASGIApp,
        *,
        tls: Files | None = None,
        limits: Sizes | None = None,
        on_refused: OnRefused | None = None,
        is_shared: bool = False,
    ) -> None:
        """Prepare ``app`` for :meth:`run_on`; pass ``rules.tls``, ``.sizes``, ``.on_refused``.

        ``is_shared`` says that other processes accept on the same socket.

        Raises:
            TrunklineError: ``endpoint.*``, the certificate cannot be used.
        """
        self._has_started = asyncio.Event()
        self._is_over = asyncio.Event()
        self._sizes = limits or Sizes()
        self._reception = Reception(
            self._protocol,
            self._sizes,
            Certificate(tls) if tls else None,
            on_refused,
            is_shared=is_shared,
        )
        super().__init__(
            uvicorn.Config(
                app,
                log_config=None,
                access_log=False,
                lifespan="on",
                ws="none",
                http=Parser,
                timeout_graceful_shutdown=GRACE_S,
                timeout_keep_alive=self._sizes.idle_s,
                h11_max_incomplete_event_size=self._sizes.header,
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
        # As uvicorn does it, but for the accepting; an empty list is all it would start.
        await super().startup([])
        for listener in sockets or []:
            self._reception.open(listener, on_end=self.stop)
        self._has_started.set()

    async def main_loop(self) -> None:
        """Renew the date of the answers each second until the end, and hear of it at once."""
        while not await self.on_tick(0):
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._is_over.wait(), _TICK_S)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Let nobody in any more, then finish what is under way."""
        await self._reception.close()
        await super().shutdown(sockets)

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
        self._is_over.set()

    def _protocol(self) -> asyncio.Protocol:
        """Return what speaks HTTP on a new connection."""
        return Parser(
            config=self.config, server_state=self.server_state, app_state=self.lifespan.state
        )
