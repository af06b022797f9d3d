"""What people read about a run: one state out of five, and two or three words. Pure."""

from __future__ import annotations

from typing import Final, Literal

from PySide6.QtCore import QCoreApplication

from trunkline_desktop.run_state import Run
from trunkline_server.profiles.profile import Profile

Status = Literal["on", "starting", "off", "failed", "attention"]

TRANSPORTS: Final = {"stdio": "STDIO", "http": "HTTP", "sse": "SSE"}
# Fits beside a label in the sidebar; the whole sentence stands on the page.
_SHORT: Final = (
    ("login.password", "Password refused"),
    ("login.", "Login refused"),
    ("secrets.missing", "No keyring"),
    ("secrets.", "Keyring locked"),
    ("resolve.", "Server not found"),
    ("reach.", "Server not reached"),
    ("tls.", "Not encrypted"),
    ("database.", "Database not found"),
    ("rights.", "No rights"),
    ("port.", "No free port"),
    ("program.", "Program missing"),
    ("run.already_running", "Runs elsewhere"),
)


def _tr(text: str) -> str:
    return QCoreApplication.translate("run", text)


def status(run: Run) -> Status:
    """Return the shape a run is drawn with."""
    if (run.state == "waiting" and run.tries) or (run.state == "on" and run.failure):
        return "attention"
    shown: dict[str, Status] = {
        "on": "on",
        "starting": "starting",
        "waiting": "starting",
        "failed": "failed",
    }
    return shown.get(run.state, "starting" if run.wanted else "off")


def short(code: str) -> str:
    """Return a failure in two or three words."""
    return _tr(next((words for start, words in _SHORT if code.startswith(start)), "Stopped"))


def state(run: Run) -> str:
    """Return a run's state in a few words, such as "On · HTTP" or "Password refused"."""
    if run.state == "on" and run.failure is None:
        return f"{_tr('On')} · {TRANSPORTS[run.transport]}"
    if run.failure and (run.state in {"on", "failed"} or run.tries):
        return short(run.failure.code)
    words = {"starting": _tr("Starting"), "off": _tr("Off"), "stopping": _tr("Switching off")}
    return words["starting"] if run.wanted else words.get(run.state, words["off"])


def label(profile: Profile) -> str:
    """Return the word for a profile's environment; "" for none."""
    words = {"production": _tr("Production"), "staging": _tr("Staging"), "test": _tr("Test")}
    return words.get(profile.label, "")


def second_line(profile: Profile, run: Run) -> str:
    """Return the line under a name in the sidebar, such as "Production · On · HTTP"."""
    return " · ".join(filter(None, (label(profile), state(run))))


def spoken(profile: Profile, run: Run) -> str:
    """Return what a screen reader says for a row, such as "Sales, Production, On"."""
    return ", ".join(filter(None, (profile.name, label(profile), state(run))))


def shortened(name: str, length: int = 32) -> str:
    """Return a name for the middle of a sentence: its middle is cut to make it ``length`` long."""
    if len(name) <= length:
        return name
    end = length // 3
    return f"{name[: length - end - 1].rstrip()}…{name[-end:].lstrip()}"
