"""One run: databases are served over their transport, in this process, until somebody says stop."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import signal
import socket
import sys
import threading
from collections.abc import AsyncIterator
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any, Literal

from trunkline_server import events, lifetime
from trunkline_server.errors import (
    EXIT_FAILED,
    EXIT_USAGE,
    TrunklineError,
    explain,
)
from trunkline_server.serving import logins, logs, ports
from trunkline_server.serving.link import Claim, Link
from trunkline_server.serving.metrics.pool import Pool
from trunkline_server.serving.observe import Observer
from trunkline_server.serving.order import Order
from trunkline_server.serving.readiness import Readiness
from trunkline_server.serving.report import Reporter
from trunkline_server.serving.saved import Saved
from trunkline_server.serving.source import Sources, source_of, warm_up
from trunkline_server.serving.standard import StandardStreams

if TYPE_CHECKING:
    from trunkline_server.serving.lines import Inbox, Outbox

_WARM_UP_AFTER_S = 0.3


def run(
    order: Order,
    streams: StandardStreams,
    *,
    listener: socket.socket | None = None,
    report: Reporter | None = None,
    worker: int | None = None,
    parent: int = 0,
) -> int:
    """Serve until told to stop; returns the exit code.

    Args:
        order: what to serve.
        streams: this process's standard input and output.
        listener: a socket that listens already; without it one is bound when it is needed.
        report: who is told; the one who started this process when ``None``.
        worker: its number when it is one of several, which end with the process that started it.
        parent: that process.
    """
    form = order.watching.log_format
    report = report or Reporter(streams.write_line, has_events=order.has_events, form=form)
    logs.set_up(form)
    served = _Run(order, streams, report, listener=listener, worker=worker, parent=parent)
    try:
        reason = asyncio.run(served.until_stopped())
    except TrunklineError as exc:
        report(events.failed(exc.failure))
        return EXIT_FAILED
    except KeyboardInterrupt:
        reason = "signal"
    except Exception as exc:  # the edge of the process: it ends in a sentence
        logging.getLogger("trunkline").exception("The server stopped.")
        report(events.failed(explain(exc)))
        return EXIT_FAILED
    report(events.Stopped(reason=reason))
    return 0


def refuse(exc: TrunklineError, streams: StandardStreams, *, has_events: bool) -> int:
    """Tell why nothing is served; returns the exit code."""
    Reporter(streams.write_line, has_events=has_events)(events.failed(exc.failure))
    return EXIT_USAGE if exc.code.startswith("usage.") else EXIT_FAILED


class _Run:
    def __init__(
        self,
        order: Order,
        streams: StandardStreams,
        report: Reporter,
        *,
        listener: socket.socket | None,
        worker: int | None,
        parent: int,
    ) -> None:
        self._order = order
        self._streams = streams
        self._report = report
        self._listener = listener
        self._worker, self._parent = worker, parent
        self._reason = ""
        self._failure: TrunklineError | None = None
        self._stop = asyncio.Event()

    async def until_stopped(self) -> str:
        """Serve; returns why it ended."""
        self._loop = asyncio.get_running_loop()
        self._listen_to_signals()
        async with contextlib.AsyncExitStack() as stack:
            # What can fail at once comes first: FastMCP takes a second to load.
            claim = self._claimed(stack)
            listener = self._bound(stack)
            self._observer = self._observed(stack)
            sources = self._sources()
            stack.push_async_callback(sources.close)
            self._watch(sources)
            await stack.enter_async_context(self._observer.serve(has_port=not self._worker))
            self._readiness = Readiness(sources)
            stack.push_async_callback(self._readiness.close)
            server = await self._server(sources)
            await self._serve(server, claim, listener, stack)
            self._look_after(sources, stack)
            await self._stop.wait()
        if self._failure is not None:
            raise self._failure
        return self._reason

    def _claimed(self, stack: contextlib.AsyncExitStack) -> Claim | None:
        if not self._order.has_link or self._order.is_stdio_server:
            return None
        claim = Claim(self._order.profile)
        stack.callback(claim.release)
        return claim

    def _bound(self, stack: contextlib.AsyncExitStack) -> socket.socket | None:
        if self._order.transport == "stdio":
            return None
        bound = self._listener or ports.bind(self._order.host, self._order.port)
        return stack.enter_context(bound)

    def _observed(self, stack: contextlib.AsyncExitStack) -> Observer:
        order = self._order
        observer = Observer(
            order.watching,
            profiles=[subject.profile for subject in order.subjects],
            output=None if order.has_events or order.transport == "stdio" else self._write,
        )
        stack.callback(observer.close)
        return observer

    def _sources(self) -> Sources:
        order = self._order
        found = [source_of(subject) for subject in order.subjects]
        if order.renewed is None:
            return Sources(found)
        return Sources(found, Saved([source.profile for source in found], order.renewed).news)

    def _watch(self, sources: Sources) -> None:
        for profile_id in sources.ids:
            self._observer.watch(profile_id, partial(_pool, sources, profile_id))

    def _write(self, line: bytes) -> None:
        self._streams.write_line(line)

    async def _server(self, sources: Sources) -> Any:
        from trunkline_server.serving import app  # not at the top: it takes a second to load

        return await app.ready(sources, self._observer.record, self._on_client)

    def _on_client(self, name: str, version: str, transport: str) -> None:
        self._observer.client(name, version, transport)
        self._report(events.Client(name=name, version=version, transport=transport))

    def _look_after(self, sources: Sources, stack: contextlib.AsyncExitStack) -> None:
        """Try the login at once when somebody watches; else only load what a question needs."""
        if self._order.has_events and len(sources) == 1:
            task = asyncio.create_task(self._try_login(sources))
            stack.push_async_callback(_cancelled, task)
        else:
            self._loop.call_later(_WARM_UP_AFTER_S, warm_up)

    async def _try_login(self, sources: Sources) -> None:
        self._failure = await logins.try_login(sources, self._report)
        if self._failure is not None:
            self._end("the login does not work")

    async def _serve(
        self,
        server: Any,
        claim: Claim | None,
        listener: socket.socket | None,
        stack: contextlib.AsyncExitStack,
    ) -> None:
        order, url = self._order, ""
        if listener is not None:
            url = await stack.enter_async_context(self._endpoint(server, listener))
        if claim is not None:
            from trunkline_server.serving import app  # loaded by now

            link = Link(order.profile, lambda inbox, outbox: app.converse(server, inbox, outbox))
            stack.push_async_callback(link.close)
            link.announce(order.transport, url)
        self._report(events.Ready(transport=order.transport, url=url, pid=os.getpid()))
        self._watch_input(server)

    @contextlib.asynccontextmanager
    async def _endpoint(self, server: Any, listener: socket.socket) -> AsyncIterator[str]:
        from trunkline_server.serving import app, gate, transports  # loaded with FastMCP

        order, rules = self._order, self._order.rules
        assert rules is not None  # noqa: S101  http and sse always have them
        kind: Literal["http", "sse"] = "sse" if order.transport == "sse" else "http"
        rules = replace(rules, is_ready=self._readiness, on_refused=self._observer.refused)
        asgi = app.http_app(server, kind, order.allowed_hosts, is_stateless=order.is_stateless)
        endpoint = transports.Endpoint(
            self._observer.tracked(gate.guarded(self._observer.with_metrics(asgi), rules)),
            tls=rules.tls,
            limits=rules.sizes,
            on_refused=rules.on_refused,
            is_shared=self._worker is not None,
        )
        serving = asyncio.create_task(endpoint.run_on(listener))
        serving.add_done_callback(lambda _: self._end("the endpoint ended"))
        try:
            await endpoint.until_started(serving)
            scheme = "https" if rules.tls else "http"
            yield ports.url_of(listener, order.host, app.PATHS[kind], scheme)
        finally:
            endpoint.stop()
            await serving

    def _watch_input(self, server: Any) -> None:
        if self._order.is_stdio_server or self._worker is not None:
            ended = "the parent is gone"
            lifetime.watch_parent(lambda: self._end_soon(ended), parent=self._parent)
        if self._order.is_stdio_server:
            task = asyncio.create_task(self._standard_session(server))
            task.add_done_callback(self._on_session_end)
            self._session = task
        elif self._order.until_eof:
            threading.Thread(target=self._until_eof, name="input", daemon=True).start()

    def _until_eof(self) -> None:
        with contextlib.suppress(OSError):
            self._streams.until_end()
        self._end_soon("end of input")

    async def _standard_session(self, server: Any) -> None:
        from trunkline_server.serving import app, lines  # loaded by now

        balance = lines.Balance()
        inbox: Inbox = lines.Inbox(self._streams.read_line, balance)
        outbox: Outbox = lines.Outbox(self._streams.write_line, balance)
        await app.converse(server, inbox, outbox)
        await outbox.close()

    def _on_session_end(self, task: asyncio.Task[None]) -> None:
        self._end("end of input")
        if not task.cancelled() and task.exception() is not None:
            logging.getLogger("trunkline").error("The session broke.", exc_info=task.exception())

    def _listen_to_signals(self) -> None:
        for number in (signal.SIGINT, signal.SIGTERM):
            if sys.platform == "win32":
                signal.signal(number, lambda *_: self._end_soon("signal"))
            else:
                self._loop.add_signal_handler(number, self._end, "signal")

    def _end_soon(self, reason: str) -> None:
        with contextlib.suppress(RuntimeError):  # it ended meanwhile
            self._loop.call_soon_threadsafe(self._end, reason)

    def _end(self, reason: str) -> None:
        self._reason = self._reason or reason
        self._stop.set()


def _pool(sources: Sources, profile_id: str) -> Pool:
    source = sources.get(profile_id)
    in_use, idle = source.connections
    return Pool(in_use=in_use, idle=idle, is_up=source.is_up)


async def _cancelled(task: asyncio.Task[None]) -> None:
    task.cancel()
    await asyncio.wait([task])
