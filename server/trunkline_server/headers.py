"""``trunkline-stdio --headers PROFILE``: prints the headers for the address of a running server.

Apps that ask a program for their headers (Claude Code, Codex) need no token in their files: they
start this one each time they connect, and it reads the keyring.
"""

from __future__ import annotations

import json
import os

_EXIT_FAILED = 1
_EXIT_USAGE = 2


def main(arguments: list[str]) -> int:
    """Print a JSON object of headers for the profile of that id; returns the exit code."""
    if len(arguments) != 1 or arguments[0].startswith("-"):
        _tell("usage: trunkline-stdio --headers PROFILE")
        return _EXIT_USAGE
    from trunkline_server.errors import TrunklineError  # not at the top: a wrong call needs none
    from trunkline_server.profiles import secrets

    try:
        token = secrets.get(arguments[0], "token")
    except TrunklineError as exc:
        _tell(str(exc))
        return _EXIT_FAILED
    if not token:
        _tell("This database has no access token yet. Open it in Trunkline and save it once more.")
        return _EXIT_FAILED
    os.write(1, json.dumps({"Authorization": f"Bearer {token}"}).encode() + b"\n")
    return 0


def _tell(sentence: str) -> None:
    os.write(2, f"{sentence}\n".encode())
