"""What Trunkline knows of an AI app: where its settings are, which shape, what to do afterwards."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from trunkline_server.clients.computer import Computer
from trunkline_server.clients.health import Health
from trunkline_server.clients.lists import Lists
from trunkline_server.clients.target import BearerBy, Target
from trunkline_server.errors import fail
from trunkline_server.profiles.profile import TRANSPORTS, Transport

# "json+comments" has comments and no trailing commas; "yaml-list" a list of entries with names.
Format = Literal["json", "json+comments", "jsonc", "toml", "yaml", "yaml-list"]
Shape = Callable[[Target], dict[str, Any]]
Link = Callable[[Target, dict[str, Any]], str]
Words = Callable[[Target, dict[str, Any]], list[str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Process:
    """How a running app is told from other programs; patterns are those of ``fnmatch``.

    Attributes:
        programs: the path of its program by ``sys.platform``; on Windows in small letters, with
            forward slashes.
        archives: on Linux, what an Electron that it shares with other apps has to run.
        bundle: its identifier on macOS.
        package: its id in its Windows package.
    """

    programs: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    archives: tuple[str, ...] = ()
    bundle: str = ""
    package: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class App:
    """One AI app.

    Attributes:
        id: stable, as in ``--client``.
        name: what people call it.
        monogram: two letters for its tile.
        format: how its settings file is written.
        table: the keys that lead to the object of servers.
        candidates: its files on a computer, the best place first.
        is_present: whether the app is on a computer.
        afterwards: what the person does next in the app; one sentence.
        stdio: what to write for a program to start.
        http: what to write for a streamable HTTP address; None when its file takes none.
        sse: what to write for an SSE address; None when its file takes none.
        bearer_by: how it gets the token of an address.
        bearer_words: its own words for that, ``%s`` being the name of the input or variable or the
            path of the file; "" when the token can only be written itself, or a helper gives it.
        is_graphical: whether it is started from a menu, where no shell has set variables.
        bearer_place: where the person puts the token for ``variable``, when it is no environment
            variable; as the end of a sentence.
        bearer_consent: the app's setting in which the person has to name ``variable`` before the
            app reads it; "" when it reads any.
        blank: what a file starts with when there was none.
        handshakes: what it calls itself when it connects, beside its name and id; one that ends
            in ``*`` is a beginning.
        link: what makes the link that opens the app with a new server; None when it has none.
        command: what makes the words of the app's own command that adds one; None as above.
        health: how it tells whether it reaches a database; None when no command of it does.
        by_hand: why its settings must not be edited and what to do instead; "" when they may.
        is_lower_case: whether it knows its entries by small letters only.
        older: why no file may be made at a place, because one of an older kind is in use there and
            would not be read any more; one sentence, "" when it may.
        named: what the app calls that one of its files belongs to, such as a profile; "" for the
            usual file.
        switch: the key in an entry with which a person switches it off there, such as "disabled";
            "" when its file has none.
        lists: whether its lists of what may be used keep an entry out; None when it has none.
        process: set when it writes its file back from memory while it runs, so that a change is
            lost unless it is quit before.
    """

    id: str
    name: str
    monogram: str
    format: Format
    table: tuple[str, ...]
    candidates: Callable[[Computer], tuple[Path, ...]]
    is_present: Callable[[Computer], bool]
    afterwards: str
    stdio: Shape | None
    http: Shape | None = None
    sse: Shape | None = None
    bearer_by: BearerBy = "text"
    bearer_words: str = ""
    is_graphical: bool = True
    bearer_place: str = ""
    bearer_consent: str = ""
    blank: str = ""
    handshakes: tuple[str, ...] = ()
    link: Link | None = None
    command: Words | None = None
    health: Health | None = None
    by_hand: str = ""
    is_lower_case: bool = False
    older: Callable[[Path], str] = lambda _path: ""
    named: Callable[[Path], str] = lambda _path: ""
    switch: Literal["", "active", "disabled", "enabled"] = ""
    lists: Lists | None = None
    process: Process | None = None

    @property
    def transports(self) -> tuple[Transport, ...]:
        """How it can reach a database."""
        return tuple(t for t in TRANSPORTS if self._shape(t))

    def entry(self, target: Target) -> dict[str, Any]:
        """Return what to write for ``target``, in the app's own words.

        Raises:
            TrunklineError: ``client.transport``, the app has no words for it; ``client.name``, it
                would not know the entry by this name.
        """
        shape = self._shape(target.transport)
        if shape is None:
            raise self.refusal(target.transport)
        if self.is_lower_case and target.name != target.name.lower():
            title = f"{self.name} knows its entries by small letters only, unlike “{target.name}”."
            raise fail("client.name", title, f"Use {target.name.lower()}.")
        return shape(target)

    def require_may_make(self, path: Path) -> None:
        """Raise ``client.older`` when a new file at ``path`` would put another out of use."""
        if why := self.older(path):
            hint = f"Let {self.name} move it to {path.name}, then try again."
            raise fail("client.older", why, hint)

    def refusal(self, transport: Transport) -> Exception:
        """Return why this app cannot be reached by ``transport``, to be raised."""
        if self.transports == ("stdio",):
            title = f"{self.name} can only start a program; its file takes no address."
            hint = "Leave out --transport: the entry works with each."
        else:
            title = f"{self.name} cannot use {transport.upper()}."
            hint = f"Choose one of: {', '.join(self.transports)}."
        return fail("client.transport", title, hint)

    def warning(self, variable: str = "TRUNKLINE_TOKEN") -> str:
        """Return what to know before it gets an address with a token; "" when nothing.

        ``variable`` is the name that the token is looked up by, for ``bearer_by="variable"``.
        """
        return _WARNINGS[self.bearer_by](self, variable)

    def is_called(self, client: str) -> bool:
        """Whether this app may call itself ``client`` when it connects."""
        plain = _plain(client)
        return plain in map(_plain, (self.id, self.name, *self.handshakes)) or any(
            plain.startswith(_plain(name)) for name in self.handshakes if name.endswith("*")
        )

    def paths(self, computer: Computer | None = None) -> tuple[Path, ...]:
        """Return its possible files, the best place first."""
        return self.candidates(computer or Computer.here())

    def path(self, computer: Computer | None = None) -> Path:
        """Return the file to write: the first candidate."""
        return self.paths(computer)[0]

    def files(self, computer: Computer | None = None) -> tuple[Path, ...]:
        """Return the files to choose from: the first candidate, and others that it may read."""
        first, *others = self.paths(computer)
        return (first, *(path for path in others if path.exists() or self.named(path)))

    def is_installed(self, computer: Computer | None = None) -> bool:
        """Whether this app is on this computer."""
        return self.is_present(computer or Computer.here())

    def _shape(self, transport: Transport) -> Shape | None:
        return {"stdio": self.stdio, "http": self.http, "sse": self.sse}[transport]


def _plain(name: str) -> str:
    return re.sub(r"[^a-z0-9]", "", name.casefold())


def _of_variable(app: App, variable: str) -> str:
    return " ".join(filter(None, (_place_of_variable(app, variable), _consent(app, variable))))


def _consent(app: App, variable: str) -> str:
    if not app.bearer_consent:
        return ""
    return f"Approve {variable} in its setting “{app.bearer_consent}”, or it reads nothing from it."


def _place_of_variable(app: App, variable: str) -> str:
    if app.bearer_place:
        return f"Put the token, as {variable}, into {app.bearer_place}."
    if app.is_graphical:
        return (
            f"{app.name} takes the token from the environment variable {variable}, which it does "
            "not see when it is started from a menu or an icon."
        )
    return f"Set the environment variable {variable} to the token before {app.name} starts."


def _of_text(app: App, _variable: str) -> str:
    return (
        f"{app.name} can keep the token only as plain text in its settings file: whoever reads "
        "that file can ask the database."
    )


def _of_input(app: App, _variable: str) -> str:
    return f"{app.name} asks for the token once and keeps it in a safe place of its own."


def _of_nothing(_app: App, _variable: str) -> str:
    return ""


_WARNINGS: dict[BearerBy, Callable[[App, str], str]] = {
    "helper": _of_nothing,
    "file": _of_nothing,
    "input": _of_input,
    "variable": _of_variable,
    "text": _of_text,
}
