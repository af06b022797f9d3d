"""A blocking call off the GUI thread, such as the keyring that waits for an unlock prompt."""

from __future__ import annotations

import gc
import logging
from collections.abc import Callable

from PySide6.QtCore import QCoreApplication, QMetaObject, QObject, Qt, QThreadPool, Signal, Slot

from trunkline_server import errors
from trunkline_server.errors import Failure, TrunklineError

_log = logging.getLogger(__name__)
_WHOLE = "wholeJobs"


class Job(QObject):
    """One call in a thread pool, whose outcome arrives on the thread that made the job.

    The job belongs to its pool and is deleted when it has ended, so nobody needs to keep it.
    Connect to it after starting it: the outcome comes through the event loop, never at once.
    While jobs run, Python's cycle collector rests: on a pool thread it might delete windows.

    Signals:
        done(object): what the call returned.
        failed(Failure): why it raised.
        ended(): after either of the two, also when the outcome was dropped.
    """

    done = Signal(object)
    failed = Signal(object)
    ended = Signal()
    _under_way = 0

    def __init__(self, call: Callable[[], object]) -> None:
        super().__init__()
        self._call = call
        self._is_wanted = True
        self._value: object = None
        self._failure: Failure | None = None

    def start(self, pool: QThreadPool | None = None) -> Job:
        """Queue the call in ``pool``, else in the shared one; return this job."""
        pool = pool or QThreadPool.globalInstance()
        self.setParent(pool)
        Job._under_way += 1
        gc.disable()
        pool.start(self._work)
        return self

    def drop(self) -> None:
        """Let the call finish unheard: neither ``done`` nor ``failed`` will come."""
        self._is_wanted = False

    def _work(self) -> None:
        self._value, self._failure = _outcome(self._call)
        QMetaObject.invokeMethod(self, "_on_settled", Qt.ConnectionType.QueuedConnection)

    @Slot()
    def _on_settled(self) -> None:
        Job._under_way -= 1
        if not Job._under_way:
            gc.enable()
        self._tell()
        self.deleteLater()

    def _tell(self) -> None:
        if self._is_wanted and self._failure is None:
            self.done.emit(self._value)
        elif self._is_wanted:
            self.failed.emit(self._failure)
        self.ended.emit()


def start(call: Callable[[], object]) -> Job:
    """Run ``call`` in the shared pool; return the job to connect to."""
    return Job(call).start()


def start_whole(call: Callable[[], object]) -> Job:
    """Run ``call``, which must not be left half done, in a pool that the program's end waits for.

    Nothing that may wait for ever, such as an unlock prompt, belongs there.
    """
    return Job(call).start(_whole())


def settle(timeout_ms: int) -> bool:
    """Wait for the shared pool at the end of the program; return whether it is idle."""
    return QThreadPool.globalInstance().waitForDone(timeout_ms)


def settle_whole(timeout_ms: int) -> bool:
    """Wait for what must not be left half done; return whether all of it is done."""
    return _whole().waitForDone(timeout_ms)


def _whole() -> QThreadPool:
    """Return the pool for it: one of the application, and one call after the other."""
    qt = QCoreApplication.instance()
    found = qt.findChild(QThreadPool, _WHOLE) if qt else None
    if isinstance(found, QThreadPool):
        return found
    pool = QThreadPool(qt, maxThreadCount=1)
    pool.setObjectName(_WHOLE)
    return pool


def _outcome(call: Callable[[], object]) -> tuple[object, Failure | None]:
    try:
        return call(), None
    except TrunklineError as exc:
        return None, exc.failure
    except Exception as exc:  # noqa: BLE001  an exception that leaves a pool thread is lost
        _log.error("A job failed.", exc_info=exc)
        return None, errors.explain(exc)
