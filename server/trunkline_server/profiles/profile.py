"""What a connection profile is, and when it is complete enough to save. Opens nothing."""

from __future__ import annotations

import ipaddress
import re
import unicodedata
from collections.abc import Callable, Iterable
from dataclasses import MISSING, dataclass, fields
from typing import Any, Literal, get_args

Transport = Literal["stdio", "http", "sse"]
SslMode = Literal["disable", "allow", "prefer", "require", "verify-ca", "verify-full"]
Label = Literal["", "production", "staging", "test"]

TRANSPORTS: tuple[Transport, ...] = get_args(Transport)
SSL_MODES: tuple[SslMode, ...] = get_args(SslMode)
LABELS: tuple[Label, ...] = get_args(Label)
TOOL_GROUPS = ("dba",)
SESSION_ATTRS = ("any", "read-write", "read-only", "primary", "standby", "prefer-standby")

_PORTS = range(1, 65536)
_ID_CHARS = 40
_ID = re.compile(rf"[a-z][a-z0-9-]{{0,{_ID_CHARS - 1}}}")
_JUMP = re.compile(r"([^@\s,/]+@)?(\[[0-9a-fA-F:.]+\]|[^@\s,/:\[\]]+)(:[0-9]{1,5})?")
_SECONDS_A_DAY = 86_400


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """How to reach one database. Holds no password; see ``secrets``.

    Attributes:
        id: stable key, chosen once from the first name (``slug``): the account name in the
            keyring and the argument in AI apps' files. Renaming the profile keeps it.
        name: what the person calls it; unique without regard to case.
        label: environment, shown as a word: "", "production", "staging" or "test".
        description: what the data is about; reaches the AI app as instructions.
        host: DNS name, IP address, or absolute path of a Unix-socket folder.
        port: TCP port (or socket number), 1 to 65535.
        fallback_hosts: ``host:port`` strings tried in order when the first does not answer;
            an IPv6 address stands in brackets, as in ``[::1]:5432``.
        target_session_attrs: libpq's word for which of the hosts will do, usually "any".
        sslmode: libpq's word; ``verify-full`` checks the certificate and the name in it.
        sslrootcert: path of the certificate authority's file; "" means the system's.
        sslcert: path of a client certificate, or "".
        sslkey: path of its key, or "".
        connect_timeout: seconds, greater than 0.
        statement_timeout: seconds a query may take, greater than 0.
        max_rows: rows of a reply, at least 1.
        max_bytes: bytes of a reply, at least 1024.
        transport: how AI apps reach the running server: "stdio", "http" or "sse".
        http_port: port of the HTTP or SSE endpoint, chosen once and kept; 0 until chosen.
        switched_on: whether the app starts its server when the app starts.
        sample: the embedded sample database; its address is found when it starts.
        schemas: the schemas that may be read; () means all the login may read.
        hidden: tables (``schema.table``) and columns (``schema.table.column``) nobody may see.
        notes: what the model should know of a table, each ``schema.table: note``.
        tools: further groups of tools switched on, such as "dba".
        ssh_host: computer to reach the database through by SSH; "" means directly.
        ssh_port: its port, 1 to 65535.
        ssh_user: the login there; "" means the name of the person at this computer.
        ssh_key: path of a private key; "" means the agent, the usual keys, or a password.
        ssh_jump: computers to pass on the way, ``user@host:port`` each, in order.
    """

    id: str
    name: str
    label: Label = ""
    description: str = ""
    host: str = "localhost"
    port: int = 5432
    fallback_hosts: tuple[str, ...] = ()
    target_session_attrs: str = "any"
    database: str = "postgres"
    user: str = "postgres"
    sslmode: SslMode = "prefer"
    sslrootcert: str = ""
    sslcert: str = ""
    sslkey: str = ""
    connect_timeout: float = 10.0
    statement_timeout: float = 30.0
    max_rows: int = 500
    max_bytes: int = 65536
    transport: Transport = "stdio"
    http_port: int = 0
    switched_on: bool = False
    sample: bool = False
    schemas: tuple[str, ...] = ()
    hidden: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    tools: tuple[str, ...] = ()
    ssh_host: str = ""
    ssh_port: int = 22
    ssh_user: str = ""
    ssh_key: str = ""
    ssh_jump: tuple[str, ...] = ()

    @property
    def is_socket(self) -> bool:
        """Whether ``host`` is the folder of a Unix socket."""
        return self.host.startswith(("/", "@"))

    @property
    def addresses(self) -> tuple[tuple[str, int], ...]:
        """Every host with its port, in the order to try them; IPv6 without brackets.

        Raises:
            ValueError: an entry of ``fallback_hosts`` is not ``host:port``.
        """
        return ((self.host, self.port), *(_address(text) for text in self.fallback_hosts))

    def as_json(self) -> dict[str, Any]:
        """Return every field, in order, as a JSON object."""
        return {f.name: _plain(getattr(self, f.name)) for f in fields(self)}


