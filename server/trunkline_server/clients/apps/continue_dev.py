"""Continue: YAML with a list of servers, each known by its name."""

from __future__ import annotations

from pathlib import Path

from trunkline_server.clients.app import App, Shape
from trunkline_server.clients.computer import Computer
from trunkline_server.clients.target import Target
from trunkline_server.clients.words import shapes


def _candidates(computer: Computer) -> tuple[Path, ...]:
    return (computer.folder("CONTINUE_GLOBAL_DIR", ".continue") / "config.yaml",)


def _is_present(computer: Computer) -> bool:
    return _candidates(computer)[0].parent.is_dir() or computer.has("cn")


def _older(path: Path) -> str:
    older = path.parent / "config.json"
    if path.name != "config.yaml" or not older.exists():
        return ""
    return f"Continue reads {older}, and would not any more beside a {path.name}."


def _stdio(target: Target) -> shapes.Entry:
    return {"name": target.name, **shapes.plain(target)}


def _address(kind: str) -> Shape:
    def shape(target: Target) -> shapes.Entry:
        options = {"headers": target.headers}
        return {"name": target.name, "type": kind, "url": target.url, "requestOptions": options}

    return shape


APP = App(
    id="continue",
    name="Continue",
    monogram="Cn",
    format="yaml-list",
    table=("mcpServers",),
    candidates=_candidates,
    is_present=_is_present,
    stdio=_stdio,
    http=_address("streamable-http"),
    sse=_address("sse"),
    bearer_by="variable",
    bearer_words="${{ secrets.%s }}",
    bearer_place="the file .env in the folder of Continue's settings",
    blank="name: My assistant\nversion: 1.0.0\nschema: v1\n",
    older=_older,
    handshakes=("continue-client", "continue-cli-client"),
    afterwards="In Continue, reload the configuration and choose agent mode.",
)
