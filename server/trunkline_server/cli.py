"""``trunkline-server``: the verbs and their options. Every verb loads only what it needs."""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Sequence
from typing import Any

from trunkline_server import edge
from trunkline_server.errors import Failure, TrunklineError


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one verb; returns the exit code: 0 done, 1 refused or failed, 2 usage."""
    edge.open_streams()

    def verb() -> int:
        options = _parser().parse_args(arguments)
        code: int = options.verb(options)
        return code

    def tell(failure: Failure) -> None:
        sys.stderr.write(f"{failure}\n")
        sys.stderr.flush()

    return edge.exit_code(verb, tell)


def _parser() -> argparse.ArgumentParser:
    parser: argparse.ArgumentParser = edge.Parser(
        prog="trunkline-server",
        description="Serves PostgreSQL databases to AI apps over MCP, read-only.",
        epilog="Every option has an environment twin, such as TRUNKLINE_PORT for --port.",
    )
    parser.add_argument("--version", action=_Version, nargs=0, help="show the version")
    verbs = parser.add_subparsers(required=True, metavar="VERB")
    _add_run(verbs.add_parser("run", help="serve a database"))
    _add_check(verbs.add_parser("check", help="find out whether and why a connection works"))
    info = verbs.add_parser("info", help="show what runs, and where files are kept")
    info.add_argument("--json", action="store_true", help="answer JSON")
    info.set_defaults(verb=_info)
    token = verbs.add_parser("token", help="make a token, or show the one of a profile")
    token.add_argument("--profile", metavar="NAME", help="show the token kept for this profile")
    token.set_defaults(verb=_token)
    return parser


class _Version(argparse.Action):
    """Asks for the version only when somebody wants to know: it takes a while to find."""

    def __call__(self, parser: argparse.ArgumentParser, *_: object) -> None:
        from importlib.metadata import version

        parser.exit(message=f"trunkline-server {version('trunkline')}\n")


def _add_run(run: argparse.ArgumentParser) -> None:
    _add_database(run)
    _option(run, "--transport", choices=("stdio", "http", "sse"), default="stdio",
            help="how clients connect (default stdio)")  # fmt: skip
    _option(run, "--host", default="127.0.0.1", help="address to listen on (default 127.0.0.1)")
    _option(
        run,
        "--port",
        type=edge.whole,
        metavar="N",
        help="port; 0 is a free one (profile's or 8765)",
    )
    _option(run, "--max-rows", type=edge.whole, metavar="N", help="rows of a reply at most")
    _option(run, "--max-bytes", type=edge.whole, metavar="N", help="bytes of a reply at most")
    _option(
        run, "--statement-timeout", type=edge.number, metavar="S", help="seconds a query may take"
    )
    _option(run, "--description", help="what the data is about, for the AI")
    _option(run, "--token-file", metavar="FILE", help="file with the token clients must send")
    _option(run, "--allowed-hosts", metavar="NAMES", default="",
            help="further host names clients use for this server, separated by commas")  # fmt: skip
    _flag(run, "--allow-remote", help="allow an address that other computers can reach")
    _flag(run, "--events", help="write events to standard output, one JSON object per line")
    _flag(run, "--until-eof", help="stop at the end of standard input")
    run.set_defaults(verb=_run)


def _add_check(check: argparse.ArgumentParser) -> None:
    _add_database(check)
    _flag(check, "--events", help="write events to standard output, one JSON object per line")
    check.add_argument("--json", action="store_true", help="answer JSON")
    check.set_defaults(verb=_check)


def _add_database(parser: argparse.ArgumentParser) -> None:
    _option(parser, "--profile", metavar="NAME",
            help="a saved profile; - reads it from the first input line")  # fmt: skip
    _option(
        parser, "--url", help="a connection string; other users can read it, prefer DATABASE_URL"
    )


def _option(parser: argparse.ArgumentParser, name: str, **settings: Any) -> None:
    """Add an option whose default may stand in the environment: text, which argparse converts."""
    twin = twin_of(name)
    settings["default"] = os.environ.get(twin) or settings.get("default")
    settings["help"] = f"{settings['help']} [{twin}]"
    parser.add_argument(name, **settings)


def _flag(parser: argparse.ArgumentParser, name: str, **settings: Any) -> None:
    twin = twin_of(name)
    is_set = os.environ.get(twin, "").lower() in {"1", "true", "yes", "on"}
    settings["help"] = f"{settings['help']} [{twin}]"
    parser.add_argument(name, action="store_true", default=is_set, **settings)


def twin_of(option: str) -> str:
    """Return the environment variable that stands for an option: ``--port`` → TRUNKLINE_PORT."""
    return "TRUNKLINE_" + option.lstrip("-").replace("-", "_").upper()


def _run(options: argparse.Namespace) -> int:
    from trunkline_server.serving import order, run  # the server's own modules
    from trunkline_server.serving.standard import StandardStreams

    streams = StandardStreams()
    try:
        wanted = order.of(options, streams)
    except TrunklineError as exc:
        return order.refuse(exc, options, streams)
    return run.run(wanted, streams)


def _check(options: argparse.Namespace) -> int:
    from trunkline_server.postgres import check_cli  # asyncpg, but never FastMCP

    return check_cli.run(options)


def _info(options: argparse.Namespace) -> int:
    from trunkline_server import info  # reads folders and run files

    found = info.collect()
    text = json.dumps(found, indent=2, ensure_ascii=False) if options.json else info.words(found)
    sys.stdout.write(f"{text}\n")
    return 0


def _token(options: argparse.Namespace) -> int:
    from trunkline_server.serving import tokens  # may ask the keyring

    sys.stdout.write(f"{tokens.kept(options.profile) if options.profile else tokens.new()}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