class FieldError(TypeError):
    """A value of a JSON object that no profile can hold.

    Attributes:
        field: its name.
        wanted: what it must be, such as "a whole number".
    """

    def __init__(self, field: str, wanted: str) -> None:
        super().__init__(f"{field} must be {wanted}")
        self.field = field
        self.wanted = wanted


@dataclass(frozen=True, slots=True)
class Problem:
    """Why a profile cannot be saved: the field's name and one sentence."""

    field: str
    message: str


def from_json(document: dict[str, Any]) -> Profile:
    """Return the profile of a JSON object; unknown keys are ignored, missing ones get defaults.

    Raises:
        FieldError: a value has the wrong type, or ``id`` or ``name`` is missing.
    """
    values = {}
    for field in fields(Profile):
        if field.name in document:
            values[field.name] = _value(field.name, str(field.type), document[field.name])
        elif field.default is MISSING:
            raise FieldError(field.name, "there")
    return Profile(**values)


def _value(name: str, kind: str, value: object) -> Any:
    wanted, fits = _KINDS[kind]
    if not fits(value):
        raise FieldError(name, wanted)
    return tuple(value) if isinstance(value, list) else value


def _is_number(value: object, kinds: type | tuple[type, ...]) -> bool:
    # True is an int to Python, never to a person who writes a file.
    return isinstance(value, kinds) and not isinstance(value, bool)


# By annotation: what the value must be, in words and as a rule.
_KINDS: dict[str, tuple[str, Callable[[Any], bool]]] = {
    "str": ("a text", lambda v: isinstance(v, str)),
    "bool": ("true or false", lambda v: isinstance(v, bool)),
    "int": ("a whole number", lambda v: _is_number(v, int)),
    "float": ("a number", lambda v: _is_number(v, (int, float))),
    "tuple[str, ...]": (
        "a list of texts",
        lambda v: isinstance(v, list | tuple) and all(isinstance(item, str) for item in v),
    ),
    "Label": ("production, staging, test or empty", lambda v: v in LABELS),
    "SslMode": (f"one of {', '.join(SSL_MODES)}", lambda v: v in SSL_MODES),
    "Transport": ("stdio, http or sse", lambda v: v in TRANSPORTS),
}


def slug(name: str, taken: Iterable[str] = ()) -> str:
    """Return an id for ``name`` that is safe in every AI app and not in ``taken``.

    Lower-case ASCII letters, digits and hyphens, starts with a letter, at most 40 characters.
    """
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    base = re.sub(r"[^a-z0-9]+", "-", plain).strip("-")
    if not base or not base[0].isalpha():
        base = f"db-{base}"
    used, number, found = set(taken), 1, base[:_ID_CHARS].strip("-")
    while found in used:
        number += 1
        end = f"-{number}"
        found = base[: _ID_CHARS - len(end)].strip("-") + end
    return found


def problems(profile: Profile, others: Iterable[Profile] = ()) -> list[Problem]:
    """Return everything wrong with ``profile`` in form order; ``[]`` when it can be saved.

    ``others`` are the saved profiles: a name must be unique among those with another id, and a new
    port of the endpoint too.
    """
    others = tuple(others)
    owner = _owner_of_port(profile, others)
    checks = (
        ("id", bool(_ID.fullmatch(profile.id)), "The id has characters an AI app may refuse."),
        ("name", bool(profile.name.strip()), "Give it a name you will recognise."),
        ("name", len(profile.name) <= 80, "Use a name of at most 80 characters."),
        ("name", not _CONTROL.search(profile.name), "Use a name on one line, of plain signs."),
        ("name", not _is_taken(profile, others), "Another database already has this name."),
        ("label", profile.label in LABELS, "The label is production, staging, test or empty."),
        *_address_checks(profile),
        *_tunnel_checks(profile),
        *_limit_checks(profile),
        ("http_port", not owner, f"Port {profile.http_port} belongs to “{owner}”."),
        *_sight_checks(profile),
    )
    return [Problem(field, message) for field, is_right, message in checks if not is_right]


def _address_checks(profile: Profile) -> Iterable[tuple[str, bool, str]]:
    host = profile.host.strip()
    return (
        ("host", bool(host), "Enter the host name or address of the server."),
        ("host", profile.is_socket or not re.search(r"[\s/@?#,\0]", host),
         "A host has no spaces, commas, / or @."),
        ("host", profile.is_socket or ":" not in host or _is_ipv6(host),
         "Write the port into its own field; an IPv6 address needs no brackets."),
        ("port", _is_port(profile.port), "The port is a number from 1 to 65535."),
        ("fallback_hosts", all(map(_is_address, profile.fallback_hosts)),
         "Write each further host as host:port."),
        ("target_session_attrs", profile.target_session_attrs in SESSION_ATTRS,
         f"Choose one of {', '.join(SESSION_ATTRS)}."),
        ("database", _is_text(profile.database), "Enter the name of the database."),
        ("user", _is_text(profile.user), "Enter the user name for the login."),
        ("sslmode", profile.sslmode in SSL_MODES, "Choose one of the encryption modes."),
        ("sslkey", bool(profile.sslcert) == bool(profile.sslkey),
         "A client certificate and its key go together."),
    )  # fmt: skip


