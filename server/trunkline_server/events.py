"""The JSON lines our processes exchange: one object per line with ``"event"``. Opens nothing."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import Any, ClassVar

from trunkline_server.errors import Failure


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """One stage of the check began or ended.

    Attributes:
        stage: ``resolve, tunnel, reach, tls, login, database, rights`` or ``posture``; ``tunnel``
            for a database behind SSH servers only.
        state: ``running, done, warned, failed`` or ``skipped``.
        ms: how long it took, in milliseconds; 0 while running.
        note: a few plain words for the right end of its row, such as ``TLS 1.3``.
    """

    event: ClassVar[str] = "stage"
    stage: str
    state: str
    ms: float = 0.0
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ready:
    """The server accepts questions now.

    Attributes:
        transport: ``stdio, http`` or ``sse``.
        url: the address to give to an HTTP or SSE client; empty for stdio.
        pid: the server's process id.
        note: a sentence worth telling, such as that another port was taken; usually empty.
    """

    event: ClassVar[str] = "ready"
    transport: str
    url: str = ""
    pid: int = 0
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Client:
    """An AI app introduced itself, over the link or over HTTP."""

    event: ClassVar[str] = "client"
    name: str
    version: str = ""
    transport: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Failed:
    """Something ended the check or the run; the fields of :class:`Failure`.

    Attributes:
        stage: the stage of the check that failed. From a server that is ready: ``login``, the
            database cannot be asked yet; the server goes on, and a stage that is done ends it.
    """

    event: ClassVar[str] = "failed"
    code: str
    title: str
    hint: str = ""
    detail: str = ""
    stage: str = ""

    @property
    def failure(self) -> Failure:
        """The same four fields as a :class:`Failure`."""
        return Failure(code=self.code, title=self.title, hint=self.hint, detail=self.detail)


@dataclass(frozen=True, slots=True, kw_only=True)
class Stopped:
    """The run is over; the last line."""

    event: ClassVar[str] = "stopped"
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Unknown:
    """A line that is none of ours; kept for the log, otherwise ignored."""

    event: ClassVar[str] = "unknown"
    line: str


Event = Stage | Ready | Client | Failed | Stopped | Unknown
_KINDS: dict[str, type[Any]] = {k.event: k for k in (Stage, Ready, Client, Failed, Stopped)}


def failed(failure: Failure, *, stage: str = "") -> Failed:
    """Return the event that carries ``failure``."""
    return Failed(**failure.as_json(), stage=stage)


def encode(event: Event) -> str:
    """Return one line without its line end."""
    return json.dumps({"event": event.event, **asdict(event)}, ensure_ascii=False)


def decode(line: str | bytes) -> Event:
    """Return the event of one line; :class:`Unknown` for anything else. Never raises."""
    text = line.decode("utf-8", "replace") if isinstance(line, bytes) else line
    text = text.rstrip("\r\n")
    try:
        fields = json.loads(text)
        kind = _KINDS[fields.pop("event")]
        known = {k: v for k, v in fields.items() if k in kind.__slots__}
        event: Event = kind(**known)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return Unknown(line=text)
    return event
