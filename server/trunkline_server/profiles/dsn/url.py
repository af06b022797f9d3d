"""Connection links: PostgreSQL's, those of its drivers, and JDBC's. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

from trunkline_server.profiles.dsn.settings import (
    BadDsn,
    Parsed,
    Setting,
    assembled,
    query_setting,
)

_SCHEME = re.compile(r"(?i)(?P<jdbc>jdbc:)?(?P<name>[a-z][a-z0-9]*)(?P<driver>\+[a-z0-9_]+)?:")
_OURS = ("postgresql", "postgres", "pgsql", "psql", "postgis")
_OTHERS = {
    "mysql": "MySQL", "mariadb": "MariaDB", "mongodb": "MongoDB", "redis": "Redis",
    "rediss": "Redis", "sqlite": "SQLite", "mssql": "SQL Server", "sqlserver": "SQL Server",
    "oracle": "Oracle", "http": "a web page", "https": "a web page", "prisma": "a Prisma proxy",
    "amqp": "a message queue", "clickhouse": "ClickHouse", "ssh": "an SSH server",
}  # fmt: skip
_BAD_PERCENT = re.compile(r"%(?![0-9A-Fa-f]{2})")

# One link inside another text; quotes and brackets around it do not belong to it.
ANYWHERE = re.compile(r"(?i)(?<![\w+])(?:jdbc:)?postgres(?:ql)?(?:\+\w+)?://[^\s\"'`<>]+")


def looks_like(text: str) -> bool:
    """Whether ``text`` begins like a link of any kind."""
    found = _SCHEME.match(text)
    if found is None:
        return False
    # "postgres:word@host/db" is a user and a password; with a slash it is a torn link.
    is_torn = found["name"].lower() in _OURS and text.startswith("/", found.end())
    return bool(found["jdbc"]) or is_torn or text.startswith("//", found.end())


def parse(text: str, base: int) -> Parsed:
    """Return what a link says. ``base`` is its offset in the whole text.

    Raises:
        BadDsn: its position counts from the beginning of the whole text.
    """
    is_jdbc = text[:5].lower() == "jdbc:"
    start = _after_scheme(text, base)
    _refuse_space(text, base)
    settings, notes = [], []
    for found in _parts(text, start, base):
        if isinstance(found, str):
            notes.append(found)
        else:
            settings.append(_as_jdbc(found) if is_jdbc else found)
    return assembled(settings, "jdbc" if is_jdbc else "url", notes, assume_host=is_jdbc)


def _after_scheme(text: str, base: int) -> int:
    found = _SCHEME.match(text)
    if not found or not looks_like(text):
        return 0
    name = found["name"].lower()
    if name not in _OURS:
        what = _OTHERS.get(name)
        title = f"This link leads to {what}." if what else "This kind of link is not known."
        raise BadDsn("scheme", base, title, "Paste a link that begins with postgresql://.")
    end = found.end()
    if text.startswith("//", end):
        return end + 2
    if found["jdbc"]:
        return end
    title = "The link has no // after its first word."
    raise BadDsn("scheme", base + end, title, "Paste a link that begins with postgresql://.")


def _refuse_space(text: str, base: int) -> None:
    if gap := re.search(r"\s", text):
        title = "There is a space in this link."
        raise BadDsn("space", base + gap.start(), title, "Write a space as %20, or remove it.")


def _parts(text: str, start: int, base: int) -> Iterator[Setting | str]:
    query_at = text.find("?", start)
    end = len(text) if query_at < 0 else query_at
    slash = text.find("/", start, end)
    authority_end = end if slash < 0 else slash
    # JDBC's short form jdbc:postgresql:database has no server part.
    if not text.startswith("//", max(start - 2, 0)) and start:
        authority_end, slash = start, start - 1 if slash < 0 else slash
    yield from _authority(text, start, authority_end, base)
    if slash >= 0 and slash + 1 < end:
        yield Setting("dbname", _decoded(text, slash + 1, end, base), base + slash + 1)
    if query_at >= 0:
        yield from _query(text, query_at + 1, base)


def _authority(text: str, start: int, end: int, base: int) -> Iterator[Setting]:
    at = text.find("@", start, end)
    if at < 0:
        _refuse_torn(text, start, end, base)
        host_at = start
    else:
        if text.find("@", at + 1, end) >= 0:
            title = "There is more than one @ in this link."
            hint = "Write an @ inside the user name or the password as %40."
            raise BadDsn("escape", base + at, title, hint)
        yield from _login(text, start, at, base)
        host_at = at + 1
    yield from _servers(text, host_at, end, base)


def _refuse_torn(text: str, start: int, end: int, base: int) -> None:
    """A / or ? in a password ends the server part too early: an @ is left behind it."""
    later = text.find("@", end)
    colon = text.find(":", start, end)
    if later >= 0 and colon >= 0 and not text[colon + 1 : end].isdigit():
        title = "The password seems to contain a / or a ?."
        hint = "Write / as %2F and ? as %3F inside a password."
        raise BadDsn("escape", base + end, title, hint)


def _login(text: str, start: int, end: int, base: int) -> Iterator[Setting]:
    colon = text.find(":", start, end)
    user_end = end if colon < 0 else colon
    yield Setting("user", _decoded(text, start, user_end, base), base + start)
    if colon >= 0:
        yield Setting("password", _decoded(text, colon + 1, end, base), base + colon + 1)


def _servers(text: str, start: int, end: int, base: int) -> Iterator[Setting]:
    hosts, ports, at, port_at = [], [], start, start
    for server in text[start:end].split(","):
        host_end = _host_end(server, base + at)
        port = server[host_end + 1 :]
        hosts.append(_decoded(text, at, at + host_end, base))
        ports.append(port)
        if port:
            port_at = at + host_end + 1
        at += len(server) + 1
    yield Setting("host", ",".join(hosts), base + start)
    if any(ports):
        # libpq gives 5432 to each server without a port of its own.
        yield Setting("port", ",".join(p or "5432" for p in ports), base + port_at)


def _host_end(server: str, at: int) -> int:
    """Return where the host ends: at the bracket of an IPv6 address or at the colon."""
    if not server.startswith("["):
        colon = server.find(":")
        if server.count(":") > 1:
            title = "There is more than one colon after the server's name."
            raise BadDsn("host", at, title, "Write an IPv6 address in brackets: [::1]:5432.")
        return len(server) if colon < 0 else colon
    closing = server.find("]")
    if closing < 0 or server[closing + 1 : closing + 2] not in ("", ":"):
        title = "The brackets around this IPv6 address do not fit."
        raise BadDsn("host", at, title, "Write it like this: [::1]:5432.")
    return closing + 1


def _query(text: str, start: int, base: int) -> Iterator[Setting | str]:
    at = start
    for pair in text[start:].split("&"):
        key, equals, _ = pair.partition("=")
        if pair:
            value_at = at + len(key) + len(equals)
            value = _decoded(text, value_at, at + len(pair), base)
            found = query_setting(_decoded(text, at, at + len(key), base), value, base + at)
            yield found if isinstance(found, str) else replace(found, at=base + value_at)
        at += len(pair) + 1


def _decoded(text: str, start: int, end: int, base: int) -> str:
    """Return a part of ``text`` with its percent codes replaced, as UTF-8."""
    part = text[start:end]
    if "%" not in part:
        return part
    if wrong := _BAD_PERCENT.search(part):
        title = "There is a % in this link that does not begin a code."
        raise BadDsn("escape", base + start + wrong.start(), title, "Write % itself as %25.")
    from urllib.parse import unquote

    try:
        return unquote(part, errors="strict")
    except UnicodeDecodeError as exc:
        title = "The % codes in this link do not make up a text."
        raise BadDsn("escape", base + start, title, "Write % itself as %25.") from exc


def _as_jdbc(setting: Setting) -> Setting:
    """JDBC's ``ssl=true`` checks the certificate and the name; libpq's only encrypts."""
    if setting.key == "ssl" and setting.value.lower() in ("true", ""):
        return replace(setting, value="verify-full")
    return setting
