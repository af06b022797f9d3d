"""Visual Studio, which exists on Windows only: JSON in VS Code's words."""

from __future__ import annotations

from pathlib import Path

from trunkline_server.clients.app import App
from trunkline_server.clients.computer import Computer
from trunkline_server.clients.words import shapes


def _candidates(computer: Computer) -> tuple[Path, ...]:
    return (computer.home / ".mcp.json",)


def _is_present(computer: Computer) -> bool:
    return computer.has_installed("Microsoft/VisualStudio/1[7-9].*", "Microsoft/VisualStudio/2*")


APP = App(
    id="visual-studio",
    name="Visual Studio",
    monogram="VT",
    format="json",
    table=("servers",),
    candidates=_candidates,
    is_present=_is_present,
    stdio=shapes.typed,
    http=shapes.address(kind="http"),
    sse=shapes.address(kind="sse"),
    bearer_by="input",
    bearer_words="${input:%s}",
    afterwards="In Visual Studio, open Copilot's agent mode and switch the new tools on.",
)
