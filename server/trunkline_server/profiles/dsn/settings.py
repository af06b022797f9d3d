"""From single settings, in libpq's words, to the fields of a profile. Pure.

No message of this module quotes a value: what stands in a wrong place may be a password.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

from trunkline_server.errors import Failure, TrunklineError
from trunkline_server.profiles import providers
from trunkline_server.profiles.profile import SESSION_ATTRS, SSL_MODES, Profile, slug


@dataclass(frozen=True, slots=True)
class Setting:
    """One setting: libpq's keyword, its value, and where the value stands in the text."""

    key: str
    value: str
    at: int

    def __repr__(self) -> str:
        return f"Setting({self.key}, at {self.at})"


@dataclass(frozen=True, slots=True)
class Parsed:
    """What a text says about a connection.

    Attributes:
        fields: names of ``Profile`` fields and their values; only those that were found.
        password: the password, or None; ``repr`` does not show it.
        source: the form it came in: "url", "keyvalue", "env", "psql", "jdbc" or "settings".
        notes: sentences about what was assumed or left out; they hold no value of the text.
        assumed: the names in ``fields`` that the text does not say itself.
    """

    fields: dict[str, Any]
    password: str | None
    source: str
    notes: tuple[str, ...] = ()
    assumed: frozenset[str] = frozenset()

    def __repr__(self) -> str:
        hidden = "None" if self.password is None else "…"
        return f"Parsed({self.fields!r}, password={hidden}, source={self.source!r})"

    @property
    def fields_read(self) -> int:
        """How many fields the text filled, the password among them."""
        return len(self.fields.keys() - self.assumed) + (self.password is not None)

    def profile(self, name: str) -> Profile:
        """Return a profile called ``name`` with these fields, the rest by default."""
        return replace(Profile(id=slug(name), name=name), **self.fields)


class BadDsn(TrunklineError):  # noqa: N818 - reads as what it is, and is part of our interface
    """A text that is not understood.

    Attributes:
        position: offset into the text of the place to look at.
    """

    def __init__(self, code: str, position: int, title: str, hint: str) -> None:
        super().__init__(Failure(code=f"dsn.{code}", title=title, hint=hint))
        self.position = position


# libpq's keywords we keep, with the other names people's tools give them.
ALIASES = {
    "host": ("hostname", "server", "servername", "data source", "address", "addr", "endpoint"),
    "hostaddr": (),
    "port": (),
    "dbname": ("database", "db", "db_name", "database_name", "databasename", "initial catalog"),
    "user": ("username", "user_name", "userid", "user id", "uid", "login"),
    "password": ("pass", "pwd", "passwd"),
    "sslmode": ("ssl mode", "ssl_mode"),
    "ssl": (),
    "sslrootcert": ("root certificate", "sslcertificateauthority", "ssl_root_cert"),
    "sslcert": ("ssl certificate", "ssl_cert"),
    "sslkey": ("ssl key", "ssl_key"),
    "connect_timeout": ("connecttimeout", "timeout", "connection timeout", "logintimeout"),
    "target_session_attrs": ("target session attributes", "targetservertype"),
}
KEPT = {name: key for key, names in ALIASES.items() for name in (key, *names)}

# Known to libpq, a driver, a pooler or a host of databases, and of no use to us. Only these may
# be named in a note: an unknown word can be the torn end of a password.
IGNORED = frozenset(
    """application_name channel_binding client_encoding fallback_application_name gssdelegation
    gssencmode gsslib keepalives keepalives_count keepalives_idle keepalives_interval krbsrvname
    load_balance_hosts max_protocol_version min_protocol_version options passfile replication
    require_auth requirepeer require_peer requiressl scram_client_key scram_server_key service
    ssl_max_protocol_version ssl_min_protocol_version sslcertmode sslcompression sslcrl sslcrldir
    sslkeylogfile sslnegotiation sslpassword sslsni tcp_user_timeout
    pgbouncer schema connection_limit pool_timeout socket_timeout statement_cache_size sslaccept
    sslidentity currentschema applicationname loginrole preparethreshold sockettimeout sslfactory
    tcpkeepalive reWriteBatchedInserts stringtype binarytransfer assumeminserverversion
    statement_timeout pool_size max_overflow pool_mode workaround endpoint_id server_settings
    async_fallback prepared_statement_cache_size prepared_statements pooling maxpoolsize
    minpoolsize encoding locktimeout commandtimeout includeerrordetail maximumpoolsize
    minimumpoolsize keepalive lock_timeout search_path searchpath timezone conn_max_age
    charset serverversion uselibpqcompat trustservercertificate supa""".lower().split()
)

_SESSION_WORDS = {
    "master": "primary", "slave": "standby", "secondary": "standby",
    "preferslave": "prefer-standby", "prefersecondary": "prefer-standby",
    "preferstandby": "prefer-standby", "readwrite": "read-write", "readonly": "read-only",
}  # fmt: skip
_SSL_WORDS = {
    "true": "require", "1": "require", "on": "require", "yes": "require", "no-verify": "require",
    "required": "require", "false": "disable", "0": "disable", "off": "disable", "no": "disable",
    "disabled": "disable", "verifyca": "verify-ca", "verifyfull": "verify-full",
    "preferred": "prefer",
}  # fmt: skip

