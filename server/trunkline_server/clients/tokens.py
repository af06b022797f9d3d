"""The token that an AI app shows at an address: looked up, or kept in a file of ours for it."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from trunkline_server import folders
from trunkline_server.clients import owned
from trunkline_server.clients.masking import spans
from trunkline_server.clients.owned import Record
from trunkline_server.errors import TrunklineError, fail
from trunkline_server.profiles import atomic, secrets


def of(profile_id: str) -> str:
    """Return the token of a profile.

    Raises:
        TrunklineError: ``token.none`` or ``secrets.*``.
    """
    token = secrets.get(profile_id, "token")
    if not token:
        title = "This database has no access token yet."
        raise fail("token.none", title, "Open it in Trunkline and save it once more.")
    return token


def variable(profile_id: str) -> str:
    """Return the name under which an app looks for the token of a profile."""
    return f"TRUNKLINE_TOKEN_{profile_id.upper().replace('-', '_')}"


def entry_id(profile_id: str) -> str:
    """Return the name of the question with which an app asks for the token of a profile."""
    return f"trunkline-{profile_id}"


def file_of(profile_id: str) -> Path:
    """Return where the token of a profile is kept for apps that read it from a file."""
    return folders.state() / "tokens" / f"{profile_id}.token"


def hidden(text: str) -> str:
    """Return ``text`` with every token, key and password in it hidden, also those of others."""
    return spans.hidden(text, spans.in_words(text))


def provide(records: Iterable[Record]) -> None:
    """Write the files that entries will refer to, readable by this person only.

    The file of a removed database stays as it is while an entry refers to it: without it, its app
    may not even start.

    Raises:
        TrunklineError: ``token.none`` or ``secrets.*``.
        OSError: a file cannot be written.
    """
    for profile_id in _needed(records):
        file, token = file_of(profile_id), secrets.get(profile_id, "token")
        if not token and file.exists():
            continue
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        atomic.replace(file, (token or of(profile_id)).encode())


def tidy() -> None:
    """Remove the files that no entry refers to any more; what cannot go yet goes the next time.

    None goes while an entry may refer to it that is not known any more.
    """
    with suppress(OSError, TrunklineError):
        if not owned.is_sure():
            return
        needed = {file_of(profile_id) for profile_id in _needed(owned.listed())}
        for file in (folders.state() / "tokens").glob("*.token"):
            if file not in needed:
                file.unlink(missing_ok=True)


def _needed(records: Iterable[Record]) -> set[str]:
    return {record.profile for record in records if record.bearer_by == "file"}
