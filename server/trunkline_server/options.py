"""The options of ``trunkline-server``'s verbs, each with a twin in the environment."""

from __future__ import annotations

import argparse
import os
from typing import Any, Protocol

from trunkline_server import edge


class Taker(Protocol):
    """A parser, or a group of its options."""

    def add_argument(self, *names: str, **settings: Any) -> Any:
        """Take one option."""


def add_run(run: argparse.ArgumentParser) -> None:
    """Add everything ``run`` understands."""
    _add_databases(run.add_argument_group("what to serve"))
    _add_limits(run.add_argument_group("what AI apps may do"))
    _add_endpoint(run.add_argument_group("how clients connect"))
    _add_callers(run.add_argument_group("who may call (http and sse)"))
    _add_bounds(run.add_argument_group("how much they may ask (http and sse)"))
    _add_watching(run.add_argument_group("what is written down"))


def add_grant(parser: argparse.ArgumentParser) -> None:
    """Add what ``grant-sql`` understands; nothing of it may come from the environment by chance."""
    add_database(parser)
    parser.add_argument("--role", default="trunkline_reader", metavar="NAME",
                        help="name of the reader (default trunkline_reader)")  # fmt: skip
    parser.add_argument("--schemas", default="", metavar="NAMES",
                        help="only these schemas, separated by commas")  # fmt: skip
    parser.add_argument("--apply", action="store_true",
                        help="make it with this profile's login, then try what it can")  # fmt: skip
    place = parser.add_mutually_exclusive_group()
    place.add_argument("--save-as", metavar="NAME",
                       help="keep the login as a profile, its password in the keyring")  # fmt: skip
    place.add_argument("--show-password", action="store_true",
                       help="write the generated password to standard output, once")  # fmt: skip
    parser.add_argument("--password-stdin", action="store_true",
                        help="read the reader's password from the first input line")  # fmt: skip
    parser.add_argument("--new-password", action="store_true",
                        help="give a role that exists already a new password")  # fmt: skip
    parser.add_argument("--json", action="store_true", help="answer JSON")


def add_database(parser: argparse.ArgumentParser) -> None:
    """Add how one database is named."""
    option(parser, "--profile", metavar="NAME",
           help="a saved profile; - reads it from the first input line")  # fmt: skip
    _add_url(parser)


def _add_databases(group: Taker) -> None:
    group.add_argument(
        "--profile",
        metavar="NAME",
        action="append",
        help="a saved profile; again for more of them; - reads one from the first input line "
        "[TRUNKLINE_PROFILE, separated by commas]",
    )
    flag(group, "--all", help="every saved profile")
    _add_url(group)
    option(group, "--description", help="what the data is about, for the AI")


def _add_url(group: Taker) -> None:
    option(group, "--url", help="a connection string; other users can read it, prefer DATABASE_URL")


def _add_limits(group: Taker) -> None:
    option(group, "--max-rows", type=edge.whole, metavar="N", help="rows of a reply at most")
    option(group, "--max-bytes", type=edge.whole, metavar="N", help="bytes of a reply at most")
    option(
        group, "--statement-timeout", type=edge.number, metavar="S", help="seconds a query may take"
    )
    option(group, "--tools", metavar="GROUPS", default="",
           help="further groups of tools, separated by commas: dba")  # fmt: skip
    option(group, "--schemas", metavar="NAMES", default="",
           help="only these schemas may be read, separated by commas")  # fmt: skip
    option(group, "--hide", metavar="NAMES", default="",
           help="tables and columns nobody may see: schema.table, schema.table.column")  # fmt: skip


def _add_endpoint(group: Taker) -> None:
    option(group, "--transport", choices=("stdio", "http", "sse"), default="stdio",
           help="how clients connect (default stdio)")  # fmt: skip
    option(group, "--host", default="127.0.0.1", help="address to listen on (default 127.0.0.1)")
    option(
        group,
        "--port",
        type=edge.whole,
        metavar="N",
        help="port; 0 is a free one (profile's or 8765)",
    )
    option(group, "--workers", type=edge.whole, metavar="N", default=1,
           help="processes that share the port (http; default 1)")  # fmt: skip
    flag(group, "--stateless", help="let every http request stand alone, for several replicas")
    option(group, "--allowed-hosts", metavar="NAMES", default="",
           help="further host names clients use for this server, separated by commas")  # fmt: skip
    flag(group, "--allow-remote", help="allow an address that other computers can reach")
    option(group, "--tls-cert", metavar="FILE", help="certificate of the endpoint, PEM")
    option(group, "--tls-key", metavar="FILE", help="its key, PEM")
    flag(group, "--events", help="write events to standard output, one JSON object per line")
    flag(group, "--until-eof", help="stop at the end of standard input")