_VARIABLE = re.compile(r"\$\{|\{\{|\$\(|\A\$[A-Za-z_]\w*\Z|\A%\w+%\Z|%\(\w+\)s")
_NO_PASSWORD = re.compile(
    r"(?i)\[[\w -]*(?:password|pwd|pass)[\w -]*\]|<[\w -]+>|\*{3,}|x{6,}"
    r"|your[-_ ]?(?:db[-_ ]?|database[-_ ]?)?password(?:[-_ ]?here)?"
)
_ASSUMED = "is assumed."
_LONGEST_WAIT_S = 86_400


def unknown_key(at: int, key: str) -> BadDsn:
    """Return the error for a keyword nobody knows; the keyword itself is not quoted."""
    near = _near(key.lower(), 0.75)
    hint = f"Did you mean “{near}”?" if near else "Correct or delete the marked word."
    return BadDsn("key", at, "This text has a setting that is not known.", hint)


def query_setting(key: str, value: str, at: int) -> Setting | str:
    """Return the setting of a parameter, or the sentence that says it is left out.

    Raises:
        BadDsn: ``dsn.key``: the parameter is a misspelt one of ours.
    """
    word = key.strip().lower()
    if word in KEPT:
        return Setting(KEPT[word], value, at)
    if word.replace(" ", "") in IGNORED:
        return f"“{key.strip()}” is not needed and was ignored."
    if _near(word, 0.8):
        raise unknown_key(at, key)
    return "A setting that Trunkline does not know was ignored."


def _near(word: str, cutoff: float) -> str:
    """Return the keyword most like ``word``, "" when none is."""
    import difflib  # not at the top: only a mistake needs it

    return next(iter(difflib.get_close_matches(word, KEPT, n=1, cutoff=cutoff)), "")


def assembled(
    settings: Iterable[Setting], source: str, notes: Iterable[str], *, assume_host: bool = False
) -> Parsed:
    """Return what ``settings`` say together; a later one replaces an earlier one.

    Raises:
        BadDsn: a value cannot be used, or there is no host and none may be assumed.
    """
    said = {s.key: s for s in settings if s.value or s.key == "host"}
    password, told = _password(said.pop("password", None))
    for setting in said.values():
        _refuse_variable(setting)
    fields, assumed = _address(said, assume_host=assume_host)
    fields |= _login(said) | _encryption(said) | _waiting(said)
    if "database" not in fields and "user" in fields:
        fields["database"] = fields["user"]
        assumed["database"] = f"No database is named: the one called like the user {_ASSUMED}"
    if "sslmode" not in fields:
        assumed |= _assume_encryption(fields)
    notes = [*notes, *_about_provider(fields)]
    every = dict.fromkeys(filter(None, [*notes, *told, *assumed.values()]))
    return Parsed(fields, password, source, tuple(every), frozenset(assumed))


def _assume_encryption(fields: dict[str, Any]) -> dict[str, str]:
    """Add how a server that is not local is encrypted; return that, with a sentence or none."""
    mode = providers.sslmode_for(str(fields.get("host", "")))
    if mode == "prefer":
        return {}
    fields["sslmode"] = mode
    is_known = providers.of(fields["host"]) is not None
    note = f"How to encrypt is not said: a certificate that can be checked {_ASSUMED}"
    return {"sslmode": "" if is_known else note}


def _about_provider(fields: dict[str, Any]) -> tuple[str, ...]:
    known = {k: fields[k] for k in ("host", "port", "user") if k in fields}
    return providers.notes_on(replace(Profile(id="", name=""), **known))


def _password(setting: Setting | None) -> tuple[str | None, list[str]]:
    if setting is None:
        return None, []
    if _NO_PASSWORD.fullmatch(setting.value) or _is_variable(setting.value):
        return None, ["The password in this text is only a placeholder: type the real one."]
    if "\0" in setting.value:
        raise BadDsn("value", setting.at, "A password cannot hold a zero byte.", "Correct it.")
    return setting.value, []


def _is_variable(value: str) -> bool:
    return bool(re.fullmatch(r"\$\{\w+[^{}]*\}|\$\{?\{.*\}\}|\$\(.*\)|\$[A-Z_]{3,}", value))


def _refuse_variable(setting: Setting) -> None:
    if _VARIABLE.search(setting.value) or "\0" in setting.value:
        title = "This text has a placeholder where a value should be."
        raise BadDsn("placeholder", setting.at, title, "Put the real value in its place.")


def _address(
    said: dict[str, Setting], *, assume_host: bool
) -> tuple[dict[str, Any], dict[str, str]]:
    host = said.get("host")
    if (host is None or not host.value) and "hostaddr" in said:
        host = said["hostaddr"]
    if host is None or not host.value:
        if not assume_host:
            raise no_host(host.at if host else 0)
        host = Setting("host", "localhost", host.at if host else 0)
        note = f"No server is named: this computer {_ASSUMED}"
        return _hosts(host, said.get("port")), {"host": note}
    return _hosts(host, said.get("port")), {}


