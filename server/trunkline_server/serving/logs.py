"""Lines on standard error: their form, the request they belong to, and no secret in them."""

from __future__ import annotations

import json
import logging
import os
import re
import sys
import traceback
from collections.abc import Callable, Iterable
from contextvars import ContextVar
from datetime import UTC, datetime
from types import TracebackType
from typing import Any, Literal

from trunkline_server.serving import redact

Form = Literal["text", "json"]
REQUEST_ID_HEADER = b"x-request-id"

_NOISY = ("mcp", "fastmcp", "uvicorn", "asyncio")
_SANE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:=+/-]{0,127}")
_request: ContextVar[str] = ContextVar("request", default="")


def set_up(form: Form) -> None:
    """Write warnings and worse to standard error; nothing of what libraries find worth saying.

    From here on every record is masked where it is made, whichever logger or handler it goes to.
    """
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_Json() if form == "json" else _Text())
    logging.basicConfig(handlers=[handler], level=logging.WARNING, force=True)
    for name in _NOISY:
        logging.getLogger(name).setLevel(logging.ERROR)
    if form == "json":
        logging.captureWarnings(True)
    _mask_records()


def say(sentence: str, form: Form) -> None:
    """Write a sentence of ours to standard error as it is; an object with it when lines are JSON.

    Not masked: a token made for this run is meant to be read.
    """
    line = sentence
    if form == "json":
        line = _object(_time(datetime.now(UTC).timestamp()), "info", "trunkline", sentence)
    os.write(2, f"{line}\n".encode("utf-8", "replace"))


def request(candidate: str = "") -> str:
    """Begin a request: its id is ``candidate`` when that is sane, else a fresh one; returned."""
    name = candidate if _SANE.fullmatch(candidate) else os.urandom(8).hex()
    _request.set(name)
    return name


def request_id() -> str:
    """Return the id of the request that is being answered; "" outside of one."""
    return _request.get()


def candidate(headers: Iterable[tuple[bytes, bytes]]) -> str:
    """Return what ASGI headers say the request's id is; "" when they do not, or say two."""
    found = {value for name, value in headers if name == REQUEST_ID_HEADER}
    return found.pop().decode("latin-1") if len(found) == 1 else ""


def _mask_records() -> None:
    make = logging.getLogRecordFactory()
    if not isinstance(make, _Masked):
        logging.setLogRecordFactory(_Masked(make))


class _Masked:
    """Makes log records without secrets: in the message, its arguments and the exception."""

    def __init__(self, make: Callable[..., logging.LogRecord]) -> None:
        self._make = make

    def __call__(self, *args: Any, **kwargs: Any) -> logging.LogRecord:
        record = self._make(*args, **kwargs)
        record.msg, record.args = redact.masked(_message(record)), None
        if isinstance(record.exc_info, tuple) and record.exc_info[0] is not None:
            record.exc_text = redact.masked(_traceback(record.exc_info))
            record.exc_info = None  # a formatter takes the text that is there
        if record.stack_info:
            record.stack_info = redact.masked(record.stack_info)
        return record


def _message(record: logging.LogRecord) -> str:
    try:
        return record.getMessage()
    except Exception:  # noqa: BLE001 - logging would print the arguments as they are
        return f"{record.msg} {record.args!r}"


def _traceback(
    about: tuple[type[BaseException], BaseException, TracebackType | None]
    | tuple[None, None, None],
) -> str:
    return "".join(traceback.format_exception(*about)).rstrip("\n")


class _Text(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        name = _request.get()
        tail = f" (request {name})" if name else ""
        where = f"{_time(record.created)} {record.levelname} {record.name}"
        parts = (f"{where}: {record.getMessage()}{tail}", record.exc_text, record.stack_info)
        return "\n".join(filter(None, parts))


class _Json(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        return _object(
            _time(record.created),
            record.levelname.lower(),
            record.name,
            record.getMessage(),
            exception=record.exc_text,
            stack=record.stack_info,
        )


def _object(ts: str, level: str, logger: str, message: str, **more: str | None) -> str:
    fields = {"ts": ts, "level": level, "logger": logger, "message": message,
              "request_id": _request.get(), **more}  # fmt: skip
    return json.dumps({name: value for name, value in fields.items() if value})


def _time(created: float) -> str:
    moment = datetime.fromtimestamp(created, UTC)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")
