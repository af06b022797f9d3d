"""Several processes behind one port: started, watched, replaced when one dies, ended together.

Each is a fork of this process, made after everything heavy was loaded and before any thread or
event loop began: they share that memory, and secrets reach them without a file or an argument.
"""

from __future__ import annotations

import contextlib
import gc
import os
import selectors
import signal
import socket
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace

from trunkline_server import events
from trunkline_server.errors import EXIT_FAILED, TrunklineError
from trunkline_server.serving import logs, ports, run
from trunkline_server.serving.metrics import processes
from trunkline_server.serving.order import Order
from trunkline_server.serving.report import Reporter
from trunkline_server.serving.standard import StandardStreams

GRACE_S = 8.0  # for a worker to finish what is under way
FIRST_WAIT_S, LONGEST_WAIT_S = 0.5, 30.0  # before a worker that died is replaced
HEALTHY_S = 60.0  # a worker that lived so long died of something new
_STOPS = (signal.SIGINT, signal.SIGTERM)


@dataclass(slots=True)
class _Worker:
    """A child: ``events`` is the end of the pipe it reports through."""

    number: int
    pid: int
    events: int
    born: float
    rest: bytes = b""
    is_ready: bool = False


def serve(order: Order, streams: StandardStreams) -> int:
    """Serve ``order`` with its number of workers until told to stop; returns the exit code."""
    form = order.watching.log_format
    report = Reporter(streams.write_line, has_events=order.has_events, form=form)
    logs.set_up(form)
    try:
        with contextlib.ExitStack() as stack:
            listener = stack.enter_context(ports.bind(order.host, order.port))
            _load()
            if order.watching.has_metrics:
                stack.enter_context(processes.shared())
            return _Parent(order, streams, report, listener).until_stopped()
    except TrunklineError as exc:
        report(events.failed(exc.failure))
        return EXIT_FAILED


def _load() -> None:
    """Load what every worker needs, once; a fork shares it."""
    import trunkline_server.postgres.catalog
    import trunkline_server.postgres.database
    import trunkline_server.serving.app
    import trunkline_server.serving.gate.gate
    import trunkline_server.serving.transports  # noqa: F401  loaded for the workers

    gc.collect()
    gc.freeze()  # else the first collection in a child would copy all of it


