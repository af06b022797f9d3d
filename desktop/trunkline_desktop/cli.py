"""``trunkline``: the tray app without arguments, its actions in a terminal with a verb."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence
from importlib import import_module

from trunkline_desktop.verbs import say
from trunkline_server import edge
from trunkline_server.clients.exports.kinds import FORMS, KINDS
from trunkline_server.errors import EXIT_FAILED, Failure, fail
from trunkline_server.profiles.profile import LABELS, SSL_MODES, TOOL_GROUPS, TRANSPORTS


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one verb, or the app; returns the exit code: 0 done, 1 refused or failed, 2 usage."""
    edge.open_streams()
    given = sys.argv[1:] if arguments is None else list(arguments)
    if not given:
        return _app()

    def verb() -> int:
        options = _parser().parse_args(given)
        code: int = options.verb(options)
        return code

    def tell(failure: Failure) -> None:
        say.note(str(failure))
        if "--json" in given:
            say.as_json({"failed": failure.as_json()})

    return edge.exit_code(verb, tell)


def _app() -> int:
    try:
        app = import_module("trunkline_desktop.app")  # Qt; no verb needs it
    except ModuleNotFoundError as exc:
        if (exc.name or "").split(".")[0] != "PySide6":
            raise
        missing = fail("app.missing", "The window of Trunkline is not part of this installation.",
                       "Install it with: pip install 'trunkline[desktop]'")  # fmt: skip
        say.note(str(missing))
        return EXIT_FAILED
    code: int = app.main()
    return code


def _later(module: str, function: str) -> Callable[[argparse.Namespace], int]:
    """Return a verb whose module is loaded when it runs: help and errors stay quick."""

    def verb(options: argparse.Namespace) -> int:
        code: int = getattr(import_module(f"trunkline_desktop.{module}"), function)(options)
        return code

    return verb


def _parser() -> argparse.ArgumentParser:
    from importlib.metadata import version  # two megabytes: the app does without

    parser: argparse.ArgumentParser = edge.Parser(
        prog="trunkline",
        description="Connects PostgreSQL databases to AI apps. Without a verb: the tray app.",
        epilog="Try it without a database of your own: trunkline demo",
    )
    parser.add_argument("--version", action="version", version=f"trunkline {version('trunkline')}")
    verbs = parser.add_subparsers(required=True, metavar="VERB")
    _database_verbs(verbs)
    _run_verbs(verbs)
    _app_verbs(verbs)
    return parser


_Verbs = argparse._SubParsersAction  # argparse has no public name for it


def _verb(
    verbs: _Verbs[argparse.ArgumentParser], name: str, place: tuple[str, str], summary: str
) -> argparse.ArgumentParser:
    parser = verbs.add_parser(name, help=summary, description=f"{summary}.")
    parser.add_argument("--json", action="store_true", help="answer JSON")
    parser.set_defaults(verb=_later(*place))
    return parser


def _database_verbs(verbs: _Verbs[argparse.ArgumentParser]) -> None:
    add = _verb(verbs, "add", ("verbs.databases", "add"), "Save a database")
    add.add_argument("name", metavar="NAME", help="what to call it")
    source = add.add_mutually_exclusive_group()
    source.add_argument("--url", help="a connection string, or any text with one")
    source.add_argument("--env-file", metavar="FILE", help="a file with DATABASE_URL or PG* lines")
    source.add_argument("--sample", action="store_true", help="the sample shop that comes along")
    _password(add)
    _fields(add)
    _verb(verbs, "list", ("verbs.databases", "list_all"), "List the saved databases")
    _name(_verb(verbs, "show", ("verbs.databases", "show"), "Show what is saved of a database"))
    edit = _verb(verbs, "edit", ("verbs.databases", "edit"), "Change a saved database")
    _name(edit)
    edit.add_argument("--rename", metavar="NAME", help="call it NAME from now on")
    edit.add_argument("--ask-password", action="store_true", help="ask for a new password")
    _password(edit)
    _fields(edit)
    _name(_verb(verbs, "remove", ("verbs.databases", "remove"), "Forget a database"))


def _run_verbs(verbs: _Verbs[argparse.ArgumentParser]) -> None:
    _name(_verb(verbs, "check", ("verbs.runs", "check"), "Find out whether a connection works"))
    start = _verb(verbs, "start", ("verbs.runs", "start"), "Serve a database until Ctrl+C")
    _name(start)
    start.add_argument("--transport", choices=TRANSPORTS, help="how AI apps reach it")
    activity = _verb(verbs, "activity", ("verbs.history", "activity"), "Show who asked what")
    activity.add_argument("name", nargs="?", metavar="NAME", help="of this database only")
    activity.add_argument(
        "--limit", type=_positive, default=50, metavar="N", help="how many questions (default 50)"
    )
    demo = _verb(verbs, "demo", ("demo", "demo"), "Show all of it with a sample database")
    demo.add_argument("--keep", action="store_true", help="keep the temporary folder")


def _app_verbs(verbs: _Verbs[argparse.ArgumentParser]) -> None:
    _verb(verbs, "clients", ("verbs.app_list", "clients"), "List the AI apps")
    connect = _verb(verbs, "connect", ("verbs.apps", "connect"), "Let an AI app use a database")
    _change(connect)
    connect.add_argument("--transport", choices=TRANSPORTS, help="how the app reaches it")
    connect.add_argument("--entry", metavar="KEY", help="the entry's name in the app's file")
    connect.add_argument(
        "--allow-token",
        action="store_true",
        help="write the access token into the app's file when the app knows no safer way",
    )
    connect.add_argument(
        "--verify", action="store_true", help="then let the app itself say whether it connects"
    )
    place = ("verbs.disconnecting", "disconnect")
    disconnect = _verb(verbs, "disconnect", place, "Take it out of an AI app")
    _change(disconnect, is_one=False)
    disconnect.add_argument(
        "--all", action="store_true", help="all entries: of every database, in every app's files"
    )
    _export(_verb(verbs, "export", ("verbs.export", "export"), "Print what an AI app needs"))


