"""A small file that may change while we serve: read again when it did, by nobody's clock."""

from __future__ import annotations

import logging
from collections.abc import Callable
from pathlib import Path
from typing import Generic, TypeVar

from trunkline_server.errors import TrunklineError

_LOG = logging.getLogger("trunkline.gate")
_T = TypeVar("_T")
_Mark = tuple[int, int, int] | None


class Followed(Generic[_T]):
    """What a file says now, as ``read`` understands it.

    A look costs one ``stat``. A file that cannot be read, or is wrong, means ``nothing`` until it
    is right again: whoever revoked a token by hand and made a slip must not have revoked nothing.
    """

    def __init__(self, path: Path, read: Callable[[bytes], _T], nothing: _T) -> None:
        self._path = path
        self._read = read
        self._nothing = nothing
        self._mark: _Mark = None
        self._found = nothing

    def now(self) -> _T:
        """Return the newest content; ``nothing`` when there is no file."""
        mark = self._marked()
        if mark != self._mark:
            self._found = self._nothing if mark is None else self._loaded()
            self._mark = mark
        return self._found

    def _marked(self) -> _Mark:
        try:
            found = self._path.stat()
        except OSError:
            return None
        return found.st_mtime_ns, found.st_size, found.st_ino

    def _loaded(self) -> _T:
        try:
            return self._read(self._path.read_bytes())
        except (TrunklineError, OSError, ValueError) as exc:
            why = exc if isinstance(exc, TrunklineError) else type(exc).__name__
            _LOG.error("%s is left out until it can be read: %s", self._path.name, why)
            return self._nothing
