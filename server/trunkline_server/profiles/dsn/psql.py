"""A ``psql`` command line, as a shell would read it. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from trunkline_server.profiles.dsn import keyvalue, url
from trunkline_server.profiles.dsn.env import LIBPQ_VARIABLES
from trunkline_server.profiles.dsn.keyvalue import open_quote
from trunkline_server.profiles.dsn.settings import BadDsn, Parsed, Setting, as_settings, assembled


@dataclass(frozen=True, slots=True)
class Token:
    """One word of a command line, without its quotes, and where it begins."""

    word: str
    at: int


_PROGRAMS = ("psql", "pgcli", "pg_dump", "pg_restore", "pg_isready", "vacuumdb", "createdb")
_RUNNERS = ("sudo", "docker", "docker-compose", "podman", "kubectl", "env", "exec", "export", "&")
_PROMPTS = ("$", ">", "%", "#", ";")
_ENDS = ("|", ";", "&&", "||", "<", ">", ">>", "&")
_ASSIGNED = re.compile(r"([A-Za-z_]\w*)=(.*)", re.DOTALL)
_PIECE = re.compile(
    r"'(?P<single>[^']*)'|\"(?P<double>(?:[^\"\\]|\\.)*)\""
    r"|\\(?P<escaped>.)|(?P<plain>[^\s'\"\\])",
    re.DOTALL,
)
_TAKE = {"h": "host", "p": "port", "U": "user", "d": "dbname"}
_LONG = {"host": "host", "port": "port", "username": "user", "dbname": "dbname"}
_TAKE_IGNORED = "cfvFPRTLo"
_FLAGS = "aAbeEHlnqsStxXzwW01V?"
_LONG_IGNORED = ("command", "file", "set", "variable", "field-separator", "pset", "output",
                 "record-separator", "table-attr", "log-file")  # fmt: skip
_LONG_FLAGS = ("echo-all", "no-align", "echo-errors", "echo-queries", "echo-hidden", "html",
               "list", "no-readline", "quiet", "single-step", "single-line", "tuples-only",
               "expanded", "no-psqlrc", "field-separator-zero", "record-separator-zero",
               "single-transaction", "no-password", "password", "csv", "version")  # fmt: skip


def tokens(text: str, base: int) -> list[Token]:
    """Return the words of a command line as a shell reads them. Raises ``BadDsn``."""
    found, at = [], 0
    while gap := re.compile(r"(?:\s|\\\r?\n)*").match(text, at):
        start = at = gap.end()
        if start >= len(text):
            break
        word: list[str] = []
        while at < len(text) and not text[at].isspace() and not (word and text[at] == ";"):
            piece = _PIECE.match(text, at)
            if not piece:
                raise open_quote(base + at)
            word.append(_piece(piece))
            at = piece.end()
            if word == [";"] and piece["plain"]:
                break
        found.append(Token("".join(word), base + start))
    return found


def _piece(found: re.Match[str]) -> str:
    if found["double"] is not None:
        return re.sub(r"\\([\\\"$`])", r"\1", found["double"])
    if found["escaped"] == "\n":
        return ""
    return next(part for part in found.groups() if part is not None)


def looks_like(text: str) -> bool:
    """Whether ``text`` runs psql or one of its kin, perhaps through sudo or docker."""
    try:
        return _arguments(tokens(text, 0)) is not None
    except BadDsn:
        return bool(re.match(r"(?:[$>%#]\s+)?(?:\w+=\S+\s+)*psql\s", text))


def parse(text: str, base: int) -> Parsed:
    """Return what a psql command says. Raises ``BadDsn``."""
    words = tokens(text, base)
    start = _arguments(words) or 0
    before = [s for token in words[:start] for s in _assigned(token)]
    settings: list[Setting] = []
    notes: list[str] = []
    for found in _options(words[start:]):
        if isinstance(found, Setting) and found.key == "dbname":
            inner, told = _database(found)
            settings += inner
            notes += told
        elif isinstance(found, Setting):
            settings.insert(0, found)  # libpq lets a connection string win over the options
        else:
            notes.append(found)
    return assembled([*before, *settings], "psql", notes, assume_host=True)


def _arguments(words: list[Token]) -> int | None:
    """Return where the arguments of the program begin; None when there is no such program."""
    is_run = False
    for number, token in enumerate(words):
        name = token.word.replace("\\", "/").rpartition("/")[2].removesuffix(".exe")
        if name in _PROGRAMS:
            return number + 1
        is_run = is_run or name in _RUNNERS
        if not (is_run or token.word in _PROMPTS or _ASSIGNED.fullmatch(token.word)):
            return None
    return None


def _assigned(token: Token) -> Iterator[Setting]:
    found = _ASSIGNED.fullmatch(token.word)
    if found and found[1] in LIBPQ_VARIABLES:
        yield Setting(LIBPQ_VARIABLES[found[1]], found[2], token.at + found.start(2))


def _options(words: list[Token]) -> Iterator[Setting | str]:
    positional = ["user", "dbname"]
    rest = iter(words)
    for token in rest:
        if token.word in _ENDS:
            return
        if token.word.startswith("--") and token.word != "--":
            yield from _long(token, rest)
        elif token.word.startswith("-") and len(token.word) > 1:
            yield from _short(token, rest)
        elif token.word and positional:
            yield Setting(positional.pop(), token.word, token.at)


def _long(token: Token, rest: Iterator[Token]) -> Iterator[Setting]:
    name, equals, value = token.word[2:].partition("=")
    if name in _LONG_FLAGS:
        return
    if name not in _LONG and name not in _LONG_IGNORED:
        raise _no_option(token)
    if not equals:
        token = _next(token, rest)
        value = token.word
    if name in _LONG:
        yield Setting(_LONG[name], value, token.at)


def _short(token: Token, rest: Iterator[Token]) -> Iterator[Setting]:
    for number, letter in enumerate(token.word[1:], 2):
        if letter in _TAKE or letter in _TAKE_IGNORED:
            value = token.word[number:].removeprefix("=")
            given = token if value else _next(token, rest)
            if letter in _TAKE:
                yield Setting(_TAKE[letter], value or given.word, given.at)
            return
        if letter not in _FLAGS:
            raise _no_option(token)


def _next(token: Token, rest: Iterator[Token]) -> Token:
    following = next(rest, None)
    if following is None:
        title = "This option has no value."
        raise BadDsn("syntax", token.at, title, "Add its value, or remove the option.")
    return following


def _no_option(token: Token) -> BadDsn:
    title = "psql has no such option."
    return BadDsn(
        "key", token.at, title, "Use -h, -p, -U and -d for host, port, user and database."
    )


def _database(found: Setting) -> tuple[list[Setting], list[str]]:
    """Return the settings of psql's database argument, which may be a connection string."""
    text = found.value
    if url.looks_like(text):
        return as_settings(url.parse(text, found.at), found.at)
    if "=" in text:
        return keyvalue.divided(keyvalue.settings_in(text, found.at))
    return [found], []
