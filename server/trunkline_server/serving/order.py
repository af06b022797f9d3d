"""What ``trunkline-server run`` is asked to serve: options, environment, keyring → ``Order``."""

from __future__ import annotations

import argparse
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, cast

from trunkline_server import subjects
from trunkline_server.errors import fail
from trunkline_server.options import listed
from trunkline_server.profiles.profile import TRANSPORTS, Profile, Transport, problems
from trunkline_server.serving import logs, observe, ports
from trunkline_server.subjects import Subject

if TYPE_CHECKING:
    from trunkline_server.serving.gate.rules import Rules

FROM_INPUT = "-"
MAX_WORKERS = 64


@dataclass(frozen=True, kw_only=True)
class Order:
    """What to serve and how.

    Attributes:
        subjects: the databases, at least one.
        transport: ``stdio``, ``http`` or ``sse``.
        host: address to listen on.
        port: port to listen on; 0 means a free one.
        workers: processes that share the port.
        is_stateless: whether every HTTP request stands alone, for several processes or replicas.
        allowed_hosts: further names clients may call this server by.
        rules: what the gate before HTTP and SSE is told; ``None`` for stdio.
        watching: what is written down, and where.
        renewed: returns what to serve of a profile that was saved again; ``None`` when the
            databases are not those of the list, or only the one who started us may change them.
        has_link: whether relays find this server; only one can have it per profile.
        has_events: standard output carries events instead of MCP.
        until_eof: the end of the input means stop.
    """

    subjects: tuple[Subject, ...]
    transport: Transport
    host: str = "127.0.0.1"
    port: int = 0
    workers: int = 1
    is_stateless: bool = False
    allowed_hosts: tuple[str, ...] = ()
    rules: Rules | None = None
    watching: observe.Settings
    renewed: Callable[[Profile], Subject] | None = None
    has_link: bool = True
    has_events: bool = False
    until_eof: bool = False

    @property
    def is_stdio_server(self) -> bool:
        """Whether standard input and output are MCP."""
        return self.transport == "stdio" and not self.has_events

    @property
    def profile(self) -> Profile:
        """The first database."""
        return self.subjects[0].profile


def of(options: argparse.Namespace, read_line: Callable[[], bytes]) -> Order:
    """Return what to serve; ``read_line`` blocks for the first input line.

    Raises:
        TrunklineError: ``usage.*``, ``profile.*``, ``dsn.*``, ``run.remote``, ``token.*`` or
            ``secrets.*``.
    """
    if options.transport not in TRANSPORTS:
        raise fail("usage.transport", "The transport is stdio, http or sse.", "See --transport.")
    transport = cast("Transport", options.transport)
    served = tuple(_limited(subject, options) for subject in _subjects(options, read_line))
    _require_distinct([subject.profile for subject in served])
    return Order(
        subjects=served,
        transport=transport,
        host=options.host,
        port=_port(served, options),
        workers=_workers(options),
        is_stateless=options.stateless or options.workers > 1,
        allowed_hosts=listed(options.allowed_hosts),
        rules=None if transport == "stdio" else _rules(options, served),
        watching=observe.of(options),
        renewed=_renewed(options),
        has_link=len(served) == 1 and served[0].is_saved,
        has_events=options.events,
        until_eof=options.until_eof,
    )


def _names(options: argparse.Namespace) -> Sequence[str]:
    return options.profile or listed(os.environ.get("TRUNKLINE_PROFILE"))


def _renewed(options: argparse.Namespace) -> Callable[[Profile], Subject] | None:
    names = _names(options)
    if FROM_INPUT in names or not (names or options.all):
        return None
    return lambda profile: _limited(subjects.of_saved(profile), options)


def _subjects(options: argparse.Namespace, read_line: Callable[[], bytes]) -> tuple[Subject, ...]:
    names = _names(options)
    ways = [bool(names) and "--profile", options.all and "--all", bool(options.url) and "--url"]
    given = [way for way in ways if way]
    if len(given) > 1:
        raise fail(
            "usage.both", f"{' and '.join(given)} were both given.", "Leave out one of them."
        )
    if FROM_INPUT in names:
        return _from_input(names, read_line)
    if names:
        return tuple(subjects.saved(name) for name in dict.fromkeys(names))
    if options.all:
        return subjects.all_saved()
    if options.url:
        return (subjects.from_url(options.url, _teller(options)),)
    return (subjects.from_surroundings(os.environ, Path.cwd(), _teller(options)),)


def _teller(options: argparse.Namespace) -> Callable[[str], None]:
    """Return what tells the person who started us a sentence, in the form of the other lines."""
    return partial(logs.say, form=options.log_format)


def _from_input(names: Sequence[str], read_line: Callable[[], bytes]) -> tuple[Subject, ...]:
    if len(names) > 1:
        raise fail("usage.both", "--profile - goes with no other profile.", "Leave out the others.")
    return (subjects.from_first_line(read_line()),)


def _require_distinct(profiles: Sequence[Profile]) -> None:
    ids = [profile.id for profile in profiles]
    if twice := next((i for i in ids if ids.count(i) > 1), None):
        raise fail("usage.both", f"The database “{twice}” was named twice.", "Name it once.")


def _limited(subject: Subject, options: argparse.Namespace) -> Subject:
    profile = subject.profile
    wanted = {
        name: getattr(options, name)
        for name in ("max_rows", "max_bytes", "statement_timeout", "description")
        if getattr(options, name) is not None
    }
    limited = replace(
        profile,
        **wanted,
        tools=tuple(dict.fromkeys((*profile.tools, *listed(options.tools)))),
        schemas=listed(options.schemas) or profile.schemas,
        hidden=tuple(dict.fromkeys((*profile.hidden, *listed(options.hide)))),
    )
    if found := problems(limited):  # the profile was complete: one of these options is not right
        field = {"hidden": "hide"}.get(found[0].field, found[0].field)
        raise fail("usage.value", found[0].message, f"See --{field.replace('_', '-')}.")
    return replace(subject, profile=limited)


def _port(served: Sequence[Subject], options: argparse.Namespace) -> int:
    if options.port is None:
        own = served[0].profile.http_port if len(served) == 1 else 0
        return own or ports.DEFAULT_PORT
    if not 0 <= options.port <= 65535:
        raise fail("usage.port", "The port is a number from 0 to 65535.", "See --port.")
    return int(options.port)


def _workers(options: argparse.Namespace) -> int:
    if not 1 <= options.workers <= MAX_WORKERS:
        raise fail("usage.workers", f"There are 1 to {MAX_WORKERS} workers.", "See --workers.")
    if options.workers > 1 and options.transport != "http":
        raise fail(
            "usage.workers",
            "Several workers can share the http transport only.",
            "Add --transport http, or leave out --workers.",
        )
    if options.workers > 1 and not ports.CAN_SHARE:
        raise fail(
            "usage.workers",
            "Several workers need Linux or macOS.",
            "Leave out --workers, or run several servers behind a proxy.",
        )
    return int(options.workers)


def _rules(options: argparse.Namespace, served: Sequence[Subject]) -> Rules:
    from trunkline_server.serving.gate import options as gate  # of no use to stdio

    def kept() -> dict[str, str]:
        tokens = {subject.profile.id: subject.token() for subject in served}
        return {name: token for name, token in tokens.items() if token}

    return gate.of(options, kept=kept, tell=_teller(options))