def _export(parser: argparse.ArgumentParser) -> None:
    _name(parser)
    add = parser.add_argument
    kinds = "; ".join(f"{kind}: {what}" for kind, what in KINDS.items())
    add("--client", required=True, metavar="ID", help=f"an app of “trunkline clients”; or {kinds}")
    add(
        "--as",
        dest="form",
        choices=FORMS,
        help="the app's settings as a text (default), a link that opens it, its own command",
    )
    add("--transport", choices=TRANSPORTS, help="how the app reaches it (default stdio)")
    add(
        "--allow-token",
        action="store_true",
        help="write the access token itself when the app knows no safer way",
    )
    add("--output", metavar="FILE", help="into this file or folder (default: the terminal)")
    add("--force", action="store_true", help="replace a file that is there already")


def _name(parser: argparse.ArgumentParser, *, is_needed: bool = True) -> None:
    words = "the name or the id of the database; id:ID is surely the id"
    parser.add_argument("name", metavar="NAME", nargs=None if is_needed else "?", help=words)


def _change(parser: argparse.ArgumentParser, *, is_one: bool = True) -> None:
    """Add what says which entry is meant; one has to be named if ``is_one``."""
    _name(parser, is_needed=is_one)
    parser.add_argument(
        "--client", required=is_one, metavar="ID", help="which app: trunkline clients"
    )
    parser.add_argument("--path", metavar="FILE", help="this file, not the detected one")
    parser.add_argument(
        "--restart",
        action="store_true",
        help="quit an app that would overwrite the change, and start it again afterwards",
    )
    parser.add_argument("--dry-run", action="store_true", help="show the change, write nothing")


def _positive(text: str) -> int:
    if (value := edge.whole(text)) < 1:
        raise argparse.ArgumentTypeError(f"“{text}” is not above 0")
    return value


def _password(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--password-stdin", action="store_true",
                        help="read the password from standard input")  # fmt: skip


def _fields(parser: argparse.ArgumentParser) -> None:
    """Add one option per field of a profile that people set."""
    add = parser.add_argument
    add("--host", metavar="HOST", help="name, address, or folder of a Unix socket")
    add("--port", type=edge.whole, metavar="N", help="its port (default 5432)")
    add("--database", metavar="NAME", help="the database on that server (default postgres)")
    add("--user", metavar="NAME", help="who logs in (default postgres)")
    add(
        "--sslmode",
        choices=SSL_MODES,
        help="how it is encrypted (default: verify-full, unless it is local)",
    )
    add("--sslrootcert", metavar="FILE", help="certificate authority to trust")
    add("--sslcert", metavar="FILE", help="client certificate")
    add("--sslkey", metavar="FILE", help="key of the client certificate")
    add("--label", choices=LABELS, help='environment; "" for none')
    add("--description", metavar="TEXT", help="what the data is about, for the AI")
    add("--statement-timeout", type=edge.number, metavar="S", help="seconds a query may take")
    add("--max-rows", type=edge.whole, metavar="N", help="rows of a reply")
    add("--max-bytes", type=edge.whole, metavar="N", help="bytes of a reply")
    add("--transport", choices=TRANSPORTS, help="how AI apps reach it")
    add("--http-port", type=edge.whole, metavar="N", help="port of its HTTP or SSE address")
    _sight(parser.add_argument_group("what the AI may see"))
    _tunnel(parser.add_argument_group("through SSH"))


def _listed(text: str) -> tuple[str, ...]:
    return tuple(filter(None, (part.strip() for part in text.split(","))))


def _sight(group: argparse._ArgumentGroup) -> None:
    """Add what narrows or explains the database; an empty value takes it back."""
    add = group.add_argument
    add("--schemas", type=_listed, metavar="NAMES",
        help="only these schemas, separated by commas")  # fmt: skip
    add("--hide", dest="hidden", action="append", metavar="TABLE",
        help="hide schema.table or schema.table.column; again for more")  # fmt: skip
    add("--note", dest="notes", action="append", metavar="TEXT",
        help='"schema.table: what to know"; again for more')  # fmt: skip
    add("--tools", type=_listed, metavar="GROUPS",
        help=f"further tools, separated by commas: {', '.join(TOOL_GROUPS)}")  # fmt: skip


def _tunnel(group: argparse._ArgumentGroup) -> None:
    """Add how the database is reached through SSH servers."""
    add = group.add_argument
    add("--ssh-host", metavar="HOST", help='the SSH server before the database; "" for none')
    add("--ssh-port", type=edge.whole, metavar="N", help="its port (default 22)")
    add("--ssh-user", metavar="NAME", help="who logs in there (default: you)")
    add("--ssh-key", metavar="FILE", help="private key (default: agent, usual keys or password)")
    add("--ssh-jump", type=_listed, metavar="HOSTS",
        help="SSH servers to pass on the way: user@host:port, separated by commas")  # fmt: skip
    add("--ssh-password-stdin", action="store_true",
        help="read the password, or the key's passphrase, from standard input: a line of its own,"
        " after that of --password-stdin")  # fmt: skip


if __name__ == "__main__":
    sys.exit(main())