class _Parent:
    def __init__(
        self, order: Order, streams: StandardStreams, report: Reporter, listener: socket.socket
    ) -> None:
        self._order = order
        self._streams = streams
        self._report = report
        self._listener = listener
        self._selector = selectors.DefaultSelector()
        self._workers: dict[int, _Worker] = {}  # by the pipe's descriptor
        self._due: dict[int, float] = {}  # number of a worker → when to start it
        self._wait_s = dict.fromkeys(range(order.workers), FIRST_WAIT_S)
        self._reason = ""
        self._failure: events.Failed | None = None
        self._is_told = False

    def until_stopped(self) -> int:
        """Watch over the workers; returns the exit code."""
        with _signals(self._selector), self._input():
            for number in range(self._order.workers if not self._reason else 0):
                self._start(number)
            while not self._reason:
                self._turn()
            self._end_all()
        if self._failure is not None:
            self._report(self._failure)
            return EXIT_FAILED
        self._report(events.Stopped(reason=self._reason))
        return 0

    @contextlib.contextmanager
    def _input(self) -> Iterator[None]:
        if self._order.until_eof:
            try:
                self._selector.register(0, selectors.EVENT_READ, "input")
            except OSError:  # a file, /dev/null or nothing at all: nobody is there to end it later
                self._reason = "end of input"
        yield

    def _turn(self) -> None:
        """Wait for the next thing to happen, and see to it."""
        now = time.monotonic()
        for number in [n for n, due in self._due.items() if due <= now]:
            self._start(number)
        wait_s = min((due - now for due in self._due.values()), default=None)
        for key, _ in self._selector.select(None if wait_s is None else max(0.0, wait_s)):
            if key.data == "signal":
                os.read(key.fd, 64)
                self._reason = "signal"
            elif key.data == "input":
                self._reason = self._reason or ("" if os.read(0, 65536) else "end of input")
            else:
                self._hear(self._workers[key.fd])

    def _start(self, number: int) -> None:
        self._due.pop(number, None)
        ours, theirs = os.pipe()
        # Until the child has handlers of its own, a signal to it would be lost in ours.
        signal.pthread_sigmask(signal.SIG_BLOCK, _STOPS)
        parent, pid = os.getpid(), os.fork()
        if pid == 0:
            os.close(ours)
            self._be(number, theirs, parent)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, _STOPS)
        os.close(theirs)
        self._workers[ours] = _Worker(number, pid, ours, time.monotonic())
        self._selector.register(ours, selectors.EVENT_READ, "worker")

    def _be(self, number: int, pipe: int, parent: int) -> None:
        """Be a worker until the end of this process, or of ``parent``."""
        code = EXIT_FAILED
        try:
            for signum in _STOPS:
                signal.signal(signum, signal.SIG_DFL)
            signal.set_wakeup_fd(-1)
            signal.pthread_sigmask(signal.SIG_UNBLOCK, _STOPS)
            code = run.run(
                self._as_worker(number),
                self._streams,
                listener=self._listener,
                report=Reporter(lambda line: os.write(pipe, line + b"\n"), has_events=True),
                worker=number,
                parent=parent,
            )
        finally:
            os._exit(code)  # nothing of the parent's is to be tidied here

    def _as_worker(self, number: int) -> Order:
        is_first = number == 0  # relays and the first login are its business
        return replace(
            self._order,
            has_link=self._order.has_link and is_first,
            has_events=self._order.has_events and is_first,
            until_eof=False,
        )

    def _hear(self, worker: _Worker) -> None:
        data = os.read(worker.events, 65536)
        *lines, worker.rest = (worker.rest + data).split(b"\n")
        for line in lines:
            self._on_event(worker, events.decode(line))
        if not data:
            self._bury(worker)

    def _on_event(self, worker: _Worker, event: events.Event) -> None:
        if isinstance(event, events.Ready):
            worker.is_ready = True
            if not self._is_told and self._are_all_ready():
                self._is_told = True
                self._report(replace(event, pid=os.getpid()))
        elif isinstance(event, events.Failed) and not event.stage:
            # It ends now, and would again: what is wrong is outside of it.
            self._failure = self._failure or event
            self._reason = self._reason or "failed"
        elif not isinstance(event, events.Stopped):
            self._report(event)

    def _are_all_ready(self) -> bool:
        ready = [worker for worker in self._workers.values() if worker.is_ready]
        return len(ready) == self._order.workers

    def _bury(self, worker: _Worker) -> None:
        self._selector.unregister(worker.events)
        os.close(worker.events)
        del self._workers[worker.events]
        os.waitpid(worker.pid, 0)
        processes.forget(worker.pid)
        number, now = worker.number, time.monotonic()
        if now - worker.born > HEALTHY_S:
            self._wait_s[number] = FIRST_WAIT_S
        self._due[number] = now + self._wait_s[number]
        self._wait_s[number] = min(self._wait_s[number] * 2, LONGEST_WAIT_S)

    def _end_all(self) -> None:
        deadline = time.monotonic() + GRACE_S
        for worker in self._workers.values():
            _signal(worker.pid, signal.SIGTERM)
        while self._workers and (left := deadline - time.monotonic()) > 0:
            for key, _ in self._selector.select(left):
                if key.fd in self._workers:
                    self._hear(self._workers[key.fd])
                elif key.data == "signal":
                    os.read(key.fd, 64)
                else:
                    self._selector.unregister(key.fd)
        for worker in list(self._workers.values()):
            _signal(worker.pid, signal.SIGKILL)
            self._bury(worker)


def _signal(pid: int, number: signal.Signals) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, number)


@contextlib.contextmanager
def _signals(selector: selectors.BaseSelector) -> Iterator[None]:
    """Let the signals that mean "stop" be read from a pipe."""
    ours, theirs = os.pipe()
    os.set_blocking(theirs, False)
    signal.set_wakeup_fd(theirs, warn_on_full_buffer=False)
    for number in _STOPS:
        signal.signal(number, lambda *_: None)
    selector.register(ours, selectors.EVENT_READ, "signal")
    try:
        yield
    finally:
        signal.set_wakeup_fd(-1)
        os.close(ours)
        os.close(theirs)
