"""VS Code, its Insiders edition and VSCodium: JSONC next to the settings of the user profile."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from trunkline_server.clients.app import App, Link, Words
from trunkline_server.clients.computer import Computer
from trunkline_server.clients.target import Target
from trunkline_server.clients.words import commands, links, shapes


@dataclass(frozen=True, slots=True)
class _Edition:
    """What the editions of VS Code call themselves.

    Attributes:
        program: on the path.
        sandbox: in Flatpak.
        remote: the folder in the home folder of a computer that it reaches by SSH, or of WSL.
    """

    program: str
    sandbox: str
    remote: str


_EDITIONS = {
    "Code": _Edition("code", "com.visualstudio.code", ".vscode-server"),
    "Code - Insiders": _Edition(
        "code-insiders", "com.visualstudio.code.insiders", ".vscode-server-insiders"
    ),
    "VSCodium": _Edition("codium", "com.vscodium.codium", ".vscodium-server"),
}


def users(computer: Computer, edition: str) -> tuple[Path, ...]:
    """Return the folders ``User`` of an edition: portable, usual, Flatpak's, for remote work."""
    usual, known = computer.roaming / edition / "User", _EDITIONS.get(edition)
    if known is None:
        return (usual,)
    portable = (folder / "user-data" / "User" for folder in _portable(computer, known.program))
    sandbox = computer.home / ".var/app" / known.sandbox / "config" / edition / "User"
    others = [sandbox] if computer.platform == "linux" and sandbox.is_dir() else []
    if (computer.home / known.remote).is_dir():
        others.append(computer.home / known.remote / "data" / "User")
    return (*portable, *((usual, *others) if usual.is_dir() else (*others, usual)))


def _portable(computer: Computer, program: str) -> tuple[Path, ...]:
    """Return the folder with the data of an edition that keeps them beside itself.

    The editor tells its own terminals where that is; others find it by the program.
    """
    named, found = computer.environment.get("VSCODE_PORTABLE"), computer.program(program)
    if named and _program_of(Path(named)) == program:
        return (Path(named),)
    beside = [folder / f"{program}-portable-data" for folder in computer.applications]
    if found:
        beside.append(found.resolve().parent.parent / "data")
    return tuple(folder for folder in beside if (folder / "user-data").is_dir())


def _program_of(data: Path) -> str:
    """Return the program of the edition that has its data there; "code" when nothing tells."""
    for program in (edition.program for edition in _EDITIONS.values()):
        names = (program, f"{program}.cmd")
        if any((data.parent / "bin" / name).exists() for name in names):
            return program
        if data.name == f"{program}-portable-data":
            return program
    return "code"


def _candidates(edition: str) -> Callable[[Computer], tuple[Path, ...]]:
    def found(computer: Computer) -> tuple[Path, ...]:
        folders = users(computer, edition)
        profiles = [p for f in folders for p in sorted((f / "profiles").glob("*")) if p.is_dir()]
        return tuple(folder / "mcp.json" for folder in (*folders, *profiles))

    return found


def _named(path: Path) -> str:
    """Return the name of the profile that has this file; "" for the usual one.

    ``User/globalStorage/storage.json`` lists the profiles; if it does not, the folder has to do.
    """
    folder = path.parent
    if folder.parent.name != "profiles":
        return ""
    try:
        stored = json.loads((folder.parents[1] / "globalStorage/storage.json").read_bytes())
        names = {found["location"]: str(found["name"]) for found in stored["userDataProfiles"]}
    except (OSError, ValueError, KeyError, TypeError):
        names = {}
    return names.get(folder.name, folder.name)


def _is_present(
    edition: str, bundle: str, folder: str, *programs: str
) -> Callable[[Computer], bool]:
    def found(computer: Computer) -> bool:
        return (
            any(user.is_dir() for user in users(computer, edition))
            or (computer.home / _EDITIONS[edition].remote).is_dir()
            or computer.has_bundle(bundle)
            or computer.has_installed(f"Programs/{folder}")
            or computer.has(*programs)
        )

    return found


def _whole(target: Target, entry: shapes.Entry) -> shapes.Entry:
    """Return the entry with its name and its questions, as links and the command take it."""
    inputs = {"inputs": list(target.inputs)} if target.inputs else {}
    return {"name": target.name, **entry, **inputs}


def _link(scheme: str) -> Link:
    def link(target: Target, entry: shapes.Entry) -> str:
        # Decoded once as an address and once more by hand: what is left must have no percent sign.
        text = links.packed(_whole(target, entry)).replace("%", r"\u0025")
        return f"{scheme}:mcp/install?{quote(text, safe='')}"

    return link


def _command(program: str) -> Words:
    def words(target: Target, entry: shapes.Entry) -> list[str]:
        return [program, "--add-mcp", commands.as_json(_whole(target, entry))]

    return words


def _edition(app_id: str, name: str, monogram: str, edition: str, *places: str) -> App:
    return App(
        id=app_id,
        name=name,
        monogram=monogram,
        format="jsonc",
        table=("servers",),
        candidates=_candidates(edition),
        is_present=_is_present(edition, *places),
        stdio=shapes.typed,
        http=shapes.address(kind="http"),
        sse=shapes.address(kind="sse"),
        bearer_by="input",
        bearer_words="${input:%s}",
        handshakes=(places[0],),
        named=_named,
        link=_link(app_id),
        command=_command(places[-1]),
        afterwards=f"In {name}, start the new server and say that you trust it.",
    )


APPS = (
    _edition("vscode", "VS Code", "VS", "Code", "Visual Studio Code", "Microsoft VS Code", "code"),
    _edition(
        "vscode-insiders",
        "VS Code Insiders",
        "VI",
        "Code - Insiders",
        "Visual Studio Code - Insiders",
        "Microsoft VS Code Insiders",
        "code-insiders",
    ),
    _edition("vscodium", "VSCodium", "VC", "VSCodium", "VSCodium", "VSCodium", "codium"),
)
