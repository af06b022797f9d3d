"""One file per AI app: where its settings are and which shape they take."""

from __future__ import annotations

from trunkline_server.clients.app import App
from trunkline_server.clients.apps import claude_desktop

ALL: dict[str, App] = {app.id: app for app in (claude_desktop.APP,)}


def called(client: str) -> App | None:
    """Return the app that calls itself ``client`` when it connects."""
    return next((app for app in ALL.values() if app.is_called(client)), None)
