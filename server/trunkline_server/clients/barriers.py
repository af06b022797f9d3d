"""Why an app does not even try to reach a database, and what its person does about it there."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from functools import partial
from pathlib import Path

from trunkline_server.clients.app import App
from trunkline_server.clients.editors.formats import BY_FORMAT
from trunkline_server.clients.health import Barrier
from trunkline_server.clients.lists import Settings
from trunkline_server.clients.reading import explained, read
from trunkline_server.errors import TrunklineError

WORDS: dict[Barrier, str] = {
    "off": "it is switched off there",
    "kept out": "its settings do not allow it",
    "excluded": "its settings exclude it",
    "not allowed": "its settings do not allow it",
}


def found(app: App, name: str, path: Path | None = None) -> Barrier:
    """Return what a file of the app says against its entry ``name``; "" for nothing known."""
    if not (app.switch or app.lists):
        return ""
    path = path or app.path()
    with suppress(TrunklineError), explained(app, path):  # whoever changes the file is told
        return said(app, name, partial(BY_FORMAT[app.format].read, read(path) or b""))
    return ""


def advice(app: App, names: Iterable[str], path: Path | None = None) -> str:
    """Return what lets the app use the first of its entries that it leaves alone; "" for none."""
    for name in names:
        if barrier := found(app, name, path):
            return remedy(app, name, barrier)
    return ""


def said(app: App, name: str, settings: Settings) -> Barrier:
    """Return what ``settings`` say against the entry ``name``; "" for nothing.

    Raises:
        MalformedError: the app could not read them.
    """
    if app.switch and settings((*app.table, name, app.switch)) is (app.switch == "disabled"):
        return "off"
    return app.lists(settings, name) if app.lists else ""


def remedy(app: App, name: str, barrier: Barrier) -> str:
    """Return what the person does in the app, as one sentence."""
    if barrier == "excluded":
        return f"Allow it in {app.name}: take “{name}” out of mcp.excluded in its settings."
    if barrier == "not allowed":
        return f"Allow it in {app.name}: put “{name}” into mcp.allowed in its settings."
    if barrier == "kept out":
        words = app.health.allow if app.health else ""
        words = words or "see mcp.allowed and mcp.excluded in its settings"
        return f"Allow it in {app.name}: {words.format(name=name)}."
    words = app.health.switch if app.health else ""
    words = words or f"“{app.switch}” of its entry must be {_on(app)}"
    return f"Switch it on in {app.name}: {words.format(name=name)}."


def _on(app: App) -> str:
    return "false" if app.switch == "disabled" else "true"
