"""One file per AI app: where its settings are and which shape they take."""

from __future__ import annotations

from trunkline_server.clients.app import App
from trunkline_server.clients.apps import claude_desktop

ALL: dict[str, App] = {app.id: app for app in (claude_desktop.APP,)}
