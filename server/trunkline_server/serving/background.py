"""Writing things down in a thread of its own: nobody waits for a disk. Standard library only.

What cannot be written now is kept for later, a bounded number of things, and trouble is told once.
"""

from __future__ import annotations

import queue
import threading
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from typing import Generic, Protocol, TypeVar

QUEUED = 10_000
RETAINED = 2_000
LINGER_S = 0.05  # one commit then serves every call of that time
IDLE_S = 3_600.0
_BATCH = 500
FIRST_PAUSE_S, LONGEST_PAUSE_S = 1.0, 10.0

Thing = TypeVar("Thing")
Form = TypeVar("Form")
Thing_contra = TypeVar("Thing_contra", contravariant=True)


class Sink(Protocol[Thing_contra, Form]):
    """Where things end up; used by one thread only."""

    def prepared(self, thing: Thing_contra) -> Form:
        """Return the form in which ``thing`` is written; one that raises is left out."""

    def write(self, waiting: deque[Form]) -> None:
        """Write ``waiting`` and take out what is written; an empty one is a chance to tidy."""

    def close(self) -> None:
        """Let go of everything."""


class Background(Generic[Thing, Form]):
    """A queue and the thread that empties it into a sink; the first ``put`` starts it.

    ``on_trouble`` gets the first exception of a series, ``on_recovery`` how many things were lost
    when the series is over; both are called in the thread.
    """

    def __init__(
        self,
        sink: Sink[Thing, Form],
        name: str,
        on_trouble: Callable[[Exception], None],
        on_recovery: Callable[[int], None],
    ) -> None:
        self._sink, self._name = sink, name
        self._on_trouble, self._on_recovery = on_trouble, on_recovery
        self._queue: queue.SimpleQueue[Thing | threading.Event] = queue.SimpleQueue()
        self._pending: deque[Form] = deque()
        self._lost = 0
        self._pause_s = 0.0
        self._hurry = threading.Event()
        self._starting = threading.Lock()
        self._thread: threading.Thread | None = None
        self._is_closed = False

    def put(self, thing: Thing) -> None:
        """Keep ``thing``. Returns at once; it is lost when too many wait already."""
        if self._is_closed:
            return
        if self._thread is None:
            self._start()
        if self._queue.qsize() < QUEUED:
            self._queue.put(thing)
        else:
            self._lost += 1

    def flush(self, timeout_s: float) -> bool:
        """Try to write everything put so far; whether that was tried in time."""
        if self._thread is None or self._is_closed:
            return self._thread is None or not self._thread.is_alive()
        tried = threading.Event()
        self._queue.put(tried)
        self._hurry.set()
        return tried.wait(timeout_s)

    def close(self, timeout_s: float) -> None:
        """Write what waits, at most for ``timeout_s`` seconds, and stop."""
        self._is_closed = True
        if self._thread is not None:
            self._queue.put(threading.Event())
            self._hurry.set()
            self._thread.join(timeout_s)

    def _start(self) -> None:
        with self._starting:
            if self._thread is None:
                self._thread = threading.Thread(target=self._work, name=self._name, daemon=True)
                self._thread.start()

    def _work(self) -> None:
        while not (self._is_closed and self._queue.empty()):
            tried = self._collected()
            self._try()
            for event in tried:
                event.set()
        self._sink.close()

    def _collected(self) -> list[threading.Event]:
        """Move what waits to ``_pending``; returns who wants to know when it was tried."""
        first: list[Thing | threading.Event] = []
        if self._pause_s:
            self._hurry.wait(self._pause_s)
        else:
            with suppress(queue.Empty):
                first.append(self._queue.get(timeout=IDLE_S))
            if first and not isinstance(first[0], threading.Event):
                self._hurry.wait(LINGER_S)
        self._hurry.clear()
        with suppress(queue.Empty):
            while len(first) < _BATCH:
                first.append(self._queue.get_nowait())
        for thing in first:
            if not isinstance(thing, threading.Event):
                self._keep(thing)
        return [t for t in first if isinstance(t, threading.Event)]

    def _keep(self, thing: Thing) -> None:
        with suppress(Exception):  # what a faulty caller put is no reason to lose the rest
            self._pending.append(self._sink.prepared(thing))
        if len(self._pending) > RETAINED:
            self._pending.popleft()
            self._lost += 1

    def _try(self) -> None:
        try:
            self._sink.write(self._pending)
        except Exception as exc:  # noqa: BLE001 - nothing may escape the thread of a log
            if not self._pause_s:
                self._on_trouble(exc)
            self._pause_s = min(max(2 * self._pause_s, FIRST_PAUSE_S), LONGEST_PAUSE_S)
            return
        if self._pause_s or self._lost:
            self._on_recovery(self._lost)
        self._pause_s, self._lost = 0.0, 0
