"""``trunkline-server token``: made, listed and revoked in a terminal."""

from __future__ import annotations

import argparse
import datetime as dt
import json
import sys

from trunkline_server.errors import fail
from trunkline_server.serving import tokens
from trunkline_server.serving.named_tokens import Named, NamedTokens

_HEADINGS = ("NAME", "DATABASES", "TOOLS", "CREATED", "EXPIRES")


def run(options: argparse.Namespace) -> int:
    """Do what was asked; returns the exit code."""
    if options.action == "add":
        _add(options)
    elif options.action == "list":
        _list(options)
    elif options.action == "revoke":
        NamedTokens().revoke(options.name)
    else:
        _say(tokens.kept(options.profile) if options.profile else tokens.new())
    return 0


def _add(options: argparse.Namespace) -> None:
    token = tokens.new()
    named = NamedTokens().add(
        options.name,
        token,
        profiles=_profile_ids(options.profiles),
        tools=_words(options.tools),
        days=options.expires,
    )
    if options.json:
        _say(json.dumps({**_told(named), "token": token}))
        return
    _say(token)
    sys.stderr.write("This token is shown once. Running servers know it already.\n")


def _list(options: argparse.Namespace) -> None:
    found = NamedTokens().load()
    if options.json:
        _say(json.dumps([_told(named) for named in found], indent=2))
    elif found:
        _say(_table([_HEADINGS, *(_row(named) for named in found)]))
    else:
        _say("There are no named tokens. Make one with: trunkline-server token add NAME")


def _profile_ids(names: list[str] | None) -> tuple[str, ...] | None:
    """Return the ids of the profiles that ``names`` name; renaming one keeps the token right."""
    if not names:
        return None
    from trunkline_server.profiles.store import Store  # only here: the other actions need no file

    return tuple(Store().get(name).id for name in names)


def _words(text: str | None) -> tuple[str, ...] | None:
    if text is None:
        return None
    found = tuple(word.strip() for word in text.split(",") if word.strip())
    if not found:
        raise fail("usage.tools", "--tools names no tool.", "Leave it out to allow all of them.")
    return found


def _told(named: Named) -> dict[str, object]:
    entry = named.as_json()
    del entry["sha256"]
    return {**entry, "expired": _is_over(named)}


def _row(named: Named) -> tuple[str, ...]:
    ends = "never" if named.expires is None else named.expires.strftime("%Y-%m-%d %H:%M UTC")
    return (
        named.name,
        "all" if named.profiles is None else ", ".join(named.profiles),
        "all" if named.tools is None else ", ".join(named.tools),
        named.created.strftime("%Y-%m-%d"),
        f"{ends} (over)" if _is_over(named) else ends,
    )


def _is_over(named: Named) -> bool:
    return named.expires is not None and named.expires <= dt.datetime.now(dt.UTC)


def _table(rows: list[tuple[str, ...]]) -> str:
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = ("  ".join(c.ljust(w) for c, w in zip(r, widths, strict=True)) for r in rows)
    return "\n".join(line.rstrip() for line in lines)


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
