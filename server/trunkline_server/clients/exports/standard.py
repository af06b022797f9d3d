"""The JSON that most AI apps understand, for those that Trunkline does not know."""

from __future__ import annotations

from pathlib import Path

from trunkline_server.clients.app import App
from trunkline_server.clients.computer import Computer
from trunkline_server.clients.words import shapes


def _nowhere(_computer: Computer) -> tuple[Path, ...]:
    return ()


def _nobody(_computer: Computer) -> bool:
    return False


ANY = App(
    id="json",
    name="the app",
    monogram="{}",
    format="json",
    table=("mcpServers",),
    candidates=_nowhere,
    is_present=_nobody,
    stdio=shapes.plain,
    http=shapes.address(kind="http"),
    sse=shapes.address(kind="sse"),
    bearer_by="variable",
    bearer_words="${%s}",
    is_graphical=False,
    afterwards="Add it to the app's list of MCP servers.",
)
