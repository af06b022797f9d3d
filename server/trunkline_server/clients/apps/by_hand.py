"""Apps whose settings must not be edited from outside: they take a link or a pasted text."""

from __future__ import annotations

from pathlib import Path

from trunkline_server.clients.app import App
from trunkline_server.clients.computer import Computer
from trunkline_server.clients.target import Target
from trunkline_server.clients.words import links, shapes


def _nowhere(_computer: Computer) -> tuple[Path, ...]:
    return ()


def _has_cherry_studio(computer: Computer) -> bool:
    return (
        (computer.roaming / "CherryStudio").is_dir()
        or computer.has_bundle("Cherry Studio")
        or computer.has_installed("Programs/Cherry Studio")
    )


def _has_jetbrains(computer: Computer) -> bool:
    return any((computer.roaming / "JetBrains").glob("*/options"))


def _on_the_web(_computer: Computer) -> bool:
    return False


def _cherry_studio(target: Target, entry: shapes.Entry) -> str:
    servers = links.encoded({"mcpServers": {target.name: entry}})
    return f"cherrystudio://mcp/install?{links.query(servers=servers)}"


CHERRY_STUDIO = App(
    id="cherry-studio",
    name="Cherry Studio",
    monogram="CS",
    format="json",
    table=("mcpServers",),
    candidates=_nowhere,
    is_present=_has_cherry_studio,
    stdio=shapes.typed,
    http=shapes.address(kind="streamableHttp"),
    sse=shapes.address(kind="sse"),
    link=_cherry_studio,
    afterwards="Open the link, or in Settings, MCP Servers, choose “Import from JSON”.",
    by_hand="Cherry Studio keeps its servers in a database of its own.",
)

JETBRAINS = App(
    id="jetbrains-ai",
    name="JetBrains AI Assistant",
    monogram="JA",
    format="json",
    table=("mcpServers",),
    candidates=_nowhere,
    is_present=_has_jetbrains,
    stdio=shapes.plain,
    http=shapes.address(),
    sse=shapes.address(),
    afterwards="In Settings, Tools, AI Assistant, MCP, add a server and paste the text as JSON.",
    by_hand="JetBrains AI Assistant keeps its servers in the settings of the editor.",
)

CHATGPT = App(
    id="chatgpt-web",
    name="ChatGPT on the web",
    monogram="CG",
    format="json",
    table=(),
    candidates=_nowhere,
    is_present=_on_the_web,
    stdio=None,
    http=shapes.address(),
    sse=shapes.address(),
    handshakes=("openai-mcp",),
    afterwards="In ChatGPT, open Settings, Connectors, and add the public HTTPS address.",
    by_hand="ChatGPT on the web reaches public HTTPS addresses only, never this computer.",
)

APPS = (CHERRY_STUDIO, JETBRAINS, CHATGPT)
