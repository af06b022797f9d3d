"""An MCP bundle (.mcpb): a double click adds the database to Claude Desktop.

https://github.com/modelcontextprotocol/mcpb/blob/main/MANIFEST.md
"""

from __future__ import annotations

import io
import json
import shlex
import zipfile
from importlib import resources
from typing import Any

from trunkline_server import __version__
from trunkline_server.clients.target import Target
from trunkline_server.profiles.profile import Profile

_ICON = "icon.png"
TOOLS = {
    "database_overview": "What the database is about: schemas, main tables, your notes",
    "list_tables": "Tables and views, most useful first",
    "search_schema": "Find tables and columns by words",
    "describe_table": "Columns of a table, their values and keys",
    "execute_query": "Ask a question in SQL; reads only",
    "explain_query": "Why a query is slow",
}
TOOLS_FOR_ADMINISTRATORS = {
    "database_health": "How the database is, worst first",
    "top_queries": "The statements that cost most",
    "suggest_indexes": "Indexes that would help",
    "list_locks": "Who blocks whom",
}


def bundle(profile: Profile, target: Target) -> bytes:
    """Return the bundle that starts the installed program; the same bytes every time.

    ``target`` is for stdio. There is no secret in it, and no program: it is for this computer.
    """
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as files:
        document = json.dumps(manifest(profile, target), indent=2, ensure_ascii=False)
        _add(files, "manifest.json", document.encode(), 0o644)
        _add(files, _ICON, _icon(), 0o644)
        _add(files, entry_point(target), launcher(target).encode(), 0o755)
    return packed.getvalue()


def manifest(profile: Profile, target: Target) -> dict[str, Any]:
    """Return what the bundle says of itself."""
    has_more = "dba" in profile.tools
    tools = TOOLS | (TOOLS_FOR_ADMINISTRATORS if has_more else {})
    what = f"Lets the AI read the PostgreSQL database “{profile.name}”."
    return {
        "manifest_version": "0.3",
        "name": f"trunkline-{profile.id}",
        "display_name": profile.name,
        "version": __version__,
        "description": profile.description or what,
        "long_description": (
            f"{what} It starts the Trunkline that is installed on this computer, which keeps the "
            "password in the keyring and changes nothing in the database. Trunkline sends nothing "
            "to its makers."
        ),
        "author": {"name": "The Trunkline developers"},
        "icon": _ICON,
        "server": {
            "type": "binary",
            "entry_point": entry_point(target),
            "mcp_config": {
                "command": target.command.program,
                "args": list(target.command.arguments),
                "env": dict(target.command.environment),
            },
        },
        "tools": [{"name": name, "description": does} for name, does in tools.items()],
        "prompts_generated": True,
        "keywords": ["postgresql", "database", "sql"],
        "license": "GPL-3.0-or-later",
        "compatibility": {"platforms": [target.platform]},
    }


def entry_point(target: Target) -> str:
    """Return the bundle's own file that does what its ``mcp_config`` says.

    Apps follow ``mcp_config``; the format wants this file all the same.
    """
    return f"server/trunkline-stdio{'.cmd' if target.platform == 'win32' else ''}"


def launcher(target: Target) -> str:
    """Return a script that starts the installed program."""
    command = target.command
    if target.platform == "win32":
        sets = [f'@set "{name}={value}"' for name, value in command.environment]
        line = command.line(target.platform)
        lines = [*(word.replace("%", "%%") for word in sets), f"@{line.replace('%', '%%')}"]
        return "\r\n".join(["@chcp 65001 >nul", *lines, ""])
    pairs = [f"{name}={value}" for name, value in command.environment]
    words = shlex.join([*(["env", *pairs] if pairs else []), command.program, *command.arguments])
    return f"#!/bin/sh\nexec {words}\n"


def _icon() -> bytes:
    return (resources.files("trunkline_resources") / "app" / "trunkline-512.png").read_bytes()


def _add(files: zipfile.ZipFile, name: str, content: bytes, mode: int) -> None:
    file = zipfile.ZipInfo(name)
    file.compress_type = zipfile.ZIP_DEFLATED
    file.create_system = 3  # Unix, also when written on Windows: the mode counts
    file.external_attr = (0o100000 | mode) << 16
    files.writestr(file, content)
