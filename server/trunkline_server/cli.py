"""``trunkline-server``: the verbs and their options. Every verb loads only what it needs."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence

from trunkline_server import edge, options
from trunkline_server.errors import Failure, TrunklineError


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one verb; returns the exit code: 0 done, 1 refused or failed, 2 usage."""
    edge.open_streams()

    def verb() -> int:
        given = _parser().parse_args(arguments)
        code: int = given.verb(given)
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
    _add_trust(verbs.add_parser("trust-ssh", help="accept the key of an SSH server"))
    grant = verbs.add_parser("grant-sql", help="print, or make, a login that only reads")
    options.add_grant(grant)
    grant.set_defaults(verb=_grant)
    info = verbs.add_parser("info", help="show what runs, and where files are kept")
    info.add_argument("--json", action="store_true", help="answer JSON")
    info.set_defaults(verb=_info)
    _add_token(verbs.add_parser("token", help="make, list and revoke what clients must send"))
    return parser


class _Version(argparse.Action):
    """Asks for the version only when somebody wants to know: it takes a while to find."""

    def __call__(self, parser: argparse.ArgumentParser, *_: object) -> None:
        from importlib.metadata import version

        parser.exit(message=f"trunkline-server {version('trunkline')}\n")


def _add_run(run: argparse.ArgumentParser) -> None:
    options.add_run(run)
    run.set_defaults(verb=_run)


def _add_check(check: argparse.ArgumentParser) -> None:
    options.add_database(check)
    options.flag(check, "--events", help="write events to standard output, one JSON object a line")
    check.add_argument("--json", action="store_true", help="answer JSON")
    check.set_defaults(verb=_check)


def _add_trust(trust: argparse.ArgumentParser) -> None:
    trust.add_argument("--profile", metavar="NAME", required=True,
                       help="whose SSH server it is; - reads it from the input")  # fmt: skip
    trust.add_argument("--fingerprint", metavar="SHA256:…",
                       help="accept the key with this fingerprint; else it is shown")  # fmt: skip
    trust.add_argument("--forget", action="store_true", help="forget what was accepted before")
    trust.set_defaults(verb=_trust)


def _add_token(token: argparse.ArgumentParser) -> None:
    token.add_argument("--profile", metavar="NAME", help="show the token kept for this profile")
    token.set_defaults(verb=_token, action="")
    actions = token.add_subparsers(metavar="ACTION", description="Without one, a token is made.")
    add = actions.add_parser("add", help="make a token under a name; it is printed once")
    add.add_argument("name", metavar="NAME", help="who will use it, such as ci")
    add.add_argument("--profile", metavar="NAME", action="append", dest="profiles",
                     help="only this profile; again for more of them")  # fmt: skip
    add.add_argument("--tools", metavar="NAMES", help="only these tools, separated by commas")
    add.add_argument("--expires", type=edge.number, metavar="DAYS", help="how long it counts")
    shown = actions.add_parser("list", help="show the named tokens, never what they are")
    for parser in (add, shown):
        parser.add_argument("--json", action="store_true", help="answer JSON")
    revoke = actions.add_parser("revoke", help="make a named token worthless at once")
    revoke.add_argument("name", metavar="NAME", help="the name it was added under")
    for name, parser in (("add", add), ("list", shown), ("revoke", revoke)):
        parser.set_defaults(action=name)


def _run(given: argparse.Namespace) -> int:
    from trunkline_server.serving import order, run  # the server's own modules
    from trunkline_server.serving.standard import StandardStreams

    streams = StandardStreams()
    try:
        wanted = order.of(given, streams.read_line)
    except TrunklineError as exc:
        return run.refuse(exc, streams, has_events=given.events)
    if wanted.workers > 1:
        from trunkline_server.serving import workers  # forks: not for Windows

        return workers.serve(wanted, streams)
    return run.run(wanted, streams)


def _check(given: argparse.Namespace) -> int:
    from trunkline_server.postgres.check import check_cli  # asyncpg, but never FastMCP

    return check_cli.run(given)


def _trust(given: argparse.Namespace) -> int:
    from trunkline_server.postgres.tunnel import trust_cli  # asyncssh

    return trust_cli.run(given)


def _grant(given: argparse.Namespace) -> int:
    from trunkline_server.postgres.roles import grant_cli  # asyncpg, but never FastMCP

    return grant_cli.run(given)


def _info(given: argparse.Namespace) -> int:
    from trunkline_server import info  # reads folders and run files

    found = info.collect()
    text = json.dumps(found, indent=2, ensure_ascii=False) if given.json else info.words(found)
    sys.stdout.write(f"{text}\n")
    return 0


def _token(given: argparse.Namespace) -> int:
    from trunkline_server.serving import token_cli  # may ask the keyring

    return token_cli.run(given)


if __name__ == "__main__":
    sys.exit(main())
