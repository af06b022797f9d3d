"""One run: a profile is served over its transports until somebody says stop."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import signal
import socket
import sys
import threading
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from itertools import chain, repeat
from typing import TYPE_CHECKING, Any, Literal

from trunkline_server import events, lifetime
from trunkline_server.errors import EXIT_FAILED, TrunklineError, explain, fail
from trunkline_server.profiles.profile import Profile, Transport
from trunkline_server.serving import ports
from trunkline_server.serving.activity import Activity
from trunkline_server.serving.link import Claim, Link
from trunkline_server.serving.source import Source, warm_up
from trunkline_server.serving.standard import StandardStreams

if TYPE_CHECKING:
    from trunkline_server.serving.lines import Inbox, Outbox

_WARM_UP_AFTER_S = 0.3

_LOOK_AGAIN_S = (2.0, 5.0, 10.0, 30.0, 60.0)

# No patience cures these: somebody has to change the profile, its password or the keyring first.
_HOPELESS = (
    "database.unknown",
    "login.not_allowed",
    "login.password",
    "login.role",
    "sample.",
    "secrets.",
    "tls.",
)


@dataclass(frozen=True, kw_only=True)
class Order:
    """What to serve and how.

    Attributes:
        profile: the database.
        password: asked for when the first question comes.
        transport: ``stdio``, ``http`` or ``sse``.
        host: address to listen on.
        port: port to listen on; 0 means a free one.
        token: what HTTP and SSE clients must know; "" for stdio.
        allowed_hosts: further names clients may call this server by.
        has_link: whether relays find this server; only one can have it per profile.
        has_events: standard output carries events instead of MCP.
        until_eof: the end of the input means stop.
    """

    profile: Profile
    password: Callable[[], str | None]
    transport: Transport
    host: str = "127.0.0.1"
    port: int = 0
    token: str = field(default="", repr=False)
    allowed_hosts: tuple[str, ...] = ()
    has_link: bool = True
    has_events: bool = False
    until_eof: bool = False

    @property
    def is_stdio_server(self) -> bool:
        """Whether standard input and output are MCP."""
        return self.transport == "stdio" and not self.has_events


class Reporter:
    """Tells what happens: events on standard output, or words on standard error."""

    def __init__(self, streams: StandardStreams, *, has_events: bool) -> None:
        self._streams = streams
        self._has_events = has_events

    def __call__(self, event: events.Event) -> None:
        """Tell one event; a reader that is gone is no reason to fail."""
        with contextlib.suppress(OSError):
            if self._has_events:
                self._streams.write_line(events.encode(event).encode())
            elif words := _in_words(event):
                os.write(2, f"{words}\n".encode())


def _in_words(event: events.Event) -> str:
    if isinstance(event, events.Failed):
        details = f"\nDetails: {event.detail}" if event.detail else ""
        return f"{event.failure}{details}"
    if isinstance(event, events.Ready) and event.url:
        return f"Serving at {event.url}"
    return ""


def run(order: Order, streams: StandardStreams) -> int:
    """Serve until told to stop; returns the exit code."""
    report = Reporter(streams, has_events=order.has_events)
    _quiet()
    try:
        reason = asyncio.run(_Run(order, streams, report).until_stopped())
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


def _quiet() -> None:
    logging.basicConfig(stream=sys.stderr, level=logging.WARNING, format="%(name)s: %(message)s")
    for name in ("mcp", "fastmcp", "uvicorn", "asyncio"):
        logging.getLogger(name).setLevel(logging.ERROR)


class _Run:
    def __init__(self, order: Order, streams: StandardStreams, report: Reporter) -> None:
        self._order = order
        self._streams = streams
        self._report = report
        self._reason = ""
        self._failure: TrunklineError | None = None
        self._stop = asyncio.Event()

    async def until_stopped(self) -> str:
        """Serve; returns why it ended."""
        self._loop = asyncio.get_running_loop()
        self._listen_to_signals()
        async with contextlib.AsyncExitStack() as stack:
            # What can fail at once comes first: FastMCP takes a second to load.
            claim = await self._claimed(stack)
            listener = self._bound(stack)
            source = Source(self._order.profile, self._order.password)
            stack.push_async_callback(source.close)
            server = await self._server(source, stack)
            await self._serve(server, claim, listener, stack)
            if self._order.has_events:
                stack.push_async_callback(_cancelled, asyncio.create_task(self._try_login(source)))
            else:
                self._loop.call_later(_WARM_UP_AFTER_S, warm_up)
            await self._stop.wait()
        if self._failure is not None:
            raise self._failure
        return self._reason

    async def _try_login(self, source: Source) -> None:
        """Tell, before a question does, that the database cannot be asked, and when it can."""
        told = ""
        for wait_s in chain(_LOOK_AGAIN_S, repeat(_LOOK_AGAIN_S[-1])):
            failure = await self._failed_login(source)
            if failure is None or failure.code.startswith(_HOPELESS):
                break
            if failure.code != told:
                self._report(events.failed(failure.failure, stage="login"))
            told = failure.code
            await asyncio.sleep(wait_s)
        if failure is not None:
            self._failure = failure
            self._end("the login does not work")
        elif told:
            self._report(events.Stage(stage="login", state="done"))

    async def _failed_login(self, source: Source) -> TrunklineError | None:
        try:
            await (await source.database()).fetch("SELECT 1 AS works")
        except TrunklineError as exc:
            return exc
        return None

    async def _claimed(self, stack: contextlib.AsyncExitStack) -> Claim | None:
        if not self._order.has_link or self._order.is_stdio_server:
            return None
        claim = Claim(self._order.profile)
        stack.callback(claim.release)
        return claim

    def _bound(self, stack: contextlib.AsyncExitStack) -> socket.socket | None:
        if self._order.transport == "stdio":
            return None
        return stack.enter_context(ports.bind(self._order.host, self._order.port))

    async def _server(self, source: Source, stack: contextlib.AsyncExitStack) -> Any:
        activity = Activity()
        stack.callback(activity.close)
        from trunkline_server.serving import app  # not at the top: it takes a second to load

        return await app.ready(source, activity.record, self._on_client)

    def _on_client(self, name: str, version: str, transport: str) -> None:
        self._report(events.Client(name=name, version=version, transport=transport))

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
        from trunkline_server.serving import app, transports  # loaded with FastMCP

        order = self._order
        kind: Literal["http", "sse"] = "sse" if order.transport == "sse" else "http"
        asgi = app.http_app(server, kind, order.token, order.allowed_hosts)
        endpoint = transports.Endpoint(asgi)
        serving = asyncio.create_task(endpoint.run_on(listener))
        serving.add_done_callback(lambda _: self._end("the endpoint ended"))
        try:
            await endpoint.until_started(serving)
            yield ports.url_of(listener, order.host, "/mcp" if kind == "http" else "/sse")
        finally:
            endpoint.stop()
            await serving

    def _watch_input(self, server: Any) -> None:
        if self._order.is_stdio_server:
            task = asyncio.create_task(self._standard_session(server))
            task.add_done_callback(self._on_session_end)
            self._session = task
            lifetime.watch_parent(lambda: self._end_soon("the parent is gone"))
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


async def _cancelled(task: asyncio.Task[None]) -> None:
    task.cancel()
    await asyncio.wait([task])


def require_local(host: str, *, allow_remote: bool) -> None:
    """Refuse an address other computers can reach, unless it is meant.

    Raises:
        TrunklineError: ``run.remote``.
    """
    if not ports.is_loopback(host) and not allow_remote:
        raise fail(
            "run.remote",
            f"Listening on {host} would let other computers ask this database.",
            "Use 127.0.0.1, or add --allow-remote if that is what you want.",
        )
