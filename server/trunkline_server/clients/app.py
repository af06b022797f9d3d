"""What Trunkline knows of an AI app: where its settings are, which shape, what to do afterwards."""

from __future__ import annotations

import os
import re
import shutil
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

Format = Literal["json", "jsonc", "toml", "yaml"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """What an AI app has to start.

    Attributes:
        program: absolute path.
        arguments: as the program gets them; never a secret.
        environment: set in addition; usually empty.
    """

    program: str
    arguments: tuple[str, ...]
    environment: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Computer:
    """Where an app would look: the parts of this computer that its paths depend on.

    Attributes:
        platform: ``linux, darwin`` or ``win32``, as in ``sys.platform``.
        home: the person's home folder.
        environment: the environment variables.
    """

    platform: str
    home: Path
    environment: Mapping[str, str]

    @staticmethod
    def here() -> Computer:
        """Return this computer."""
        return Computer(platform=sys.platform, home=Path.home(), environment=os.environ)

    def folder(self, variable: str, otherwise: str) -> Path:
        """Return the folder an environment variable names, else one below the home folder."""
        named = Path(self.environment.get(variable, ""))
        return named if named.is_absolute() else self.home / otherwise

    @property
    def roaming(self) -> Path:
        """The folder of an app's settings: ``%APPDATA%``, Application Support or XDG's."""
        if self.platform == "win32":
            return self.folder("APPDATA", "AppData/Roaming")
        if self.platform == "darwin":
            return self.home / "Library" / "Application Support"
        return self.folder("XDG_CONFIG_HOME", ".config")

    @property
    def local(self) -> Path:
        """``%LOCALAPPDATA%``."""
        return self.folder("LOCALAPPDATA", "AppData/Local")

    def has(self, program: str) -> bool:
        """Whether a program of that name is on the path."""
        return shutil.which(program, path=self.environment.get("PATH", "")) is not None


def plain_entry(command: Command) -> dict[str, Any]:
    """Return the shape most apps take: ``command, args`` and, when needed, ``env``."""
    entry: dict[str, Any] = {"command": command.program, "args": list(command.arguments)}
    return entry | ({"env": dict(command.environment)} if command.environment else {})


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
        entry: what to write for a command.
        handshakes: what it calls itself when it connects, beside its name and id.
        afterwards: what the person does next in the app; one sentence.
    """

    id: str
    name: str
    monogram: str
    format: Format
    table: tuple[str, ...]
    candidates: Callable[[Computer], tuple[Path, ...]]
    is_present: Callable[[Computer], bool]
    afterwards: str
    entry: Callable[[Command], dict[str, Any]] = plain_entry
    handshakes: tuple[str, ...] = ()

    def is_called(self, client: str) -> bool:
        """Whether this app may call itself ``client`` when it connects."""
        return _plain(client) in map(_plain, (self.id, self.name, *self.handshakes))

    def paths(self, computer: Computer | None = None) -> tuple[Path, ...]:
        """Return its possible files, the best place first."""
        return self.candidates(computer or Computer.here())

    def path(self, computer: Computer | None = None) -> Path:
        """Return the file to write: the first candidate."""
        return self.paths(computer)[0]

    def is_installed(self, computer: Computer | None = None) -> bool:
        """Whether this app is on this computer."""
        return self.is_present(computer or Computer.here())


def _plain(name: str) -> str:
    return re.sub(r"[^a-z0-9]", "", name.casefold())
