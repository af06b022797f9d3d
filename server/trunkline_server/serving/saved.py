"""What became of the saved databases that a server was started with: the list is looked at again.

An AI app keeps its server for days. What a person hides, moves or removes meanwhile has to hold at
the next question, whoever serves it. A list that cannot be read changes nothing.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace

from trunkline_server import folders
from trunkline_server.errors import TrunklineError
from trunkline_server.profiles.profile import Profile
from trunkline_server.profiles.store import FILE, Store
from trunkline_server.subjects import Subject

# Reading the same content again would tell nothing else.
_STAYS = ("store.malformed", "store.newer")

_log = logging.getLogger("trunkline")
_NOTHING: Mapping[str, Subject | None] = {}


class Saved:
    """Compares the list of databases with what is served.

    Args:
        served: the profiles as they are served, by whatever options narrow them.
        renewed: returns what to serve of a profile that was saved again.
    """

    def __init__(self, served: Iterable[Profile], renewed: Callable[[Profile], Subject]) -> None:
        self._path = folders.config() / FILE
        self._served: dict[str, Profile | None] = {profile.id: profile for profile in served}
        self._renewed = renewed
        # Not the state of now: it may have changed since it was read for the start.
        self._seen: tuple[int, ...] | None = (-1,)
        self._told = ""

    def news(self) -> Mapping[str, Subject | None]:
        """Return what is to be served differently from now on, by id; ``None``: not any more.

        While the file is as it was when it was read last, this costs one ``stat``.
        """
        try:
            state = self._state()
            if state == self._seen:
                return _NOTHING
            saved = {profile.id: profile for profile in Store(self._path).load()}
        except OSError:
            return _NOTHING  # who may not look at the file now has seen it before
        except TrunklineError as exc:
            self._seen = state if exc.code in _STAYS else self._seen
            self._tell(exc)
            return _NOTHING
        self._seen, self._told = state, ""
        return dict(self._changes(saved))

    def _state(self) -> tuple[int, ...] | None:
        try:
            found = os.stat(self._path)  # noqa: PTH116  half of what Path.stat costs
        except FileNotFoundError:
            return None
        return found.st_ino, found.st_size, found.st_mtime_ns

    def _changes(self, saved: Mapping[str, Profile]) -> Iterator[tuple[str, Subject | None]]:
        for profile_id, served in self._served.items():
            try:
                now = self._renewed(saved[profile_id]) if profile_id in saved else None
            except TrunklineError as exc:
                self._tell(exc)
                continue
            if _relevant(now.profile if now else None) != _relevant(served):
                self._served[profile_id] = now.profile if now else None
                yield profile_id, now

    def _tell(self, exc: TrunklineError) -> None:
        """Say once why nothing changes."""
        if self._told != str(exc):
            self._told = str(exc)
            _log.warning("%s Until then what was known before is served.", exc)


def _relevant(profile: Profile | None) -> Profile | None:
    """Return ``profile`` without what a running server does not change under its clients."""
    if profile is None:
        return None
    return replace(profile, label="", switched_on=False, transport="stdio", http_port=0)
