"""One file per AI app: where its settings are and which shape they take."""

from __future__ import annotations

from trunkline_server.clients import plan
from trunkline_server.clients.app import App
from trunkline_server.clients.apps import (
    amp,
    antigravity,
    by_hand,
    claude_code,
    claude_desktop,
    cline,
    codex,
    continue_dev,
    copilot_cli,
    cursor,
    gemini_cli,
    goose,
    jan,
    junie,
    kiro,
    lm_studio,
    opencode,
    qwen_code,
    visual_studio,
    vscode,
    warp,
    windsurf,
    zed,
)

KNOWN: tuple[App, ...] = (
    claude_desktop.APP,
    claude_code.APP,
    cursor.APP,
    *vscode.APPS,
    windsurf.APP,
    zed.APP,
    gemini_cli.APP,
    codex.APP,
    opencode.APP,
    copilot_cli.APP,
    lm_studio.APP,
    cline.APP,
    continue_dev.APP,
    goose.APP,
    kiro.APP,
    junie.APP,
    warp.APP,
    visual_studio.APP,
    qwen_code.APP,
    amp.APP,
    antigravity.APP,
    jan.APP,
)

# Those whose files can be edited here; the others get a link or a text to paste.
ALL: dict[str, App] = {app.id: app for app in KNOWN if plan.can_edit(app)}
BY_HAND: dict[str, App] = {app.id: app for app in by_hand.APPS}


def called(client: str) -> App | None:
    """Return the app that calls itself ``client`` when it connects."""
    return next((app for app in ALL.values() if app.is_called(client)), None)