def _tunnel_checks(profile: Profile) -> Iterable[tuple[str, bool, str]]:
    return (
        ("ssh_host", not re.search(r"[\s/@?#,\0]", profile.ssh_host),
         "An SSH host has no spaces, commas, / or @."),
        ("ssh_host", not (profile.ssh_host and profile.is_socket),
         "A Unix socket cannot be reached through SSH: enter the host as that computer sees it."),
        ("ssh_port", _is_port(profile.ssh_port), "The port is a number from 1 to 65535."),
        ("ssh_jump", all(_JUMP.fullmatch(jump) for jump in profile.ssh_jump),
         "Write each computer on the way as user@host or user@host:port."),
    )  # fmt: skip


def _sight_checks(profile: Profile) -> Iterable[tuple[str, bool, str]]:
    return (
        ("schemas", all(map(_is_text, profile.schemas)), "Name each schema."),
        ("hidden", all(len(parts_of(name)) in {2, 3} for name in profile.hidden),
         "Write what is hidden as schema.table or schema.table.column."),
        ("notes", all(len(parts_of(n.partition(": ")[0])) == 2 and n.partition(": ")[2].strip()
                      for n in profile.notes),
         "Write each note as schema.table: what to know."),
        ("tools", all(group in TOOL_GROUPS for group in profile.tools),
         f"The groups of tools are: {', '.join(TOOL_GROUPS)}."),
    )  # fmt: skip


_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")
_PART = re.compile(r'(?:"((?:[^"]|"")+)"|([^".\0]+))(\.|$)')


def parts_of(name: str) -> tuple[str, ...]:
    """Return the parts of ``schema.table`` or ``"My schema"."table"``, unquoted; () if malformed.

    As PostgreSQL reads it, but upper and lower case letters without quotes stay as they are.
    """
    parts, at = [], 0
    while at <= len(name):
        found = _PART.match(name, at)
        if found is None:
            return ()
        parts.append(found[1].replace('""', '"') if found[1] else found[2])
        at = found.end()
        if not found[3]:
            return tuple(parts)
    return ()


def _limit_checks(profile: Profile) -> Iterable[tuple[str, bool, str]]:
    return (
        ("connect_timeout", 0 < profile.connect_timeout <= _SECONDS_A_DAY,
         "Wait more than 0 seconds, at most a day."),
        ("statement_timeout", 0 < profile.statement_timeout <= _SECONDS_A_DAY,
         "Allow more than 0 seconds, at most a day."),
        ("max_rows", profile.max_rows >= 1, "Allow at least 1 row."),
        ("max_bytes", profile.max_bytes >= 1024, "Allow at least 1024 bytes."),
        ("transport", profile.transport in TRANSPORTS, "The transport is stdio, http or sse."),
        ("http_port", profile.http_port == 0 or _is_port(profile.http_port),
         "The port is a number from 1 to 65535."),
    )  # fmt: skip


def _is_port(port: int) -> bool:
    return port in _PORTS


def _is_text(text: str) -> bool:
    return bool(text) and "\0" not in text  # PostgreSQL ends a name at a zero byte


def _is_ipv6(host: str) -> bool:
    try:
        ipaddress.IPv6Address(host)
    except ValueError:
        return False
    return True


def _address(text: str) -> tuple[str, int]:
    """Return the parts of ``host:port`` or ``[address]:port``; ValueError for anything else."""
    host, _, port = text.rpartition(":")
    host = host.removeprefix("[").removesuffix("]")
    if not host or not port.isascii() or not port.isdigit() or int(port) not in _PORTS:
        raise ValueError(text)
    return host, int(port)


def _is_address(text: str) -> bool:
    try:
        _address(text)
    except ValueError:
        return False
    return True


def _is_taken(profile: Profile, others: Iterable[Profile]) -> bool:
    name = profile.name.strip().casefold()
    return any(o.id != profile.id and o.name.strip().casefold() == name for o in others)


def _owner_of_port(profile: Profile, others: Iterable[Profile]) -> str:
    """Return who else has the port; "" when nobody has, or when both have had it before."""
    by_port = {o.id: o.name for o in others if o.http_port == profile.http_port != 0}
    return "" if profile.id in by_port else next(iter(by_port.values()), "")


def _plain(value: object) -> object:
    return list(value) if isinstance(value, tuple) else value


def is_moved(before: Profile, after: Profile) -> bool:
    """Whether apps with an address of ``before`` need another one."""
    return (before.transport, before.http_port) != (after.transport, after.http_port)
