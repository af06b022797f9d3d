"""What the last check of each database said its login may do; kept when the app ends."""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path

from PySide6.QtCore import QObject, Signal, Slot

from trunkline_desktop import jobs
from trunkline_desktop.models.check import Check, check_command
from trunkline_server import events, folders
from trunkline_server.profiles import atomic, secrets
from trunkline_server.profiles.profile import Profile

_VERSION = 1
_WAIT_S = 5.0

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Remembered:
    """One answer.

    Attributes:
        login: whom it is about; another login of the same profile has another posture.
        level: "ok" or "attention".
        sentence: what AI apps could do.
        at: when it was found out, in seconds since 1970.
    """

    login: str
    level: str
    sentence: str
    at: float


class Postures(QObject):
    """Remembers what checks found; runs one itself for a database that was never checked.

    Signals:
        changed(str): there is something new about this profile id.
    """

    changed = Signal(str)

    def __init__(
        self,
        parent: QObject | None = None,
        *,
        command: Callable[[], Sequence[str]] = check_command,
    ) -> None:
        super().__init__(parent)
        self._kept = _loaded(_path())
        self._tried: set[str] = set()
        self._asking: Profile | None = None
        self._check = Check(self, command=command)
        self._check.stage.connect(self._on_stage)
        self._check.ended.connect(self._on_ended)

    def of(self, profile: Profile) -> Remembered | None:
        """Return what is known of the login of ``profile``."""
        found = self._kept.get(profile.id)
        return found if found and found.login == _login(profile) else None

    def remember(self, profile: Profile, level: str, sentence: str) -> None:
        """Keep what a check found just now."""
        self._kept[profile.id] = Remembered(_login(profile), level, sentence, time.time())
        jobs.start(lambda: _write(_path(), dict(self._kept)))
        self.changed.emit(profile.id)

    def find_out(self, profile: Profile) -> None:
        """Check a database that is on, unless that was done or tried; ``changed`` follows."""
        if self._asking or self.of(profile) or _login(profile) in self._tried:
            return
        self._asking = profile
        self._tried.add(_login(profile))
        job = jobs.start(lambda: _secrets_of(profile))
        job.done.connect(partial(self._on_secrets, profile))
        job.failed.connect(self._on_ended)

    def _on_secrets(self, profile: Profile, found: tuple[str, str]) -> None:
        self._check.start(profile, *found)

    @Slot(object)
    def _on_stage(self, stage: events.Stage) -> None:
        if self._asking and (found := read(stage)):
            self.remember(self._asking, *found)

    @Slot()
    def _on_ended(self) -> None:
        """What went wrong is told where the database is switched on."""
        self._asking = None


def _secrets_of(profile: Profile) -> tuple[str, str]:
    ssh = secrets.get(profile.id, "ssh") if profile.ssh_host else None
    return secrets.get(profile.id) or "", ssh or ""


def read(stage: events.Stage) -> tuple[str, str] | None:
    """Return level and sentence of a check's last stage, None for the others."""
    if stage.stage != "posture" or not stage.note:
        return None
    return ("ok" if stage.state == "done" else "attention"), stage.note


def _login(profile: Profile) -> str:
    place = "sample" if profile.sample else f"{profile.host}:{profile.port}"
    return f"{profile.user}@{place}/{profile.database}"


def _path() -> Path:
    return folders.state() / "postures.json"


def _loaded(path: Path) -> dict[str, Remembered]:
    try:
        found = json.loads(path.read_bytes())["profiles"]
        return {name: Remembered(**values) for name, values in found.items()}
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return {}  # the next check tells it again


def _write(path: Path, kept: dict[str, Remembered]) -> None:
    document = {
        "version": _VERSION,
        "profiles": {name: asdict(one) for name, one in kept.items()},
    }
    try:
        with atomic.locked(path.with_suffix(".lock"), _WAIT_S):
            atomic.replace(path, json.dumps(document, indent=2).encode() + b"\n")
    except OSError as exc:  # includes the time-out; it is only a line on a page
        _log.warning("What the check found was not kept in %s: %s", path, exc)
