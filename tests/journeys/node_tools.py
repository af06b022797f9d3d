"""The npm programs that `make node` installs: where they are, or why they are not."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

_INSTALLED = Path(__file__).parents[2] / ".node"
TOOLS = _INSTALLED / "tools" / "node_modules"
CLIENTS = _INSTALLED / "clients" / "node_modules"
CONFORMANCE = TOOLS / "@modelcontextprotocol/conformance/dist/index.js"
INSPECTOR = TOOLS / "@modelcontextprotocol/inspector/clients/launcher/build/index.js"
NEEDED = (22, 19)


def command(program: Path) -> list[str]:
    """Return what starts a script or a program; skip the test with the reason when it cannot be."""
    kind, _, *package_parts = program.relative_to(_INSTALLED).parts
    if not (program.exists() and (_INSTALLED / kind / ".installed").exists()):
        package = "/".join(package_parts[:2])
        pytest.skip(f"{package} is not installed: run `make node`, which needs npm")
    if program.suffix != ".js":
        return [str(program)]
    if (node := node_program()) is None:
        pytest.skip("no Node.js of version {}.{} or newer was found".format(*NEEDED))
    return [str(node), str(program)]


def node_program() -> Path | None:
    """Return a Node.js new enough: the pinned one, else the computer's own."""
    own = [found / "bin" / "node" for found in sorted(TOOLS.glob("node-*-*"))]
    on_path = shutil.which("node")
    candidates = [*own, *([Path(on_path)] if on_path else [])]
    return next((found for found in candidates if _is_new_enough(found)), None)


def _is_new_enough(node: Path) -> bool:
    if not os.access(node, os.X_OK):
        return False
    told = subprocess.run([node, "--version"], capture_output=True, text=True, check=False).stdout
    numbers = told.strip().removeprefix("v").split(".")
    return tuple(int(n) for n in numbers[:2] if n.isdigit()) >= NEEDED