def no_host(at: int) -> BadDsn:
    """Return the error for an address without a server."""
    title = "This text does not name a server."
    return BadDsn("no_host", at, title, "Add the host name or address of the server.")


def _hosts(host: Setting, port: Setting | None) -> dict[str, Any]:
    names = [_host(name, host.at) for name in host.value.split(",")]
    ports = port.value.split(",") if port else []
    if len(ports) > 1 and len(ports) != len(names):
        title = "The number of ports is not the number of servers."
        raise BadDsn("port", port.at if port else 0, title, "Give one port for each server.")
    numbers = [_port(word, port.at if port else 0) for word in ports] or [None]
    numbers = numbers * len(names) if len(numbers) == 1 else numbers
    fields: dict[str, Any] = {"host": names[0]}
    if numbers[0] is not None:
        fields["port"] = numbers[0]
    if len(names) > 1:
        rest = zip(names[1:], numbers[1:], strict=True)
        fields["fallback_hosts"] = tuple(_joined(name, number or 5432) for name, number in rest)
    return fields


def _joined(host: str, port: int) -> str:
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def _host(name: str, at: int) -> str:
    host = name.strip()
    if host.startswith("[") and host.endswith("]"):
        host = host[1:-1]
    if not host:
        raise no_host(at)
    if not host.startswith(("/", "@")) and re.search(r"[\s/@?#\[\]\\<>\"'=;]", host):
        title = "The name of the server has a character that no server has."
        hint = "Check it; write @ in a password as %40, / as %2F and ? as %3F."
        raise BadDsn("host", at, title, hint)
    return host


def _port(word: str, at: int) -> int | None:
    number = word.strip()
    if not number:
        return None
    if not number.isascii() or not number.isdigit():
        hint = "Write it in digits, such as 5432."
        raise BadDsn("port", at, "The port is not a number.", hint)
    if len(number) > 9 or not 1 <= int(number) <= 65535:
        title = "There is no such port."
        raise BadDsn("port", at, title, "The port is a number from 1 to 65535, usually 5432.")
    return int(number)


def _login(said: dict[str, Setting]) -> dict[str, Any]:
    names = {"dbname": "database", "user": "user"}
    return {field: said[key].value for key, field in names.items() if key in said}


def _encryption(said: dict[str, Setting]) -> dict[str, Any]:
    fields: dict[str, Any] = {
        key: said[key].value for key in ("sslrootcert", "sslcert", "sslkey") if key in said
    }
    mode = said.get("sslmode") or said.get("ssl")
    if mode:
        fields["sslmode"] = _word(mode, _SSL_WORDS, SSL_MODES)
    if fields.get("sslrootcert") == "system":  # libpq's word for what we mean by ""
        fields |= {"sslrootcert": "", "sslmode": "verify-full"}
    return fields


def _waiting(said: dict[str, Setting]) -> dict[str, Any]:
    fields: dict[str, Any] = {}
    if attrs := said.get("target_session_attrs"):
        fields["target_session_attrs"] = _word(attrs, _SESSION_WORDS, SESSION_ATTRS)
    if timeout := said.get("connect_timeout"):
        fields |= _timeout(timeout)
    return fields


def _timeout(setting: Setting) -> dict[str, float]:
    if not re.fullmatch(r"-?\d{1,9}(\.\d{1,9})?", setting.value.strip(), re.ASCII):
        title = "The time to wait for a connection is not a number."
        raise BadDsn("value", setting.at, title, "Write it in seconds, such as 10.")
    seconds = min(float(setting.value), _LONGEST_WAIT_S)
    # libpq waits for ever at 0 or less; nobody wants that from an app, so ours stays.
    return {"connect_timeout": seconds} if seconds > 0 else {}


def _word(setting: Setting, others: dict[str, str], known: tuple[str, ...]) -> str:
    word = setting.value.strip().lower()
    word = others.get(word, word)
    if word not in known:
        title = f"“{setting.key}” has a value that PostgreSQL does not know."
        raise BadDsn("value", setting.at, title, f"It is one of {', '.join(known)}.")
    return word


def several(at: int) -> BadDsn:
    """Return the error for a text that leads to more than one database."""
    title = "This text leads to more than one database."
    return BadDsn("conflict", at, title, "Paste the lines of one of them.")


def as_settings(parsed: Parsed, at: int) -> tuple[list[Setting], list[str]]:
    """Return the settings and notes a parsed link stands for, to be completed by others."""
    fields = {k: v for k, v in parsed.fields.items() if k not in parsed.assumed}
    others = [address.rpartition(":") for address in fields.pop("fallback_hosts", ())]
    if "host" in fields:
        fields["host"] = ",".join([fields["host"], *(host for host, _, _ in others)])
    if others:
        ports = (port for _, _, port in others)
        fields["port"] = ",".join([str(fields.get("port", 5432)), *ports])
    fields["password"] = parsed.password or ""
    words = {{"database": "dbname"}.get(name, name): str(v) for name, v in fields.items()}
    settings = [Setting(key, value, at) for key, value in words.items() if value]
    return settings, [note for note in parsed.notes if not note.endswith(_ASSUMED)]
