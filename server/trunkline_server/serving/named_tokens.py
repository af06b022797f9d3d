"""The named tokens of this computer: ``tokens.json``, which holds their digests only."""

from __future__ import annotations

import datetime as dt
import json
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from trunkline_server import folders
from trunkline_server.errors import TrunklineError, fail
from trunkline_server.profiles import atomic
from trunkline_server.serving.gate.bearer import Table, Token, digest_of, table
from trunkline_server.serving.gate.callers import Caller

VERSION = 1
FILE = "tokens.json"

_WAIT_S = 5.0
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
_TOOL = re.compile(r"[a-z][a-z0-9_]{0,63}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Named:
    """One token that was given away under a name.

    Attributes:
        name: unique in the file; it stands in logs and records.
        sha256: of the token, in hexadecimal.
        profiles: ids of the profiles it opens; ``None`` means every one that is served.
        tools: the tools it may call; ``None`` means all.
        created: when it was made, in UTC.
        expires: from when on it no longer counts; ``None`` means never.
    """

    name: str
    sha256: str = field(repr=False)
    profiles: tuple[str, ...] | None
    tools: tuple[str, ...] | None
    created: dt.datetime
    expires: dt.datetime | None

    def as_json(self) -> dict[str, Any]:
        """Return the entry of the file."""
        return {
            "name": self.name,
            "sha256": self.sha256,
            "profiles": self.profiles,
            "tools": self.tools,
            "created": self.created.isoformat(),
            "expires": self.expires.isoformat() if self.expires else None,
        }


def from_json(entry: Mapping[str, Any]) -> Named:
    """Return what an entry says.

    Raises:
        ValueError, TypeError, KeyError: it is none of ours.
    """
    name, digest, expires = entry["name"], entry["sha256"], entry.get("expires")
    if not _NAME.fullmatch(name) or not re.fullmatch(r"[0-9a-f]{64}", digest):
        raise ValueError(name)
    return Named(
        name=name,
        sha256=digest,
        profiles=_texts(entry["profiles"]),
        tools=_texts(entry["tools"]),
        created=_time(entry["created"]),
        expires=_time(expires) if expires is not None else None,
    )


def _texts(value: Any) -> tuple[str, ...] | None:
    """Return a list of texts; what is no such list must not pass for "everything"."""
    if value is not None and not (isinstance(value, list) and all(type(v) is str for v in value)):
        raise TypeError(value)
    return None if value is None else tuple(value)


def _time(text: str) -> dt.datetime:
    found = dt.datetime.fromisoformat(text)
    return found if found.tzinfo else found.replace(tzinfo=dt.UTC)


def of_document(content: bytes) -> tuple[Named, ...]:
    """Return the tokens of the file's content.

    Raises:
        TrunklineError: ``token.newer``, ``token.malformed``.
    """
    try:
        document = json.loads(content)
        version = document["version"]
        if version == VERSION:
            return tuple(from_json(entry) for entry in document["tokens"])
    except (ValueError, TypeError, KeyError, RecursionError) as exc:
        title = f"The list of tokens {FILE} is not as Trunkline wrote it."
        raise fail("token.malformed", title, "Correct it, or delete it and add them anew.") from exc
    title = "The list of tokens was written by a newer Trunkline."
    raise fail("token.newer", title, "Update Trunkline; the file was not changed.")


def table_of_document(content: bytes) -> Table:
    """Return the tokens of the file's content by digest, as the gate wants them."""
    return table(_token(named) for named in of_document(content))


def _token(named: Named) -> Token:
    caller = Caller(
        name=named.name,
        id=f"named:{named.name}",
        profiles=None if named.profiles is None else frozenset(named.profiles),
        tools=None if named.tools is None else frozenset(named.tools),
    )
    expires = named.expires.timestamp() if named.expires else None
    return Token(digest=bytes.fromhex(named.sha256), caller=caller, expires=expires)


class NamedTokens:
    """The tokens of one file, by default ``tokens.json`` in the configuration folder.

    Every method may raise ``token.malformed``, ``token.newer`` or ``token.failed``, those that
    write ``token.busy`` too. Whatever was raised, the file is as it was before.
    """

    def __init__(self, path: Path | None = None) -> None:
        self.path = path or folders.config() / FILE

    def load(self) -> tuple[Named, ...]:
        """Return the tokens in the order they were added; none when there is no file."""
        with _explained():
            try:
                return of_document(self.path.read_bytes())
            except FileNotFoundError:
                return ()

    def add(
        self,
        name: str,
        token: str,
        *,
        profiles: tuple[str, ...] | None,
        tools: tuple[str, ...] | None,
        days: float | None,
    ) -> Named:
        """Keep the digest of ``token`` under ``name`` for ``days``, or for good.

        Raises:
            TrunklineError: ``usage.token_name``, ``usage.tools``, ``usage.expires``,
                ``token.exists``.
        """
        _require_sound(name, tools or (), days)
        now = dt.datetime.now(dt.UTC).replace(microsecond=0)
        named = Named(
            name=name,
            sha256=digest_of(token).hex(),
            profiles=profiles,
            tools=tools,
            created=now,
            expires=None if days is None else now + dt.timedelta(days=days),
        )

        def change(before: tuple[Named, ...]) -> tuple[Named, ...]:
            if any(other.name == name for other in before):
                title = f"There is a token “{name}” already."
                raise fail(
                    "token.exists", title, f"Revoke it first: trunkline-server token revoke {name}"
                )
            return (*before, named)

        self._edit(change)
        return named

    def revoke(self, name: str) -> None:
        """Forget the token ``name``.

        Raises:
            TrunklineError: ``token.unknown``.
        """

        def change(before: tuple[Named, ...]) -> tuple[Named, ...]:
            after = tuple(other for other in before if other.name != name)
            if len(after) == len(before):
                known = ", ".join(other.name for other in before[:10])
                hint = f"There is: {known}." if known else "There are none; see: token add"
                raise fail("token.unknown", f"There is no token “{name}”.", hint)
            return after

        self._edit(change)

    def _edit(self, change: Callable[[tuple[Named, ...]], tuple[Named, ...]]) -> None:
        lock = self.path.with_name(f"{FILE}.lock")
        with _explained(), atomic.locked(lock, _WAIT_S):
            after = change(self.load())
            document = {"version": VERSION, "tokens": [named.as_json() for named in after]}
            atomic.replace(self.path, json.dumps(document, indent=2).encode() + b"\n")


def _require_sound(name: str, tools: tuple[str, ...], days: float | None) -> None:
    if not _NAME.fullmatch(name):
        title = "A token's name is up to 64 letters, digits, dots, dashes and underscores."
        raise fail("usage.token_name", title, "Choose one such as ci or anna.laptop.")
    for tool in tools:
        if not _TOOL.fullmatch(tool):
            raise fail("usage.tools", f"“{tool}” is not a tool's name.", "See --tools.")
    if days is not None and not 0 < days <= 36_500:
        raise fail("usage.expires", "A token lasts more than 0 days.", "See --expires.")


@contextmanager
def _explained() -> Iterator[None]:
    try:
        yield
    except TimeoutError as exc:
        raise _failed("token.busy", "Another Trunkline is saving at this moment.", exc) from exc
    except OSError as exc:
        why = (exc.strerror or "the system refused it").lower()
        raise _failed("token.failed", f"The list of tokens cannot be used: {why}.", exc) from exc


def _failed(code: str, title: str, exc: OSError) -> TrunklineError:
    hint = "Try again in a moment." if code == "token.busy" else "Check the folder's rights."
    return fail(code, title, hint, str(exc.strerror or exc))
