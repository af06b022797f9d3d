"""Claude Desktop: it reads strict JSON, starts stdio servers only, and reads its file only once."""

from __future__ import annotations

from pathlib import Path

from trunkline_server.clients.app import App, Computer

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
    folders = [path.parent for path in _candidates(computer)]
    if computer.platform == "darwin":
        folders += [Path("/Applications/Claude.app"), computer.home / "Applications/Claude.app"]
    if computer.platform == "win32":
        folders += [computer.local / "AnthropicClaude", *_packaged(computer)]
    is_on_path = computer.platform == "linux" and computer.has("claude-desktop")
    return is_on_path or any(folder.is_dir() for folder in folders)


APP = App(
    id="claude-desktop",
    name="Claude Desktop",
    monogram="CD",
    format="json",
    table=("mcpServers",),
    candidates=_candidates,
    is_present=_is_present,
    handshakes=("claude-ai",),
    afterwards=(
        "Quit Claude Desktop completely, from its icon in the tray or menu bar, and start it again."
    ),
)
