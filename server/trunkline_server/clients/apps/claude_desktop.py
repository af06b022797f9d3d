"""Claude Desktop: it reads strict JSON, starts stdio servers only, and reads its file only once."""

from __future__ import annotations

from pathlib import Path

from trunkline_server.clients.app import App, Process
from trunkline_server.clients.computer import Computer
from trunkline_server.clients.words import shapes

_FILE = "claude_desktop_config.json"


def _candidates(computer: Computer) -> tuple[Path, ...]:
    return tuple(folder / _FILE for folder in (*_packaged(computer), computer.roaming / "Claude"))


def _packaged(computer: Computer) -> tuple[Path, ...]:
    """Return the folders of a Windows package, which sees its own copy of AppData.

    ``LocalCache/Roaming`` exists only while the package is really installed.
    """
    if computer.platform != "win32":
        return ()
    caches = (computer.local / "Packages").glob("Claude_*/LocalCache/Roaming")
    return tuple(sorted(cache / "Claude" for cache in caches if cache.is_dir()))


def _is_present(computer: Computer) -> bool:
    return (
        any(path.parent.is_dir() for path in _candidates(computer))
        or computer.has_bundle("Claude")
        or computer.has_installed("AnthropicClaude", "Packages/Claude_*/LocalCache/Roaming")
        or (computer.platform == "linux" and computer.has("claude-desktop"))
    )


# Not Claude Code, which is "claude" in small letters on macOS, claude.exe in "claude-code" on
# Windows, and comes along with Claude Desktop.
_PROCESS = Process(
    programs={
        "linux": (
            "*/claude-desktop",
            "*/claude-desktop/*/electron",
            "/opt/Claude/*/electron",
            "*/.mount_[Cc]laude*/electron",
        ),
        "darwin": ("*/Claude.app/Contents/MacOS/Claude",),
        "win32": ("*/windowsapps/claude_*/app/claude.exe", "*/anthropicclaude/app-*/claude.exe"),
    },
    archives=("*/claude-desktop/*.asar",),
    bundle="com.anthropic.claudefordesktop",
    package="Claude",
)

APP = App(
    id="claude-desktop",
    name="Claude Desktop",
    monogram="CD",
    format="json",
    table=("mcpServers",),
    candidates=_candidates,
    is_present=_is_present,
    stdio=shapes.plain,
    handshakes=("claude-ai",),
    process=_PROCESS,
    afterwards=(
        "Quit Claude Desktop completely, from its icon in the tray or menu bar, and start it again."
    ),
)
