"""What can fail, in which words: told apart by SQLSTATE and class, so no driver is imported."""

from __future__ import annotations

from dataclasses import asdict, dataclass

EXIT_FAILED = 1
EXIT_USAGE = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """Something that did not work, told to a person.

    Attributes:
        code: stable, dotted, for scripts and documentation, such as ``login.password``.
        title: one plain sentence: what happened.
        hint: one next step; may be empty when there is none.
        detail: the other program's own words for "Show details"; never a secret.
    """

    code: str
    title: str
    hint: str = ""
    detail: str = ""

    def __str__(self) -> str:
        return f"{self.title} {self.hint}".strip()

    def as_json(self) -> dict[str, str]:
        """Return the four fields as a JSON object."""
        return asdict(self)


class TrunklineError(Exception):
    """Carries a :class:`Failure`; the only exception that crosses our module borders on purpose."""

    def __init__(self, failure: Failure) -> None:
        super().__init__(str(failure))
        self.failure = failure

    @property
    def code(self) -> str:
        """The failure's code."""
        return self.failure.code


def fail(code: str, title: str, hint: str = "", detail: str = "") -> TrunklineError:
    """Return an error ready to be raised, with the fields of :class:`Failure`."""
    return TrunklineError(Failure(code=code, title=title, hint=hint, detail=detail))


# https://www.postgresql.org/docs/current/errcodes-appendix.html
_BY_SQLSTATE: dict[str, tuple[str, str, str]] = {
    "28P01": (
        "login.password",
        "The server refused this login.",
        "The password or the user “{user}” is not right; upper and lower case count.",
    ),
    "28000": (
        "login.not_allowed",
        "The server does not let “{user}” in from this computer.",
        "Ask the administrator for an entry in pg_hba.conf for this user and address.",
    ),
    "3D000": (
        "database.unknown",
        "There is no database “{database}” on {host}.",
        "Check the name; upper and lower case letters count as different.",
    ),
    "42501": (
        "rights.denied",
        "The user “{user}” may not do this.",
        "Ask the administrator for the right to read this.",
    ),
    "53300": (
        "login.too_many",
        "The server has no free connection left.",
        "Close other programs that use it, or try again in a minute.",
    ),
    "57P03": (
        "login.starting_up",
        "The server is starting up or shutting down.",
        "Try again in a few seconds.",
    ),
    "57P01": (
        "query.server_stopped",
        "The server closed this connection because it is shutting down.",
        "Try again in a few seconds.",
    ),
    "57014": (
        "query.timeout",
        "The query took longer than the time allowed and was stopped.",
        "Ask for less: add a WHERE, aggregate, or look at fewer rows.",
    ),
    "55P03": (
        "query.locked",
        "A table this query needs is locked by someone else.",
        "Try again in a moment.",
    ),
    "25006": (
        "query.write_refused",
        "This statement would change data. Nothing was changed.",
        "Only reading is allowed: write a SELECT.",
    ),
    "25001": (
        "query.write_refused",
        "This statement would change the session. Nothing was changed.",
        "Only reading is allowed: write a SELECT.",
    ),
    "42P01": (
        "query.no_table",
        "There is no such table or view.",
        "Call list_tables to see the names; quote names with capital letters.",
    ),
    "42703": (
        "query.no_column",
        "There is no such column.",
        "Call describe_table to see the columns.",
    ),
    "42883": (
        "query.no_function",
        "There is no such function or operator for these types.",
        "Check its name and cast its arguments.",
    ),
    "42601": ("query.syntax", "PostgreSQL does not understand this statement.", "Correct it."),
}

# Said by the driver, not by a server: what carried the connection is gone.
_BY_SQLSTATE |= dict.fromkeys(
    ("08000", "08003", "08006"),
    (
        "reach.broken",
        "The connection to {host} broke before the answer was complete.",
        "Ask again; if it stays so, check the network between this computer and the server.",
    ),
)

# Classes by name: loading ssl for one of them would cost the app five megabytes.
_BY_CLASS: tuple[tuple[str, str, str, str], ...] = (
    (
        "socket.gaierror",
        "resolve.unknown",
        "No server has the name “{host}”.",
        "Check the spelling, or whether you need the company network.",
    ),
    (
        "builtins.ConnectionRefusedError",
        "reach.refused",
        "Nothing is listening on {host}, port {port}.",
        "Check the port and that PostgreSQL is running.",
    ),
    (
        "ssl.SSLError",
        "tls.failed",
        "The encrypted connection to {host} could not be made.",
        "Ask the administrator whether the server speaks TLS.",
    ),
    (
        "builtins.TimeoutError",
        "reach.filtered",
        "Nothing answers at {host}, port {port}.",
        "A firewall may block this computer; ask your administrator to allow it.",
    ),
    (
        "builtins.OSError",
        "reach.failed",
        "The connection to {host}, port {port}, broke.",
        "Check the network and try again.",
    ),
)

_UNKNOWN_PLACE = {"host": "the server", "port": "?", "database": "?", "user": "?"}


def explain(exc: BaseException, **place: object) -> Failure:
    """Turn what was raised into what a person should read. Never raises.

    ``place`` fills the sentences: ``host``, ``port``, ``database``, ``user``.
    """
    if isinstance(exc, TrunklineError):
        return exc.failure
    words = {**_UNKNOWN_PLACE, **{k: str(v) for k, v in place.items()}}
    code, title, hint = _entry(exc)
    return Failure(
        code=code, title=title.format(**words), hint=hint.format(**words), detail=str(exc)[:2000]
    )


def _entry(exc: BaseException) -> tuple[str, str, str]:
    sqlstate = getattr(exc, "sqlstate", None)
    if sqlstate in _BY_SQLSTATE:
        return _BY_SQLSTATE[sqlstate]
    kinds = {f"{kind.__module__}.{kind.__qualname__}" for kind in type(exc).__mro__}
    for kind, code, title, hint in _BY_CLASS:
        if kind in kinds:
            return code, title, hint
    if sqlstate:
        return "query.failed", "PostgreSQL refused this.", "See the details for its own words."
    return "internal", "Something in Trunkline went wrong.", "See the details and report it."
