"""Connections as programs keep them: Django, Rails, JSON, labelled lines, and .NET. Pure."""

from __future__ import annotations

import re
from dataclasses import replace

from trunkline_server.profiles.dsn.keyvalue import BACKSLASH
from trunkline_server.profiles.dsn.settings import (
    KEPT,
    BadDsn,
    Parsed,
    Setting,
    assembled,
    query_setting,
    several,
)

_PAIR = re.compile(
    r"(?P<quote>[\"']?)\b(?P<key>[A-Za-z_]{2,40})(?P=quote)[ \t]*(?::|=>|=)[ \t]*"
    r"(?:\"(?P<double>(?:[^\"\\\n]|\\.)*)\"|'(?P<single>(?:[^'\\\n]|\\.)*)'|(?P<plain>[^\s,{}\[\]\"'#;]+))"
)
_KEPT_PAIRS = {**{k: v for k, v in KEPT.items() if k != "timeout"}, "name": "name"}


def pairs(text: str, base: int) -> Parsed | None:
    """Return what a settings file says (Django, Rails, JSON, labels); None when it says nothing."""
    said: dict[str, Setting] = {}
    for found in _PAIR.finditer(text):
        key = _KEPT_PAIRS.get(found["key"].lower())
        if key and (value := _pair_value(found)) is not None:
            setting = Setting(key, value, base + found.start(found.lastgroup or 0))
            if key == "host" and key in said and said[key].value != value:
                raise several(setting.at)
            said.setdefault(key, setting)
    name = said.pop("name", None)
    if name and "dbname" not in said:
        said["dbname"] = replace(name, key="dbname")
    if len(said.keys() & {"host", "dbname", "user", "password"}) < 2:
        return None
    return assembled(said.values(), "settings", (), assume_host=True)


def _pair_value(found: re.Match[str]) -> str | None:
    if found["plain"] is not None:
        is_code = "(" in found["plain"] or found["plain"].startswith(("os.", "process.", "env."))
        return None if is_code or found["plain"] in ("null", "None", "nil") else found["plain"]
    quoted = found["double"] if found["double"] is not None else found["single"]
    return BACKSLASH.sub(r"\1", quoted)


_ADO = re.compile(
    r"\s*(?P<key>[A-Za-z][A-Za-z ]{0,60}?)\s*=\s*"
    r"(?:\"(?P<double>[^\"]*)\"|'(?P<single>[^']*)'|(?P<plain>[^;]*))\s*(?:;|$)"
)


def looks_like_ado(text: str) -> bool:
    """Whether ``text`` is ``Host=…;Port=…;``, the form of .NET."""
    return bool(
        re.match(
            r"(?i)(?:host|server|data source|user id|username|database|port)\s*=[^;=\n]*;", text
        )
    )


def ado(text: str, base: int) -> Parsed:
    """Return what ``Host=…;Username=…`` says. Raises ``BadDsn``."""
    settings: list[Setting] = []
    notes: list[str] = []
    at = 0
    while text[at:].strip(" ;\n\r\t"):
        found = _ADO.match(text, at)
        if not found or found.end() == at:
            title = "A setting without = and a value stands here."
            raise BadDsn("syntax", base + at, title, "Put a value with ; into quotes.")
        value = next((found[g] for g in ("double", "single", "plain") if found[g] is not None), "")
        item = query_setting(found["key"], value.strip(), base + found.start("key"))
        if isinstance(item, str):
            notes.append(item)
        else:
            settings.append(item)
        at = found.end()
    return assembled(settings, "settings", notes)
