"""Why an app does not even try to reach a database, and what its person does about it there."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from typing import Any

from trunkline_server.clients import plan
from trunkline_server.clients.app import App
from trunkline_server.clients.health import Barrier
from trunkline_server.errors import TrunklineError

Read = Callable[[tuple[str, ...]], Any]

WORDS: dict[Barrier, str] = {
    "off": "it is switched off there",
    "kept out": "its settings do not allow it",
}


def found(app: App, name: str) -> Barrier:
    """Return what the app's usual file says against its entry ``name``; "" for nothing known."""
    with suppress(TrunklineError):  # whoever changes the file is told
        return said(app, name, lambda keys: plan.value_in(app, app.path(), keys))
    return ""


def said(app: App, name: str, read: Read) -> Barrier:
    """Return what settings say against an entry; ``read`` gives what stands at keys, or None."""
    if app.switch and read((*app.table, name, app.switch)) is (app.switch == "disabled"):
        return "off"
    return "kept out" if app.lists and _is_kept_out(read(app.lists), name) else ""


def remedy(app: App, name: str, barrier: Barrier) -> str:
    """Return what the person does in the app, as one sentence."""
    words = app.health.allow if app.health else ""
    if barrier == "kept out":
        return f"Allow it in {app.name}: {words.format(name=name)}."
    words = app.health.switch if app.health else ""
    words = words or f"“{app.switch}” of its entry must be {_on(app)}"
    return f"Switch it on in {app.name}: {words.format(name=name)}."


def _on(app: App) -> str:
    return "false" if app.switch == "disabled" else "true"


def _is_kept_out(lists: Any, name: str) -> bool:
    """Whether lists of what is ``allowed`` and ``excluded`` keep an entry out."""
    if not isinstance(lists, dict):
        return False
    allowed, excluded = lists.get("allowed"), lists.get("excluded")
    is_left_out = isinstance(allowed, list) and name not in allowed
    return is_left_out or (isinstance(excluded, list) and name in excluded)
