"""How an AI app's state is drawn and said. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import QCoreApplication

from trunkline_desktop.status import Status
from trunkline_desktop.views import words
from trunkline_desktop.views.facts import AppFacts, FileFacts
from trunkline_server.clients import apps

_STATUS: dict[str, Status] = {
    "connected": "on",
    "waiting": "starting",
    "ready": "off",
    "broken": "failed",
    "gone": "attention",
    "by hand": "off",
}


def status(app: AppFacts) -> Status | None:
    """Return the shape of an app's state; ``None`` when it is not installed."""
    return _STATUS.get(app.state)


def state(app: AppFacts) -> str:
    """Return an app's state in words, such as "Connected, last seen 14:02"."""
    said = {
        "connected": _tr("Connected, last seen {time}").format(time=words.moment(app.seen_at)),
        "waiting": _tr("Waiting for first contact"),
        "ready": _tr("Not connected"),
        "missing": _tr("Not installed on this computer"),
        "broken": _tr("Its settings file has an error"),
        "gone": _tr("Its entry is gone"),
        "by hand": _tr("Takes a link or a text"),
    }
    return said[app.state]


def need(app: AppFacts) -> str:
    """Return what an app needs, such as "Start it once"; "" when nothing."""
    if app.barrier:
        return app.barrier
    if app.state != "waiting":
        return ""
    if app.need == "restart":  # whether it runs is not known: its own words do for both
        return apps.ALL[app.id].afterwards
    said = {
        "": "",
        "restart running": _tr("It is running: restart it once"),
        "start": _tr("Start it once"),
    }
    return said[app.need]


def file(chosen: FileFacts, files: Sequence[FileFacts]) -> str:
    """Return what tells one of an app's ``files`` from the others."""
    usual = _tr("Default profile") if any(f.name for f in files) else Path(chosen.path).name
    names = [f.name or usual for f in files]
    name = chosen.name or usual
    return name if names.count(name) == 1 else chosen.path


def called(client: str) -> str:
    """Return the name people know an app by that calls itself ``client``; "" if it said none."""
    app = apps.called(client)
    return app.name if app else client


def object_name(app: AppFacts) -> str:
    """Return the object name of the button that connects an app: ``connectClaudeDesktop``."""
    return "connect" + "".join(part[:1].upper() + part[1:] for part in app.name.split())


def _tr(text: str) -> str:
    return QCoreApplication.translate("apps", text)
