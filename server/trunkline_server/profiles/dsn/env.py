"""Lines of an .env file, also as Docker Compose writes them. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass

from trunkline_server.profiles.dsn import url
from trunkline_server.profiles.dsn.settings import (
    BadDsn,
    Parsed,
    Setting,
    as_settings,
    assembled,
    several,
)

LIBPQ_VARIABLES = {
    "PGHOST": "host", "PGHOSTADDR": "hostaddr", "PGPORT": "port", "PGUSER": "user",
    "PGPASSWORD": "password", "PGDATABASE": "dbname", "PGSSLMODE": "sslmode",
    "PGSSLROOTCERT": "sslrootcert", "PGSSLCERT": "sslcert", "PGSSLKEY": "sslkey",
    "PGCONNECT_TIMEOUT": "connect_timeout", "PGTARGETSESSIONATTRS": "target_session_attrs",
}  # fmt: skip
_DATABASE_WORDS = {"DB", "DATABASE", "POSTGRES", "POSTGRESQL", "PG", "SQL", "RDS", "TYPEORM",
                   "DATASOURCE", "PSQL"}  # fmt: skip
_OTHER_WORDS = {"MYSQL", "MARIADB", "REDIS", "MONGO", "MONGODB", "MSSQL", "ORACLE", "SMTP",
                "MAIL", "TEST", "SHADOW", "ELASTIC", "RABBITMQ", "CLICKHOUSE"}  # fmt: skip
_ROLES = (
    ("DB_NAME", "dbname"), ("DATABASE_NAME", "dbname"), ("DBNAME", "dbname"), ("NAME", "dbname"),
    ("DATABASE", "dbname"), ("DB", "dbname"), ("HOSTNAME", "host"), ("HOST", "host"),
    ("SERVER", "host"), ("ADDRESS", "host"), ("PORT", "port"), ("USERNAME", "user"),
    ("USER_NAME", "user"), ("USER", "user"), ("LOGIN", "user"), ("PASSWORD", "password"),
    ("PASS", "password"), ("PASSWD", "password"), ("PWD", "password"), ("SSLMODE", "sslmode"),
    ("SSL_MODE", "sslmode"), ("SSLROOTCERT", "sslrootcert"),
)  # fmt: skip
_FIRST_URLS = ("DATABASE_PUBLIC_URL", "DATABASE_URL", "POSTGRES_URL", "POSTGRESQL_URL", "DB_URL",
               "PG_URL", "DATABASE_URI", "POSTGRES_URI", "SQLALCHEMY_DATABASE_URI")  # fmt: skip
# A quoted value as a whole, so that nothing inside it comes apart, or the gap before a name.
_ASSIGNMENTS = re.compile(
    r"(\"(?:[^\"\\]|\\.)*\"|'(?:[^'\\]|\\.)*')|[ \u2028\u2029](?=(?:export )?[A-Z][A-Z0-9_]*=)"
)
_FIRST_GROUPS = ("PG", "POSTGRES", "")


@dataclass(frozen=True, slots=True)
class _Line:
    key: str
    value: str
    at: int


def refuse_link(text: str, base: int) -> None:
    """Say why ``DATABASE_URL=…`` is of no use when its link is none of PostgreSQL's.

    Raises:
        BadDsn: ``dsn.scheme`` or ``dsn.placeholder``.
    """
    for line in _lines(text, base):
        if re.search(r"(?i)(?:DATABASE|DB|POSTGRES\w*|PG|SQL)_UR[LI]", line.key):
            if url.looks_like(line.value):
                url.parse(line.value, line.at)
            assembled([Setting("host", line.value, line.at)], "env", ())


def looks_like(text: str) -> bool:
    """Whether ``text`` has a line ``NAME=value`` that sets something about a database."""
    return any(_is_url(line) or _role(line.key) for line in _lines(text, 0))


def parse(text: str, base: int) -> Parsed:
    """Return what the lines of an .env file say. Raises ``BadDsn``."""
    lines = _lines(text, base)
    groups = _groups(lines)
    links = [line for line in lines if _is_url(line)]
    if not links:
        return assembled(_chosen(groups, base), "env", (), assume_host=True)
    line, notes = _chosen_url(links)
    settings, told = as_settings(url.parse(line.value, line.at), line.at)
    key = line.key.upper()
    prefix = _prefix(key.removesuffix("_URL").removesuffix("_URI")) if "_" in key else ""
    extra = [s for name in ("PG", "POSTGRES", "", prefix) for s in groups.get(name, ())
             if s.key in ("user", "password")]  # fmt: skip
    return assembled([*extra, *settings], "env", [*notes, *told])


def _lines(text: str, base: int) -> list[_Line]:
    # Not at the top: only text of this form needs it.
    from io import StringIO

    from dotenv.parser import parse_stream

    found, at = [], base
    for binding in parse_stream(StringIO(_as_env(text), newline="")):
        if binding.key and binding.value:
            inside = binding.original.string.find(binding.value)
            found.append(_Line(binding.key, binding.value, at + max(inside, 0)))
        at += len(binding.original.string)
    return found


def _as_env(text: str) -> str:
    """Give compose's ``- NAME=value`` and ``NAME: value`` the shape of .env lines.

    Every character keeps its place, so positions stay right. Several assignments on one line,
    which is what a one-line field makes of pasted lines, come apart.
    """
    text = re.sub(r"(?m)^([ \t]*)-(?=[ \t]+[\"']?[A-Za-z_]\w*[ \t]*[=:])", r"\1 ", text)
    text = re.sub(r"(?m)^([ \t]*[A-Z][A-Z0-9_]*)[ \t]?:(?=[ \t])", _as_equals, text)
    return text if "\n" in text else _ASSIGNMENTS.sub(lambda found: found[1] or "\n", text)


def _as_equals(found: re.Match[str]) -> str:
    return found[1].ljust(len(found[0]) - 1) + "="


def _is_url(line: _Line) -> bool:
    return bool(url.ANYWHERE.match(line.value)) and not _is_other(line.key)


def _is_other(key: str) -> bool:
    return bool(_OTHER_WORDS & set(key.upper().split("_")))


def _role(key: str) -> tuple[str, str] | None:
    """Return the group and the libpq keyword of a variable; None when it is none of ours."""
    name = key.upper()
    if name in LIBPQ_VARIABLES:
        return "PG", LIBPQ_VARIABLES[name]
    if _is_other(name) or not _DATABASE_WORDS & set(name.split("_")):
        return None
    for ending, keyword in _ROLES:
        if name == ending or name.endswith(f"_{ending}"):
            return _prefix(name.removesuffix(ending).rstrip("_")), keyword
    return None


def _prefix(name: str) -> str:
    parts = name.split("_")
    while len(parts) > 0 and parts[-1] in ("DB", "DATABASE"):
        parts.pop()
    return "_".join(parts).replace("POSTGRESQL", "POSTGRES")


def _groups(lines: list[_Line]) -> dict[str, list[Setting]]:
    groups: dict[str, list[Setting]] = {}
    for line in lines:
        if role := _role(line.key):
            groups.setdefault(role[0], []).append(Setting(role[1], line.value, line.at))
    return groups


def _chosen(groups: dict[str, list[Setting]], base: int) -> list[Setting]:
    """Return the settings of one database; those of the usual names complete each other."""
    usual = [s for name in reversed(_FIRST_GROUPS) for s in groups.get(name, ())]
    if any(s.key in ("host", "dbname", "user") for s in usual):
        return usual
    others = [group for name, group in groups.items() if name not in _FIRST_GROUPS]
    if len(others) > 1:
        raise several(others[1][0].at)
    if not usual and not others:
        title = "No connection was found in these lines."
        raise BadDsn("unknown", base, title, "Paste lines such as DATABASE_URL=postgresql://….")
    return [*usual, *(others[0] if others else ())]


def _chosen_url(urls: list[_Line]) -> tuple[_Line, list[str]]:
    def rank(line: _Line) -> int:
        key = line.key.upper()
        return _FIRST_URLS.index(key) if key in _FIRST_URLS else len(_FIRST_URLS)

    best = min(urls, key=rank)
    rivals = [u for u in urls if rank(u) == rank(best) and u.value != best.value]
    if rivals:
        raise several(rivals[0].at)
    is_alone = all(u.value == best.value for u in urls)
    return best, [] if is_alone else [f"Took {best.key}; the other links were left out."]
