"""Lines between a blocking pipe and the event loop, as the MCP library wants its streams.

Reading and writing have a thread each: a pipe cannot be waited for on Windows, and a thread that
waits for input must not keep the program from ending.
"""

from __future__ import annotations

import asyncio
import json
import queue
import re
import threading
from collections.abc import Callable
from typing import Self

LAST_REPLIES_S = 5.0

_REPLY = re.compile(r'\{"jsonrpc":"2\.0","id":(?:"(?:[^"\\]|\\.)*"|-?\d+),"(?:result|error)"')


class Balance:
    """How many requests of one client still wait for their reply."""

    def __init__(self) -> None:
        self._open = 0
        self._even = asyncio.Event()
        self._even.set()

    def received(self, line: str) -> None:
        """Count a line of the client; a cancelled request is not waited for."""
        try:
            message = json.loads(line)
        except (ValueError, RecursionError):
            return
        if isinstance(message, dict) and "method" in message:
            self._add(("id" in message) - (message["method"] == "notifications/cancelled"))

    def sent(self, line: str) -> None:
        """Count a line of ours."""
        if _REPLY.match(line):
            self._add(-1)

    def _add(self, number: int) -> None:
        self._open = max(0, self._open + number)
        if self._open:
            self._even.clear()
        else:
            self._even.set()

    async def settled(self) -> None:
        """Wait for the last replies, a bounded time."""
        try:
            await asyncio.wait_for(self._even.wait(), LAST_REPLIES_S)
        except TimeoutError:
            return


class Inbox:
    """What a client says: iterate over its lines.

    ``receive`` blocks for the next line and returns ``b""`` or raises ``OSError`` or ``EOFError``
    at the end. Who closes a pipe may go on listening at another (``listens_on``): there the end is
    passed on only when the replies are out. A closed connection hears nothing more.
    """

    def __init__(
        self, receive: Callable[[], bytes], balance: Balance, *, listens_on: bool = True
    ) -> None:
        self._loop = asyncio.get_running_loop()
        self._lines: asyncio.Queue[bytes] = asyncio.Queue()
        self._receive = receive
        self._balance = balance
        self._listens_on = listens_on
        threading.Thread(target=self._pump, name="inbox", daemon=True).start()

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> str:
        data = await self._lines.get()
        if not data:
            if self._listens_on:
                await self._balance.settled()
            raise StopAsyncIteration
        line = data.decode("utf-8", "replace")
        self._balance.received(line)
        return line

    def _pump(self) -> None:
        data = b"-"
        while data:
            try:
                data = self._receive()
            except (OSError, EOFError):
                data = b""
            try:
                self._loop.call_soon_threadsafe(self._lines.put_nowait, data)
            except RuntimeError:  # the loop is closed: nobody listens any more
                return


class Outbox:
    """What the server says: ``send`` gets each line without its end, in order, in a thread."""

    def __init__(self, send: Callable[[bytes], object], balance: Balance) -> None:
        self._lines: queue.SimpleQueue[bytes | None] = queue.SimpleQueue()
        self._send = send
        self._balance = balance
        self._thread = threading.Thread(target=self._pump, name="outbox", daemon=True)
        self._thread.start()

    async def write(self, text: str) -> None:
        """Take one line."""
        self._lines.put(text.rstrip("\n").encode())
        self._balance.sent(text)

    async def flush(self) -> None:
        """Do nothing: lines leave at once."""

    async def close(self) -> None:
        """Wait, a bounded time, until everything has left."""
        self._lines.put(None)
        await asyncio.to_thread(self._thread.join, LAST_REPLIES_S)

    def _pump(self) -> None:
        while (line := self._lines.get()) is not None:
            try:
                self._send(line)
            except (OSError, ValueError):  # the client is gone
                return