def _add_callers(group: Taker) -> None:
    option(group, "--token-file", metavar="FILE",
           help="file with the token clients must send, or lines of name:token")  # fmt: skip
    option(group, "--jwt-issuer", metavar="URL", help="accept signed tokens of this issuer")
    option(group, "--jwt-audience", metavar="NAME", help="the audience they must be for")
    option(group, "--jwt-jwks", metavar="FILE|URL", help="the issuer's public keys")
    option(group, "--allow-ip", metavar="CIDRS", default="",
           help="only these addresses may call, separated by commas")  # fmt: skip
    option(group, "--trusted-proxy", metavar="CIDRS", default="",
           help="proxies whose word about the caller's address counts")  # fmt: skip


def _add_bounds(group: Taker) -> None:
    option(group, "--rate-limit", metavar="RATE", default="",
           help="calls of one token, such as 120/minute")  # fmt: skip
    option(group, "--address-rate-limit", metavar="RATE", default="",
           help="requests of one address, counted before anything is believed")  # fmt: skip
    option(group, "--rate-storage", metavar="URL", default="memory://",
           help="where rates are counted: memory:// or redis://… for several replicas")  # fmt: skip
    option(group, "--max-body", type=edge.whole, metavar="BYTES", help="size of a request")
    option(group, "--max-header", type=edge.whole, metavar="BYTES", help="size of its headers")
    option(group, "--header-timeout", type=edge.number, metavar="S",
           help="seconds a client may take to send its headers")  # fmt: skip
    option(group, "--max-connections", type=edge.whole, metavar="N",
           help="connections at the same time")  # fmt: skip


def _add_watching(group: Taker) -> None:
    option(group, "--metrics-port", type=edge.whole, metavar="N",
           help="serve Prometheus metrics on this port of 127.0.0.1; 0 is a free one")  # fmt: skip
    flag(group, "--metrics", help="serve Prometheus metrics at /metrics, behind the token")
    option(group, "--log-format", choices=("text", "json"), default="text",
           help="how lines on standard error look (default text)")  # fmt: skip
    option(group, "--audit-log", metavar="FILE|-", help="write every call as a line of JSON")
    option(group, "--keep-activity", type=edge.number, metavar="DAYS",
           help="how long calls are remembered (default 30; 0 keeps none)")  # fmt: skip
    option(group, "--keep-activity-mb", type=edge.number, metavar="MB",
           help="how large their file may get (default 50)")  # fmt: skip
    option(group, "--activity-statements", choices=("text", "hash", "none"), default="text",
           help="what is kept of statements, in the audit log too (default text)")  # fmt: skip


def option(parser: Taker, name: str, **settings: Any) -> None:
    """Add an option whose default may stand in the environment: text, which argparse converts."""
    twin = twin_of(name)
    settings["default"] = os.environ.get(twin) or settings.get("default")
    settings["help"] = f"{settings['help']} [{twin}]"
    parser.add_argument(name, **settings)


def flag(parser: Taker, name: str, **settings: Any) -> None:
    """Add a switch; its twin is on with 1, true, yes or on."""
    twin = twin_of(name)
    is_set = os.environ.get(twin, "").lower() in {"1", "true", "yes", "on"}
    settings["help"] = f"{settings['help']} [{twin}]"
    parser.add_argument(name, action="store_true", default=is_set, **settings)


def twin_of(option: str) -> str:
    """Return the environment variable that stands for an option: ``--port`` → TRUNKLINE_PORT."""
    return "TRUNKLINE_" + option.lstrip("-").replace("-", "_").upper()


def listed(text: str | None) -> tuple[str, ...]:
    """Return the parts of a list separated by commas, without blanks around them."""
    return tuple(filter(None, (part.strip() for part in (text or "").split(","))))
