"""Where AI apps would look on a computer: its system, folders, variables and programs."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Computer:
    """The parts of a computer that apps' paths depend on.

    Attributes:
        platform: ``linux, darwin`` or ``win32``, as in ``sys.platform``.
        home: the person's home folder.
        environment: the environment variables.
        programs: where macOS keeps applications; another place in tests.
    """

    platform: str
    home: Path
    environment: Mapping[str, str]
    programs: Path = Path("/Applications")

    @staticmethod
    def here() -> Computer:
        """Return this computer."""
        return Computer(platform=sys.platform, home=Path.home(), environment=os.environ)

    def folder(self, variable: str, otherwise: str) -> Path:
        """Return the folder an environment variable names, else one below the home folder."""
        named = Path(self.environment.get(variable, ""))
        return named if named.is_absolute() else self.home / otherwise

    @property
    def xdg(self) -> Path:
        """``$XDG_CONFIG_HOME``, else ``~/.config``."""
        return self.folder("XDG_CONFIG_HOME", ".config")

    @property
    def roaming(self) -> Path:
        """The folder of an app's settings: ``%APPDATA%``, Application Support or XDG's."""
        if self.platform == "win32":
            return self.folder("APPDATA", "AppData/Roaming")
        if self.platform == "darwin":
            return self.home / "Library" / "Application Support"
        return self.xdg

    @property
    def local(self) -> Path:
        """``%LOCALAPPDATA%``."""
        return self.folder("LOCALAPPDATA", "AppData/Local")

    def program(self, name: str) -> Path | None:
        """Return where the program of this name is, looking along the path only."""
        found = shutil.which(name, path=self.environment.get("PATH", ""))
        # Windows would also take one that lies in the current folder.
        return Path(found) if found and Path(found).is_absolute() else None

    def has(self, *names: str) -> bool:
        """Whether a program of one of these names is on the path."""
        return any(self.program(name) is not None for name in names)

    @property
    def applications(self) -> tuple[Path, ...]:
        """Where macOS keeps applications, for everybody and for this person; () elsewhere."""
        return (self.programs, self.home / "Applications") if self.platform == "darwin" else ()

    def has_bundle(self, name: str, identifier: str = "") -> bool:
        """Whether macOS has the application ``name``; of this ``identifier``, if one is given."""
        bundles = (folder / f"{name}.app" for folder in self.applications)
        return any(b.is_dir() and identifier in ("", _identifier(b)) for b in bundles)

    def has_installed(self, *folders: str) -> bool:
        """Whether Windows has one of these folders (or patterns) below ``%LOCALAPPDATA%``."""
        if self.platform != "win32":
            return False
        return any(any(self.local.glob(folder)) for folder in folders)


def _identifier(bundle: Path) -> str:
    """Return by what macOS knows an application; "" when that cannot be read."""
    import plistlib  # with a parser for XML: only for a name that several applications have
    from xml.parsers.expat import ExpatError

    try:
        with (bundle / "Contents" / "Info.plist").open("rb") as file:
            return str(plistlib.load(file)["CFBundleIdentifier"])
    except (OSError, ValueError, KeyError, TypeError, ExpatError):
        return ""
